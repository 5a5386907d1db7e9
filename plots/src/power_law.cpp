#include "reluflow/plots/power_law.hpp"

#include "layout.hpp"
#include "run_support.hpp"
#include "series_style.hpp"
#include "ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow::plots {
namespace {

std::string decimal(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.starts_with('-')) text.replace(0, 1, "−");
  return text;
}

// "0.120 ± 0.023": the interval to its first two digits, and no interval where it is none or
// nothing.
std::string slope_text(const line_fit& fit) {
  if (!std::isfinite(fit.slope_error) || fit.slope_error < 5e-6) return number_text(fit.slope, 4);
  const auto digits = static_cast<int>(std::floor(std::log10(fit.slope_error)));
  const int decimals = std::clamp(1 - digits, 0, 5);
  return fmt::format("{} ± {}", decimal(fit.slope, decimals), decimal(fit.slope_error, decimals));
}

// Room between the marks and the border.
range widened(const range& axis) {
  const double room = 0.03 * (axis.high - axis.low);
  return {axis.low - room, axis.high + room};
}

}  // namespace

figure power_law_figure(std::string name, std::string x_label, std::string y_label,
                        const std::vector<power_law_series>& series) {
  check_series_count("power law figure", series.size());
  panel axes;
  axes.x_label = std::move(x_label);
  axes.y_label = std::move(y_label);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const power_law_series& one = series[i];
    std::string label = plain_text(one.label);
    if (one.fit && !one.log_x.empty()) {
      const auto [low, high] = std::minmax_element(one.log_x.begin(), one.log_x.end());
      const auto on_line = [&](double x) { return one.fit->intercept + one.fit->slope * x; };
      axes.layers.push_back(
          line("", {*low, *high}, {on_line(*low), on_line(*high)}, series_colour(i), 1.2));
      label += fmt::format(":  exponent {}", slope_text(*one.fit));
    }
    axes.layers.push_back(points(std::move(label), one.log_x, one.log_y, series_colour(i), 0.75));
    layer& marks = axes.layers.back();
    marks.with = fmt::format("points pt {} ps 0.75 lc rgb '{}'", series_shape(i), series_colour(i));
    marks.heading = "log10 x, log10 y";
  }
  axes.x_range = widened(data_range(axes, 0));
  axes.y_range = data_range(axes, 1);
  axes.x_ticks = decimal_ticks(*axes.x_range);
  axes.y_ticks = decimal_ticks(*axes.y_range);
  axes.right_margin = 24.0;  // half of the last tick's text may stand there
  figure fig;
  fig.name = std::move(name);
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
