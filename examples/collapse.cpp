// Paper B, Proposition 3 (theory.md B13): two orthonormal inputs, two neurons, |a_j| < |w_j|. The
// output weights pass through zero with the wrong sign, the second sample is given up, and the loss
// never falls below y_2^2/4. With |a_j| >= |w_j| the same data are fitted.

#include "claims.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using namespace reluflow;

dataset labels(double first, double second) {
  return {Eigen::MatrixXd::Identity(2, 2), Eigen::Vector2d(first, second)};
}

/// Both neurons at w = (1, 1), output scale 1/2.
network twins(double first, double second) {
  return network::cartesian(Eigen::Vector2d(first, second), Eigen::MatrixXd::Ones(2, 2), 0.5);
}

trajectory follow(const dataset& data, const network& start) {
  flow_options flow;
  flow.t_end = 60.0;
  record_options record{linear_times(flow.t_end, 3001)};
  record.stopping_times = all_stopping_times(data, start);
  return integrate(data, start, flow, record);
}

/// When the pair first becomes inactive.
double death(const trajectory& run, reluflow::index neuron, reluflow::index sample) {
  for (const switch_event& event : run.switches) {
    if (event.neuron == neuron && event.sample == sample) return event.t;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

plots::layer loss_curve(const trajectory& run, std::string label, std::string_view colour) {
  std::vector<double> t;
  std::vector<double> loss;
  for (const record_row& row : run.rows) {
    t.push_back(row.t);
    loss.push_back(row.loss);
  }
  return plots::line(std::move(label), t, loss, colour);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Collapse of the second layer (paper B, Proposition 3)");
  const examples::setting set(app, "collapse");
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  const dataset data = labels(4.0, -2.0);
  const network start = twins(0.0, 0.0);
  const trajectory collapsed = follow(data, start);
  const double floor = *weakly_interacting::collapse_floor(data, start);
  double least = collapsed.end.loss;
  for (const record_row& row : collapsed.rows) least = std::min(least, row.loss);
  claims.near("y = (4, -2), a = 0: lower bound of the loss, y_2^2/4", 1.0, floor, 1e-14);
  claims.at_most("bound minus smallest loss of the run", 1e-9, floor - least);
  claims.near("loss at the end", 1.0, collapsed.end.loss, 1e-9);
  claims.near("both neurons leave the second sample at t", 1.27599, death(collapsed, 0, 1), 1e-5);

  const dataset larger = labels(10.0, -5.0);
  const trajectory signed_start = follow(larger, twins(0.01, -0.01));
  claims.near("y = (10, -5), a = (0.01, -0.01), event I holds: loss at the end", 6.25,
              signed_start.end.loss, 1e-9);
  claims.near("the first neuron leaves at t", 0.46247, death(signed_start, 0, 1), 1e-4);
  claims.near("the second neuron leaves at t", 0.47483, death(signed_start, 1, 1), 1e-4);

  const trajectory dominated = follow(larger, twins(1.5, -1.5));
  claims.at_most("y = (10, -5), |a| = 1.5 >= |w|: loss at the end", 1e-9, dominated.end.loss);
  const trajectory balanced = follow(data, twins(0.5, -0.5));
  claims.at_most("y = (4, -2), a = (0.5, -0.5): loss at the end", 1e-9, balanced.end.loss);

  const plots::range while_it_moves{0.0, 3.0};
  plots::run_figure_options look;
  look.window = while_it_moves;
  examples::keep(set, {data, start, {}, {}, std::nullopt}, collapsed, look);
  plots::figure fig;
  fig.name = "collapse";
  plots::panel axes;
  axes.x_label = "t";
  axes.y_label = "loss";
  axes.x_range = while_it_moves;
  axes.y_range = plots::range{0.0, 17.0};
  axes.layers = {loss_curve(collapsed, "y = (4, −2), a = 0", plots::colours::positive),
                 loss_curve(signed_start, "y = (10, −5), a = ±0.01", plots::colours::negative),
                 loss_curve(dominated, "y = (10, −5), a = ±1.5", plots::colours::sliding)};
  axes.levels = {{"y₂²/4", 1.0}, {"y₂²/4", 6.25}};
  fig.panels = {axes};
  examples::keep_figure(set, fig);
  return claims.finish();
}
