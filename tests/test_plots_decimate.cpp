#include "reluflow/errors.hpp"
#include "reluflow/plots/decimate.hpp"
#include "reluflow/plots/figure.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

using reluflow::plots::decimate;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::size_t>& kept, std::size_t at) {
  return std::binary_search(kept.begin(), kept.end(), at);
}

struct curve {
  std::vector<double> x;
  std::vector<double> y;
};

curve noise(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  curve made;
  double x = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    made.x.push_back(x += std::exp(3.0 * normal(engine)));
    made.y.push_back(normal(engine));
  }
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_short_line_is_kept_whole) {
  const std::vector<double> x{0.0, 1.0, 2.0};
  const std::vector<double> y{5.0, not_a_number, 7.0};
  BOOST_TEST(decimate(x, y, 5) == (std::vector<std::size_t>{0, 1, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_empty_line_stays_empty) { BOOST_TEST(decimate({}, {}).empty()); }

BOOST_AUTO_TEST_CASE(ends_and_extremes_of_a_long_line_are_kept) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const curve c = noise(30'000, seed);
    const std::vector<std::size_t> kept = decimate(c.x, c.y, 500);
    BOOST_TEST(kept.size() <= 500U);
    BOOST_TEST(std::is_sorted(kept.begin(), kept.end()));
    BOOST_TEST(kept.front() == 0U);
    BOOST_TEST(kept.back() == c.x.size() - 1);
    const auto [low, high] = std::minmax_element(c.y.begin(), c.y.end());
    BOOST_TEST(contains(kept, static_cast<std::size_t>(low - c.y.begin())));
    BOOST_TEST(contains(kept, static_cast<std::size_t>(high - c.y.begin())));
  }
}

BOOST_AUTO_TEST_CASE(a_spike_of_one_point_among_a_million_is_kept) {
  std::vector<double> x(1'000'000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  for (const double height : {1.0, -1.0}) {
    std::vector<double> y(x.size(), 0.0);
    y[654'321] = height;
    BOOST_TEST(contains(decimate(x, y), 654'321U));
  }
}

BOOST_AUTO_TEST_CASE(every_part_of_the_axis_keeps_its_own_extremes) {
  // Half of the points stand in the first thousandth of the axis: parts of equal number would leave
  // the rest of the axis with half of the resolution; parts of equal length leave it all.
  curve c;
  for (int i = 0; i < 50'000; ++i) c.x.push_back(1e-3 * i / 50'000.0);
  for (int i = 0; i < 50'000; ++i) c.x.push_back(1e-3 + i / 50'000.0);
  for (const double x : c.x) c.y.push_back(std::sin(2000.0 * x));
  std::size_t late = 0;
  for (const std::size_t i : decimate(c.x, c.y, 1000)) late += i >= 50'000 ? 1U : 0U;
  BOOST_TEST(late > 700U);
}

BOOST_AUTO_TEST_CASE(a_broken_line_stays_broken) {
  curve c = noise(20'000, 3);
  c.y[777] = not_a_number;
  c.y[15'000] = std::numeric_limits<double>::infinity();
  const std::vector<std::size_t> kept = decimate(c.x, c.y, 300);
  std::size_t gaps = 0;
  for (const std::size_t i : kept) gaps += std::isfinite(c.y[i]) ? 0U : 1U;
  BOOST_TEST(gaps == 2U);
}

BOOST_AUTO_TEST_CASE(a_line_that_runs_back_is_thinned_by_number) {
  curve c;
  for (int i = 0; i < 10'000; ++i) {
    c.x.push_back(std::cos(1e-2 * i));
    c.y.push_back(i == 5'432 ? 9.0 : std::sin(1e-2 * i));
  }
  const std::vector<std::size_t> kept = decimate(c.x, c.y, 400);
  BOOST_TEST(kept.size() <= 400U);
  BOOST_TEST(kept.size() > 150U);
  BOOST_TEST(contains(kept, 5'432U));
  BOOST_TEST(kept.back() == 9'999U);
}

BOOST_AUTO_TEST_CASE(misuse_is_named) {
  const std::vector<double> two{0.0, 1.0};
  const std::vector<double> three{0.0, 1.0, 2.0};
  BOOST_CHECK_THROW((void)decimate(two, three), reluflow::invalid_input);
  BOOST_CHECK_THROW((void)decimate(two, two, 4), reluflow::invalid_input);
}

BOOST_AUTO_TEST_CASE(a_line_of_a_figure_is_decimated) {
  const curve c = noise(200'000, 9);
  const reluflow::plots::layer drawn = reluflow::plots::line("noise", c.x, c.y);
  BOOST_TEST(drawn.columns[0].size() <= 4000U);
  BOOST_TEST(drawn.columns[0].size() == drawn.columns[1].size());
  BOOST_TEST(drawn.columns[0].back() == c.x.back());
}
