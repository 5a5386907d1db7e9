#include "reluflow/plots/power_law.hpp"

#include "layout.hpp"
#include "run_support.hpp"
#include "series_style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow::plots {
namespace {

constexpr double axis_length = 420.0;  // in pixels, about

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

// "300", "0.02" or "5·10^{−7}".
std::string multiple_text(double factor, double power) {
  if (std::abs(power) < 4.0) return number_text(factor * std::pow(10.0, power), 9);
  const std::string leading = factor == 1.0 ? "" : fmt::format("{:g}·", factor);
  return fmt::format("{}10^{{{}}}", leading, number_text(power, 9));
}

// These multiples of every power of ten, on an axis that holds decimal logarithms.
std::vector<tick> multiples_of_powers(const range& axis, const std::vector<double>& factors) {
  std::vector<tick> ticks;
  for (double power = std::floor(axis.low); power <= axis.high; power += 1.0) {
    for (const double factor : factors) {
      const double at = power + std::log10(factor);
      if (at >= axis.low && at <= axis.high) ticks.push_back({at, multiple_text(factor, power)});
    }
  }
  return ticks;
}

std::vector<tick> powers(const range& axis) {
  const double step = std::max(1.0, tick_step(axis, axis_length, true));
  std::vector<tick> ticks;
  for (double at = std::ceil(axis.low / step) * step; at <= axis.high; at += step) {
    ticks.push_back({at, fmt::format("10^{{{}}}", number_text(at == 0.0 ? 0.0 : at, 9))});
  }
  return ticks;
}

// Round numbers at equal distances, for an axis so short that it looks linear.
std::vector<tick> round_numbers(const range& axis) {
  const range values{std::pow(10.0, axis.low), std::pow(10.0, axis.high)};
  const double step = tick_step(values, axis_length / 2.0, true);
  std::vector<tick> ticks;
  for (double at = std::ceil(values.low / step); at * step <= values.high; at += 1.0) {
    ticks.push_back({std::log10(at * step), number_text(at * step, 9)});
  }
  return ticks;
}

// Ticks for an axis that holds decimal logarithms: powers of ten; on shorter axes multiples of
// them, as few as leave three.
std::vector<tick> decades(const range& axis) {
  const auto enough = [](const std::vector<tick>& ticks) { return ticks.size() >= 3; };
  if (auto ticks = powers(axis); enough(ticks)) return ticks;
  if (auto ticks = multiples_of_powers(axis, {1, 2, 5}); enough(ticks)) return ticks;
  if (auto ticks = multiples_of_powers(axis, {1, 1.5, 2, 3, 5, 7}); enough(ticks)) return ticks;
  return round_numbers(axis);
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
  axes.x_ticks = decades(*axes.x_range);
  axes.y_ticks = decades(*axes.y_range);
  axes.right_margin = 24.0;  // half of the last tick's text may stand there
  figure fig;
  fig.name = std::move(name);
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
