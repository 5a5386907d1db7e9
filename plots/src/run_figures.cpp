#include "reluflow/plots/run_figures.hpp"

#include "reluflow/errors.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace reluflow::plots {
namespace {

// Print has a minus sign.
std::string with_signs(std::string name) {
  if (name.ends_with('-')) name.replace(name.size() - 1, 1, "−");
  return name;
}

}  // namespace

void run_figure_options::validate() const {
  constexpr std::size_t most_times = 4;
  render.validate();
  if (neuron_times.size() > most_times) {
    throw invalid_input("plots.neuron_times", fmt::format("{} times", neuron_times.size()),
                        "at most four");
  }
  for (const double t : neuron_times) {
    if (!(t >= 0.0) || !std::isfinite(t)) {
      throw invalid_input("plots.neuron_times", fmt::format("{}", t), "finite times >= 0");
    }
  }
  if (max_lines < 1) {
    throw invalid_input("plots.max_lines", fmt::format("{}", max_lines), "at least 1");
  }
  if (window && (!std::isfinite(window->low) || !std::isfinite(window->high) ||
                 !(window->low >= 0.0) || !(window->low < window->high))) {
    throw invalid_input("plots.window", fmt::format("[{}, {}]", window->low, window->high),
                        "finite times, 0 <= low < high");
  }
}

run_figure_options shown_with(const std::vector<phase_row>& rows) {
  run_figure_options look;
  const auto is_half_fit = [](const phase_row& row) {
    return row.name == "T_+" || row.name == "T_-";
  };
  const bool half_fits = std::any_of(rows.begin(), rows.end(), is_half_fit);
  for (const phase_row& row : rows) {
    if (row.until) {
      look.phases.push_back({with_signs(row.name), row.t, *row.until});
    } else if (is_half_fit(row)) {
      look.marks.push_back({row.name.back() == '+' ? "T₊" : "T₋", row.t});
    } else if (!half_fits && row.name.starts_with("half_residual_")) {
      look.marks.push_back({with_signs(std::string("½ ") + row.name.back()), row.t});
    }
  }
  return look;
}

std::vector<double> animation_times(const trajectory& run, std::size_t steps) {
  std::vector<double> times{0.0, run.t};
  for (const stopping_event& one : run.stopping_times) times.push_back(one.t);
  const std::vector<switch_event> switches = switches_without_noise(run);
  const std::size_t stride = switches.size() / steps + 1;
  for (std::size_t i = 0; i < switches.size(); i += stride) times.push_back(switches[i].t);
  std::size_t passed = 0;
  for (const record_row& row : run.rows) {
    const double fallen = run.rows.front().loss - row.loss;
    if (fallen * double(steps) < double(passed) * run.rows.front().loss) continue;
    times.push_back(row.t);
    ++passed;
  }
  return times;
}

std::vector<figure> figures_of(const dataset& data, const trajectory& run,
                               const run_figure_options& options) {
  std::vector<figure> figures{loss_figure(run, options), curvature_figure(run, options)};
  if (run.final_network.width() > 0) {
    if (has_kinks(data)) figures.push_back(neurons_figure(data, run, options));
    if (data.dimension() > 2) {
      figures.push_back(principal_figure(data, run, options));
      figures.push_back(explained_variance_figure(run.final_network));
    }
    figures.push_back(norms_figure(run, options));
    figures.push_back(directions_figure(data, run, options));
    if (run.initial_pattern.neurons() > 0) figures.push_back(raster_figure(data, run, options));
  }
  return figures;
}

std::vector<figure_result> write_figures(const std::filesystem::path& directory,
                                         const dataset& data, const trajectory& run,
                                         const run_figure_options& options) {
  std::vector<figure_result> results;
  for (const figure& fig : figures_of(data, run, options)) {
    results.push_back(write_figure(directory, fig, options.render));
  }
  return results;
}

}  // namespace reluflow::plots
