// Paper A, figures 2 and 3: two orthogonal points, 60 neurons that start at almost nothing. The
// flow aligns its neurons while the loss stands still, fits the positive point, rests at a saddle,
// fits the negative point: four phases, whose times and ends the theory gives in closed form.

#include "claims.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/phases.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr index width = 60;

dataset two_points() {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0,  //
      1.0, 1.0;
  return {inputs, Eigen::Vector2d(-1.0, 1.0)};
}

/// sum of |w_j|^2 over some neurons.
double mass(const network& net, const std::vector<index>& neurons) {
  double sum = 0.0;
  for (const index j : neurons) sum += std::exp(2.0 * net.log_norms()[j]);
  return sum;
}

/// Where the neurons' part of the function bends: the mean of the kinks -b/u, weighted by |w_j|^2.
double mean_kink(const network& net, const std::vector<index>& neurons) {
  double sum = 0.0;
  for (const index j : neurons) {
    const auto w = net.directions().col(j);
    sum += std::exp(2.0 * net.log_norms()[j]) * -w[1] / w[0];
  }
  return sum / mass(net, neurons);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Two orthogonal points (paper A, figures 2 and 3)");
  const examples::setting set(app, "two_point");
  CLI11_PARSE(app, argc, argv);

  const dataset data = two_points();
  const double log_scale = std::log(1e-6 / std::sqrt(static_cast<double>(width)));
  problem task{
      data, balanced_network(width, data.dimension(), log_scale, set.seed), {}, {}, set.seed};
  task.flow.t_end = 40.0;
  task.flow.rtol = 1e-10;
  task.flow.switching = switching_method::global;
  task.record.times = linear_times(task.flow.t_end, 401);
  task.record.stopping_times = all_stopping_times(data, task.initial);
  prepare_run_directory(set.out, set.force);
  const trajectory run = integrate(task);

  // What the theory says of this very initialisation (theory.md A5 - A7, A13, A15).
  const orthogonal::label_groups groups = orthogonal::groups_of(data);
  const auto early = orthogonal::early_map(data, task.initial);
  examples::claim_table claims;
  claims.near("loss at the start", 0.5, run.rows.front().loss, 1e-9);

  // At T = 40 the residual is still sqrt(2 n L): what follows from a perfect fit holds to that.
  const double tail = 2.0 * std::sqrt(4.0 * run.end.loss);
  for (const auto* group : {&*groups.positive, &*groups.negative}) {
    const char* name = group->sign > 0.0 ? "+" : "-";
    const auto cluster = orthogonal::first_cluster(data, task.initial, *group);
    const auto law = orthogonal::mass_law_of(data, task.initial, *group, early);
    claims.near(fmt::format("half-fit time T{}", name), orthogonal::half_fit_time(*law),
                run.reached(fmt::format("T_{}", name))->t, 1e-6);
    claims.near(fmt::format("final sum |w|^2 of group {}", name), group->mass,
                mass(run.final_network, cluster), tail);
    const Eigen::VectorXd& v = group->v;
    claims.near(fmt::format("kink of group {}", name), -v[1] / v[0],
                mean_kink(run.final_network, cluster), 1e-6);
  }
  const stopping_event* saddle = run.reached("saddle_middle");
  claims.near("loss at the saddle, midway", *orthogonal::saddle_loss(data, groups),
              saddle->row.loss, 1e-3);
  claims.near("sum a^2 = 1/sqrt(5) + 1/sqrt(1.25)", 1.0 / std::sqrt(5.0) + 1.0 / std::sqrt(1.25),
              run.final_network.output_weights().squaredNorm(), tail);
  claims.near("late rate of the loss 4|D-|", 4.0 * groups.negative->rate, run.end.mu, 1e-5);
  claims.at_most("loss at the end", 1e-12, run.end.loss);
  claims.near("dissipated int |theta'|^2 = L(0) - L(T)", run.rows.front().loss - run.end.loss,
              run.statistics.dissipated, 1e-8);

  const std::vector<phase> phases = phases_of(run);
  std::vector<std::string> names;
  for (const phase& one : phases) names.push_back(one.name);
  const std::string found = fmt::format("{}", fmt::join(names, ", "));
  claims.holds("phases", "alignment, growth, fit +, saddle, fit -", found,
               found == "alignment, growth, fit +, saddle, fit -");
  plots::run_figure_options look;
  look.neuron_times = {phases.front().t_end, run.reached("T_+")->t, saddle->t, run.t};
  examples::keep(set, task, run, look);
  examples::keep_animation(set, task, run);

  claims.note("last switch", fmt::format("t = {:.6g}", run.switches.back().t));
  claims.note("switches, steps",
              fmt::format("{}, {}", run.statistics.switches, run.statistics.steps));
  claims.note("time inside the integrator",
              fmt::format("{:.1f} ms", 1e3 * run.statistics.wall_seconds));
  return claims.finish();
}
