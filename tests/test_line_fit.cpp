// Least squares with the interval of the slope.

#include "reluflow/errors.hpp"
#include "reluflow/line_fit.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace reluflow {
namespace {

using boost::test_tools::tolerance;

BOOST_AUTO_TEST_CASE(a_line_is_found_exactly) {
  const line_fit fit = fit_line({-300.0, -100.0, -2.0}, {-61.0, -21.0, -1.4});
  BOOST_TEST(fit.slope == 0.2, tolerance(1e-14));
  BOOST_TEST(fit.intercept == -1.0, tolerance(1e-13));
  BOOST_TEST(fit.slope_error < 1e-12);
  BOOST_TEST(std::isinf(fit_line({0.0, 1.0}, {2.0, 5.0}).slope_error));
  BOOST_TEST(fit_line({0.0, 1.0}, {2.0, 5.0}).slope == 3.0, tolerance(1e-15));
}

// By hand: x = 0, 1, 2, y = 0, 1, 1: slope 1/2, residuals -1/6, 1/3, -1/6, their squares 1/6 over
// one degree of freedom, sum of dx^2 = 2; t_{0.975} with one degree is tan(0.475 pi).
BOOST_AUTO_TEST_CASE(the_interval_is_that_of_student) {
  const line_fit fit = fit_line({0.0, 1.0, 2.0}, {0.0, 1.0, 1.0});
  BOOST_TEST(fit.slope == 0.5, tolerance(1e-15));
  BOOST_TEST(fit.slope_error == std::tan(0.475 * std::acos(-1.0)) * std::sqrt(1.0 / 12.0),
             tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(the_interval_covers_in_nineteen_cases_of_twenty) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> noise;
  constexpr int trials = 4000;
  int covered = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> x;
    std::vector<double> y;
    for (int i = 0; i < 6; ++i) {
      x.push_back(i * i);
      y.push_back(3.0 - 2.0 * x.back() + noise(engine));
    }
    const line_fit fit = fit_line(x, y);
    covered += std::abs(fit.slope + 2.0) <= fit.slope_error ? 1 : 0;
  }
  // Four standard deviations of the count.
  BOOST_TEST(std::abs(covered - 0.95 * trials) <= 4.0 * std::sqrt(0.95 * 0.05 * trials));
}

BOOST_AUTO_TEST_CASE(what_is_no_line_is_refused) {
  BOOST_CHECK_THROW((void)fit_line({1.0}, {1.0}), invalid_input);
  BOOST_CHECK_THROW((void)fit_line({1.0, 2.0}, {1.0}), invalid_input);
  BOOST_CHECK_THROW((void)fit_line({1.0, 1.0}, {1.0, 2.0}), invalid_input);
  BOOST_CHECK_THROW((void)fit_line({1.0, std::nan("")}, {1.0, 2.0}), invalid_input);
  BOOST_CHECK_THROW((void)fit_line({1.0, 2.0}, {1.0, -INFINITY}), invalid_input);
}

}  // namespace
}  // namespace reluflow
