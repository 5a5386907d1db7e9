// Paper B, figure 5 and Conjecture 1: on orthogonal inputs the curvature at the end of a run falls
// like a power of n between -1/2 and -1. The run stops at the paper's time; where it would go on to
// is an eigenvalue of the residual kernel, printed beside it.

#include "cells.hpp"
#include "claims.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/sweep.hpp"
#include "setting.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// Width of the paper's experiments: event I with probability 0.95.
index width_for(index samples) {
  return static_cast<index>(
             std::floor(std::log(static_cast<double>(samples) / 0.05) / std::log(4.0 / 3.0))) +
         1;
}

/// What one run shows; the same numbers as in the paper's figure, and the limit.
struct figures_of_run {
  bool event = false;
  std::array<double, 5> values{};  ///< mu, mean of mu, lower bound, upper bound, limit rate
  bool bounds_kept = false;        ///< lower <= mu <= upper, and limit rate <= mu
};

constexpr std::array<const char*, 5> names{"μ at the end", "mean of μ", "lower bound",
                                           "upper bound", "limit rate"};
/// Slopes of the authors' published data.
constexpr std::array<const char*, 5> published{"-0.81", "-0.73", "-0.73", "-0.50", ""};

figures_of_run follow(index samples, index dimension, double times, std::uint64_t seed) {
  const dataset data = axis_data(samples, dimension, {1.0, 2.0}, seed);
  const index width = width_for(samples);
  const network start = dominated_network(width, dimension, 1.0, seed, output_scaling::mean);
  flow_options flow;
  flow.t_end =
      times * 1.5 *
      weakly_interacting::cutoff_unit(static_cast<double>(samples), static_cast<double>(width));
  flow.rtol = 1e-6;
  flow.stop_loss = 1e-26;  // below is rounding
  record_options record;
  record.states = false;
  const trajectory run = integrate(data, start, flow, record);
  const curvature_bounds bounds =
      state_bounds(interaction_of(data), run.final_network, run.final_pattern);
  figures_of_run found;
  found.event = weakly_interacting::missed_samples(data, start).empty();
  found.values = {run.end.mu, run.end.mu_mean, bounds.lower, bounds.upper, limit_rate(data, run)};
  found.bounds_kept = bounds.lower <= run.end.mu * (1.0 + 1e-9) &&
                      run.end.mu <= bounds.upper * (1.0 + 1e-9) &&
                      found.values[4] <= run.end.mu * (1.0 + 1e-6) + 1e-12;
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Asymptotic curvature (paper B, figure 5 and Conjecture 1)");
  const examples::setting set(app, "asymptotic_curvature");
  std::vector<reluflow::index> sizes{24, 34, 48, 68, 96};
  reluflow::index repetitions = 8;
  bool full = false;
  app.add_option("--samples", sizes, "numbers of samples")->delimiter(',');
  app.add_option("--repetitions", repetitions, "runs of each size")->capture_default_str();
  app.add_flag("--full", full, "n = 1000 ... 2000 in dimension 2000, 8 runs each");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    sizes = {1000, 1189, 1414, 1682, 2000};
    repetitions = 8;
  }
  prepare_run_directory(set.out, set.force);
  const reluflow::index dimension = *std::max_element(sizes.begin(), sizes.end());

  const auto count = static_cast<reluflow::index>(sizes.size()) * repetitions;
  std::vector<figures_of_run> runs(static_cast<std::size_t>(count));
  examples::for_each_cell(count, [&](reluflow::index cell) {
    // The largest first: they take longest.
    const reluflow::index n = sizes[static_cast<std::size_t>((count - 1 - cell) / repetitions)];
    runs[static_cast<std::size_t>(count - 1 - cell)] =
        follow(n, dimension, 1.0, cell_seed(set.seed, count - 1 - cell));
  });

  examples::claim_table claims;
  std::vector<plots::power_law_series> series(names.size());
  // Of all runs, for the fits: the figure shows means.
  std::vector<double> log_samples;
  std::array<std::vector<double>, names.size()> log_values;
  bool kept = true;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::array<std::vector<double>, names.size()> logarithms;
    reluflow::index without = 0;
    for (reluflow::index r = 0; r < repetitions; ++r) {
      const figures_of_run& one =
          runs[i * static_cast<std::size_t>(repetitions) + static_cast<std::size_t>(r)];
      kept = kept && one.bounds_kept;
      // Without event I a sample is never fitted and mu tends to 0.
      if (!one.event) {
        ++without;
        continue;
      }
      log_samples.push_back(std::log10(static_cast<double>(sizes[i])));
      for (std::size_t q = 0; q < names.size(); ++q) {
        logarithms[q].push_back(std::log10(one.values[q]));
        log_values[q].push_back(logarithms[q].back());
      }
    }
    fmt::print("n = {:<5} p = {:<3} event I fails in {} of {}", sizes[i], width_for(sizes[i]),
               without, repetitions);
    for (std::size_t q = 0; q < names.size(); ++q) {
      const double mean = mean_of(logarithms[q]).value;
      fmt::print("  {} {:.4g}", names[q], std::pow(10.0, mean));
      if (std::isnan(mean)) continue;
      series[q].label = names[q];
      series[q].log_x.push_back(std::log10(static_cast<double>(sizes[i])));
      series[q].log_y.push_back(mean);
    }
    fmt::print("\n");
  }
  claims.holds("bounds and limit rate on all runs", "lower, rate <= mu <= upper",
               kept ? "kept" : "broken", kept);
  for (std::size_t q = 0; q < names.size(); ++q) {
    plots::power_law_series& one = series[q];
    one.fit = fit_line(log_samples, log_values[q]);
    const std::string found = fmt::format("{:.3f} +- {:.3f}", one.fit->slope, one.fit->slope_error);
    if (q < 2) {
      claims.holds(fmt::format("slope of {} (published {})", names[q], published[q]),
                   "between -1.2 and -0.4", found, one.fit->slope > -1.2 && one.fit->slope < -0.4);
    } else {
      claims.note(
          fmt::format("slope of {}{}", names[q],
                      q == 4 ? std::string() : fmt::format(" (published {})", published[q])),
          found);
    }
  }
  if (!full) {
    // Long after the fit mu is the limit rate, up to what other eigenvalues leave.
    const figures_of_run late = follow(sizes.front(), sizes.front(), 12.0, set.seed);
    claims.within("mu over the limit rate, 12 times later", 1.0 - 1e-6, 1.1,
                  late.values[0] / late.values[4]);
  }
  plots::figure fig = plots::power_law_figure("curvature", "n", "curvature", series);
  fig.width = 900;  // room for two columns in the key
  examples::keep_figure(set, fig);
  return claims.finish();
}
