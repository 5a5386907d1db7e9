// Stopping times: where they are found, in which order, and that watching changes nothing.

#include "reluflow/errors.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "reluflow/stopping_time.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <string>

namespace reluflow::test {
namespace {

constexpr switching_method both_methods[] = {switching_method::global,
                                             switching_method::asynchronous};

// One neuron, one sample x = y = 1, balanced and active: u = |w|^2 obeys u' = 2 (1 - u) u, so that
// ln(u / (1 - u)) grows by 2 t, and L = (1 - u)^2 / 2.
struct logistic_problem {
  dataset data{columns({{1.0}}), vec({1.0})};
  double log_norm;
  network initial;
  flow_options flow;

  explicit logistic_problem(double log_norm_at_start)
      : log_norm(log_norm_at_start),
        initial(network::balanced(vec({1.0}), vec({log_norm}), columns({{1.0}}))) {
    flow.t_end = 20.0 - log_norm;
  }

  [[nodiscard]] double time_of(double u) const {
    return 0.5 * (std::log(u / (1.0 - u)) - 2.0 * log_norm + std::log1p(-std::exp(2.0 * log_norm)));
  }
  [[nodiscard]] trajectory watched(std::vector<stopping_time> list) const {
    record_options record{linear_times(flow.t_end, 101)};
    record.dense = true;
    record.stopping_times = std::move(list);
    return checked_run(data, initial, flow, record);
  }
};

struct reference_problem {
  dataset data;
  network initial;

  explicit reference_problem(const std::string& name)
      : data(read_points(std::string(RELUFLOW_TEST_DATA) + "/" + name + "/points.csv")),
        initial(read_network(std::string(RELUFLOW_TEST_DATA) + "/" + name + "/network.csv")) {}
};

double square(const flow_moment& now) { return std::exp(2.0 * now.net.log_norms()[0]); }

BOOST_AUTO_TEST_CASE(times_of_the_logistic_law) {
  for (const double log_norm : {-1.0, -10.0, -300.0, -1e5}) {
    BOOST_TEST_CONTEXT("ln|w| = " << log_norm) {
      const logistic_problem p(log_norm);
      const trajectory run = p.watched({stopping::mass_rises_to("half", {0}, std::log(0.5)),
                                        {.name = "u", .value = square, .level = 0.9},
                                        stopping::loss_falls_to("loss", 0.5 * 0.05 * 0.05),
                                        stopping::residual_falls_to("residual", p.data, 1.0, 0.3)});
      // The error of ln u is that of every step, and the run is as long as ln u is large.
      const double error = 100.0 * p.flow.rtol * (1.0 - 0.1 * log_norm);
      BOOST_REQUIRE(run.stopping_times.size() == 4U);
      for (const auto& [name, u] :
           {std::pair("half", 0.5), {"u", 0.9}, {"loss", 0.95}, {"residual", 0.7}}) {
        const stopping_event* found = run.reached(name);
        BOOST_REQUIRE(found != nullptr);
        BOOST_TEST(std::abs(found->t - p.time_of(u)) <= error,
                   name << ": " << found->t - p.time_of(u));
        BOOST_TEST(std::abs(std::exp(2.0 * found->state.log_norms()[0]) - u) <= 1e-12);
        BOOST_TEST(std::abs(found->row.loss - 0.5 * (1.0 - u) * (1.0 - u)) <= 1e-12);
        BOOST_TEST(found->row.t == found->t);
      }
      BOOST_TEST(run.ending == outcome::reached_end);
      BOOST_TEST(run.reached("never") == nullptr);
    }
  }
}

BOOST_AUTO_TEST_CASE(they_stand_in_order_of_time_whatever_the_order_of_asking) {
  const logistic_problem p(-2.0);
  std::vector<stopping_time> list;
  for (const double u : {0.9, 0.2, 0.5, 0.500001, 0.1}) {
    list.push_back({.name = std::to_string(u), .value = square, .level = u});
  }
  const trajectory run = p.watched(list);
  BOOST_REQUIRE(run.stopping_times.size() == 5U);
  const char* expected[] = {"0.100000", "0.200000", "0.500000", "0.500001", "0.900000"};
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(run.stopping_times[i].name == expected[i]);
    if (i > 0) BOOST_TEST(run.stopping_times[i].t > run.stopping_times[i - 1].t);
  }
}

BOOST_AUTO_TEST_CASE(a_direction_decides_which_side_counts) {
  const logistic_problem p(-2.0);
  stopping_time rising{.name = "rising", .value = square, .level = 0.5};
  stopping_time falling = rising;
  falling.name = "falling";
  falling.direction = passage::falling;
  stopping_time never = falling;
  never.name = "never";
  never.start = p.time_of(0.6);
  const trajectory run = p.watched({rising, falling, never});
  BOOST_REQUIRE(run.stopping_times.size() == 2U);
  // u(0) <= 1/2: reached at once, as the infimum of a set that contains 0.
  BOOST_TEST(run.reached("falling")->t == 0.0);
  BOOST_TEST(std::abs(run.reached("rising")->t - p.time_of(0.5)) <= 1e-7);
}

BOOST_AUTO_TEST_CASE(a_start_delays) {
  const logistic_problem p(-2.0);
  const double half = p.time_of(0.5);
  stopping_time before{.name = "before", .value = square, .level = 0.5, .start = 0.5 * half};
  stopping_time behind{.name = "behind", .value = square, .level = 0.5, .start = half + 0.3};
  const trajectory run =
      p.watched({before, behind, stopping::at("now", 1.0 / 3.0), stopping::at("zero", 0.0),
                 stopping::at("end", p.flow.t_end), stopping::at("beyond", 2.0 * p.flow.t_end)});
  BOOST_TEST(std::abs(run.reached("before")->t - half) <= 1e-7);
  BOOST_TEST(run.reached("behind")->t == half + 0.3);
  BOOST_TEST(run.reached("now")->t == 1.0 / 3.0);
  BOOST_TEST(run.reached("zero")->t == 0.0);
  BOOST_TEST(run.reached("end")->t == p.flow.t_end);
  BOOST_TEST(run.reached("beyond") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_repeated_one_is_found_at_every_passage) {
  const logistic_problem p(-10.0);
  const auto wave = [](const flow_moment& now) { return std::cos(now.t); };
  const trajectory run =
      p.watched({{.name = "up", .value = wave, .repeated = true},
                 {.name = "down", .value = wave, .direction = passage::falling, .repeated = true},
                 {.name = "once", .value = wave, .start = 2.0}});
  double expected = 0.0;
  int found = 0;
  for (const stopping_event& one : run.stopping_times) {
    if (one.name == "once") {
      BOOST_TEST(std::abs(one.t - 1.5 * std::numbers::pi) <= 1e-12);
      continue;
    }
    BOOST_TEST(one.name == (found % 2 == 0 ? "up" : "down"));
    BOOST_TEST(std::abs(one.t - expected) <= 1e-12);
    expected = (0.5 + found) * std::numbers::pi;
    ++found;
  }
  // At 0, and at all odd multiples of pi / 2 until 30.
  BOOST_TEST(found == 11);
}

BOOST_AUTO_TEST_CASE(a_terminal_one_ends_the_run) {
  const logistic_problem p(-3.0);
  stopping_time end{.name = "end", .value = square, .level = 0.5, .terminal = true, .note = "u"};
  stopping_time behind{.name = "behind", .value = square, .level = 0.5 + 1e-9};
  const trajectory run = p.watched({behind, end, stopping::at("start", 0.0)});
  BOOST_TEST(run.ending == outcome::stopping_time);
  BOOST_TEST(is_success(run.ending));
  BOOST_TEST(std::abs(run.t - p.time_of(0.5)) <= 1e-7);
  BOOST_REQUIRE(run.stopping_times.size() == 2U);
  BOOST_TEST(run.stopping_times[1].name == "end");
  BOOST_TEST(run.stopping_times[1].terminal);
  BOOST_TEST(run.stopping_times[1].note == "u");
  BOOST_TEST(run.stopping_times[1].t == run.t);
  BOOST_TEST(run.end.t == run.t);
  BOOST_TEST(run.rows.back().t <= run.t);
  BOOST_TEST(run.rows.size() == run.states.size());
  BOOST_TEST(run.dense.back().t1 == run.t);
  const double norm = run.final_network.log_norms()[0];
  BOOST_TEST(std::abs(std::exp(2.0 * norm) - 0.5) <= 1e-12);
  BOOST_TEST(std::abs(run.at(run.t).log_norms()[0] - norm) <= 1e-14);
  // What remains of the last step is the same curve.
  const trajectory whole = p.watched({});
  for (const double part : {0.1, 0.5, 0.99}) {
    const double t = run.dense.back().t0 + part * (run.t - run.dense.back().t0);
    BOOST_TEST(std::abs(run.at(t).log_norms()[0] - whole.at(t).log_norms()[0]) <= 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(the_earlier_of_two_ends_counts) {
  logistic_problem p(-3.0);
  stopping_time end{.name = "end", .value = square, .level = 0.5, .terminal = true};
  p.flow.stop_loss = 0.5 * 0.5 * 0.5 * (1.0 + 1e-9);
  const trajectory by_loss = p.watched({end});
  BOOST_TEST(by_loss.ending == outcome::converged);
  BOOST_TEST(by_loss.stopping_times.empty());
  p.flow.stop_loss = 0.5 * 0.5 * 0.5 * (1.0 - 1e-9);
  const trajectory by_time = p.watched({end});
  BOOST_TEST(by_time.ending == outcome::stopping_time);
  BOOST_TEST(by_loss.t < by_time.t);
}

BOOST_AUTO_TEST_CASE(watching_changes_nothing) {
  for (const char* name : {"random_d3", "one_slides", "two_point"}) {
    const reference_problem p(name);
    for (const switching_method method : both_methods) {
      flow_options flow;
      flow.t_end = 15.0;
      flow.switching = method;
      record_options record{linear_times(flow.t_end, 31)};
      const trajectory bare = checked_run(p.data, p.initial, flow, record);
      record.stopping_times = usual_stopping_times(p.data, p.initial);
      const trajectory run = checked_run(p.data, p.initial, flow, record);
      BOOST_TEST(!run.stopping_times.empty());
      BOOST_TEST(run.statistics.steps == bare.statistics.steps);
      // Looking inside a step costs evaluations of the field, but moves no step.
      BOOST_TEST(run.statistics.field_evaluations >= bare.statistics.field_evaluations);
      BOOST_TEST(run.statistics.dissipated == bare.statistics.dissipated);
      BOOST_REQUIRE(run.rows.size() == bare.rows.size());
      for (std::size_t i = 0; i < run.rows.size(); ++i) {
        BOOST_TEST(run.rows[i].loss == bare.rows[i].loss);
        BOOST_TEST(run.rows[i].mu == bare.rows[i].mu);
        BOOST_TEST((run.states[i].log_norms() == bare.states[i].log_norms()));
        BOOST_TEST((run.states[i].directions() == bare.states[i].directions()));
      }
      BOOST_REQUIRE(run.switches.size() == bare.switches.size());
      for (std::size_t i = 0; i < run.switches.size(); ++i) {
        BOOST_TEST(run.switches[i].t == bare.switches[i].t);
      }
    }
  }
}

// A functional that jumps is reached where it jumps: at the switch.
BOOST_AUTO_TEST_CASE(extinction_is_the_last_wrong_signed_switch) {
  const reference_problem p("two_point");
  for (const switching_method method : both_methods) {
    flow_options flow;
    flow.t_end = 15.0;
    flow.switching = method;
    record_options record;
    record.stopping_times = {stopping::wrong_signs_extinct("extinction", p.data)};
    const trajectory run = checked_run(p.data, p.initial, flow, record);
    double last = 0.0;
    for (const switch_event& one : run.switches) {
      const double agreement = p.initial.signs()[one.neuron] * p.data.labels()[one.sample];
      if (one.from == pair_mode::active && agreement < 0.0) last = std::max(last, one.t);
    }
    BOOST_TEST(last > 0.0);
    BOOST_REQUIRE(run.reached("extinction") != nullptr);
    BOOST_TEST(std::abs(run.reached("extinction")->t - last) <= 1e-12 * last);
  }
}

// theory.md A4: while the output is negligible a neuron that sees only its own sample obeys
// s cos = tanh(|D| t + artanh(s cos at 0)).
BOOST_AUTO_TEST_CASE(alignment_follows_the_hyperbolic_tangent) {
  const dataset data(columns({{1.0, 0.0}}), vec({1.0}));
  const double start = 0.2;
  const double across = std::sqrt(1.0 - start * start);
  const network initial = network::balanced(vec({1.0, -1.0}), vec({-40.0, -40.0}),
                                            columns({{start, across}, {start, across}}));
  flow_options flow;
  flow.t_end = 10.0;
  record_options record;
  record.stopping_times = {stopping::aligned("+", 1.0, 0.99), stopping::aligned("-", -1.0, 0.99)};
  const trajectory run = checked_run(data, initial, flow, record);
  BOOST_REQUIRE(run.reached("+") != nullptr);
  BOOST_TEST(std::abs(run.reached("+")->t - (std::atanh(0.99) - std::atanh(start))) <= 1e-7);
  // The negative neuron turns away from the sample and leaves it, or it has no field any more.
  BOOST_TEST(run.reached("-") == nullptr);
}

BOOST_AUTO_TEST_CASE(functionals_that_are_no_number_are_not_reached) {
  const logistic_problem p(-2.0);
  const auto late = [](const flow_moment& now) { return now.t < 1.0 ? std::nan("") : 1.0; };
  const auto never = [](const flow_moment&) { return std::nan(""); };
  const trajectory run =
      p.watched({{.name = "late", .value = late, .level = 0.5}, {.name = "never", .value = never}});
  BOOST_REQUIRE(run.stopping_times.size() == 1U);
  BOOST_TEST(std::abs(run.reached("late")->t - 1.0) <= 1e-12);
}

BOOST_AUTO_TEST_CASE(what_was_reached_before_can_be_asked) {
  const logistic_problem p(-2.0);
  const auto behind = [](const flow_moment& now) {
    const auto first = now.reached.find("first");
    return first == now.reached.end() ? -1.0 : now.t - first->second - 2.0;
  };
  const trajectory run = p.watched(
      {{.name = "second", .value = behind}, {.name = "first", .value = square, .level = 0.5}});
  BOOST_REQUIRE(run.reached("second") != nullptr);
  BOOST_TEST(std::abs(run.reached("second")->t - run.reached("first")->t - 2.0) <= 1e-12);
}

BOOST_AUTO_TEST_CASE(misuse_is_named) {
  const logistic_problem p(-2.0);
  const auto complains = [&](const stopping_time& one, const char* text) {
    BOOST_CHECK_EXCEPTION((void)p.watched({one}), invalid_input, [&](const invalid_input& error) {
      BOOST_TEST_MESSAGE(error.what());
      return std::string(error.what()).find(text) != std::string::npos;
    });
  };
  complains({.value = square}, "an empty name");
  complains({.name = "x"}, "no functional");
  complains({.name = "x", .value = square, .level = std::nan("")}, "level nan");
  complains({.name = "x", .value = square, .start = -1.0}, "start -1");
  BOOST_CHECK_THROW((void)p.watched({stopping::at("x", 1.0), stopping::at("x", 2.0)}),
                    invalid_input);
  BOOST_CHECK_THROW((void)stopping::residual_falls_to("x", p.data, -1.0, 0.5), invalid_input);
  BOOST_CHECK_THROW((void)stopping::loss_falls_to("x", 0.0), invalid_input);
  record_options record;
  record.stopping_times = {stopping::at("x", 1.0)};
  BOOST_CHECK_THROW((void)descend(p.data, p.initial, {0.1, 1.0}, record), invalid_input);
}

}  // namespace
}  // namespace reluflow::test
