// Networks so wide that neurons share cells and are carried together.

#include "balanced_factors.hpp"
#include "reluflow/agreement.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/stopping_time.hpp"
#include "support/laws.hpp"
#include "support/printing.hpp"
#include "support/problems.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include <rapidcheck/boost_test.h>

#include <cmath>
#include <random>
#include <vector>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;
using boost::test_tools::tolerance;

flow_options until(double t_end, double rtol) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = rtol;
  return flow;
}

/// The same run with cells and, in the Cartesian chart, neuron by neuron.
struct both_ways {
  trajectory together;
  trajectory alone;

  both_ways(const dataset& data, const network& initial, flow_options flow,
            const record_options& record)
      : together(checked_run(data, initial, flow, record)) {
    flow.chart = chart_kind::cartesian;
    alone = checked_run(data, initial, flow, record);
  }

  /// Loss, every switch to `time`, final modes and active pairs agree.
  void check_agreement(double rtol, double time) const {
    const agreement found = compare(alone, together);
    BOOST_TEST(found.loss_curve <= 10.0 * rtol);
    BOOST_TEST(found.missed == 0);
    BOOST_TEST(found.switch_time <= time);
    BOOST_TEST((together.final_pattern == alone.final_pattern));
    for (std::size_t i = 0; i < alone.rows.size(); ++i) {
      BOOST_TEST(together.rows[i].active == alone.rows[i].active);
    }
  }
};

}  // namespace

RC_BOOST_PROP(factors_are_balanced_and_have_the_moments_of_the_neurons, ()) {
  const index d = *rc::gen::inRange<index>(1, 7);
  const index m = *rc::gen::inRange<index>(1, 12);
  std::mt19937_64 engine(*rc::gen::arbitrary<std::uint64_t>());
  std::normal_distribution<double> normal;
  const double sign = *rc::gen::element(-1.0, 1.0);
  // Now and then some of the neurons lie on one line, or are very small.
  Eigen::MatrixXd neurons = Eigen::MatrixXd::NullaryExpr(d + 1, m, [&] { return normal(engine); });
  if (*rc::gen::arbitrary<bool>()) neurons.colwise() = neurons.col(0).eval();
  if (*rc::gen::arbitrary<bool>()) neurons.col(m - 1) *= 1e-9;
  for (index j = 0; j < m; ++j) neurons(0, j) = sign * neurons.col(j).tail(d).norm();
  const Eigen::MatrixXd moments = neurons * neurons.transpose();

  const Eigen::MatrixXd factors = detail::balanced_factors(moments, sign);
  RC_ASSERT(factors.cols() <= d + 1);
  RC_ASSERT((factors * factors.transpose() - moments).norm() <= 1e-13 * moments.norm());
  for (index i = 0; i < factors.cols(); ++i) {
    RC_ASSERT(std::abs(sign * factors(0, i) - factors.col(i).tail(d).norm()) <=
              1e-15 * factors(0, i) * sign);
  }
}

// In dimension 2 to 5, with slides: see `small_problem`, whose every third network is balanced.
BOOST_DATA_TEST_CASE(copies_of_neurons_flow_as_the_neurons, data::make({0, 9}), seed) {
  constexpr index times = 70;
  const small_problem one(static_cast<std::uint64_t>(seed));
  const index m = one.initial.width();
  const flow_options flow = until(60.0, 1e-10);
  const record_options record{linear_times(flow.t_end, 13)};
  const trajectory single = checked_run(one.data, one.initial, flow, record);
  const trajectory many = checked_run(one.data, copies(one.initial, times), flow, record);
  BOOST_TEST(single.statistics.slides > 0);
  for (std::size_t i = 0; i < single.rows.size(); ++i) {
    BOOST_TEST(std::abs(many.rows[i].loss - single.rows[i].loss) <=
               10.0 * flow.rtol * single.rows.front().loss);
    BOOST_TEST(many.rows[i].active == times * single.rows[i].active);
    BOOST_TEST(many.rows[i].sliding == times * single.rows[i].sliding);
    const Eigen::MatrixXd expected = single.states[i].directions().replicate(1, times);
    BOOST_TEST((many.states[i].directions() - expected).cwiseAbs().maxCoeff() <= 1e-6);
  }
  BOOST_TEST(many.statistics.slides == times * single.statistics.slides);
  BOOST_TEST_REQUIRE(many.switches.size() ==
                     static_cast<std::size_t>(times) * single.switches.size());
  // Of each copy by itself.
  for (index copy = 0; copy < times; copy += 23) {
    std::vector<switch_event> own;
    for (const switch_event& event : many.switches) {
      if (event.neuron / m != copy) continue;
      own.push_back(event);
      own.back().neuron -= copy * m;
    }
    trajectory part = single;
    part.switches = own;
    const agreement found = compare(single, part);
    BOOST_TEST(found.missed == 0);
    BOOST_TEST(found.switch_time <= 1e-6);
  }
}

// Cells are for the spherical chart: in the other one neurons go by themselves. Neurons that are
// small enough go from cell to cell; the others leave their cells to switch.
BOOST_DATA_TEST_CASE(neurons_in_cells_flow_as_by_themselves,
                     data::make({0, 0, 1, 2}) ^ data::make({-6.0, -30.0, -30.0, -30.0}), seed,
                     log_scale) {
  const index d = 2 + seed;
  const auto own_seed = static_cast<std::uint64_t>(seed);
  const dataset data = gaussian_data(4, d, 1.0, own_seed);
  const network initial = balanced_network(1000, d, log_scale, own_seed);
  flow_options flow = until(30.0, 1e-10);
  flow.atol = 0.0;
  record_options record{linear_times(flow.t_end, 301)};
  record.states = false;
  record.stopping_times = usual_stopping_times(data, initial);
  record.stopping_times.push_back(stopping::mass_rises_to("some", {3, 14, 159, 265}, -4.0));
  record.stopping_times.push_back({.name = "turned",
                                   .value =
                                       [](const flow_moment& now) {
                                         return now.forces.col(7).dot(now.net.directions().col(7)) /
                                                now.forces.col(7).norm();
                                       },
                                   .level = 0.9});
  const both_ways runs(data, initial, flow, record);
  const auto& [together, alone] = runs;
  runs.check_agreement(flow.rtol, 1e-6);
  for (std::size_t i = 0; i < alone.rows.size(); ++i) {
    BOOST_TEST(together.rows[i].mu == alone.rows[i].mu, tolerance(1e-7));
    BOOST_TEST(together.rows[i].mu_mean == alone.rows[i].mu_mean, tolerance(1e-5));
  }
  BOOST_TEST(alone.stopping_times.size() >= 3U);
  BOOST_TEST_REQUIRE(together.stopping_times.size() == alone.stopping_times.size());
  for (std::size_t i = 0; i < alone.stopping_times.size(); ++i) {
    BOOST_TEST(together.stopping_times[i].name == alone.stopping_times[i].name);
    BOOST_TEST(std::abs(together.stopping_times[i].t - alone.stopping_times[i].t) <= 1e-6);
  }
}

// Cells of some thousand members, which are looked through part by part. The inputs are orthogonal:
// beside a surface that never moves, members are near it for long, and the others come to them.
// Some turn while they are looked at again and again, others after most steps went by without.
BOOST_DATA_TEST_CASE(large_cells_flow_as_their_members, data::make({-6.0, -20.0}), log_scale) {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0, 1.0, 1.0;
  const dataset data(inputs, Eigen::Vector2d(-1.0, 1.0));
  const network initial = balanced_network(12'000, 2, log_scale, 3);
  flow_options flow = until(25.0, 1e-7);
  flow.atol = 0.0;
  record_options record{linear_times(flow.t_end, 6)};
  record.stopping_times = usual_stopping_times(data, initial);
  const both_ways runs(data, initial, flow, record);
  const auto& [together, alone] = runs;
  BOOST_TEST(alone.statistics.switches > 4'000);
  runs.check_agreement(flow.rtol, 1e-5);
  for (std::size_t i = 0; i < alone.rows.size(); ++i) {
    BOOST_TEST(together.rows[i].mu == alone.rows[i].mu, tolerance(1e-5));
    BOOST_TEST(
        (together.states[i].directions() - alone.states[i].directions()).cwiseAbs().maxCoeff() <=
        1e-5);
  }
}

// In most steps some members are small enough to go from cell to cell, and others that are not
// leave theirs before it is taken.
BOOST_AUTO_TEST_CASE(neurons_of_all_sizes_flow_as_by_themselves) {
  const dataset data = gaussian_data(4, 3, 1.0, 8);
  const index m = 3000;
  const network equal = balanced_network(m, 3, 0.0, 8);
  Eigen::VectorXd log_norms(m);
  for (index j = 0; j < m; ++j) log_norms[j] = -5.0 - static_cast<double>((7 * j) % 31);
  const network initial = network::balanced(equal.signs(), log_norms, equal.directions());
  flow_options flow = until(8.0, 1e-8);
  flow.atol = 0.0;
  const record_options record{linear_times(flow.t_end, 9)};
  const both_ways runs(data, initial, flow, record);
  const auto& [together, alone] = runs;
  BOOST_TEST(alone.statistics.switches > 1000);
  runs.check_agreement(flow.rtol, 1e-5);
  for (std::size_t i = 0; i < alone.rows.size(); ++i) {
    BOOST_TEST(
        (together.states[i].directions() - alone.states[i].directions()).cwiseAbs().maxCoeff() <=
        1e-5);
    BOOST_TEST(
        (together.states[i].log_norms() - alone.states[i].log_norms()).cwiseAbs().maxCoeff() <=
        1e-5);
  }
}

// Neurons go into cells before anything is recorded, and are still those of the initial network.
BOOST_AUTO_TEST_CASE(the_first_state_is_the_initial_network) {
  const dataset data = gaussian_data(3, 3, 1.0, 5);
  const network initial = balanced_network(1500, 3, -8.0, 5);
  const trajectory run = integrate(data, initial, until(0.5, 1e-6), {linear_times(0.5, 2)});
  BOOST_TEST((run.states.front().directions() == initial.directions()));
  BOOST_TEST((run.states.front().log_norms() == initial.log_norms()));
  BOOST_TEST(run.rows.front().loss == loss(data, initial), tolerance(1e-14));
  const activation_pattern& pattern = run.initial_pattern;
  BOOST_TEST(run.rows.front().active == pattern.count(pair_mode::active));
}

}  // namespace reluflow::test
