// Problems with known answers (theory.md 6), integrated.

#include "reluflow/alignment.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <Eigen/Eigenvalues>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

trajectory follow(const dataset& data, const network& initial, double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-11;
  record_options record;
  record.times = linear_times(t_end, 201);
  record.dense = true;
  trajectory run = checked_run(data, initial, flow, record);
  BOOST_TEST(run.ending == outcome::reached_end);
  return run;
}

double loss_at(const dataset& data, const trajectory& run, double t) {
  return loss(data, run.at(t));
}

/// sum of |w_j|^2 over `neurons`.
double mass(const network& net, const std::vector<index>& neurons) {
  double sum = 0.0;
  for (const index j : neurons) sum += std::exp(2.0 * net.log_norms()[j]);
  return sum;
}

/// When the first cluster of a group has half the mass |v| that fits it, by bisection.
double measured_half_fit(const trajectory& run, const std::vector<index>& cluster, double limit) {
  double low = 0.0;
  double high = run.t;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = 0.5 * (low + high);
    (mass(run.at(middle), cluster) < 0.5 * limit ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// Checks T_+ and T_- (theory.md A7 with A5) and returns them.
std::pair<double, double> check_half_fit_times(const dataset& data, const trajectory& run,
                                               double allowed) {
  const auto groups = orthogonal::groups_of(data);
  const auto early = orthogonal::early_map(data, run.initial_network);
  const auto check = [&](const orthogonal::label_group& group) {
    const auto law = orthogonal::mass_law_of(data, run.initial_network, group, early);
    const auto cluster = orthogonal::first_cluster(data, run.initial_network, group);
    const double predicted = orthogonal::half_fit_time(law.value());
    const double measured = measured_half_fit(run, cluster, group.mass);
    BOOST_TEST(std::abs(measured - predicted) <= allowed,
               "half-fit at " << measured << " instead of " << predicted);
    return measured;
  };
  return {check(groups.positive.value()), check(groups.negative.value())};
}

/// K of R' = -K R (theory.md 0.2) at the end of a run without slides.
Eigen::MatrixXd residual_kernel(const dataset& data, const trajectory& run) {
  const network& net = run.final_network;
  const Eigen::MatrixXd gram = data.inputs().transpose() * data.inputs();
  Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(data.size(), data.size());
  for (index j = 0; j < net.width(); ++j) {
    const Eigen::VectorXd on = Eigen::VectorXd::NullaryExpr(data.size(), [&](index k) {
      return run.final_pattern(j, k) == pair_mode::active ? 1.0 : 0.0;
    });
    const Eigen::VectorXd active =
        on.asDiagonal() * data.inputs().transpose() * net.weights().col(j);
    const double a = net.output_weights()[j];
    kernel += active * active.transpose() + a * a * on.asDiagonal() * gram * on.asDiagonal();
  }
  return net.output_scale() / static_cast<double>(data.size()) * kernel;
}

dataset two_points() { return {columns({{-0.5, 1.0}, {2.0, 1.0}}), vec({-1.0, 1.0})}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(f1_two_points)

BOOST_AUTO_TEST_CASE(the_limit_is_the_interpolator_of_least_norm) {
  const trajectory run =
      follow(two_points(), balanced_network(60, 2, std::log(1e-6 / std::sqrt(60.0)), 1), 60.0);
  const double squares = run.final_network.weights().squaredNorm();
  BOOST_TEST(squares == 1.3416407865, tolerance(1e-9));
  BOOST_TEST(squares + run.final_network.output_weights().squaredNorm() == 2.6832816,
             tolerance(1e-7));
  BOOST_TEST(run.end.loss < 1e-20);
}

BOOST_AUTO_TEST_CASE(on_the_way_the_loss_rests_at_a_quarter) {
  const dataset data = two_points();
  for (const double log_scale : {std::log(1e-6), -50.0, -300.0}) {
    const network initial = balanced_network(60, 2, log_scale - 0.5 * std::log(60.0), 1);
    const trajectory run = follow(data, initial, 45.0 - 2.0 * log_scale);
    const auto [fast, slow] = check_half_fit_times(data, run, 1e-7);
    const double middle = 0.5 * (fast + slow);
    // The share of its mass that the fast group lacks and the slow one has is less than this.
    const double away = std::exp(-0.5590169944 * (slow - fast));
    BOOST_TEST(std::abs(loss_at(data, run, middle) - 0.25) <= away + 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(the_slow_point_is_fitted_at_four_times_its_rate) {
  const dataset data = two_points();
  const trajectory run =
      follow(data, balanced_network(60, 2, std::log(1e-6 / std::sqrt(60.0)), 1), 60.0);
  const auto [fast, slow] = check_half_fit_times(data, run, 1e-7);
  const double t0 = slow + 12.0;
  const double t1 = slow + 13.0;
  BOOST_TEST(std::log(loss_at(data, run, t0) / loss_at(data, run, t1)) == 2.236068,
             tolerance(1e-5));
  const auto& row = run.rows[static_cast<std::size_t>((slow + 13.0) / 60.0 * 200.0)];
  BOOST_TEST(row.mu == 2.236068, tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(half_fit_times_are_those_of_the_closed_form) {
  for (const double scale : {1e-2, 1e-3, 1e-4, 1e-5}) {
    const double lambda = scale / std::sqrt(60.0);
    const trajectory run = follow(two_points(), balanced_network(60, 2, std::log(lambda), 1), 60.0);
    check_half_fit_times(two_points(), run, 50.0 * lambda * lambda * 60.0 + 1e-8);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(f2_four_orthonormal_points)

BOOST_AUTO_TEST_CASE(half_fit_times_limit_and_kernel_are_those_of_the_closed_form) {
  const dataset data(Eigen::MatrixXd::Identity(4, 4), vec({1.5, 1.0, -0.8, -0.5}));
  constexpr index m = 10;
  const network drawn = balanced_network(m, 4, 0.0, 3);
  const Eigen::VectorXd signs =
      Eigen::VectorXd::NullaryExpr(m, [](index j) { return j % 2 == 0 ? 1.0 : -1.0; });
  for (const double lambda : {1e-2, 1e-3, 1e-4}) {
    const Eigen::VectorXd log_norms = drawn.log_norms().array() + std::log(lambda);
    const network initial = network::balanced(signs, log_norms, drawn.directions().cwiseAbs());
    const trajectory run = follow(data, initial, 200.0);
    BOOST_TEST_CONTEXT("lambda = " << lambda) {
      check_half_fit_times(data, run, 50.0 * lambda * lambda * double(m) + 1e-8);
      const network limit = orthogonal::limit_state(data, initial).value();
      const Eigen::VectorXd squares = (2.0 * run.final_network.log_norms().array()).exp();
      const Eigen::VectorXd expected = (2.0 * limit.log_norms().array()).exp();
      BOOST_TEST((squares - expected).cwiseAbs().maxCoeff() <= 50.0 * lambda * lambda);
      const Eigen::VectorXd eigenvalues =
          residual_kernel(data, run).selfadjointView<Eigen::Lower>().eigenvalues();
      BOOST_TEST((eigenvalues - vec({0.23584953, 0.45069391, 0.47169906, 0.90138782}))
                     .cwiseAbs()
                     .maxCoeff() <= 50.0 * lambda * lambda + 1e-8);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

// Prop 3 of paper B: with |a| < |w| the second layer may collapse and leave a point unfitted.
BOOST_AUTO_TEST_SUITE(f7_collapse)

BOOST_AUTO_TEST_CASE(of_equal_neurons_without_output_weight) {
  const dataset data(Eigen::MatrixXd::Identity(2, 2), vec({4.0, -2.0}));
  const network initial =
      network::cartesian(vec({0.0, 0.0}), columns({{1.0, 1.0}, {1.0, 1.0}}), 0.5);
  const trajectory run = follow(data, initial, 60.0);
  BOOST_TEST(run.end.loss == 1.0, tolerance(1e-9));
  for (const record_row& row : run.rows) BOOST_TEST(row.loss >= 1.0 - 1e-9);
  BOOST_REQUIRE(run.switches.size() == 2U);
  for (const switch_event& death : run.switches) {
    BOOST_TEST(death.sample == 1);
    BOOST_TEST(to_string(death.to) == "inactive");
    BOOST_TEST(std::abs(death.t - 1.27599) < 5e-6);
  }
}

BOOST_AUTO_TEST_CASE(of_small_output_weights_of_both_signs) {
  const dataset data(Eigen::MatrixXd::Identity(2, 2), vec({10.0, -5.0}));
  const network initial =
      network::cartesian(vec({0.01, -0.01}), columns({{1.0, 1.0}, {1.0, 1.0}}), 0.5);
  const trajectory run = follow(data, initial, 60.0);
  BOOST_TEST(run.end.loss == 6.25, tolerance(1e-9));
  BOOST_REQUIRE(run.switches.size() == 2U);
  BOOST_TEST(std::abs(run.switches[0].t - 0.46247) < 5e-6);
  BOOST_TEST(std::abs(run.switches[1].t - 0.47483) < 5e-6);
  // a_2' = <w, D> = (10 - 5) / 2 at the start: positive from t = 0.004 on.
  BOOST_TEST(run.at(0.0039).output_weights()[1] < 0.0);
  BOOST_TEST(run.at(0.0041).output_weights()[1] > 0.0);
}

BOOST_AUTO_TEST_CASE(does_not_happen_to_output_weights_large_enough) {
  const dataset data(Eigen::MatrixXd::Identity(2, 2), vec({4.0, -2.0}));
  for (const double a : {0.5, 1.5}) {
    const network initial =
        network::cartesian(vec({a, -a}), columns({{1.0, 1.0}, {1.0, 1.0}}), 0.5);
    BOOST_TEST(follow(data, initial, 60.0).end.loss < 1e-12);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(f11_extremal_vectors)

BOOST_AUTO_TEST_CASE(of_orthogonal_inputs_are_counted_by_the_subsets_of_each_sign) {
  const struct {
    index positive;
    index negative;
    std::size_t count;
  } rows[] = {{3, 0, 8}, {2, 1, 5}, {2, 2, 7}, {4, 1, 17}, {4, 0, 16}};
  for (const auto& row : rows) {
    const index n = row.positive + row.negative;
    const Eigen::VectorXd labels = Eigen::VectorXd::NullaryExpr(n, [&](index k) {
      return (k < row.positive ? 1.0 : -1.0) * (1.0 + 0.3 * static_cast<double>(k));
    });
    const dataset data(2.0 * Eigen::MatrixXd::Identity(n, n), labels);
    BOOST_TEST(extremal_vectors_orthogonal(data).size() == row.count);
    BOOST_TEST(extremal_vectors_by_faces(data).size() == row.count);
  }
}

BOOST_AUTO_TEST_SUITE_END()

// theory.md 4.4 as a flow: a neuron too small to move the residuals stands on two surfaces, and the
// residuals are the labels.
BOOST_AUTO_TEST_SUITE(f12_two_surfaces)

const Eigen::MatrixXd inputs =
    columns({{1.0, 0.0, 0.0}, {0.5, std::sqrt(0.75), 0.0}, {1.0, 1.0, 1.0}});
const network on_both = network::balanced(vec({1.0}), vec({-60.0}), columns({{0.0, 0.0, 1.0}}));

BOOST_AUTO_TEST_CASE(hold_the_neuron) {
  const dataset data(inputs, vec({-2.0, -6.0, 4.0}));
  const trajectory run = follow(data, on_both, 10.0);
  BOOST_TEST(run.end.sliding == 2);
  BOOST_TEST((run.final_network.directions() - on_both.directions()).norm() < 1e-15);
  BOOST_TEST(run.final_network.log_norms()[0] == -60.0 + 40.0 / 3.0, tolerance(1e-12));
  BOOST_REQUIRE(run.slides.size() == 2U);
  const double eta[] = {0.845299, 0.769800};
  for (const sliding_interval& slide : run.slides) {
    BOOST_TEST(slide.t_begin == 0.0);
    BOOST_TEST(slide.open);
    BOOST_TEST(std::abs(slide.eta_begin - eta[slide.sample]) < 5e-7);
    BOOST_TEST(std::abs(slide.eta_end - eta[slide.sample]) < 5e-7);
  }
}

BOOST_AUTO_TEST_CASE(let_it_go_when_the_pull_is_weaker) {
  const dataset data(inputs, vec({-2.0, -3.0, 4.0}));
  const trajectory run = follow(data, on_both, 0.01);
  BOOST_TEST(run.end.active == 3);
  BOOST_TEST(run.slides.empty());
  // z' = a (v_1, v_2) with z = |w| <v, x>: the first instant of both.
  const Eigen::VectorXd z = inputs.transpose() * run.final_network.directions();
  BOOST_TEST(std::abs(z[0] / 0.01 - 0.166667) < 1e-2);
  BOOST_TEST(std::abs(z[1] / 0.01 - 0.488034) < 1e-2);
}

BOOST_AUTO_TEST_CASE(hold_gradient_descent_too) {
  const dataset data(inputs, vec({-2.0, -6.0, 4.0}));
  const trajectory plain = descend(data, on_both, {1e-5, 1.0});
  BOOST_TEST((plain.final_network.directions() - on_both.directions()).norm() < 1e-4);
  BOOST_TEST(std::abs(plain.final_network.log_norms()[0] - (-60.0 + 4.0 / 3.0)) < 1e-4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reluflow::test
