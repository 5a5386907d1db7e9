// The four cases of tests/cases: the loss, the curvature and every switch, in both charts.

#include "support/laws.hpp"
#include "support/printing.hpp"
#include "support/reference_case.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;

const std::vector<std::string> names{"two_point", "one_slides", "random_d3", "orthonormal_1e-100"};

/// The residuals of the reference carry rounding of about this size.
constexpr double reference_residual_rounding = 2e-14;

/// How far that rounding moves the gradient of the reference: |grad h(x)| <= |theta| |x|.
double reference_gradient_rounding(const reference_case& reference, const trajectory& run) {
  const double theta = std::sqrt(run.final_network.weights().squaredNorm() +
                                 run.final_network.output_weights().squaredNorm());
  return reference_residual_rounding * theta * reference.data.norms().maxCoeff();
}

/// The run of a case, recorded at the times of the reference and at those of its switches.
trajectory follow(const reference_case& reference, chart_kind chart) {
  flow_options flow;
  flow.t_end = reference.t_end();
  flow.rtol = 1e-11;
  flow.atol = 0.0;
  flow.chart = chart;
  record_options record;
  for (const record_row& row : reference.rows) record.times.push_back(row.t);
  for (const switch_event& event : reference.switches) record.times.push_back(event.t);
  std::sort(record.times.begin(), record.times.end());
  record.times.erase(std::unique(record.times.begin(), record.times.end()), record.times.end());
  return checked_run(reference.data, reference.initial, flow, record);
}

const record_row& row_at(const trajectory& run, double t) {
  return *std::lower_bound(run.rows.begin(), run.rows.end(), t,
                           [](const record_row& row, double time) { return row.t < time; });
}

/// The time from which on the gradient has fallen below the rounding of the reference: what still
/// switches after it, switches on noise.
double end_of_meaning(const trajectory& run, double rounding) {
  const auto by_gradient = [](const record_row& a, const record_row& b) {
    return a.gradient_norm < b.gradient_norm;
  };
  const auto steepest = std::max_element(run.rows.begin(), run.rows.end(), by_gradient);
  const auto lost = std::find_if(steepest, run.rows.end(), [&](const record_row& row) {
    return row.gradient_norm < rounding;
  });
  return lost == run.rows.end() ? run.t : lost->t;
}

using pair_history = std::map<std::pair<index, index>, std::vector<switch_event>>;

pair_history by_pair(const std::vector<switch_event>& switches, double until) {
  pair_history result;
  for (const switch_event& event : switches) {
    if (event.t < until) result[{event.neuron, event.sample}].push_back(event);
  }
  return result;
}

void compare_switches(const pair_history& expected, const pair_history& found) {
  for (const auto& [pair, events] : expected) {
    const auto entry = found.find(pair);
    const std::vector<switch_event> own =
        entry == found.end() ? std::vector<switch_event>{} : entry->second;
    BOOST_TEST_CONTEXT("neuron " << pair.first << ", sample " << pair.second) {
      BOOST_TEST(own.size() == events.size());
      for (std::size_t i = 0; i < std::min(own.size(), events.size()); ++i) {
        BOOST_TEST(to_string(own[i].from) == to_string(events[i].from));
        BOOST_TEST(to_string(own[i].to) == to_string(events[i].to));
        BOOST_TEST(std::abs(own[i].t - events[i].t) <= 1e-6,
                   own[i].t << " instead of " << events[i].t);
      }
    }
  }
  for (const auto& [pair, events] : found) {
    BOOST_TEST(expected.contains(pair), "neuron " << pair.first << " switches on sample "
                                                  << pair.second << " at t = " << events[0].t);
  }
}

}  // namespace

BOOST_DATA_TEST_CASE(agrees_with_an_independent_solver,
                     data::make(names) * data::make({chart_kind::spherical, chart_kind::cartesian}),
                     name, chart) {
  const reference_case reference = load_reference_case(name);
  const trajectory run = follow(reference, chart);
  BOOST_TEST(run.ending == outcome::reached_end);
  const double start = reference.rows.front().loss;
  const double rounding = reference_gradient_rounding(reference, run);

  for (const record_row& expected : reference.rows) {
    const record_row& row = row_at(run, expected.t);
    BOOST_TEST_CONTEXT("t = " << expected.t) {
      BOOST_TEST(row.t == expected.t);
      BOOST_TEST(std::abs(row.loss - expected.loss) <= 1e-7 * std::max(expected.loss, 1e-6 * start),
                 "loss " << row.loss << " instead of " << expected.loss);
      // Below this the residuals themselves are rounding, and mu is a quotient of two of them.
      if (!(expected.loss > 1e-9 * start)) continue;
      // mu = g^2 / L is known to the rounding of the reference's gradient g and no better. This
      // speaks on plateaus: one_slides after t = 26, orthonormal_1e-100 at t = 700.
      const double gradient = std::sqrt(expected.mu * expected.loss);
      const double noise = (2.0 * gradient + rounding) * rounding / expected.loss;
      BOOST_TEST(std::abs(row.mu - expected.mu) <= 1e-5 * expected.mu + noise,
                 "mu " << row.mu << " instead of " << expected.mu);
    }
  }

  // The last switch of one_slides happens in the reference only, when its gradient is rounding.
  const double until = end_of_meaning(run, rounding);
  compare_switches(by_pair(reference.switches, until), by_pair(run.switches, until));
}

}  // namespace reluflow::test
