// How a run ends, and that nothing is recorded beyond its end.

#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::test {
namespace {

// One neuron, one sample x = y = 1, balanced and active: u = |w|^2 obeys u' = 2 (1 - u) u, so that
// ln(u / (1 - u)) grows by 2 t; L = (1 - u)^2 / 2 and |grad L| = (1 - u) sqrt(2 u).
struct logistic_problem {
  dataset data{columns({{1.0}}), vec({1.0})};
  double u0;
  network initial;

  explicit logistic_problem(double start)
      : u0(start),
        initial(network::balanced(vec({1.0}), vec({0.5 * std::log(start)}), columns({{1.0}}))) {}

  [[nodiscard]] double time_of(double u) const {
    return 0.5 * (std::log(u / (1.0 - u)) - std::log(u0 / (1.0 - u0)));
  }
};

record_options fine_rows(double t_end) { return {linear_times(t_end, 1001)}; }

void check_nothing_lies_beyond_the_end(const trajectory& run) {
  BOOST_REQUIRE(!run.rows.empty());
  BOOST_TEST(run.rows.back().t <= run.t);
  BOOST_TEST(run.rows.size() == run.states.size());
  BOOST_TEST(run.end.t == run.t);
  for (const dense_segment& segment : run.dense) BOOST_TEST(segment.t1 <= run.t);
  for (const switch_event& event : run.switches) BOOST_TEST(event.t <= run.t);
  for (const sliding_interval& slide : run.slides) BOOST_TEST(slide.t_end <= run.t);
}

// Sample 1 lifts the neuron towards larger first coordinates, sample 0 pushes it down: it reaches
// the surface of sample 0 from above and slides there.
struct sliding_problem {
  dataset data{columns({{1.0, 0.0}, {0.3, 1.0}}), vec({-1.0, 1.0})};
  network initial = network::balanced(vec({1.0}), vec({-1.0}), columns({{0.05, 1.0}}));
};

BOOST_AUTO_TEST_CASE(ends_where_the_loss_falls_below_its_level) {
  const logistic_problem p(1e-3);
  for (const double level : {1e-2, 1e-4, 1e-10}) {
    BOOST_TEST_CONTEXT("stop_loss = " << level) {
      flow_options flow;
      flow.t_end = 50.0;
      flow.stop_loss = level;
      record_options record = fine_rows(flow.t_end);
      record.dense = true;
      const trajectory run = checked_run(p.data, p.initial, flow, record);
      BOOST_TEST(run.ending == outcome::converged);
      // |r| = sqrt(2 L) is known to a small multiple of rtol, so t to that over |r|' / |r| = 2 u
      // |r|.
      const double u = 1.0 - std::sqrt(2.0 * level);
      BOOST_TEST(std::abs(run.t - p.time_of(u)) <= 20.0 * flow.rtol / std::sqrt(2.0 * level));
      BOOST_TEST(std::abs(run.end.loss - level) <= 1e-9 * level);
      BOOST_TEST(loss(p.data, run.final_network) == run.end.loss,
                 boost::test_tools::tolerance(1e-9));
      check_nothing_lies_beyond_the_end(run);
    }
  }
}

BOOST_AUTO_TEST_CASE(ends_where_the_gradient_falls_below_its_level) {
  const logistic_problem p(0.25);
  flow_options flow;
  flow.t_end = 50.0;
  flow.stop_gradient = 1e-4;
  const trajectory run = checked_run(p.data, p.initial, flow, fine_rows(flow.t_end));
  BOOST_TEST(run.ending == outcome::converged);
  // (1 - u) sqrt(2 u) = g near u = 1, by fixed point iteration.
  double u = 1.0;
  for (int i = 0; i < 60; ++i) u = 1.0 - flow.stop_gradient / std::sqrt(2.0 * u);
  BOOST_TEST(std::abs(run.t - p.time_of(u)) <= 20.0 * flow.rtol / flow.stop_gradient);
  BOOST_TEST(std::abs(run.end.gradient_norm - flow.stop_gradient) <= 1e-9 * flow.stop_gradient);
  check_nothing_lies_beyond_the_end(run);
}

BOOST_AUTO_TEST_CASE(ends_at_once_when_it_starts_below_the_level) {
  const logistic_problem p(0.25);
  flow_options flow;
  flow.stop_loss = 1.0;
  const trajectory run = checked_run(p.data, p.initial, flow, fine_rows(flow.t_end));
  BOOST_TEST(run.ending == outcome::converged);
  BOOST_TEST(run.t == 0.0);
  check_nothing_lies_beyond_the_end(run);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_jumps_below_the_level_ends_the_run_at_the_switch) {
  const sliding_problem p;
  flow_options flow;
  flow.t_end = 2.0;
  const trajectory whole = checked_run(p.data, p.initial, flow);
  BOOST_REQUIRE(whole.switches.size() == 1U);
  const double entry = whole.switches[0].t;
  BOOST_REQUIRE(whole.switches[0].to == pair_mode::sliding);

  // The gradient just before and just after the entry; its component normal to the surface drops
  // out.
  record_options around;
  around.times = {entry - 1e-7, entry + 1e-7};
  const trajectory seen = checked_run(p.data, p.initial, flow, around);
  const double before = seen.rows[0].gradient_norm;
  const double after = seen.rows[1].gradient_norm;
  BOOST_REQUIRE(after < 0.9 * before);

  flow.stop_gradient = 0.5 * (before + after);
  const trajectory run = checked_run(p.data, p.initial, flow);
  BOOST_TEST(run.ending == outcome::converged);
  BOOST_TEST(std::abs(run.t - entry) <= 1e-7, run.t << " instead of " << entry);
}

BOOST_AUTO_TEST_CASE(ends_at_the_step_limit) {
  const logistic_problem p(1e-3);
  flow_options flow;
  flow.t_end = 50.0;
  flow.max_steps = 7;
  const trajectory run = checked_run(p.data, p.initial, flow, fine_rows(flow.t_end));
  BOOST_TEST(run.ending == outcome::step_limit);
  BOOST_TEST(!is_success(run.ending));
  BOOST_TEST(run.statistics.steps == 7);
  BOOST_TEST(run.t > 0.0);
  BOOST_TEST(run.t < flow.t_end);
  check_nothing_lies_beyond_the_end(run);
}

BOOST_AUTO_TEST_CASE(ends_when_the_state_leaves_the_doubles) {
  const logistic_problem p(0.25);
  const network huge = network::balanced(vec({1.0}), vec({400.0}), columns({{1.0}}));
  const trajectory run = integrate(p.data, huge, {});
  BOOST_TEST(run.ending == outcome::not_finite);
  BOOST_TEST(!is_success(run.ending));
  BOOST_TEST(run.t == 0.0);
}

BOOST_AUTO_TEST_CASE(ends_when_the_observer_asks_for_it) {
  const logistic_problem p(1e-3);
  flow_options flow;
  flow.t_end = 50.0;
  observers callbacks;
  std::int64_t calls = 0;
  callbacks.on_step = [&](const progress& now) {
    BOOST_TEST(now.t_end == 50.0);
    BOOST_TEST(now.steps == calls);
    ++calls;
    return now.t < 3.0;
  };
  const trajectory run = checked_run(p.data, p.initial, flow, fine_rows(flow.t_end), callbacks);
  BOOST_TEST(run.ending == outcome::interrupted);
  BOOST_TEST(run.t >= 3.0);
  BOOST_TEST(run.t < 50.0);
  check_nothing_lies_beyond_the_end(run);
  // What was computed is what the whole run has there.
  const trajectory whole = checked_run(p.data, p.initial, flow, {{run.t}});
  BOOST_TEST(std::abs(whole.rows[0].loss - run.end.loss) <= 1e-9);
}

BOOST_AUTO_TEST_CASE(the_fixed_rule_accumulates_on_an_attracting_surface) {
  const sliding_problem p;
  flow_options flow;
  flow.t_end = 2.0;
  const trajectory slides = checked_run(p.data, p.initial, flow);
  flow.rule = surface_rule::fixed;
  flow.max_stalled_switches = 50;
  const trajectory run = checked_run(p.data, p.initial, flow, fine_rows(flow.t_end));
  BOOST_TEST(run.ending == outcome::accumulation);
  BOOST_TEST(!is_success(run.ending));
  BOOST_TEST(std::abs(run.t - slides.switches[0].t) <= 1e-9);
  BOOST_REQUIRE(run.stalled_pairs.size() == 1U);
  BOOST_TEST(run.stalled_pairs[0].first == 0);
  BOOST_TEST(run.stalled_pairs[0].second == 0);
  check_nothing_lies_beyond_the_end(run);
}

BOOST_AUTO_TEST_CASE(switches_that_are_not_kept_are_counted) {
  const sliding_problem p;
  flow_options flow;
  flow.t_end = 3.0;
  record_options record = fine_rows(flow.t_end);
  const trajectory kept = integrate(p.data, p.initial, flow, record);
  record.switches = false;
  const trajectory counted = integrate(p.data, p.initial, flow, record);
  BOOST_TEST(!kept.switches.empty());
  BOOST_TEST(counted.switches.empty());
  BOOST_TEST(counted.statistics.switches == kept.statistics.switches);
  BOOST_TEST(counted.statistics.slides == kept.statistics.slides);
  BOOST_TEST(counted.end.loss == kept.end.loss);
  BOOST_TEST((counted.final_pattern == kept.final_pattern));
  for (std::size_t i = 0; i < kept.rows.size(); ++i) {
    BOOST_TEST(counted.rows[i].loss == kept.rows[i].loss);
  }
}

BOOST_AUTO_TEST_CASE(the_fixed_rule_serves_where_nothing_slides) {
  const dataset data(columns({{1.0, 0.0}, {0.0, 2.0}}), vec({1.0, -0.5}));
  const network initial =
      network::balanced(vec({1.0, -1.0}), vec({-5.0, -4.0}), columns({{0.6, 0.8}, {0.8, 0.6}}));
  flow_options flow;
  flow.t_end = 30.0;
  flow.switching = switching_method::global;
  const trajectory filippov = lawful_run(data, initial, flow);
  flow.rule = surface_rule::fixed;
  const trajectory fixed = lawful_run(data, initial, flow);
  BOOST_TEST(fixed.end.loss == filippov.end.loss);
}

}  // namespace
}  // namespace reluflow::test
