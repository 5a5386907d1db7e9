// The curvature mu = -L'/L and the residual kernel (theory.md 0.2).

#include "reluflow/curvature.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/vector_field.hpp"
#include "support/gradient.hpp"
#include "support/laws.hpp"
#include "support/problems.hpp"
#include "test_curvature_support.hpp"

#include <Eigen/Eigenvalues>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

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
    const double mu = squared_gradient(state.data, state.net) /
                      (state.net.output_scale() * loss(state.data, state.net));
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
