// Paper B, figures 2-4: how many samples with random directions a network of p neurons fits in
// dimension d. As in the paper a run counts as converged when its loss falls below 1/(2n) by 1.5
// t_n, with t_n = sqrt(n p) ln(n p)/4; a second count allows twice that time. The paper descends
// with a learning rate of 1, and that is not the flow: such steps are counted beside it, from the
// same starts. Thresholds are fitted with a logistic curve.

#include "cells.hpp"
#include "claims.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/logistic_fit.hpp"
#include "reluflow/plots/probability.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "reluflow/sweep.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// One threshold: a dimension and a width, over several numbers of samples.
struct curve_request {
  index dimension = 1;
  index width = 1;
  std::vector<index> sizes;
};

/// Thresholds found with the authors' code, by (d, p).
std::optional<double> published(index dimension, index width) {
  static const std::map<std::pair<index, index>, double> found{
      {{10, 30}, 29},  {{20, 30}, 74},   {{30, 30}, 146},  {{40, 30}, 263},  {{50, 30}, 417},
      {{60, 30}, 611}, {{70, 30}, 821},  {{80, 30}, 996},  {{90, 30}, 1145}, {{100, 30}, 1323},
      {{30, 50}, 217}, {{30, 100}, 294}, {{30, 200}, 346}, {{30, 400}, 388}};
  const auto one = found.find({dimension, width});
  return one == found.end() ? std::nullopt : std::optional(one->second);
}

/// When the loss falls below 1/(2n), in units of 1.5 t_n; infinity when it does not.
struct convergence {
  double by_flow = 0.0;   ///< looked for until 2
  double by_steps = 0.0;  ///< of 1 in the time of the flow, until 1
};

convergence time_to_converge(index samples, index dimension, index width, std::uint64_t seed) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const dataset data = sphere_data(samples, dimension, {1.0, 2.0}, seed);
  const network start = dominated_network(width, dimension, 1.0, seed, output_scaling::mean);
  const double unit = 1.5 * weakly_interacting::cutoff_unit(static_cast<double>(samples),
                                                            static_cast<double>(width));
  const double small = 0.5 / static_cast<double>(samples);
  flow_options flow;
  flow.t_end = 2.0 * unit;
  flow.rtol = 1e-5;
  flow.stop_loss = small;
  record_options record;
  record.states = false;
  const trajectory run = integrate(data, start, flow, record);

  const double steps = std::ceil(unit);
  record.times = linear_times(steps, static_cast<index>(steps) + 1);
  const trajectory descent = descend(data, start, {.step = 1.0, .t_end = steps}, record);
  const auto there = std::find_if(descent.rows.begin(), descent.rows.end(),
                                  [&](const record_row& row) { return row.loss < small; });
  return {run.ending == outcome::converged ? run.t / unit : never,
          there != descent.rows.end() ? there->t / unit : never};
}

/// @param converged  tells of one run whether it counts
template <class Converged>
std::vector<trial_count> counts_of(const curve_request& request,
                                   const std::vector<convergence>& runs, index repetitions,
                                   const Converged& converged) {
  std::vector<trial_count> counts;
  for (std::size_t i = 0; i < request.sizes.size(); ++i) {
    trial_count one{static_cast<double>(request.sizes[i]), 0, repetitions};
    for (index r = 0; r < repetitions; ++r) {
      const auto at = i * static_cast<std::size_t>(repetitions) + static_cast<std::size_t>(r);
      one.successes += converged(runs[at]) ? 1 : 0;
    }
    counts.push_back(one);
  }
  return counts;
}

/// None where the threshold is not among the sizes, which increase.
std::optional<logistic_fit> fit_of(std::vector<trial_count> counts) {
  std::int64_t successes = 0;
  std::int64_t trials = 0;
  for (trial_count& one : counts) {
    successes += one.successes;
    trials += one.trials;
    one.x = std::log(one.x);
  }
  if (successes == 0 || successes == trials) return std::nullopt;
  const logistic_fit fit = fit_logistic(counts);
  const bool inside = counts.front().x <= fit.threshold && fit.threshold <= counts.back().x;
  return inside ? std::optional(fit) : std::nullopt;
}

std::string threshold_text(const std::optional<logistic_fit>& fit) {
  if (!fit) return "outside";
  return fmt::format("{:.1f} ({:.1f}, {:.1f})", std::exp(fit->threshold), std::exp(fit->low),
                     std::exp(fit->high));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Probability of convergence (paper B, figures 2-4)");
  const examples::setting set(app, "convergence_probability");
  std::vector<reluflow::index> dimensions{3, 5};
  std::vector<reluflow::index> widths{30};
  std::vector<double> ratios{1, 1.5, 2, 3, 4, 5, 6, 8, 10};
  reluflow::index repetitions = 12;
  bool full = false;
  app.add_option("--dimensions", dimensions, "dimensions d")->delimiter(',');
  app.add_option("--widths", widths, "numbers of neurons p")->delimiter(',');
  app.add_option("--ratios", ratios, "numbers of samples over the dimension")->delimiter(',');
  app.add_option("--repetitions", repetitions, "runs at each point")->capture_default_str();
  app.add_flag("--full", full, "d = 10, 20, 30 with p = 30, as in the paper");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    dimensions = {10, 20, 30};
    widths = {30};
    ratios = {2, 3, 4, 5, 6, 8, 10, 12};
    repetitions = 8;
  }
  prepare_run_directory(set.out, set.force);

  std::vector<curve_request> requests;
  for (const reluflow::index d : dimensions) {
    for (const reluflow::index p : widths) {
      curve_request one{d, p, {}};
      for (const double ratio : ratios) {
        one.sizes.push_back(std::llround(ratio * static_cast<double>(d)));
      }
      requests.push_back(std::move(one));
    }
  }
  const auto points = static_cast<reluflow::index>(ratios.size());
  const auto curve_cells = points * repetitions;
  const auto count = static_cast<reluflow::index>(requests.size()) * curve_cells;
  std::vector<std::vector<convergence>> runs(
      requests.size(), std::vector<convergence>(static_cast<std::size_t>(curve_cells)));
  examples::for_each_cell(count, [&](reluflow::index turn) {
    // The largest first: they take longest.
    const reluflow::index cell = count - 1 - turn;
    const auto which = static_cast<std::size_t>(cell / curve_cells);
    const reluflow::index own = cell % curve_cells;
    const curve_request& request = requests[which];
    runs[which][static_cast<std::size_t>(own)] =
        time_to_converge(request.sizes[static_cast<std::size_t>(own / repetitions)],
                         request.dimension, request.width, cell_seed(set.seed, cell));
  });

  examples::claim_table claims;
  std::vector<plots::probability_series> series;
  std::vector<std::optional<logistic_fit>> fits;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const curve_request& request = requests[i];
    const std::string what = fmt::format("d = {}, p = {}", request.dimension, request.width);
    const auto counts = counts_of(request, runs[i], repetitions,
                                  [](const convergence& one) { return one.by_flow <= 1.0; });
    const auto late = counts_of(request, runs[i], repetitions,
                                [](const convergence& one) { return one.by_flow <= 2.0; });
    const auto by_steps = counts_of(request, runs[i], repetitions,
                                    [](const convergence& one) { return one.by_steps <= 1.0; });
    fits.push_back(fit_of(counts));
    const auto step_fit = fit_of(by_steps);
    claims.note(what + ": threshold", threshold_text(fits.back()));
    claims.note(what + ": threshold with twice the time", threshold_text(fit_of(late)));
    const auto reference = published(request.dimension, request.width);
    if (reference && step_fit) {
      claims.holds(what + ": threshold by steps of 1",
                   fmt::format("{:.0f} by the authors' code, within a quarter", *reference),
                   threshold_text(step_fit),
                   std::abs(std::exp(step_fit->threshold) / *reference - 1.0) <= 0.25);
    } else {
      claims.note(what + ": threshold by steps of 1", threshold_text(step_fit));
    }
    if (series.size() < 6) {
      series.push_back({what, counts, fits.back()});
      series.push_back({what + ", steps of 1", by_steps, step_fit});
    }
    for (std::size_t k = 0; k < counts.size(); ++k) {
      fmt::print("{}, n = {}: {} of {}, with twice the time {}, by steps of 1 {}\n", what,
                 counts[k].x, counts[k].successes, counts[k].trials, late[k].successes,
                 by_steps[k].successes);
    }
  }
  const std::optional<logistic_fit>& first = fits.front();
  const std::optional<logistic_fit>& last = fits.back();
  if (first && last && fits.size() > 1) {
    claims.holds("the threshold grows with d and p",
                 fmt::format("above {:.1f}", std::exp(first->high)),
                 fmt::format("{:.1f}", std::exp(last->threshold)), last->low > first->high);
  }
  const auto& few = runs.front();
  const auto least = std::count_if(few.begin(), few.begin() + repetitions,
                                   [](const convergence& one) { return one.by_flow <= 1.0; });
  claims.holds("the fewest samples are fitted more often than not", "more than half",
               fmt::format("{} of {}", least, repetitions), 2 * least > repetitions);
  examples::keep_figure(
      set, plots::probability_figure("probability", "samples n", "P(converged)", true, series));
  return claims.finish();
}
