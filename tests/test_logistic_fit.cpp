#include "reluflow/errors.hpp"
#include "reluflow/logistic_fit.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
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

BOOST_AUTO_TEST_CASE(an_overlap_at_one_value_leaves_an_interval_and_no_slope) {
  const logistic_fit inside = fit_logistic({{1.0, 10, 10}, {2.0, 3, 10}, {3.0, 0, 10}});
  BOOST_TEST(inside.separated);
  BOOST_TEST(inside.low == 1.0);
  BOOST_TEST(inside.threshold == 2.0);
  BOOST_TEST(inside.high == 3.0);
  BOOST_TEST((std::isinf(inside.slope) && inside.slope < 0.0));
  BOOST_TEST(inside.probability(2.5) == 0.0);

  // Two of twelve at the least x do not tell how far below it the threshold is.
  const logistic_fit below = fit_logistic({{1.0, 2, 12}, {2.0, 0, 12}, {3.0, 0, 12}});
  BOOST_TEST(below.separated);
  BOOST_TEST(std::isinf(below.low));
  BOOST_TEST(below.high == 2.0);
  const logistic_fit rising = fit_logistic({{1.0, 0, 12}, {2.0, 0, 12}, {3.0, 9, 12}});
  BOOST_TEST(rising.low == 2.0);
  BOOST_TEST(std::isinf(rising.high));
  BOOST_TEST(rising.slope > 0.0);

  BOOST_TEST(!fit_logistic({{1.0, 9, 10}, {2.0, 1, 10}}).separated);
  BOOST_TEST(!fit_logistic({{1.0, 0, 10}, {2.0, 1, 10}, {3.0, 0, 10}}).separated);
}

BOOST_AUTO_TEST_CASE(no_threshold_without_both_outcomes) {
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 3, 3}, {2.0, 4, 4}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 1, 3}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{1.0, 4, 3}, {2.0, 0, 4}}), invalid_input);
  BOOST_CHECK_THROW((void)fit_logistic({{std::nan(""), 1, 3}, {2.0, 0, 4}}), invalid_input);
}

}  // namespace reluflow
