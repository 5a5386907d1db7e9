// How errors of a run fall: with the tolerance, with the step of gradient descent; and what does
// not depend on them.

#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"
#include "support/problems.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace reluflow::test {
namespace {

struct variant {
  chart_kind chart;
  switching_method switching;
};

constexpr variant variants[] = {
    {chart_kind::spherical, switching_method::global},
    {chart_kind::spherical, switching_method::asynchronous},
    {chart_kind::cartesian, switching_method::global},
    {chart_kind::cartesian, switching_method::asynchronous},
};

trajectory run(const dataset& data, const network& initial, flow_options flow, index count = 101) {
  trajectory result = checked_run(data, initial, flow, {linear_times(flow.t_end, count)});
  BOOST_TEST(result.ending == outcome::reached_end);
  return result;
}

flow_options until(double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  return flow;
}

/// Largest |theta - theta'| over the recorded times.
double distance(const trajectory& one, const trajectory& other) {
  double largest = 0.0;
  for (std::size_t i = 0; i < one.states.size(); ++i) {
    const network& a = one.states[i];
    const network& b = other.states[i];
    largest = std::max(largest, std::hypot((a.output_weights() - b.output_weights()).norm(),
                                           (a.weights() - b.weights()).norm()));
  }
  return largest;
}

double loss_distance(const trajectory& one, const trajectory& other) {
  double largest = 0.0;
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    largest = std::max(largest, std::abs(one.rows[i].loss - other.rows[i].loss));
  }
  return largest;
}

/// Slope of log10(error) by least squares when each error belongs to a tolerance ten times smaller.
double slope(const std::vector<double>& errors) {
  const double middle = 0.5 * static_cast<double>(errors.size() - 1);
  double covariance = 0.0;
  double variance = 0.0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const double x = static_cast<double>(i) - middle;
    covariance -= x * std::log10(errors[i]);
    variance += x * x;
  }
  return covariance / variance;
}

/// Nine small problems, switched in either way.
const std::vector<trajectory>& small_runs() {
  static const std::vector<trajectory> runs = [] {
    std::vector<trajectory> list;
    for (unsigned seed = 0; seed < 9; ++seed) {
      const small_problem task(seed);
      for (const auto method : {switching_method::global, switching_method::asynchronous}) {
        flow_options flow = until(60.0);
        flow.switching = method;
        list.push_back(
            checked_run(task.data, task.initial, flow, {linear_times(60.0, 2001), false}));
        BOOST_TEST(list.back().ending == outcome::reached_end);
      }
    }
    return list;
  }();
  return runs;
}

struct sliding_counts {
  index neurons = 0;         ///< neurons that slide at some time
  index neurons_at_end = 0;  ///< neurons that slide at the end
};

sliding_counts count_sliding(const trajectory& result) {
  std::set<index> ever;
  std::set<index> at_end;
  for (const sliding_interval& slide : result.slides) {
    ever.insert(slide.neuron);
    if (slide.open) at_end.insert(slide.neuron);
  }
  return {static_cast<index>(ever.size()), static_cast<index>(at_end.size())};
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_error_falls_tenfold_with_the_tolerance_through_switches_and_slides) {
  struct task {
    dataset data;
    network initial;
    double t_end;
  };
  const task tasks[] = {
      {five_points(), balanced_network(20, 2, std::log(1e-2), 1), 100.0},
      {gaussian_data(12, 3, 0.5, 2), balanced_network(12, 3, std::log(0.1), 2), 100.0},
  };
  for (const task& one : tasks) {
    for (const variant& way : variants) {
      flow_options flow = until(one.t_end);
      flow.chart = way.chart;
      flow.switching = way.switching;
      flow.atol = 0.0;
      flow.rtol = 1e-12;
      const trajectory tight = run(one.data, one.initial, flow);
      BOOST_TEST(tight.statistics.slides >= 9);
      std::vector<double> errors;
      for (const double rtol : {1e-6, 1e-7, 1e-8, 1e-9, 1e-10}) {
        flow.rtol = rtol;
        errors.push_back(distance(run(one.data, one.initial, flow), tight));
        BOOST_TEST(errors.back() <= 10.0 * rtol, "error " << errors.back() << " at " << rtol);
      }
      BOOST_TEST(std::abs(slope(errors) - 1.0) <= 0.15, "slope " << slope(errors));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_loss_that_is_lost_was_dissipated) {
  std::int64_t switches = 0;
  std::int64_t slides = 0;
  for (const trajectory& result : small_runs()) {
    const double start = result.rows.front().loss;
    BOOST_TEST(std::abs(start - result.end.loss - result.statistics.dissipated) <= 1e-9 * start);
    switches += result.statistics.switches;
    slides += result.statistics.slides;
  }
  BOOST_TEST(switches > 1500);
  BOOST_TEST(slides > 450);
}

BOOST_AUTO_TEST_CASE(the_loss_that_is_lost_was_dissipated_in_one_run_with_hundreds_of_switches) {
  const dataset data = gaussian_data(50, 5, 0.3, 2);
  const network initial = gaussian_network(20, 5, std::sqrt(1e-5 / 20.0), 2);
  const trajectory result = run(data, initial, until(60.0), 2);
  const double start = result.rows.front().loss;
  BOOST_TEST(result.statistics.switches > 500);
  BOOST_TEST(result.statistics.slides > 40);
  BOOST_TEST(std::abs(start - result.end.loss - result.statistics.dissipated) <= 1e-9 * start);
}

BOOST_AUTO_TEST_CASE(the_loss_never_rises) {
  for (const trajectory& result : small_runs()) {
    const double start = std::sqrt(result.rows.front().loss);
    for (std::size_t i = 1; i < result.rows.size(); ++i) {
      const double rise = std::sqrt(result.rows[i].loss) - std::sqrt(result.rows[i - 1].loss);
      BOOST_TEST(rise <= 1e-9 * start, "by " << rise << " at t = " << result.rows[i].t);
    }
  }
}

// In the Cartesian chart a^2 - |w|^2 is a quadratic invariant, which a Runge-Kutta step keeps to
// its own error.
BOOST_AUTO_TEST_CASE(invariants_of_neurons_that_are_not_balanced_are_kept_to_the_tolerance) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    const small_problem task(seed);
    if (task.initial.is_balanced()) continue;
    flow_options flow = until(60.0);
    flow.rtol = 1e-11;
    const trajectory result = run(task.data, task.initial, flow);
    BOOST_TEST(result.statistics.invariant_drift < 1e-10);
    const Eigen::ArrayXd before = task.initial.invariants();
    for (const network& state : result.states) {
      const Eigen::ArrayXd sizes =
          state.output_weights().array().square() + (2.0 * state.log_norms().array()).exp();
      BOOST_TEST(((state.invariants().array() - before).abs() / sizes).maxCoeff() < 1e-10);
    }
  }
}

// theory.md 4.6: the distance to gradient descent with relu'(0) = 0 is quartered with the step.
BOOST_AUTO_TEST_CASE(gradient_descent_converges_to_the_sliding_flow_at_first_order) {
  struct task {
    dataset data;
    network initial;
  };
  const task tasks[] = {
      {five_points(), balanced_network(60, 2, std::log(1e-2), 1)},
      {gaussian_data(50, 5, 0.3, 2), gaussian_network(20, 5, std::sqrt(1e-5 / 20.0), 2)},
  };
  for (const task& one : tasks) {
    const trajectory flow = run(one.data, one.initial, until(20.0), 21);
    BOOST_TEST(flow.statistics.slides > 10);
    std::vector<double> in_state;
    std::vector<double> in_loss;
    for (const double step : {4e-3, 1e-3, 2.5e-4}) {
      const trajectory plain =
          descend(one.data, one.initial, {step, 20.0}, {linear_times(20.0, 21)});
      in_state.push_back(distance(flow, plain));
      in_loss.push_back(loss_distance(flow, plain));
    }
    for (std::size_t i = 0; i < 2; ++i) {
      BOOST_TEST(std::abs(in_state[i] / in_state[i + 1] - 4.0) < 1.0,
                 in_state[i] << " and " << in_state[i + 1]);
      BOOST_TEST(std::abs(in_loss[i] / in_loss[i + 1] - 4.0) < 0.1,
                 in_loss[i] << " and " << in_loss[i + 1]);
    }
  }
}

// theory.md 4.6 (a): with other seeds 31, 23, 32, 27 and 35 of the 60 neurons slid at some time,
// 14, 14, 8, 13 and 11 at the end.
BOOST_AUTO_TEST_CASE(half_of_the_neurons_of_figure_4_slide_at_some_time) {
  for (unsigned seed = 0; seed < 3; ++seed) {
    const network initial = balanced_network(60, 2, std::log(1e-4 / std::sqrt(60.0)), seed);
    const sliding_counts found = count_sliding(run(five_points(), initial, until(700.0), 2));
    BOOST_TEST(found.neurons >= 15);
    BOOST_TEST(found.neurons <= 45);
    BOOST_TEST(found.neurons_at_end >= 5);
    BOOST_TEST(found.neurons_at_end <= 20);
  }
}

}  // namespace reluflow::test
