#include "reluflow/errors.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/plots/render.hpp"
#include "test_plots_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

using namespace reluflow::plots;
using namespace plots_test;
using reluflow::fit_line;

namespace {

const layer& labelled(const figure& fig, const std::string& beginning) {
  for (const layer& drawn : fig.panels.front().layers) {
    if (drawn.label.starts_with(beginning)) return drawn;
  }
  throw std::runtime_error("no layer " + beginning);
}

BOOST_AUTO_TEST_CASE(points_and_lines_lie_on_decimal_logarithms) {
  const std::vector<double> x{-300.0, -100.0, -2.0};
  const std::vector<double> y{-61.0, -21.0, -1.0};
  const auto fit = fit_line(x, y);
  const figure fig = power_law_figure("fall", "λ", "distance", {{"n = 2", x, y, fit}});
  BOOST_TEST(labelled(fig, "n = 2").columns[0] == x);
  BOOST_TEST(labelled(fig, "n = 2").columns[1] == y);
  const layer& drawn = labelled(fig, "");
  BOOST_TEST(drawn.columns[0].front() == -300.0);
  BOOST_TEST(drawn.columns[1].front() == fit.intercept - 300.0 * fit.slope);
  const panel& axes = fig.panels.front();
  BOOST_TEST(axes.x_range->low < -300.0);
  BOOST_TEST(axes.x_range->high > -2.0);
  for (const tick& t : axes.x_ticks) {
    BOOST_TEST(t.at == std::round(t.at));
    BOOST_TEST(t.text.starts_with("10^{"));
  }
  BOOST_TEST(axes.x_ticks.size() >= 3U);
  BOOST_TEST((write_figure(fresh_directory("power_law"), fig).status == figure_status::complete));
}

BOOST_AUTO_TEST_CASE(the_key_names_exponents_with_their_intervals) {
  const std::vector<double> x{0.0, 1.0, 2.0};
  const auto label = [&](double slope, double error) {
    const figure fig =
        power_law_figure("f", "x", "y", {{"a", x, x, reluflow::line_fit{slope, 0.0, error}}});
    return labelled(fig, "a").label;
  };
  BOOST_TEST(label(0.12034, 0.0021) == "a:  exponent 0.1203 ± 0.0021");
  BOOST_TEST(label(-1.0004, 0.23) == "a:  exponent −1.00 ± 0.23");
  BOOST_TEST(label(2.0, 31.0) == "a:  exponent 2 ± 31");
  BOOST_TEST(label(0.5, 0.0) == "a:  exponent 0.5");
  BOOST_TEST(label(0.5, std::numeric_limits<double>::infinity()) == "a:  exponent 0.5");
  BOOST_TEST(labelled(power_law_figure("f", "x", "y", {{"a_1", x, x, {}}}), "a").label == "a\\_1");
}

// The shorter an axis, the finer the numbers that it shows: three at least, and where they belong.
BOOST_AUTO_TEST_CASE(short_axes_have_ticks_too) {
  const auto ticks_between = [](double low, double high) {
    const std::vector<double> ends{std::log10(low), std::log10(high)};
    return power_law_figure("f", "x", "y", {{"a", ends, ends, {}}}).panels.front().x_ticks;
  };
  const auto texts = [](const std::vector<tick>& ticks) {
    std::vector<std::string> all;
    for (const tick& t : ticks) all.push_back(t.text);
    return all;
  };
  using list = std::vector<std::string>;
  BOOST_TEST(texts(ticks_between(4.0, 200.0)) == (list{"5", "10", "20", "50", "100", "200"}));
  BOOST_TEST(texts(ticks_between(12.0, 68.0)) == (list{"15", "20", "30", "50", "70"}));
  BOOST_TEST(texts(ticks_between(2e-7, 5e-6)) ==
             (list{"2·10^{−7}", "5·10^{−7}", "10^{−6}", "2·10^{−6}", "5·10^{−6}"}));
  BOOST_TEST(texts(ticks_between(1.0, 300.0)) == (list{"10^{0}", "10^{1}", "10^{2}"}));
  // Numbers below any double, close together.
  const std::vector<double> tiny{-400.25, -400.2};
  const figure below = power_law_figure("f", "x", "y", {{"a", tiny, tiny, {}}});
  BOOST_TEST(below.panels.front().x_ticks.size() == 2U);
  for (const double high : {1.02, 1.1, 1.3, 1.9, 4.0, 20.0, 60.0}) {
    const std::vector<tick> ticks = ticks_between(1.05, 1.05 * high);
    BOOST_TEST_INFO(high);
    BOOST_TEST(ticks.size() >= 3U);
    BOOST_TEST(ticks.size() <= 9U);
    for (const tick& t : ticks) BOOST_TEST(std::abs(t.at - std::log10(std::stod(t.text))) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
  BOOST_CHECK_THROW((void)power_law_figure("f", "x", "y", {}), reluflow::invalid_input);
  BOOST_CHECK_THROW((void)power_law_figure("f", "x", "y", {{"a", {1.0, 2.0}, {1.0}, {}}}),
                    reluflow::invalid_input);
}

}  // namespace
