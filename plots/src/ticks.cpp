#include "ticks.hpp"

#include "layout.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace reluflow::plots {
namespace {

constexpr double axis_length = 420.0;  // in pixels, about

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

tick power_tick(double at) {
  return {at, fmt::format("10^{{{}}}", number_text(at == 0.0 ? 0.0 : at, 9))};
}

std::vector<tick> powers(const range& axis) {
  const bool short_axis = axis.high - axis.low < 2.0;
  const double step = short_axis ? 1.0 : std::max(1.0, tick_step(axis, axis_length, true));
  std::vector<tick> ticks;
  for (double at = std::ceil(axis.low / step) * step; at <= axis.high; at += step) {
    ticks.push_back(power_tick(at));
  }
  return ticks;
}

// Round numbers at equal distances, for an axis so short that it looks linear.
std::vector<tick> round_numbers(const range& axis) {
  const range values{std::pow(10.0, axis.low), std::pow(10.0, axis.high)};
  // Beyond doubles, or a single point: the ends must do.
  if (!(std::isnormal(values.low) && std::isfinite(values.high) && values.low < values.high)) {
    return {power_tick(axis.low), power_tick(axis.high)};
  }
  const double step = tick_step(values, axis_length / 2.0, true);
  std::vector<tick> ticks;
  for (double at = std::ceil(values.low / step); at * step <= values.high; at += 1.0) {
    ticks.push_back({std::log10(at * step), number_text(at * step, 9)});
  }
  return ticks;
}

}  // namespace

std::vector<double> log_ticks(const range& axis) {
  constexpr double most = 8.0;
  constexpr double rounding = 1e-9;
  const double low = std::log10(axis.low);
  const double high = std::log10(axis.high);
  const double decades = high - low;
  std::vector<double> mantissas{1.0};
  if (decades < 2.0) mantissas = {1.0, 2.0, 5.0};
  if (decades < 1.0) mantissas = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0};
  const double step = decades < 2.0 ? 1.0 : std::ceil(decades / most);

  std::vector<double> ticks;
  for (double power = step * std::floor(low / step); power <= high; power += step) {
    for (const double mantissa : mantissas) {
      const double position = power + std::log10(mantissa);
      if (position >= low - rounding && position <= high + rounding) {
        ticks.push_back(mantissa * std::pow(10.0, power));
      }
    }
  }
  // Within a sliver of a decade there may be no round number; the ends must do.
  if (ticks.size() < 2) return {axis.low, axis.high};
  return ticks;
}

double tick_step(const range& axis, double length, bool along) {
  constexpr double space = 18.0;
  constexpr double vertical_room = 1.5 * text_height;
  const double span = axis.high - axis.low;
  double power = std::pow(10.0, std::floor(std::log10(span)) - 2.0);
  for (;; power *= 10.0) {
    for (const double mantissa : {1.0, 2.0, 5.0}) {
      const double step = mantissa * power;
      double room = vertical_room;
      if (along) {
        // The outermost ticks have the longest labels, or those next to zero.
        for (const double at : {std::ceil(axis.low / step), std::floor(axis.high / step), 1.0}) {
          room = std::max(room, text_width(fmt::format("{:.6g}", at * step)) + space);
        }
      }
      if (span / step * room <= length || step > span) return step;
    }
  }
}

std::vector<tick> decimal_ticks(const range& axis) {
  const auto enough = [](const std::vector<tick>& ticks) { return ticks.size() >= 3; };
  if (auto ticks = powers(axis); enough(ticks)) return ticks;
  if (auto ticks = multiples_of_powers(axis, {1, 2, 5}); enough(ticks)) return ticks;
  if (auto ticks = multiples_of_powers(axis, {1, 1.5, 2, 3, 5, 7}); enough(ticks)) return ticks;
  return round_numbers(axis);
}

}  // namespace reluflow::plots
