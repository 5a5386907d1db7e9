// The alignment flow: h frozen at zero, every neuron in closed form between its switches.

#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/alignment_flow.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"
#include "support/problems.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

bool in_list(const std::vector<extremal_vector>& list, const Eigen::VectorXd& D) {
  return std::any_of(list.begin(), list.end(),
                     [&](const extremal_vector& one) { return (one.D - D).norm() < 1e-9; });
}

/// The whole flow from an initialisation too small to move the residuals.
trajectory whole_flow(const dataset& data, const network& start, double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-10;
  return checked_run(data, start, flow);
}

void compare_switches(const std::vector<switch_event>& closed, const std::vector<switch_event>& run,
                      double t_end) {
  std::vector<switch_event> seen;
  for (const switch_event& one : closed) {
    if (one.t <= t_end) seen.push_back(one);
  }
  BOOST_REQUIRE_EQUAL(seen.size(), run.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    BOOST_TEST(std::abs(seen[i].t - run[i].t) < 1e-7);
  }
}

/// One to seven samples in dimension one to four: some repeated, turned round or scaled, some sums
/// of others, all of them often in a line or a plane; labels of zero, of one size and of any.
dataset degenerate_data(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  const auto below = [&](index limit) {
    return static_cast<index>(engine() % static_cast<std::uint64_t>(limit));
  };
  const index d = 1 + below(4);
  const index n = 1 + below(7);
  const index rank = 1 + below(d);
  const bool on_a_grid = seed % 3 == 0;
  const Eigen::MatrixXd basis =
      on_a_grid
          ? Eigen::MatrixXd(Eigen::MatrixXd::Identity(d, rank))
          : Eigen::MatrixXd::NullaryExpr(d, rank, [&](index, index) { return normal(engine); });
  Eigen::MatrixXd x(d, n);
  Eigen::VectorXd y(n);
  for (index k = 0; k < n; ++k) {
    x.col(k) = basis * Eigen::VectorXd::NullaryExpr(rank, [&](index) {
                 return on_a_grid ? static_cast<double>(1 + below(3)) : normal(engine);
               });
    if (k > 0) {
      const Eigen::VectorXd other = x.col(below(k));
      const double factors[] = {1.0, -1.0, -2.5};
      const index kind = below(6);
      if (kind < 3) x.col(k) = factors[kind] * other;
      if (kind == 3) x.col(k) += 0.3 * other;
    }
    const double labels[] = {0.0, 1.0, -1.0, normal(engine), normal(engine)};
    y[k] = labels[below(5)];
  }
  return {x, y};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_small_network_follows_it_through_switches_and_slides) {
  std::size_t slides = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      const index d = 2 + static_cast<index>(seed % 3);
      const dataset data = gaussian_data(20, d, 1.0, seed);
      const network start = balanced_network(20, d, -900.0, seed);
      const double t_end = 20.0;
      const trajectory run = whole_flow(data, start, t_end);
      const alignment_run closed = align(data, start);
      compare_switches(closed.switches, run.switches, t_end);
      const network there = closed.at(t_end);
      BOOST_TEST((there.directions() - run.final_network.directions()).norm() < 1e-7);
      BOOST_TEST((there.log_norms() - run.final_network.log_norms()).norm() < 1e-6);
      slides += run.slides.size();
    }
  }
  BOOST_TEST(slides > 20U);
}

BOOST_AUTO_TEST_CASE(unbalanced_neurons_follow_it_too) {
  const dataset data = gaussian_data(15, 3, 1.0, 4);
  for (const network& start :
       {dominated_network(15, 3, 1e-7, 2), gaussian_network(15, 3, 1e-7, 3)}) {
    const trajectory run = whole_flow(data, start, 6.0);
    const alignment_run closed = align(data, start);
    compare_switches(closed.switches, run.switches, 6.0);
    const network there = closed.at(6.0);
    BOOST_TEST((there.weights() - run.final_network.weights()).norm() <
               1e-7 * there.weights().norm());
    BOOST_TEST((there.output_weights() - run.final_network.output_weights()).norm() <
               1e-7 * there.output_weights().norm());
  }
}

BOOST_AUTO_TEST_CASE(every_neuron_ends_at_an_extremal_vector) {
  std::size_t on_surfaces = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const index d = 2 + static_cast<index>(seed % 4);
    const index n = d <= 3 ? 4 + static_cast<index>(seed % 5) : 60;
    const dataset data = gaussian_data(n, d, 1.0, seed);
    const alignment_run run = align(data, balanced_network(30, d, 0.0, seed));
    const auto all = d <= 3 ? extremal_vectors(data) : std::vector<extremal_vector>{};
    for (const aligned_neuron& one : run.neurons) {
      BOOST_TEST(one.ending == outcome::converged);
      BOOST_TEST(verify(data, one.limit).holds(1e-9), "seed " << seed);
      if (d <= 3) BOOST_TEST(in_list(all, one.limit.D), "seed " << seed);
      on_surfaces += one.limit.zero_set.size();
    }
  }
  BOOST_TEST(on_surfaces > 300U);
}

// A neuron that crosses into a cell without a field stays on the surface that it has crossed.
BOOST_AUTO_TEST_CASE(degenerate_problems_end_at_extremal_vectors_too) {
  std::size_t still = 0;
  std::size_t on_surfaces = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const dataset data = degenerate_data(seed);
    const auto all = extremal_vectors_by_faces(data);
    const network balanced = balanced_network(8, data.dimension(), 0.0, seed);
    // |a| < |w|: no neuron meets the origin.
    const network led = network::cartesian(0.5 * balanced.output_weights(), balanced.weights());
    for (const network& start : {balanced, led}) {
      for (const aligned_neuron& one : align(data, start).neurons) {
        BOOST_TEST(one.ending == outcome::converged, "seed " << seed);
        BOOST_TEST(verify(data, one.limit).holds(1e-9), "seed " << seed);
        BOOST_TEST(in_list(all, one.limit.D), "seed " << seed);
        still += one.limit.orientation == 0 ? 1U : 0U;
        on_surfaces += one.limit.zero_set.empty() ? 0U : 1U;
      }
    }
  }
  BOOST_TEST(still > 500U);
  BOOST_TEST(on_surfaces > 300U);
}

BOOST_AUTO_TEST_CASE(orthogonal_inputs_have_the_early_map) {
  const dataset data(Eigen::Vector4d(1.0, 0.7, 1.3, 0.9).asDiagonal(), vec({1.5, 1.0, -0.8, -0.5}));
  const network start = balanced_network(40, 4, -3.0, 7);
  const alignment_run run = align(data, start);
  const auto early = orthogonal::early_map(data, start);
  for (std::size_t j = 0; j < run.neurons.size(); ++j) {
    BOOST_TEST(run.neurons[j].limit.D.norm() == early[j]->rate, tolerance(1e-12));
    if (early[j]->log_amplitude) {
      BOOST_TEST(run.neurons[j].log_amplitude == *early[j]->log_amplitude, tolerance(1e-10));
    }
    std::vector<double> times;
    for (const switch_event& one : run.switches) {
      if (one.neuron == static_cast<index>(j)) times.push_back(one.t);
    }
    BOOST_REQUIRE_EQUAL(times.size(), early[j]->extinctions.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      BOOST_TEST(times[i] == early[j]->extinctions[i].time, tolerance(1e-10));
    }
  }
}

// theory.md 4.4: a neuron held by two surfaces.
BOOST_AUTO_TEST_CASE(two_surfaces_hold_a_neuron) {
  const Eigen::MatrixXd inputs =
      columns({{1.0, 0.0, 0.0}, {0.5, std::sqrt(0.75), 0.0}, {1.0, 1.0, 1.0}});
  const network on_both = network::balanced(vec({1.0}), vec({0.0}), columns({{0.0, 0.0, 1.0}}));
  const alignment_run run = align({inputs, vec({-2.0, -6.0, 4.0})}, on_both);
  const extremal_vector& limit = run.neurons[0].limit;
  BOOST_TEST((limit.zero_set == std::vector<index>{0, 1}));
  BOOST_TEST((limit.multipliers - vec({0.845299, 0.769800})).norm() < 1e-6);
  BOOST_TEST((limit.D - vec({0.0, 0.0, 4.0 / 3.0})).norm() < 1e-14);
}

BOOST_AUTO_TEST_CASE(parallel_inputs_are_one_surface) {
  const dataset data(columns({{1.0, 0.2}, {-2.0, -0.4}, {0.3, 1.0}, {1.0, 0.2}}),
                     vec({-1.0, 0.4, 1.2, 0.3}));
  const network start = balanced_network(30, 2, -900.0, 5);
  const trajectory run = whole_flow(data, start, 20.0);
  const alignment_run closed = align(data, start);
  compare_switches(closed.switches, run.switches, 20.0);
  for (const aligned_neuron& one : closed.neurons) {
    BOOST_TEST(verify(data, one.limit).holds(1e-9));
  }
}

BOOST_AUTO_TEST_CASE(many_starts_find_what_attracts) {
  const dataset five = five_points();
  const auto found = extremal_vectors_by_flow(five, 400, 1);
  const auto all = extremal_vectors(five);
  BOOST_TEST(found.size() >= 5U);
  for (const extremal_vector& one : found) BOOST_TEST(in_list(all, one.D));
}

BOOST_AUTO_TEST_CASE(neurons_are_clustered_by_what_they_follow) {
  const dataset five = five_points();
  const auto all = extremal_vectors(five);
  const network start = balanced_network(40, 2, 0.0, 3);
  const alignment_run run = align(five, start);
  const auto followed = followed_vectors(five, all, run.at(2000.0), 1e-3);
  std::size_t found = 0;
  for (std::size_t j = 0; j < run.neurons.size(); ++j) {
    if (run.neurons[j].limit.orientation != static_cast<int>(run.neurons[j].sign)) continue;
    BOOST_REQUIRE(followed[j] >= 0);
    const Eigen::VectorXd& D = all[static_cast<std::size_t>(followed[j])].D;
    BOOST_TEST((D - run.neurons[j].limit.D).norm() < 1e-9);
    ++found;
  }
  BOOST_TEST(found > 20U);
  BOOST_CHECK_THROW((void)followed_vectors(five, all, start, 0.0), invalid_input);
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
  const dataset five = five_points();
  BOOST_CHECK_THROW((void)align(five, balanced_network(3, 4, 0.0, 1)), invalid_input);
  const network zero = network::cartesian(vec({1.0}), Eigen::MatrixXd::Zero(2, 1));
  BOOST_CHECK_THROW((void)align(five, zero), invalid_input);
  BOOST_CHECK_THROW((void)align(five, balanced_network(3, 2, 0.0, 1), {.t_end = 0.0}),
                    invalid_input);
}

}  // namespace reluflow::test
