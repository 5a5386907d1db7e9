// The hard cases, each distilled to the smallest problem that shows it.

#include "reluflow/solvers/gradient_descent.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::test {
namespace {

flow_options until(double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  return flow;
}

// On an antipodal pair one sample is always on: eta_i + eta_-i = 1 (theory.md 4.5). Samples 0 and 3
// are such a pair; neuron 0 arrives on their surface at t = 8.24, leaves neuron 1 to fit sample 1
// and stays.
BOOST_AUTO_TEST_CASE(antipodal_samples_share_one_surface_while_a_neuron_slides) {
  const dataset data(columns({{0.0, 1.0}, {1.0, 1.0}, {1.0, 2.0}, {0.0, -1.0}}),
                     vec({0.0, 1.0, -2.0, -2.0}));
  const network initial =
      network::balanced(vec({1.0, -1.0}), vec({-5.0, -5.0}), columns({{1.0, 0.0}, {-0.7, 0.7}}));
  const trajectory run = lawful_run(data, initial, until(30.0));
  BOOST_TEST(run.ending == outcome::reached_end);
  gradient_descent_options plain;
  plain.t_end = 30.0;
  BOOST_TEST(std::abs(run.end.loss - descend(data, initial, plain).end.loss) <= 1e-3);
}

// The multiplier of an antipodal pair leaves [0, 1] when the samples' own forces say so.
BOOST_AUTO_TEST_CASE(a_neuron_leaves_the_surface_of_an_antipodal_pair_in_time) {
  const dataset data(
      columns({{0.28, -1.5, -0.38}, {-0.28, 1.5, 0.38}, {1.0, 1.0, -2.0}, {-0.3, 0.4, 1.0}}),
      vec({-2.0, -0.3, -0.5, -0.6}));
  const network initial = network::balanced(vec({1.0, -1.0}), vec({-3.0, -5.0}),
                                            columns({{0.7, -0.7, 0.2}, {-0.2, -1.0, 0.1}}));
  const trajectory run = lawful_run(data, initial, until(50.0));
  BOOST_TEST(run.ending == outcome::reached_end);
}

// Sliding on sample 0 the neuron loses its last active sample 1: nothing drives it any more, v- = 0
// on both surfaces, and relu'(0) = 0 says it rests on both. A slide with eta = 0 would be the same
// motion, but would come alive, upwards, when the residual of its sample changes sign.
BOOST_AUTO_TEST_CASE(a_neuron_that_nothing_drives_rests) {
  const dataset data(columns({{-0.3, -0.9, -0.08, 0.4}, {-1.0, 0.09, 0.5, -0.8}}),
                     vec({-2.9, -0.782}));
  const network initial =
      network::balanced(vec({1.0}), vec({-200.0}), columns({{-0.4, -0.6, -0.373, -0.6}}));
  for (const auto method : {switching_method::global, switching_method::asynchronous}) {
    for (const auto chart : {chart_kind::spherical, chart_kind::cartesian}) {
      flow_options flow = until(10.0);
      flow.switching = method;
      flow.chart = chart;
      const trajectory run = lawful_run(data, initial, flow);
      BOOST_TEST(run.end.active == 0);
      BOOST_TEST(run.end.sliding == 0);
      BOOST_TEST(run.switches.size() == 3U);
    }
  }
}

// Orthogonal inputs: once dead on sample 1 the neuron decays along sample 0 by exp(-40) and more.
// What rounding left of z_1 stays while |w| shrinks, unless z_1 is exactly 0.
BOOST_AUTO_TEST_CASE(a_resting_pair_stays_exactly_on_its_surface) {
  const dataset data(columns({{0.6, 0.8}, {-0.8, 0.6}}), vec({-1.0, -0.5}));
  for (const double slope : {0.3, 0.35, 0.4, 0.45, 0.5}) {
    const network initial = network::balanced(vec({1.0}), vec({-5.0}), columns({{slope, 1.0}}));
    BOOST_TEST_CONTEXT("slope " << slope) {
      const trajectory run = lawful_run(data, initial, until(200.0));
      BOOST_TEST(run.switches.size() == 1U);
    }
  }
}

// A neuron that is inactive on sample 0 never meets it: z_0 stays as it is while |w| grows by
// exp(575). Relative to |w| it falls below rounding, and what rounding says then is no switch.
BOOST_AUTO_TEST_CASE(a_dead_pair_does_not_wake_on_rounding) {
  const dataset data(columns({{1.6, 0.0}, {0.0, 1.5}}), vec({-0.8, -0.9}));
  const network initial = network::balanced(vec({-1.0}), vec({-575.0}), columns({{-1.0, 0.8}}));
  for (const auto method : {switching_method::global, switching_method::asynchronous}) {
    flow_options flow = until(2000.0);
    flow.switching = method;
    const trajectory run = lawful_run(data, initial, flow);
    BOOST_TEST(run.switches.size() == 0U);
    // Sample 1 is fitted, sample 0 is not.
    BOOST_TEST(run.end.loss == 0.25 * 0.8 * 0.8, boost::test_tools::tolerance(1e-12));
  }
}

// Once others have fitted sample 2, neuron 0 grows along sample 0 alone, and its z_2 falls into the
// error of the steps, where its sign is no longer known. That must not stop the run.
BOOST_AUTO_TEST_CASE(an_active_pair_that_fades_does_not_stop_time) {
  const dataset data(vec({0.9, 0.75, 0.95}).asDiagonal().toDenseMatrix(),
                     vec({-1.95, 0.57, -0.85}));
  const network initial = network::balanced(vec({-1.0, -1.0}), vec({-575.0, -575.0}),
                                            columns({{1e-10, -0.3, 0.14}, {-0.1, -0.1, 1.0}}));
  for (const auto method : {switching_method::global, switching_method::asynchronous}) {
    flow_options flow = until(6000.0);
    flow.switching = method;
    const trajectory run = lawful_run(data, initial, flow);
    BOOST_TEST(run.end.loss == 0.57 * 0.57 / 6.0, boost::test_tools::tolerance(1e-9));
  }
}

// A balanced network may have no neurons at all.
BOOST_AUTO_TEST_CASE(nobody_moves_without_neurons) {
  const dataset data(columns({{1.0, 0.0}, {0.0, 2.0}}), vec({1.0, -3.0}));
  const network none = network::balanced(vec({}), vec({}), Eigen::MatrixXd(2, 0));
  for (const auto method : {switching_method::global, switching_method::asynchronous}) {
    flow_options flow = until(10.0);
    flow.switching = method;
    const trajectory run = lawful_run(data, none, flow);
    BOOST_TEST(run.end.loss == 2.5);
    BOOST_TEST(run.end.gradient_norm == 0.0);
  }
}

// After both residuals that matter have vanished the multiplier is 0/0; its noise is no event.
BOOST_AUTO_TEST_CASE(a_slide_survives_convergence) {
  const dataset data(columns({{2.0, 1.0}, {0.9, 1.0}}), vec({-4.0, 0.123}));
  const network initial = network::balanced(vec({-1.0}), vec({-100.0}), columns({{0.99, -0.1}}));
  for (const double t_end : {50.0, 100.0}) {
    const trajectory run = lawful_run(data, initial, until(t_end));
    BOOST_TEST(run.ending == outcome::reached_end);
    BOOST_TEST(run.statistics.steps < 5000);
  }
}

BOOST_AUTO_TEST_CASE(any_number_of_neurons_may_switch_at_one_instant) {
  const index m = 1200;
  const dataset data(columns({{1.0, 0.0}, {0.0, 1.0}}), vec({-1.0, 1.0}));
  const network initial =
      network::balanced(Eigen::VectorXd::Ones(m), Eigen::VectorXd::Constant(m, -10.0),
                        vec({0.3, 1.0}) * Eigen::RowVectorXd::Ones(m));
  const trajectory run = lawful_run(data, initial, until(5.0));
  BOOST_TEST(run.ending == outcome::reached_end);
  BOOST_TEST(run.switches.size() == static_cast<std::size_t>(m));
}

// x -> c x, t -> t / c is a symmetry up to the size of the network: no time is small in itself.
BOOST_AUTO_TEST_CASE(time_has_no_unit) {
  const index m = 1500;
  const double c = 1e14;
  Eigen::MatrixXd weights(2, m);
  weights.row(0).setLinSpaced(0.3, 0.45);
  weights.row(1).setOnes();
  const dataset data(columns({{c, 0.0}, {0.0, c}}), vec({-1.0, 1.0}));
  const network initial =
      network::balanced(Eigen::VectorXd::Ones(m), Eigen::VectorXd::Constant(m, -50.0), weights);
  const trajectory run = checked_run(data, initial, until(5.0 / c));
  BOOST_TEST(run.ending == outcome::reached_end);
  BOOST_TEST(run.switches.size() == static_cast<std::size_t>(m));
}

// In the plane a neuron that slides on a surface moves on a line through the origin. With |a| > |w|
// it arrives there, every surface at once, and passes on.
BOOST_AUTO_TEST_CASE(a_dominated_neuron_slides_through_the_origin) {
  const dataset data(columns({{-0.25, -0.89}, {0.9, 0.8}}), vec({0.4, 0.3}));
  const network initial = network::cartesian(vec({-0.001}), columns({{0.0006, 3e-6}}));
  const trajectory run = lawful_run(data, initial, until(50.0));
  BOOST_TEST(run.ending == outcome::reached_end);
}

// One dimension: every sample shares the surface w = 0, and |a| > |w| lets a neuron pass through
// it.
BOOST_AUTO_TEST_CASE(a_dominated_neuron_dies_at_the_origin) {
  const dataset data(vec({0.44, 1.8, 0.83}).transpose(), vec({-0.28, -1.4, 0.32}));
  const network initial = network::cartesian(vec({0.0023}), vec({0.0011}));
  const trajectory run = lawful_run(data, initial, until(10.0));
  BOOST_TEST(run.ending == outcome::reached_end);
  BOOST_TEST(run.end.active == 0);
}

}  // namespace
}  // namespace reluflow::test
