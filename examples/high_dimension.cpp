// Paper A, figures 6 and 7: Gaussian inputs in high dimension are nearly orthogonal, and training
// goes through the same phases: neurons align with two directions, one cluster grows, the flow
// rests near a saddle, the other cluster grows. Then the neurons spread a little, because two of
// them cannot fit inputs that are not exactly orthogonal.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/phases.hpp"
#include "reluflow/principal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <cmath>
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

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Nearly orthogonal inputs in high dimension (paper A, figures 6 and 7)");
  examples::setting set(app, "high_dimension");
  reluflow::index samples = 30;
  reluflow::index width = 80;
  double t_end = 450.0;
  bool full = false;
  app.add_option("--samples", samples, "number of samples; the dimension is twice that")
      ->capture_default_str();
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--until", t_end, "length of the run")->capture_default_str();
  app.add_flag("--full", full, "the paper's size: 75 samples, 200 neurons, until t = 400");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    samples = 75;
    width = 200;
    t_end = 400.0;
  }

  const reluflow::index dimension = 2 * samples;
  const dataset data = examples::teacher_data(samples, dimension, set.seed);
  const double log_scale =
      std::log(1e-20) - 0.5 * std::log(static_cast<double>(width) * static_cast<double>(dimension));
  problem task{data, balanced_network(width, dimension, log_scale, set.seed), {}, {}, set.seed};
  task.flow.t_end = t_end;
  task.flow.rtol = 1e-8;
  task.flow.switching = switching_method::asynchronous;
  task.flow.stop_loss = 1e-12;
  task.record.times = linear_times(t_end, 201);
  task.record.stopping_times = all_stopping_times(data, task.initial);
  prepare_run_directory(set.out, set.force);
  const trajectory run = integrate(task);

  examples::claim_table claims;
  for (const law_result& law : check_laws(data, run)) {
    // Ten times the default tolerances: rtol is ten times the default.
    claims.at_most(law.law, 10.0 * law.tolerance, law.worst);
  }
  const double whole = loss(data, task.initial);
  claims.at_most("loss at the end over the loss at the start", 0.1, run.end.loss / whole);
  const std::vector<phase> phases = phases_of(run);
  for (const phase& one : phases) {
    claims.note(one.name, fmt::format("t = {:.4g} to {:.4g}", one.t_begin, one.t_end));
  }
  claims.holds("early alignment", "first phase", phases.empty() ? "none" : phases.front().name,
               !phases.empty() && phases.front().name == "alignment");
  const stopping_event* aligned = run.reached("aligned_+");
  const stopping_event* fit = run.reached("plateau_exit");
  if (aligned != nullptr && fit != nullptr) {
    claims.at_most("time of alignment over time of the first fit", 0.5, aligned->t / fit->t);
    claims.note("narrowest cone of the neurons that grew first",
                fmt::format("cosine {:.4f}", narrowness(fit->state)));
  }
  const Eigen::VectorXd shares = principal_components_of(run.final_network, 3).shares;
  claims.within("explained by two principal components", 0.6, 0.95, shares.head(2).sum());
  claims.note("explained by each of the first three",
              fmt::format("{:.3f}, {:.3f}, {:.3f}", shares[0], shares[1], shares[2]));
  claims.note("narrowest cone of the final neurons",
              fmt::format("cosine {:.4f}", narrowness(run.final_network)));
  claims.note(
      "switches, slides, sliding at the end",
      fmt::format("{}, {}, {}", run.statistics.switches, run.statistics.slides, run.end.sliding));
  claims.note("steps", fmt::format("{}", run.statistics.steps));
  claims.note("time inside the integrator", fmt::format("{:.1f} s", run.statistics.wall_seconds));

  plots::run_figure_options look;
  look.neuron_times = {0.0, run.t};
  if (aligned != nullptr && fit != nullptr) look.neuron_times = {0.0, aligned->t, fit->t, run.t};
  examples::keep(set, task, run, look);
  return claims.finish();
}
