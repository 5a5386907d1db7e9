// Paper A, figures 2 and 3: two orthogonal points, 60 neurons that start at almost nothing. The
// flow aligns its neurons while the loss stands still, fits the positive point, rests at a saddle,
// fits the negative point: four phases, whose times and ends the theory gives in closed form.

#include "claims.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <cmath>

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

/// The first time at which `below` turns false, by bisection on the dense output.
template <class Predicate>
double time_when(const trajectory& run, Predicate below) {
  double low = 0.0;
  double high = run.t;
  while (high - low > 1e-12 * high) {
    const double middle = 0.5 * (low + high);
    (below(run.at(middle)) ? low : high) = middle;
  }
  return high;
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
  task.record.dense = true;
  prepare_run_directory(set.out, set.force);
  const trajectory run = integrate(task);

  // What the theory says of this very initialisation (theory.md A5 - A7, A13, A15).
  const orthogonal::label_groups groups = orthogonal::groups_of(data);
  const auto early = orthogonal::early_map(data, task.initial);
  examples::claim_table claims;
  claims.near("loss at the start", 0.5, run.rows.front().loss, 1e-9);

  // At T = 40 the residual is still sqrt(2 n L): what follows from a perfect fit holds to that.
  const double tail = 2.0 * std::sqrt(4.0 * run.end.loss);
  double half_fit[2];
  for (const auto* group : {&*groups.positive, &*groups.negative}) {
    const char* name = group->sign > 0.0 ? "+" : "-";
    const auto cluster = orthogonal::first_cluster(data, task.initial, *group);
    const auto law = orthogonal::mass_law_of(data, task.initial, *group, early);
    const double half =
        time_when(run, [&](const network& net) { return mass(net, cluster) < 0.5 * group->mass; });
    half_fit[group->sign > 0.0 ? 0 : 1] = half;
    claims.near(fmt::format("half-fit time T{}", name), orthogonal::half_fit_time(*law), half,
                1e-6);
    claims.near(fmt::format("final sum |w|^2 of group {}", name), group->mass,
                mass(run.final_network, cluster), tail);
    const Eigen::VectorXd& v = group->v;
    claims.near(fmt::format("kink of group {}", name), -v[1] / v[0],
                mean_kink(run.final_network, cluster), 1e-6);
  }
  const double at = 0.5 * (half_fit[0] + half_fit[1]);
  claims.near("loss at the saddle, midway", *orthogonal::saddle_loss(data, groups),
              loss(data, run.at(at)), 1e-3);
  claims.near("sum a^2 = 1/sqrt(5) + 1/sqrt(1.25)", 1.0 / std::sqrt(5.0) + 1.0 / std::sqrt(1.25),
              run.final_network.output_weights().squaredNorm(), tail);
  claims.near("late rate of the loss 4|D-|", 4.0 * groups.negative->rate, run.end.mu, 1e-5);
  claims.at_most("loss at the end", 1e-12, run.end.loss);
  claims.near("dissipated int |theta'|^2 = L(0) - L(T)", run.rows.front().loss - run.end.loss,
              run.statistics.dissipated, 1e-8);

  // Phases by the loss: it has left, or is within, one percent of its next plateau.
  const auto falls_below = [&](double level) {
    return time_when(run, [&](const network& net) { return loss(data, net) > level; });
  };
  const double aligned = run.switches.empty() ? 0.0 : run.switches.back().t;
  const double saddle_begin = falls_below(0.2525);
  const double saddle_end = falls_below(0.2475);
  const double fitted = falls_below(0.0025);
  plots::run_figure_options look;
  look.phases = {{"alignment", 0.0, aligned},
                 {"+ group grows", aligned, saddle_begin},
                 {"saddle", saddle_begin, saddle_end},
                 {"- group grows", saddle_end, fitted}};
  look.marks = {{"T+", half_fit[0]}, {"T-", half_fit[1]}};
  look.neuron_times = {aligned, half_fit[0], at, run.t};
  examples::keep(set, task, run, look);

  claims.note("last switch", fmt::format("t = {:.6g}", aligned));
  claims.note("switches, steps",
              fmt::format("{}, {}", run.statistics.switches, run.statistics.steps));
  claims.note("time inside the integrator",
              fmt::format("{:.1f} ms", 1e3 * run.statistics.wall_seconds));
  return claims.finish();
}
