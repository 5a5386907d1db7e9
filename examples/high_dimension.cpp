// Paper A, figures 6 and 7: Gaussian inputs in high dimension are nearly orthogonal, and training
// goes through the same phases: neurons align with two directions, one cluster grows, the flow
// rests near a saddle, the other cluster grows. Then the neurons spread a little, because two of
// them cannot fit inputs that are not exactly orthogonal.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/phases.hpp"
#include "reluflow/principal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// The smallest cosine between a neuron that grew and the mean direction of its sign.
double narrowness(const network& net) {
  double smallest = 1.0;
  for (const direction_cluster& group : cluster_directions(net, std::numbers::pi)) {
    const Eigen::VectorXd cosine = cosines(net, group.direction);
    for (const index j : group.neurons) {
      if (net.log_norms()[j] < net.log_norms().maxCoeff() - std::log(10.0)) continue;
      smallest = std::min(smallest, cosine[j]);
    }
  }
  return smallest;
}

/// One training run and what is asked of it.
struct experiment {
  problem task;
  trajectory run;
  std::vector<phase> phases;
  Eigen::VectorXd shares;  // of the first three principal components

  [[nodiscard]] double explained() const { return shares.head(2).sum(); }
  [[nodiscard]] double loss_left() const { return run.end.loss / run.rows.front().loss; }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(phases.begin(), phases.end(),
                       [&](const phase& one) { return one.name == name; });
  }
};

/// Trains until the loss is 1e-3 of what it was: the times of the fits depend on the labels drawn.
experiment train(index samples, index width, double t_end, std::uint64_t seed) {
  const index dimension = 2 * samples;
  const dataset data = examples::teacher_data(samples, dimension, seed);
  const double log_scale =
      std::log(1e-20) - 0.5 * std::log(static_cast<double>(width) * static_cast<double>(dimension));
  experiment one{
      {data, balanced_network(width, dimension, log_scale, seed), {}, {}, seed}, {}, {}, {}};
  one.task.flow.t_end = t_end;
  one.task.flow.rtol = 1e-8;
  one.task.flow.stop_loss = 1e-3 * loss(data, one.task.initial);
  one.task.record.times = linear_times(t_end, 1 + static_cast<index>(std::ceil(t_end / 4.0)));
  one.task.record.stopping_times = all_stopping_times(data, one.task.initial);
  one.run = integrate(one.task);
  one.phases = phases_of(one.run);
  one.shares = principal_components_of(one.run.final_network, 3).shares;
  return one;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Nearly orthogonal inputs in high dimension (paper A, figures 6 and 7)");
  examples::setting set(app, "high_dimension");
  reluflow::index samples = 30;
  reluflow::index width = 80;
  double t_end = 1500.0;
  std::uint64_t seeds = 1;
  bool full = false;
  app.add_option("--samples", samples, "number of samples; the dimension is twice that")
      ->capture_default_str();
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--until", t_end, "longest run")->capture_default_str();
  app.add_option("--seeds", seeds, "number of seeds, from --seed on; the first run is kept")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--full", full, "the paper's size: 75 samples, 200 neurons");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    samples = 75;
    width = 200;
  }
  prepare_run_directory(set.out, set.force);

  std::vector<experiment> all;
  std::uint64_t in_range = 0;
  fmt::print("{:>5} {:>9} {:>10} {:>9} {:>9} {:>9}  phases\n", "seed", "end", "loss left",
             "explained", "switches", "seconds");
  for (std::uint64_t i = 0; i < seeds; ++i) {
    experiment one = train(samples, width, t_end, set.seed + i);
    in_range += one.explained() >= 0.7 && one.explained() <= 0.85 ? 1 : 0;
    std::vector<std::string> names;
    for (const phase& stretch : one.phases) names.push_back(stretch.name);
    fmt::print("{:>5} {:>9.1f} {:>10.2e} {:>9.3f} {:>9} {:>9.1f}  {}\n", *one.task.seed, one.run.t,
               one.loss_left(), one.explained(), one.run.statistics.switches,
               one.run.statistics.wall_seconds, fmt::join(names, ", "));
    std::fflush(stdout);
    all.push_back(std::move(one));
  }
  fmt::print("\n");

  examples::claim_table claims;
  for (const experiment& one : all) {
    const std::string who = fmt::format("seed {}: ", *one.task.seed);
    for (const law_result& law : check_laws(one.task.data, one.run)) {
      // Ten times the default tolerances: rtol is ten times the default.
      claims.at_most(who + std::string(law.law), 10.0 * law.tolerance, law.worst);
    }
    claims.at_most(who + "loss at the end over the loss at the start", 0.01, one.loss_left());
    claims.holds(who + "first phase", "alignment",
                 one.phases.empty() ? "none" : one.phases.front().name,
                 !one.phases.empty() && one.phases.front().name == "alignment");
    const stopping_event* exit = one.run.reached("plateau_exit");
    claims.holds(who + "the first plateau is found and left", "yes",
                 exit != nullptr ? fmt::format("t = {:.4g}", exit->t) : "no", exit != nullptr);
  }
  const auto with_saddle = static_cast<std::uint64_t>(std::count_if(
      all.begin(), all.end(), [](const experiment& one) { return one.has("saddle"); }));
  if (seeds == 1) {
    claims.note("plateau between the fits", with_saddle > 0 ? "saddle" : "none");
  } else {
    claims.holds("seeds with a plateau between the fits", fmt::format("> half of {}", seeds),
                 fmt::format("{}", with_saddle), 2 * with_saddle > seeds);
  }
  if (full) {
    claims.holds("seeds with 0.7 to 0.85 explained by two principal components",
                 fmt::format(">= 80 % of {}", seeds), fmt::format("{}", in_range),
                 5 * in_range >= 4 * seeds);
  }

  const experiment& first = all.front();
  const stopping_event* aligned = first.run.reached("aligned_+");
  const stopping_event* fit = first.run.reached("plateau_exit");
  for (const phase& one : first.phases) {
    claims.note(one.name, fmt::format("t = {:.4g} to {:.4g}", one.t_begin, one.t_end));
  }
  if (aligned != nullptr && fit != nullptr) {
    claims.at_most("time of alignment over time of the first fit", 0.5, aligned->t / fit->t);
    claims.note("narrowest cone of the neurons that grew first",
                fmt::format("cosine {:.4f}", narrowness(fit->state)));
  }
  claims.note(
      "explained by each of the first three principal components",
      fmt::format("{:.3f}, {:.3f}, {:.3f}", first.shares[0], first.shares[1], first.shares[2]));
  claims.note("narrowest cone of the final neurons",
              fmt::format("cosine {:.4f}", narrowness(first.run.final_network)));
  claims.note("switches, slides, sliding at the end",
              fmt::format("{}, {}, {}", first.run.statistics.switches, first.run.statistics.slides,
                          first.run.end.sliding));

  plots::run_figure_options look;
  look.neuron_times = {0.0, first.run.t};
  if (aligned != nullptr && fit != nullptr) {
    look.neuron_times = {0.0, aligned->t, fit->t, first.run.t};
  }
  examples::keep(set, first.task, first.run, look);
  return claims.finish();
}
