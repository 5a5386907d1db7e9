#include "reluflow/plots/probability.hpp"

#include "reluflow/errors.hpp"
#include "reluflow/sweep.hpp"
#include "run_support.hpp"
#include "series_style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::plots {
namespace {

constexpr int curve_points = 200;

/// "threshold 141 (129, 154)", back on the axis itself.
std::string threshold_text(const logistic_fit& fit, bool log_x) {
  const auto on_axis = [&](double value) {
    return number_text(log_x ? std::exp(value) : value, 4);
  };
  return fmt::format("threshold {} ({}, {})", on_axis(fit.threshold), on_axis(fit.low),
                     on_axis(fit.high));
}

layer curve(const logistic_fit& fit, const range& axis, bool log_x, std::string_view colour) {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i <= curve_points; ++i) {
    const double share = static_cast<double>(i) / curve_points;
    const double at = log_x ? std::log(axis.low) + share * std::log(axis.high / axis.low)
                            : axis.low + share * (axis.high - axis.low);
    x.push_back(log_x ? std::exp(at) : at);
    y.push_back(fit.probability(at));
  }
  return line("", std::move(x), std::move(y), colour, 1.2);
}

layer estimates(std::string label, const std::vector<trial_count>& counts, std::size_t which) {
  layer marks;
  marks.label = std::move(label);
  marks.columns.resize(4);
  for (const trial_count& one : counts) {
    const interval_estimate p = probability_of(one.successes, one.trials);
    marks.columns[0].push_back(one.x);
    marks.columns[1].push_back(p.value);
    marks.columns[2].push_back(p.low);
    marks.columns[3].push_back(p.high);
  }
  marks.data_using = "1:2:3:4";
  marks.with = fmt::format("yerrorbars pt {} ps 0.7 lw 1 lc rgb '{}'", series_shape(which),
                           series_colour(which));
  marks.key_with =
      fmt::format("points pt {} ps 0.7 lc rgb '{}'", series_shape(which), series_colour(which));
  marks.heading = "x, probability, low, high";
  return marks;
}

}  // namespace

figure probability_figure(std::string name, std::string x_label, std::string y_label, bool log_x,
                          const std::vector<probability_series>& series) {
  check_series_count("probability figure", series.size());
  range axis{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const probability_series& one : series) {
    for (const trial_count& count : one.counts) {
      axis.low = std::min(axis.low, count.x);
      axis.high = std::max(axis.high, count.x);
    }
  }
  if (!(axis.high > axis.low))
    axis = log_x ? range{axis.low / 2.0, axis.low * 2.0} : range{axis.low - 0.5, axis.low + 0.5};
  const double room = 0.04;
  const range shown = log_x ? range{axis.low * std::pow(axis.high / axis.low, -room),
                                    axis.high * std::pow(axis.high / axis.low, room)}
                            : range{axis.low - room * (axis.high - axis.low),
                                    axis.high + room * (axis.high - axis.low)};
  panel axes;
  axes.x_label = std::move(x_label);
  axes.y_label = std::move(y_label);
  axes.log_x = log_x;
  axes.x_range = shown;
  axes.y_range = range{-0.04, 1.04};
  for (std::size_t i = 0; i < series.size(); ++i) {
    const probability_series& one = series[i];
    std::string label = plain_text(one.label);
    if (one.fit) {
      axes.layers.push_back(curve(*one.fit, shown, log_x, series_colour(i)));
      label += (label.empty() ? "" : ":  ") + threshold_text(*one.fit, log_x);
    }
    axes.layers.push_back(estimates(std::move(label), one.counts, i));
  }
  figure fig;
  fig.name = std::move(name);
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
