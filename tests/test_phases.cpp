// Phases of runs, against the closed forms of paper A and by hand.

#include "reluflow/io/csv.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/phases.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

namespace reluflow::test {
namespace {

trajectory watched(const dataset& data, const network& initial, double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  record_options record;
  record.stopping_times = usual_stopping_times(data, initial);
  return checked_run(data, initial, flow, record);
}

/// The first time in [low, high] at which a function that changes its sign once is no longer < 0.
template <class Function>
double root(const Function& f, double low, double high) {
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (f(middle) < 0.0 ? low : high) = middle;
  }
  return high;
}

// What theory.md A6 makes of the loss: each residual is y (1 - u/u*), u logistic.
struct logistic_loss {
  const dataset& data;
  std::vector<orthogonal::mass_law> laws;
  std::vector<double> energies;  // sum of y_k^2 over the group

  [[nodiscard]] double mu(double t) const {
    double loss = 0.0;
    double fall = 0.0;
    for (std::size_t i = 0; i < laws.size(); ++i) {
      const double part = std::exp(log_mass(laws[i], t) - laws[i].log_limit);
      const double left = 1.0 - part;
      loss += 0.5 * energies[i] * left * left;
      fall += energies[i] * left * 2.0 * laws[i].rate * left * part;
    }
    return fall / loss;
  }
};

trajectory with_events(double t_end, const std::vector<std::pair<const char*, double>>& events) {
  trajectory run;
  run.t = t_end;
  for (const auto& [name, t] : events) {
    stopping_event one;
    one.name = name;
    one.t = t;
    run.stopping_times.push_back(one);
  }
  return run;
}

std::string text_of(const std::vector<phase>& phases) {
  std::string text;
  for (const phase& one : phases) {
    text += one.name + " " + std::to_string(one.t_begin) + " " + std::to_string(one.t_end) + "; ";
  }
  return text;
}

BOOST_AUTO_TEST_CASE(phases_of_two_orthogonal_points) {
  const std::filesystem::path directory = std::filesystem::path(RELUFLOW_TEST_DATA) / "two_point";
  const dataset data = read_points(directory / "points.csv");
  const network initial = read_network(directory / "network.csv");
  const trajectory run = watched(data, initial, 40.0);
  const std::vector<phase> phases = phases_of(run);
  BOOST_REQUIRE(phases.size() == 5U);
  const char* names[] = {"alignment", "growth", "fit +", "saddle", "fit -"};
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(phases[i].name == names[i]);
    BOOST_TEST(phases[i].t_begin == (i == 0 ? 0.0 : phases[i - 1].t_end));
  }
  BOOST_TEST(phases.back().t_end == 40.0);

  const auto groups = orthogonal::groups_of(data);
  const auto early = orthogonal::early_map(data, initial);
  const auto fast = orthogonal::mass_law_of(data, initial, *groups.fast(), early).value();
  const auto slow = orthogonal::mass_law_of(data, initial, *groups.slow(), early).value();
  const logistic_loss theory{data, {fast, slow}, {1.0, 1.0}};
  const double rate = 0.5 * (std::sqrt(5.0) + std::sqrt(1.25));
  const double fast_half = half_fit_time(fast);
  const double slow_half = half_fit_time(slow);
  const double middle = 0.5 * (fast_half + slow_half);
  const auto rises = [&](double t) { return theory.mu(t) - 0.02 * rate; };
  const auto falls = [&](double t) { return 0.01 * rate - theory.mu(t); };
  BOOST_TEST(std::abs(phases[2].t_begin - root(rises, 0.0, fast_half)) <= 1e-6);
  BOOST_TEST(std::abs(phases[3].t_begin - root(falls, fast_half, middle)) <= 1e-6);
  BOOST_TEST(std::abs(phases[4].t_begin - root(rises, middle, slow_half)) <= 1e-6);
  BOOST_TEST(std::abs(run.reached("half_residual_+")->t - fast_half) <= 1e-7);
  BOOST_TEST(std::abs(run.reached("half_residual_-")->t - slow_half) <= 1e-7);

  // Alignment is over when the slower of the two signs points along its field: with each neuron at
  // tanh(|D| t + artanh c_0), no earlier than a neuron across the field would take.
  BOOST_TEST(phases[0].t_end < std::atanh(0.99) / slow.rate);
  BOOST_TEST(phases[0].t_end > 0.1 * std::atanh(0.99) / slow.rate);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_absent) {
  // One sign of labels, and a large start: the loss falls from the beginning.
  const dataset data(columns({{1.0, 0.0}}), vec({1.0}));
  const network large = network::balanced(vec({1.0}), vec({-1.0}), columns({{0.8, 0.6}}));
  const trajectory run = watched(data, large, 30.0);
  BOOST_TEST(text_of(phases_of(run)) == "fit + 0.000000 30.000000; ");
  BOOST_TEST(run.reached("half_residual_-") == nullptr);
  BOOST_TEST(run.reached("aligned_-") == nullptr);
  BOOST_TEST(run.reached("plateau_entry") == nullptr);

  // A neuron of the wrong sign alone: nothing ever happens to the loss.
  const network wrong = network::balanced(vec({-1.0}), vec({-9.0}), columns({{0.8, 0.6}}));
  BOOST_TEST(text_of(phases_of(watched(data, wrong, 30.0))) == "alignment 0.000000 30.000000; ");

  BOOST_TEST(phases_of(integrate(data, large, {})).empty());
  BOOST_TEST(phase_rows(integrate(data, large, {})).empty());
}

BOOST_AUTO_TEST_CASE(phases_are_read_off_the_stopping_times) {
  BOOST_TEST(text_of(phases_of(with_events(9.0, {{"plateau_entry", 0.0},
                                                 {"aligned_+", 1.0},
                                                 {"aligned_-", 2.0},
                                                 {"plateau_exit", 3.0},
                                                 {"plateau_exit", 4.0},
                                                 {"half_residual_+", 4.5},
                                                 {"half_residual_-", 4.75},
                                                 {"plateau_entry", 5.0},
                                                 {"plateau_exit", 6.0},
                                                 {"plateau_entry", 7.0},
                                                 {"plateau_entry", 8.0}}))) ==
             "alignment 0.000000 2.000000; growth 2.000000 3.000000; fit 3.000000 5.000000; "
             "saddle 5.000000 6.000000; descent 6.000000 7.000000; rest 7.000000 9.000000; ");
  // Aligned only when the plateau is over: all of it is alignment.
  BOOST_TEST(text_of(phases_of(with_events(
                 3.0, {{"plateau_entry", 0.0}, {"plateau_exit", 1.0}, {"aligned_+", 2.0}}))) ==
             "alignment 0.000000 1.000000; descent 1.000000 3.000000; ");
  // Between the two levels at the start: the first passage says what was before it.
  BOOST_TEST(text_of(phases_of(with_events(3.0, {{"plateau_entry", 1.0}}))) ==
             "descent 0.000000 1.000000; rest 1.000000 3.000000; ");
}

BOOST_AUTO_TEST_CASE(rows_stand_in_order_of_time) {
  trajectory run = with_events(3.0, {{"plateau_entry", 0.0}, {"plateau_exit", 1.0}});
  run.stopping_times[0].note = "mu <= 1";
  run.switches.push_back({0.5, 3, 4, pair_mode::active, pair_mode::sliding});
  const std::vector<phase_row> rows = phase_rows(run);
  BOOST_REQUIRE(rows.size() == 5U);
  const char* names[] = {"alignment", "plateau_entry", "last_switch", "descent", "plateau_exit"};
  for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(rows[i].name == names[i]);
  BOOST_TEST((rows[0].until == 1.0));
  BOOST_TEST(!rows[1].until.has_value());
  BOOST_TEST(rows[1].note == "mu <= 1");
  BOOST_TEST(rows[2].note == "neuron 3, sample 4, active to sliding");
}

}  // namespace
}  // namespace reluflow::test
