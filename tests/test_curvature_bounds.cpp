// The bounds of paper B on the curvature (theory.md B1-B7).

#include "reluflow/curvature.hpp"
#include "support/laws.hpp"
#include "support/problems.hpp"
#include "test_curvature_support.hpp"

#include <Eigen/LU>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

/// What Lemma 6 prints: no squares on C_x in (15), and in (22) no |w_j|^2.
curvature_bounds printed_state_bounds(const interaction& c, const network& net,
                                      const activation_pattern& modes) {
  interaction without_squares = c;
  without_squares.least_norm = std::sqrt(c.least_norm);
  without_squares.largest_norm = std::sqrt(c.largest_norm);
  return state_bounds(without_squares, net, modes);
}

/// Two unit inputs with the given product.
dataset two_inputs(double product, const Eigen::VectorXd& labels) {
  return {columns({{1.0, 0.0}, {product, std::sqrt(1.0 - product * product)}}), labels};
}

/// The w (d x any) with given X^T w; X square.
Eigen::MatrixXd weights_with(const dataset& data, const Eigen::MatrixXd& z) {
  return data.inputs().transpose().partialPivLu().solve(z);
}

}  // namespace

BOOST_AUTO_TEST_CASE(curvature_stays_within_the_bounds_of_every_state) {
  int printed_upper_violated = 0;
  int printed_lower_violated = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const random_state state(seed);
    const activation_pattern modes = pattern_of_signs(state.data, state.net);
    const double mu = local_curvature(state.data, state.net, modes);
    const interaction constants = interaction_of(state.data);
    const curvature_bounds bounds = state_bounds(constants, state.net, modes);
    BOOST_TEST(bounds.lower <= mu * (1.0 + 1e-12));
    BOOST_TEST(mu <= bounds.upper * (1.0 + 1e-12));
    const curvature_bounds printed = printed_state_bounds(constants, state.net, modes);
    printed_upper_violated += mu > printed.upper ? 1 : 0;
    printed_lower_violated += mu < printed.lower ? 1 : 0;
  }
  // Lemma 6 as printed in (15) lacks the squares on C_x^+ and C_x^-.
  BOOST_TEST(printed_upper_violated > 0);
  BOOST_TEST(printed_lower_violated > 0);
}

BOOST_AUTO_TEST_CASE(the_upper_bound_needs_the_weights_that_equation_22_forgets) {
  // One neuron, one sample, a = 0: mu = 2 |w|^2 |x|^2 cos^2, while (22) has a^2 alone.
  const dataset data(columns({{1.0, 0.0}}), vec({1.0}));
  const network net = network::cartesian(vec({0.0}), columns({{1.0, 0.0}}));
  const activation_pattern modes = pattern_of_signs(data, net);
  BOOST_TEST(local_curvature(data, net, modes) == 2.0, tolerance(1e-14));
  BOOST_TEST(state_bounds(interaction_of(data), net, modes).upper == 2.0, tolerance(1e-14));
  const double printed = 2.0 * std::pow(net.output_weights()[0], 2);
  BOOST_TEST(printed < 2.0);
}

BOOST_AUTO_TEST_CASE(curvature_stays_within_its_bounds_along_runs_that_switch_and_slide) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const small_problem problem(seed);
    flow_options flow;
    flow.t_end = 20.0;
    flow.rtol = 1e-10;
    const trajectory run = lawful_run(problem.data, problem.initial, flow, 21);
    const interaction constants = interaction_of(problem.data);
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      const activation_pattern modes = pattern_at(run, run.rows[i].t);
      const curvature_bounds bounds = state_bounds(constants, run.states[i], modes);
      BOOST_TEST(bounds.lower <= run.rows[i].mu * (1.0 + 1e-9));
      BOOST_TEST(run.rows[i].mu <= bounds.upper * (1.0 + 1e-9));
    }
  }
}

BOOST_AUTO_TEST_CASE(
    the_bounds_with_theorem_1_and_proposition_1_hold_along_runs_on_orthogonal_inputs) {
  int reached = 0;
  int without_wrong_signs = 0;
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const dataset data = orthonormal_data(10, 15, seed);
    // From small neurons all wrong-signed pairs die before the residuals do.
    const double scale = seed % 2 == 0 ? 1.0 : 0.01;
    const network start = dominated_network(24, 15, scale, seed, output_scaling::mean);
    flow_options flow;
    flow.t_end = 150.0;
    flow.rtol = 1e-10;
    const trajectory run = lawful_run(data, start, flow, 31);
    const interaction constants = interaction_of(data);
    BOOST_TEST(constants.strength == 0.0);
    bool event = true;  // every sample has an active neuron of its label's sign
    for (index k = 0; k < data.size(); ++k) {
      bool any = false;
      for (index j = 0; j < start.width(); ++j) {
        any = any || (run.initial_pattern(j, k) == pair_mode::active &&
                      start.signs()[j] * data.labels()[k] > 0.0);
      }
      event = event && any;
    }
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      const Eigen::VectorXd outputs = run.states[i](data);
      const double mu = run.rows[i].mu;
      if (event) BOOST_TEST(outputs_lower_bound(constants, outputs) <= mu * (1.0 + 1e-9));
      const activation_pattern now = pattern_at(run, run.rows[i].t);
      const curvature_bounds bounds = state_bounds(constants, run.states[i], now);
      BOOST_TEST(bounds.lower <= mu * (1.0 + 1e-9));
      BOOST_TEST(mu <= bounds.upper * (1.0 + 1e-9));
      bool wrong = false;
      for (index j = 0; j < start.width(); ++j) {
        for (index k = 0; k < data.size(); ++k) {
          wrong =
              wrong || (now(j, k) == pair_mode::active && start.signs()[j] * data.labels()[k] < 0);
        }
      }
      if (wrong) continue;
      ++without_wrong_signs;
      BOOST_TEST(mu <= outputs_upper_bound(constants, start, outputs));
    }
    if (!event) continue;
    ++reached;
    BOOST_TEST(run.end.loss < 1e-3 * run.rows[0].loss);
    BOOST_TEST(run.end.mu_mean >= 0.9 * mean_curvature_floor(constants));
  }
  BOOST_TEST(reached > 15);
  BOOST_TEST(without_wrong_signs > 100);
}

BOOST_AUTO_TEST_CASE(assumption_2_as_printed_does_not_give_convergence) {
  // theory.md B3: event I holds and del = 0.5 is below the printed limit 0.7071, but the large
  // outputs at the start let neuron 0 die on sample 0, and the loss ends at y_0^2/(2n).
  const dataset data = two_inputs(0.5, vec({1.0, 1.0}));
  const Eigen::MatrixXd w = weights_with(data, columns({{0.05, 1.0}, {-5.0, 10.0}}));
  const Eigen::VectorXd a = w.colwise().norm().transpose().array() + 0.1;
  const network start = network::cartesian(a, w, 0.5);
  const interaction constants = interaction_of(data);
  BOOST_TEST(constants.strength == 0.5, tolerance(1e-12));
  BOOST_TEST(printed_interaction_limit(constants) == std::sqrt(0.5), tolerance(1e-12));
  BOOST_TEST(constants.strength < printed_interaction_limit(constants));
  BOOST_TEST(constants.strength > interaction_limit(constants, residuals(data, start)));
  flow_options flow;
  flow.t_end = 200.0;
  flow.stop_gradient = 1e-9;
  const trajectory run = lawful_run(data, start, flow);
  BOOST_TEST(run.end.loss == 0.25, tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_constant_of_theorem_1_needs_two_minus_root_two) {
  // theory.md B4: without the factor (2 - sqrt(2)) the constant is C/n = 0.5 for this problem.
  const dataset data = two_inputs(0.7, vec({1.0, 1.0}));
  const Eigen::MatrixXd w = weights_with(data, columns({{0.25, 0.35}}));
  const network start = network::cartesian(vec({w.norm()}), w);
  const interaction constants = interaction_of(data);
  flow_options flow;
  flow.t_end = 120.0;
  const trajectory run = lawful_run(data, start, flow);
  const double printed = 1.0 / 2.0;
  BOOST_TEST(run.end.mu < printed);
  BOOST_TEST(std::abs(run.end.mu - 0.325) < 0.02);
  BOOST_TEST(run.end.mu_mean < printed);
  BOOST_TEST(mean_curvature_floor(constants) == (2.0 - std::numbers::sqrt2) / 2.0,
             tolerance(1e-12));
  BOOST_TEST(run.end.mu_mean >= mean_curvature_floor(constants));
  BOOST_TEST(run.end.mu >= mean_curvature_floor(constants));
}

BOOST_AUTO_TEST_CASE(proposition_1_forgets_the_weights_outside_the_span_of_the_inputs) {
  // theory.md B7: with Cbar from a^2 - |w|^2, which is 0 for balanced neurons, nothing is left of
  // the bound while the output is small, however large w is across the inputs.
  const dataset data(columns({{1.0, 0.0}}), vec({1.0}));
  const network net = network::cartesian(vec({1.0}), columns({{1e-3, std::sqrt(1.0 - 1e-6)}}));
  const interaction constants = interaction_of(data);
  const Eigen::VectorXd outputs = net(data);
  const double mu = local_curvature(data, net, pattern_of_signs(data, net));
  const double printed = 12.0 * outputs.cwiseAbs().maxCoeff();
  BOOST_TEST(mu > printed);
  BOOST_TEST(mu <= outputs_upper_bound(constants, net, outputs));
}

BOOST_AUTO_TEST_CASE(antipodal_pairs_are_no_interaction) {
  const dataset data(columns({{1.0, 0.0}, {-2.0, 0.0}, {0.0, 1.5}}), vec({1.0, 2.0, -1.0}));
  BOOST_TEST(interaction_of(data).strength == 2.0, tolerance(1e-12));
  BOOST_TEST(antipodal_interaction_of(data).strength < 1e-14);
  const dataset skew = two_inputs(-0.3, vec({1.0, 1.0}));
  BOOST_TEST(antipodal_interaction_of(skew).strength == 0.3, tolerance(1e-12));
}

}  // namespace reluflow::test
