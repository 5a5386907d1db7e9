// B3, B5, B6, B12-B15 of theory.md, and the list of all closed forms of paper B on a problem.

#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/stopping_time.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <string>

namespace reluflow::weakly_interacting {
namespace {

using boost::test_tools::tolerance;
using reluflow::test::checked_run;
using reluflow::test::columns;
using reluflow::test::lawful_run;
using reluflow::test::vec;

/// a and w of one neuron on the axes of the plane.
network neuron(double a, std::initializer_list<double> w) {
  return network::cartesian(vec({a}), columns({w}));
}

dataset axes(const Eigen::VectorXd& labels) {
  return {Eigen::MatrixXd::Identity(labels.size(), labels.size()), labels};
}

std::map<std::string, prediction> by_name(const std::vector<prediction>& list) {
  std::map<std::string, prediction> result;
  for (const prediction& one : list) result.emplace(one.name, one);
  return result;
}

/// First time at which the pair leaves "active"; NaN when it does not.
double death(const trajectory& run, index neuron, index sample) {
  for (const switch_event& event : run.switches) {
    if (event.neuron == neuron && event.sample == sample && event.from == pair_mode::active) {
      return event.t;
    }
  }
  return std::nan("");
}

}  // namespace

BOOST_AUTO_TEST_CASE(probability_of_event_I) {
  BOOST_TEST(1.0 - miss_probability(3, 2, 6) == 0.3881230, tolerance(1e-6));
  // By hand: one sample, one neuron, which has the right side and the right sign one time in four.
  BOOST_TEST(miss_probability(1, 0, 1) == 0.75, tolerance(1e-14));
  BOOST_TEST(miss_probability(0, 0, 3) == 0.0);
  // Small probabilities keep their digits: one sample alone is missed by all with (3/4)^p.
  BOOST_TEST(miss_probability(1, 0, 300) == std::pow(0.75, 300.0), tolerance(1e-10));
  for (const index width : {4, 8, 16, 40}) {
    BOOST_TEST(miss_probability(5, 3, width) <= miss_probability_bound(8, width));
  }
}

BOOST_AUTO_TEST_CASE(probability_of_event_I_by_counting) {
  index missed = 0;
  constexpr index runs = 4000;
  const dataset data = axes(vec({1.0, 2.0, 1.0, -1.0, -2.0}));
  for (index seed = 0; seed < runs; ++seed) {
    const network net = dominated_network(6, 5, 1.0, static_cast<std::uint64_t>(seed));
    missed += missed_samples(data, net).empty() ? 0 : 1;
  }
  const double expected = miss_probability(3, 2, 6);
  const double deviation = std::sqrt(expected * (1.0 - expected) / runs);
  BOOST_TEST(std::abs(static_cast<double>(missed) / runs - expected) < 5.0 * deviation);
}

BOOST_AUTO_TEST_CASE(widths_for_event_I) {
  BOOST_TEST(minimal_width(100, 0, 0.1) == 23);
  BOOST_TEST(minimal_width(50, 50, 0.1) == 24);
  BOOST_TEST(minimal_width(1e4, 0, 0.01) == 48);
  BOOST_TEST(sufficient_width(100, 0.1) == 25);
  BOOST_TEST(miss_probability_bound(100, sufficient_width(100, 0.1)) <= 0.1);
  BOOST_TEST(miss_probability_bound(100, sufficient_width(100, 0.1) - 1) > 0.1);
  // Lemma 5's second bullet, "p <= 3 log(n/eps) - 2 => P(I) <= 1 - eps", fails for orthogonal
  // inputs with labels of one sign at n = 1e9, eps = 1/2: p = 62 is within and P(I) = 0.530.
  BOOST_TEST(62.0 <= 3.0 * std::log(1e9 / 0.5) - 2.0);
  BOOST_TEST(1.0 - miss_probability(1e9, 0, 62) == 0.530, tolerance(2e-3));
  // And for equal inputs, whose samples are reached together: 1 - (3/4)^p = 0.9992 at p = 25.
  BOOST_TEST(25.0 > 3.0 * std::log(1000 / 0.1) - 2.0 - 1.0);
  BOOST_TEST(1.0 - std::pow(0.75, 25) > 0.9);
}

BOOST_AUTO_TEST_CASE(wrong_signed_pairs_die_in_time) {
  // Lemma 7 lacks the square root: the printed time 2 n z/(|y||x|^2 (a^2 - |w|^2)) is passed.
  const dataset data = axes(vec({1.0, 1.0}));
  const network start = neuron(-3.0, {0.05, 0.05});
  flow_options flow;
  flow.t_end = 0.1;
  const trajectory run = checked_run(data, start, flow);
  const double printed = 2.0 * 2.0 * 0.05 / (9.0 - 0.005);
  BOOST_TEST(death(run, 0, 0) == 0.03106, tolerance(1e-3));
  BOOST_TEST(death(run, 0, 0) > printed);
  BOOST_TEST(*extinction_bound(data, start) == 0.0667, tolerance(1e-3));
  BOOST_TEST(death(run, 0, 0) < *extinction_bound(data, start));
  BOOST_TEST(*extinction_bound(data, neuron(3.0, {0.05, 0.05})) == 0.0);
  BOOST_TEST(!extinction_bound(data, neuron(-0.05, {0.05, 0.05})).has_value());
}

BOOST_AUTO_TEST_CASE(right_signed_activations_may_fall) {
  // Lemma 7 claims z_ji(t) >= z_ji(0) where a_j y_i > 0; residuals overshoot.
  const dataset data = axes(vec({1.0, 100.0}));
  flow_options flow;
  flow.t_end = 20.0;
  const trajectory run = lawful_run(data, neuron(0.5, {0.3, 0.3}), flow);
  BOOST_TEST(run.final_network.weights()(0, 0) == 0.09998, tolerance(1e-4));
  BOOST_TEST(run.end.loss < 1e-15);
}

BOOST_AUTO_TEST_CASE(collapse_of_the_second_layer) {
  const dataset data = axes(vec({4.0, -2.0}));
  const network equal = network::cartesian(vec({0.0, 0.0}), columns({{1, 1}, {1, 1}}), 0.5);
  BOOST_TEST(*collapse_floor(data, equal) == 1.0);
  BOOST_TEST(*collapse_floor(axes(vec({-2.0, 4.0})), equal) == 1.0);
  BOOST_TEST(*collapse_floor(axes(vec({-4.0, 2.0})), equal) == 1.0);
  BOOST_TEST(!collapse_floor(axes(vec({4.0, 2.0})), equal).has_value());
  const network tilted = network::cartesian(vec({0.1, 0.1}), columns({{1, 2.1}, {1, 2.1}}), 0.5);
  BOOST_TEST(!collapse_floor(data, tilted).has_value());
  flow_options flow;
  flow.t_end = 200.0;
  const trajectory run = lawful_run(data, equal, flow);
  BOOST_TEST(death(run, 0, 1) == 1.27599, tolerance(1e-5));
  BOOST_TEST(run.end.loss == 1.0, tolerance(1e-9));
  for (const record_row& row : run.rows) BOOST_TEST(row.loss >= 1.0 - 1e-9);

  // With event I, but |a| below |w|, it collapses as well.
  const network small = network::cartesian(vec({0.01, -0.01}), columns({{1, 1}, {1, 1}}), 0.5);
  const dataset large = axes(vec({10.0, -5.0}));
  BOOST_TEST(missed_samples(large, small).empty());
  const trajectory other = lawful_run(large, small, flow);
  BOOST_TEST(death(other, 0, 1) == 0.46247, tolerance(1e-4));
  BOOST_TEST(other.end.loss == 6.25, tolerance(1e-9));
  // |a| >= |w| mends it.
  const network dominated = network::cartesian(vec({1.5, -1.5}), columns({{1, 1}, {1, 1}}), 0.5);
  BOOST_TEST(lawful_run(large, dominated, flow).end.loss < 1e-9);
}

BOOST_AUTO_TEST_CASE(without_event_I_a_part_of_the_loss_stays) {
  const dataset data = axes(vec({1.0, -2.0, 1.5}));
  const network start =
      network::cartesian(vec({2.0, -2.0}), columns({{0.3, 0.4, -0.2}, {0.2, -0.5, 0.1}}), 0.5);
  BOOST_TEST((missed_samples(data, start) == std::vector<index>{1, 2}));
  BOOST_TEST(loss_floor(data, start) == (4.0 + 2.25) / 6.0, tolerance(1e-14));
  flow_options flow;
  flow.t_end = 300.0;
  BOOST_TEST(lawful_run(data, start, flow).end.loss == loss_floor(data, start), tolerance(1e-7));
}

BOOST_AUTO_TEST_CASE(curvature_of_random_networks) {
  // theory.md B12, orthonormal inputs, |a| = |w| + Exp(1): beta_0 in closed form.
  constexpr index d = 20;
  Eigen::MatrixXd inputs = Eigen::MatrixXd::Identity(d, 6);
  const Eigen::VectorXd y = vec({1.0, -2.0, 1.5, 1.2, -1.0, 1.9});
  const dataset data(inputs, y);
  const network draws = dominated_network(20000, d, 1.0, 5);
  const double squared_output = draws.output_weights().squaredNorm() / 20000.0;
  const double variance = 1.0 / d;
  const double beta = 0.5 * squared_output + 0.5 * variance - variance / (2.0 * std::numbers::pi) +
                      variance / (2.0 * std::numbers::pi) * std::pow(y.sum(), 2) / y.squaredNorm();
  BOOST_TEST(initial_curvature(data, variance, squared_output) == beta / 3.0, tolerance(1e-12));

  // Mean and deviation of mu(0) over networks, here with inputs at angles.
  inputs.col(1) = (inputs.col(0) + inputs.col(1)).normalized() * 1.5;
  const dataset skew(inputs, y);
  const double mean = initial_curvature(skew, variance, squared_output);
  const double deviation = initial_curvature_deviation(skew, variance, squared_output, draws);
  constexpr index width = 400;
  constexpr index runs = 300;
  double sum = 0.0;
  double squares = 0.0;
  for (index i = 0; i < runs; ++i) {
    const network net =
        dominated_network(width, d, 1.0, 100 + static_cast<std::uint64_t>(i), output_scaling::mean);
    const double scaled = std::sqrt(static_cast<double>(width)) *
                          (local_curvature(skew, net, pattern_of_signs(skew, net)) - mean);
    sum += scaled;
    squares += scaled * scaled;
  }
  const double found_mean = sum / runs;
  const double found_deviation = std::sqrt(squares / runs - found_mean * found_mean);
  // The mean is off by O(1/sqrt(m)) in these units, the deviation by sampling.
  BOOST_TEST(std::abs(found_mean) < 0.35 * deviation);
  BOOST_TEST(std::abs(found_deviation / deviation - 1.0) < 0.2);
}

BOOST_AUTO_TEST_CASE(limits_for_random_data) {
  const dataset data = axes(vec({1.0, -2.0, 1.5, 1.0}));
  BOOST_TEST(random_data_limit(interaction_of(data), 4.0) == 4.0 / (2.0 * 2.0 * 2.0 + 1.0),
             tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(antipodal_inputs_are_fitted_where_event_I_holds) {
  // theory.md B14: d = 3, n = 6.
  Eigen::MatrixXd inputs(3, 6);
  inputs << Eigen::Matrix3d::Identity(), -Eigen::Matrix3d::Identity();
  const dataset data(inputs, vec({1.0, -1.2, 1.5, 1.1, -1.3, -1.0}));
  int with_event = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const network start = dominated_network(14, 3, 1.0, seed, output_scaling::mean);
    if (!missed_samples(data, start).empty()) continue;
    ++with_event;
    flow_options flow;
    flow.t_end = 150.0;
    const trajectory run = lawful_run(data, start, flow, 11);
    BOOST_TEST(run.end.loss < 1e-6);
  }
  BOOST_TEST(with_event >= 3);
}

BOOST_AUTO_TEST_CASE(everything_applies_to_a_problem_made_for_it) {
  const dataset data = axes(vec({1.0, 1.5, -1.2, -1.0}));
  const network net = group_network(data, 2, -1.0, 3, output_scaling::mean);
  const auto list = weakly_interacting_predictions(data, net, 10.0);
  const auto named = by_name(list);
  BOOST_TEST(named.size() == list.size());
  const std::set<std::string> excepted{"collapse_floor", "initial_mu"};
  for (const prediction& one : list) {
    BOOST_TEST(one.applies() == !excepted.contains(one.name), one.name << ": " << one.objections());
    BOOST_TEST(!one.reference.empty());
    BOOST_TEST((one.kind == prediction_kind::bound) == (one.side != bound_side::none));
  }
  BOOST_TEST(*named.at("missed_samples").value == 0.0);
  BOOST_TEST(*named.at("miss_probability").value == miss_probability(2, 2, 2));
  BOOST_TEST(*named.at("mean_mu_floor").value == 2.0 / 4.0, tolerance(1e-14));
  BOOST_TEST(*named.at("extinction_bound").value == 0.0);
  const auto groups = partition_of(data, net);
  BOOST_TEST(*named.at("group_loss").value == loss_at(*groups, 10.0));
  BOOST_TEST(loss_at(*groups, *named.at("group_half_time").value) ==
                 0.25 * data.labels().squaredNorm() / 4.0,
             tolerance(1e-12));
  BOOST_CHECK_THROW((void)weakly_interacting_predictions(data, network(), 1.0), invalid_input);
}

BOOST_AUTO_TEST_CASE(what_does_not_apply_says_why) {
  const dataset data = gaussian_data(6, 3, 0.5, 1);
  const auto named =
      by_name(weakly_interacting_predictions(data, gaussian_network(4, 3, 1.0, 2), 5.0));
  const auto objects = [&](const char* name, const char* text) {
    BOOST_TEST(!named.at(name).applies());
    BOOST_TEST(named.at(name).objections().find(text) != std::string::npos,
               name << ": " << named.at(name).objections());
  };
  objects("miss_probability", "inputs are pairwise orthogonal");
  objects("mean_mu_floor", "Assumption 1");
  objects("mean_mu_floor", "against");
  objects("group_loss", "inputs are pairwise orthogonal");
  objects("initial_mu", "4 neurons");
  objects("collapse_floor", "6 samples");
  // Data that interact strongly do not meet the hypothesis, and violate nothing.
  objects("interaction_limit", "|X^T X - diag|");
  objects("interaction_limit_printed", "(sqrt(n) C_y^+)");
  const double beyond = 2.0 * *named.at("interaction_limit").value;
  BOOST_TEST(compare(named.at("interaction_limit"), beyond).note.starts_with("upper bound passed"));
  BOOST_TEST(named.at("state_bound_lower").applies());
}

BOOST_AUTO_TEST_CASE(a_run_keeps_every_bound_and_meets_every_closed_form) {
  const dataset data = axes(vec({1.0, 1.5, -1.2, -1.0}));
  for (const network& start : {group_network(data, 2, -1.0, 3, output_scaling::mean),
                               dominated_network(30, 4, 0.01, 1, output_scaling::mean)}) {
    flow_options flow;
    flow.t_end = 60.0;
    record_options record{linear_times(60.0, 241)};
    record.stopping_times = usual_stopping_times(data, start);
    const trajectory run = checked_run(data, start, flow, record);
    const auto rows = compare_weakly_interacting(data, run);
    BOOST_TEST(rows.size() == weakly_interacting_predictions(data, start, 60.0).size());
    for (const comparison& row : rows) {
      BOOST_TEST(row.note.find("violated") == std::string::npos, row.name << ": " << row.note);
      if (!row.assumptions_hold || !row.measured || !row.predicted) continue;
      if (row.name == "group_mu") BOOST_TEST(*row.measured == *row.predicted, tolerance(1e-6));
      if (row.name == "group_loss") {
        BOOST_TEST(std::abs(*row.difference) <= 1e-6 * *row.predicted + 1e-18);
      }
      if (row.name == "group_half_time") {
        BOOST_TEST(*row.measured == *row.predicted, tolerance(1e-2));
      }
    }
    if (start.is_balanced()) continue;
    const auto bound = std::find_if(rows.begin(), rows.end(), [](const comparison& row) {
      return row.name == "outputs_bound_upper";
    });
    BOOST_TEST(bound->measured.has_value());
  }
}

}  // namespace reluflow::weakly_interacting
