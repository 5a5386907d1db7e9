// Asynchronous switching gives what global switching gives: the loss curve, and every switch.

#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "support/laws.hpp"
#include "support/printing.hpp"
#include "support/reference_case.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;

trajectory follow(const dataset& data, const network& initial, flow_options flow,
                  switching_method switching) {
  flow.switching = switching;
  return integrate(data, initial, flow, {linear_times(flow.t_end, 101)});
}

/// Largest distance of the loss curves, in units of L(0).
double loss_distance(const trajectory& one, const trajectory& other) {
  double largest = 0.0;
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    largest = std::max(largest, std::abs(one.rows[i].loss - other.rows[i].loss));
  }
  return largest / one.rows.front().loss;
}

using history = std::map<std::pair<index, index>, std::vector<switch_event>>;

/// The time from which on the gradient stays a thousand times below its maximum. What switches then
/// does so slowly, or on rounding, and its time is not known to 1e-6.
double end_of_meaning(const trajectory& run) {
  const auto by_gradient = [](const record_row& a, const record_row& b) {
    return a.gradient_norm < b.gradient_norm;
  };
  const auto steepest = std::max_element(run.rows.begin(), run.rows.end(), by_gradient);
  const auto lost = std::find_if(steepest, run.rows.end(), [&](const record_row& row) {
    return row.gradient_norm < 1e-3 * steepest->gradient_norm;
  });
  return lost == run.rows.end() ? run.t : lost->t;
}

history by_pair(const trajectory& run, double until) {
  history result;
  for (const switch_event& event : run.switches) {
    if (event.t < until) result[{event.neuron, event.sample}].push_back(event);
  }
  return result;
}

/// Largest distance in time of corresponding switches; infinite when they do not correspond.
double switch_distance(const trajectory& one, const trajectory& other) {
  constexpr double none = std::numeric_limits<double>::infinity();
  const double until = end_of_meaning(one);
  const history first = by_pair(one, until);
  const history second = by_pair(other, until);
  if (first.size() != second.size()) return none;
  double largest = 0.0;
  for (const auto& [pair, events] : first) {
    const auto same = second.find(pair);
    if (same == second.end() || same->second.size() != events.size()) return none;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const switch_event& twin = same->second[i];
      if (events[i].from != twin.from || events[i].to != twin.to) return none;
      largest = std::max(largest, std::abs(events[i].t - twin.t));
    }
  }
  return largest;
}

const std::vector<std::string> names{"two_point", "one_slides", "random_d3", "orthonormal_1e-100"};

}  // namespace

BOOST_DATA_TEST_CASE(agrees_with_global_switching_on_the_reference_cases,
                     data::make(names) * data::make({chart_kind::spherical, chart_kind::cartesian}),
                     name, chart) {
  const reference_case reference = load_reference_case(name);
  flow_options flow;
  flow.t_end = reference.t_end();
  flow.rtol = 1e-10;
  flow.atol = 0.0;
  flow.chart = chart;
  const trajectory global =
      follow(reference.data, reference.initial, flow, switching_method::global);
  const trajectory own =
      follow(reference.data, reference.initial, flow, switching_method::asynchronous);
  check_lawful(reference.data, own);
  BOOST_TEST(loss_distance(global, own) <= 10.0 * flow.rtol);
  BOOST_TEST(switch_distance(global, own) <= 1e-6);
}

RC_BOOST_PROP(agrees_with_global_switching_on_random_problems, ()) {
  const index d = *rc::gen::inRange<index>(1, 6);
  const index n = *rc::gen::inRange<index>(1, 25);
  const index m = *rc::gen::inRange<index>(1, 25);
  const double log_scale = *rc::gen::element(-250.0, -12.0, -4.0, -1.0, 0.0);
  const std::uint64_t seed = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
  const bool balanced = *rc::gen::arbitrary<bool>() || log_scale < -20.0;
  const dataset data = gaussian_data(n, d, 1.0, seed);
  const network initial = balanced ? balanced_network(m, d, log_scale, seed)
                                   : gaussian_network(m, d, std::exp(log_scale), seed);
  flow_options flow;
  flow.t_end = 30.0 - 2.0 * log_scale;
  flow.rtol = 1e-10;
  const trajectory global = follow(data, initial, flow, switching_method::global);
  const trajectory own = follow(data, initial, flow, switching_method::asynchronous);
  RC_LOG() << "d " << d << " n " << n << " m " << m << " scale " << log_scale << " seed " << seed
           << " balanced " << balanced << "\n";
  RC_LOG() << "loss " << loss_distance(global, own) << " switches " << global.switches.size()
           << " and " << own.switches.size() << ", times " << switch_distance(global, own) << "\n";
  RC_ASSERT(is_success(own.ending));
  RC_ASSERT(loss_distance(global, own) <= 10.0 * flow.rtol);
  RC_ASSERT(switch_distance(global, own) <= 1e-6);
}

}  // namespace reluflow::test
