#include "reluflow/errors.hpp"
#include "reluflow/logistic_fit.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace reluflow {
namespace {

using boost::test_tools::tolerance;

std::vector<trial_count> drawn(double threshold, double slope, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<trial_count> counts;
  for (double x = -3.0; x <= 5.0; x += 0.5) {
    std::binomial_distribution<std::int64_t> binomial(
        40, 1.0 / (1.0 + std::exp(-slope * (x - threshold))));
    counts.push_back({x, binomial(engine), 40});
  }
  return counts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(exact_proportions_give_the_curve_back) {
  // Successes in proportion to the curve, at any total: the score equations hold at the truth.
  std::vector<trial_count> counts;
  for (const double x : {-1.0, 0.0, 1.0, 2.0, 3.0}) {
    const double p = 1.0 / (1.0 + std::exp(1.5 * (x - 1.0)));
    counts.push_back({x, std::llround(1e12 * p), 1'000'000'000'000});
  }
  const logistic_fit fit = fit_logistic(counts);
  BOOST_TEST(fit.threshold == 1.0, tolerance(1e-9));
  BOOST_TEST(fit.slope == -1.5, tolerance(1e-9));
  BOOST_TEST(fit.probability(1.0) == 0.5, tolerance(1e-9));
  BOOST_TEST(fit.probability(3.0) == 1.0 / (1.0 + std::exp(3.0)), tolerance(1e-8));
  BOOST_TEST(!fit.separated);
}

BOOST_AUTO_TEST_CASE(intervals_cover_the_threshold_as_often_as_they_say) {
  int covered = 0;
  constexpr int runs = 400;
  for (int seed = 0; seed < runs; ++seed) {
    const logistic_fit fit = fit_logistic(drawn(0.7, -1.2, static_cast<std::uint64_t>(seed)));
    BOOST_TEST(fit.low < fit.high);
    covered += fit.low <= 0.7 && 0.7 <= fit.high ? 1 : 0;
  }
  // 95 % with a deviation of 1.1 %.
  BOOST_TEST(covered >= static_cast<int>(0.91 * runs));
  BOOST_TEST(covered <= static_cast<int>(0.985 * runs));
}

BOOST_AUTO_TEST_CASE(units_and_order_do_not_matter) {
  const std::vector<trial_count> counts = drawn(0.7, 2.0, 1);
  std::vector<trial_count> other(counts.rbegin(), counts.rend());
  for (trial_count& one : other) one.x = 1e6 + 1000.0 * one.x;
  const logistic_fit fit = fit_logistic(counts);
  const logistic_fit moved = fit_logistic(other);
  BOOST_TEST(moved.threshold == 1e6 + 1000.0 * fit.threshold, tolerance(1e-12));
  BOOST_TEST(moved.high - moved.low == 1000.0 * (fit.high - fit.low), tolerance(1e-8));
  BOOST_TEST(moved.slope == fit.slope / 1000.0, tolerance(1e-8));
}

BOOST_AUTO_TEST_CASE(separated_data_have_a_gap_and_no_slope) {
  const logistic_fit fit = fit_logistic({{3.0, 0, 10}, {1.0, 10, 10}, {2.0, 5, 5}, {4.0, 0, 2}});
  BOOST_TEST(fit.separated);
  BOOST_TEST(fit.low == 2.0);
  BOOST_TEST(fit.high == 3.0);
  BOOST_TEST(fit.threshold == 2.5);
  BOOST_TEST(std::isinf(fit.slope));
  BOOST_TEST(fit.probability(2.0) == 1.0);
  BOOST_TEST(fit.probability(3.0) == 0.0);
}

BOOST_AUTO_TEST_CASE(data_that_overlap_at_one_value_have_no_slope_either) {
  // The likelihood has no maximum: any steeper curve through 2 of 5 is likelier.
  const logistic_fit fit = fit_logistic({{0.0, 0, 5}, {1.0, 2, 5}, {2.0, 5, 5}, {3.0, 5, 5}});
  BOOST_TEST(fit.separated);
  BOOST_TEST(fit.low == 0.0);
  BOOST_TEST(fit.threshold == 1.0);
  BOOST_TEST(fit.high == 2.0);
  BOOST_TEST(fit.slope == std::numeric_limits<double>::infinity());
  const logistic_fit falling = fit_logistic({{1.0, 2, 5}, {2.0, 0, 5}});
  BOOST_TEST(falling.separated);
  BOOST_TEST(falling.low == -std::numeric_limits<double>::infinity());
  BOOST_TEST(falling.threshold == 1.0);
  BOOST_TEST(falling.high == 2.0);
  BOOST_TEST(falling.slope < 0.0);
  const logistic_fit late = fit_logistic({{1.0, 0, 5}, {2.0, 0, 5}, {3.0, 1, 5}});
  BOOST_TEST(late.separated);
  BOOST_TEST(late.low == 2.0);
  BOOST_TEST(late.high == std::numeric_limits<double>::infinity());
  BOOST_TEST(late.slope > 0.0);
  // Twice the same value counts as one.
  const logistic_fit twice = fit_logistic({{1.0, 5, 5}, {1.0, 0, 2}, {2.0, 0, 5}});
  BOOST_TEST(twice.threshold == 1.0);
  // These overlap.
  BOOST_TEST(!fit_logistic({{0.0, 1, 5}, {1.0, 2, 5}, {2.0, 5, 5}}).separated);
  BOOST_TEST(!fit_logistic({{0.0, 0, 5}, {1.0, 2, 5}, {2.0, 0, 5}, {3.0, 5, 5}}).separated);
  BOOST_TEST(!fit_logistic({{0.0, 0, 5}, {1.0, 5, 5}, {2.0, 0, 5}, {3.0, 5, 5}}).separated);
  BOOST_TEST(!fit_logistic({{0.0, 5, 5}, {1.0, 2, 5}, {2.0, 5, 5}, {3.0, 0, 5}}).separated);
}

BOOST_AUTO_TEST_CASE(no_threshold_without_both_outcomes) {
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 1, 3}, {1.0, 2, 3}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 3, 3}, {2.0, 4, 4}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 1, 3}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 4, 3}, {2.0, 0, 4}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{std::nan(""), 1, 3}, {2.0, 0, 4}}), invalid_input);
}

}  // namespace reluflow
