#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/plots/probability.hpp"
#include "reluflow/plots/render.hpp"
#include "sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

namespace reluflow::app {
namespace {

constexpr std::size_t most_series = 6;

bool is_indicator(const std::string& name) {
  const auto& all = sweep_measures();
  return std::find_if(all.begin(), all.end(),
                      [&](const sweep_measure& one) { return one.name == name; })
      ->indicator;
}

/// Values of the axes after the first, "p = 30", by which points belong to one curve.
std::string series_of(const sweep_plan& plan, std::int64_t point) {
  std::string label;
  const std::vector<std::size_t> at = plan.values_at(point);
  for (std::size_t i = 1; i < plan.axes.size() && plan.grid; ++i) {
    label += fmt::format("{}{} = {}", i == 1 ? "" : ", ", plan.axes[i].name(),
                         plan.axes[i].values[at[i]]);
  }
  return label;
}

double x_of(const sweep_plan& plan, std::int64_t point) {
  return plan.axes.front().numbers[plan.values_at(point).front()];
}

/// Three values or more that span a factor of four read better on a logarithmic axis.
bool prefers_logarithm(const sweep_axis& axis) {
  const auto [low, high] = std::minmax_element(axis.numbers.begin(), axis.numbers.end());
  return *low > 0.0 && *high >= 4.0 * *low;
}

std::vector<plots::probability_series> probabilities(const sweep_plan& plan,
                                                     const std::vector<cell_result>& results,
                                                     std::size_t kept, bool log_x) {
  std::map<std::int64_t, trial_count> by_point;
  for (const cell_result& one : results) {
    const std::int64_t point = one.cell / plan.repetitions;
    trial_count& count = by_point[point];
    count.x = x_of(plan, point);
    count.trials += 1;
    count.successes += one.values[kept] == 1.0 ? 1 : 0;
  }
  std::vector<plots::probability_series> series;
  std::map<std::string, std::size_t> places;
  for (const auto& [point, count] : by_point) {
    const std::string label = series_of(plan, point);
    const auto [place, is_new] = places.emplace(label, series.size());
    if (is_new) series.push_back({label, {}, {}});
    series[place->second].counts.push_back(count);
  }
  for (plots::probability_series& one : series) {
    std::vector<trial_count> shown = one.counts;
    std::int64_t successes = 0;
    std::int64_t trials = 0;
    for (trial_count& count : shown) {
      if (log_x) count.x = std::log(count.x);
      successes += count.successes;
      trials += count.trials;
    }
    if (shown.size() > 1 && successes > 0 && successes < trials) one.fit = fit_logistic(shown);
  }
  return series;
}

/// Means on logarithmic scales; nothing when some are not positive.
std::vector<plots::power_law_series> power_laws(const sweep_plan& plan,
                                                const std::vector<point_summary>& points,
                                                std::size_t kept) {
  std::vector<plots::power_law_series> series;
  std::map<std::string, std::size_t> places;
  for (const point_summary& one : points) {
    const double x = x_of(plan, one.point);
    const double y = one.kept[kept].value;
    if (!(x > 0.0) || !(y > 0.0)) return {};
    const std::string label = series_of(plan, one.point);
    const auto [place, is_new] = places.emplace(label, series.size());
    if (is_new) series.push_back({label, {}, {}, {}});
    series[place->second].log_x.push_back(std::log10(x));
    series[place->second].log_y.push_back(std::log10(y));
  }
  for (plots::power_law_series& one : series) {
    const std::set<double> different(one.log_x.begin(), one.log_x.end());
    if (different.size() > 2) one.fit = fit_line(one.log_x, one.log_y);
  }
  return series;
}

bool keep(const std::filesystem::path& directory, const plots::figure& fig) {
  const plots::figure_result result = plots::write_figure(directory / "figures", fig);
  if (result.status == plots::figure_status::complete) return true;
  fmt::print(stderr, "reluflow: warning: {}\n", result.message);
  return false;
}

}  // namespace

bool write_sweep_figures(const std::filesystem::path& directory, const sweep_plan& plan,
                         const std::vector<cell_result>& results) {
  if (plan.axes.empty()) return true;
  const sweep_axis& axis = plan.axes.front();
  const bool numeric = std::none_of(axis.numbers.begin(), axis.numbers.end(),
                                    [](double x) { return std::isnan(x); });
  if (!numeric || axis.numbers.size() < 2) return true;
  const std::vector<point_summary> points = summarise(plan, results);
  const std::string x_label = plots::plain_text(axis.name());
  bool complete = true;
  for (std::size_t i = 0; i < plan.kept.size(); ++i) {
    const std::string& name = plan.kept[i];
    if (is_indicator(name)) {
      const bool log_x = prefers_logarithm(axis);
      auto series = probabilities(plan, results, i, log_x);
      if (series.size() > most_series) series.resize(most_series);
      complete = keep(directory, plots::probability_figure("probability_" + name, x_label,
                                                           plots::plain_text("P(" + name + ")"),
                                                           log_x, series)) &&
                 complete;
      continue;
    }
    auto series = power_laws(plan, points, i);
    if (series.empty()) continue;
    if (series.size() > most_series) series.resize(most_series);
    complete = keep(directory, plots::power_law_figure("power_" + name, x_label,
                                                       plots::plain_text(name), series)) &&
               complete;
  }
  return complete;
}

}  // namespace reluflow::app
