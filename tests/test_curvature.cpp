// The curvature mu = -L'/L, the residual kernel, and the bounds of paper B (theory.md 0.2, B1-B7).

#include "reluflow/curvature.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/vector_field.hpp"
#include "support/laws.hpp"
#include "support/problems.hpp"

#include <Eigen/Eigenvalues>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

/// mu written out from the gradient, neuron by neuron; no neuron on a surface.
double naive_curvature(const dataset& data, const network& net) {
  const auto n = static_cast<double>(data.size());
  const Eigen::VectorXd r = residuals(data, net) / n;
  const Eigen::MatrixXd w = net.weights();
  const Eigen::VectorXd a = net.output_weights();
  double sum = 0.0;
  for (index j = 0; j < net.width(); ++j) {
    const Eigen::ArrayXd z = data.inputs().transpose() * w.col(j);
    const Eigen::VectorXd D = data.inputs() * (z > 0.0).select(r.array(), 0.0).matrix();
    sum += std::pow(D.dot(w.col(j)), 2) + a[j] * a[j] * D.squaredNorm();
  }
  return net.output_scale() * sum / loss(data, net);
}

/// What Lemma 6 prints: no squares on C_x in (15), and in (22) no |w_j|^2.
curvature_bounds printed_state_bounds(const interaction& c, const network& net,
                                      const activation_pattern& modes) {
  interaction without_squares = c;
  without_squares.least_norm = std::sqrt(c.least_norm);
  without_squares.largest_norm = std::sqrt(c.largest_norm);
  return state_bounds(without_squares, net, modes);
}

/// Inputs of norm 0.4 to 1.6 in directions that interact weakly, and neurons of any kind.
struct random_state {
  dataset data;
  network net;

  explicit random_state(std::uint64_t seed) : data(points(seed)), net(neurons(seed)) {}

 private:
  static dataset points(std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> gaussian;
    std::uniform_real_distribution<double> size(0.4, 1.6);
    const index n = 2 + static_cast<index>(seed % 5);
    const double mixing = 0.05 * static_cast<double>(seed % 4);
    Eigen::MatrixXd inputs(n + 2, n);
    for (index k = 0; k < n; ++k) {
      for (index i = 0; i < n + 2; ++i)
        inputs(i, k) = (i == k ? 1.0 : 0.0) + mixing * gaussian(engine);
      inputs.col(k) *= size(engine) / inputs.col(k).norm();
    }
    return {inputs, Eigen::VectorXd::NullaryExpr(n, [&] { return gaussian(engine); })};
  }
  static network neurons(std::uint64_t seed) {
    const index d = 4 + static_cast<index>(seed % 5);
    if (seed % 3 == 0) return gaussian_network(5, d, 1.0, seed);
    return seed % 3 == 1 ? dominated_network(8, d, 1.0, seed, output_scaling::mean)
                         : balanced_network(6, d, 0.0, seed, output_scaling::mean);
  }
};

/// Two unit inputs with the given product.
dataset two_inputs(double product, const Eigen::VectorXd& labels) {
  return {columns({{1.0, 0.0}, {product, std::sqrt(1.0 - product * product)}}), labels};
}

/// The w (d x any) with given X^T w; X square.
Eigen::MatrixXd weights_with(const dataset& data, const Eigen::MatrixXd& z) {
  return data.inputs().transpose().partialPivLu().solve(z);
}

/// int mu over the dense output, by Gauss-Legendre on each step.
double integrated_curvature(const dataset& data, const trajectory& run) {
  double sum = 0.0;
  for (const dense_segment& step : run.dense) {
    const activation_pattern modes = pattern_at(run, step.t0);
    sum += boost::math::quadrature::gauss<double, 10>::integrate(
        [&](double t) { return local_curvature(data, run.at(t), modes); }, step.t0, step.t1);
  }
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_CASE(curvature_and_kernel_agree_with_the_gradient_written_out) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const random_state state(seed);
    const activation_pattern modes = pattern_of_signs(state.data, state.net);
    const double mu = naive_curvature(state.data, state.net);
    BOOST_TEST(local_curvature(state.data, state.net, modes) == mu, tolerance(1e-12));
    const residual_kernel kernel(state.data, state.net, modes);
    const Eigen::VectorXd r = residuals(state.data, state.net);
    const Eigen::MatrixXd K = kernel.matrix();
    BOOST_TEST(2.0 * r.dot(K * r) / r.squaredNorm() == mu, tolerance(1e-12));
    BOOST_TEST((K * r - kernel * r).norm() <= 1e-13 * K.norm() * r.norm());
    const eigenvalue_range range = kernel.extremes();
    BOOST_TEST(2.0 * range.smallest <= mu * (1.0 + 1e-12));
    BOOST_TEST(mu <= 2.0 * range.largest * (1.0 + 1e-12));
    BOOST_TEST(range.smallest >= -1e-13 * range.largest);
  }
}

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

BOOST_AUTO_TEST_CASE(the_kernel_is_the_jacobian_of_the_residuals_also_while_sliding) {
  // Neurons on the surface of sample 0 that are held there.
  const small_problem problem(4);
  flow_options flow;
  flow.t_end = 60.0;
  const trajectory run = checked_run(problem.data, problem.initial, flow, {linear_times(60.0, 7)});
  BOOST_REQUIRE(run.end.sliding > 0);
  BOOST_TEST(local_curvature(problem.data, run.final_network, run.final_pattern) == run.end.mu,
             tolerance(1e-9));
  // A step of the flow with the modes fixed: r' = -K r.
  const vector_field field(problem.data, run.final_network, chart_kind::cartesian);
  flow_modes modes{run.final_pattern, {}};
  const switching_surfaces surfaces(problem.data);
  for (index j = 0; j < field.neurons(); ++j) {
    std::vector<index> held;
    for (index s = 0; s < surfaces.size(); ++s) {
      if (modes.pattern(j, surfaces.representative(s)) == pair_mode::sliding) held.push_back(s);
    }
    if (!held.empty()) modes.frames.emplace(j, make_sliding_frame(surfaces, held));
  }
  const Eigen::VectorXd state = field.pack(run.final_network);
  Eigen::VectorXd rate;
  field_values values;
  field.derivative(state, modes, rate, values);
  const Eigen::VectorXd r = values.residuals;
  constexpr double step = 1e-4;
  field.residuals(state + step * rate, modes.pattern, values);
  const Eigen::VectorXd after = values.residuals;
  field.residuals(state - step * rate, modes.pattern, values);
  const Eigen::VectorXd slope = (after - values.residuals) / (2.0 * step);
  const residual_kernel kernel(problem.data, run.final_network, run.final_pattern);
  BOOST_TEST((slope + kernel * r).norm() <= 1e-7 * (kernel * r).norm());
  BOOST_TEST((kernel.matrix() * r - kernel * r).norm() <= 1e-12 * r.norm());
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

BOOST_AUTO_TEST_CASE(the_integral_of_the_curvature_is_the_logarithm_of_the_loss) {
  // Independent of what the integrator itself accumulates: quadrature over the dense output.
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const small_problem problem(seed);
    flow_options flow;
    flow.t_end = 6.0;
    flow.rtol = 1e-11;
    record_options record{linear_times(6.0, 7)};
    record.dense = true;
    const trajectory run = checked_run(problem.data, problem.initial, flow, record);
    const double start = loss(problem.data, problem.initial);
    const double found = integrated_curvature(problem.data, run);
    BOOST_TEST(std::abs(found - std::log(start / run.end.loss)) < 1e-8);
    BOOST_TEST(mean_curvature(start, run.end.loss, 6.0) == run.end.mu_mean, tolerance(1e-9));
  }
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

BOOST_AUTO_TEST_CASE(large_kernels_by_lanczos_iterations) {
  // n = 700 is above what is decomposed; the decomposition serves as the reference.
  const dataset data = gaussian_data(700, 40, 0.3, 1);
  const network net = dominated_network(60, 40, 1.0, 1, output_scaling::mean);
  const activation_pattern modes = pattern_of_signs(data, net);
  const residual_kernel kernel(data, net, modes);
  const Eigen::VectorXd all =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(kernel.matrix(), Eigen::EigenvaluesOnly)
          .eigenvalues();
  const eigenvalue_range found = kernel.extremes();
  BOOST_TEST(found.largest == all[699], tolerance(1e-9));
  BOOST_TEST(std::abs(found.smallest - all[0]) <= 1e-9 * all[699]);
  BOOST_TEST(all[0] > 1e-4 * all[699]);

  // A sample on which no neuron is active: its residual stays.
  activation_pattern without = modes;
  for (index j = 0; j < net.width(); ++j) without.set(j, 7, pair_mode::inactive);
  const eigenvalue_range fallen = residual_kernel(data, net, without).extremes();
  BOOST_TEST(std::abs(fallen.smallest) <= 1e-9 * all[699]);
}

BOOST_AUTO_TEST_CASE(limit_rates_are_those_of_the_closed_forms) {
  // theory.md A15: at theta* the eigenvalues of the kernel are known.
  Eigen::MatrixXd positive = balanced_network(8, 4, 0.0, 4).directions().cwiseAbs();
  const network start = network::balanced(vec({1, -1, 1, -1, 1, -1, 1, -1}),
                                          Eigen::VectorXd::Constant(8, -10.0), positive);
  const dataset data(Eigen::MatrixXd::Identity(4, 4), vec({1.5, 1.0, -0.8, -0.5}));
  flow_options flow;
  flow.t_end = 200.0;
  const trajectory run = checked_run(data, start, flow);
  const auto groups = orthogonal::groups_of(data);
  BOOST_TEST(limit_rate(data, run) == *orthogonal::limit_pl_constant(data, groups),
             tolerance(1e-7));
  BOOST_TEST(limit_rate(data, run) == 2.0 * 0.23584953, tolerance(1e-7));
}

BOOST_AUTO_TEST_CASE(antipodal_pairs_are_no_interaction) {
  const dataset data(columns({{1.0, 0.0}, {-2.0, 0.0}, {0.0, 1.5}}), vec({1.0, 2.0, -1.0}));
  BOOST_TEST(interaction_of(data).strength == 2.0, tolerance(1e-12));
  BOOST_TEST(antipodal_interaction_of(data).strength < 1e-14);
  const dataset skew = two_inputs(-0.3, vec({1.0, 1.0}));
  BOOST_TEST(antipodal_interaction_of(skew).strength == 0.3, tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(misuse_is_named) {
  const random_state state(1);
  const activation_pattern modes = pattern_of_signs(state.data, state.net);
  const network other = gaussian_network(3, state.data.dimension(), 1.0, 1);
  BOOST_CHECK_THROW((void)local_curvature(state.data, other, modes), invalid_input);
  BOOST_CHECK_THROW((void)state_bounds(interaction_of(state.data), other, modes), invalid_input);
  BOOST_CHECK_THROW((void)mean_curvature(1.0, 0.0, 1.0), invalid_input);
  BOOST_CHECK_THROW((void)pattern_of_signs(state.data, gaussian_network(3, 1, 1.0, 1)),
                    invalid_input);
}

}  // namespace reluflow::test
