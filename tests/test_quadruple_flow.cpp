// The reference in quadruple precision against closed forms, and against what it has written.

#include "reluflow/io/problem_file.hpp"
#include "support/quadruple_flow.hpp"
#include "support/reference_case.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace reluflow;
using namespace reluflow::test;

std::string path_of(const std::string& name) {
  std::string path = RELUFLOW_TEST_DATA "/switching/";
  return path.append(name);
}

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(path_of(name));
  BOOST_REQUIRE(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  lines.erase(lines.begin());
  return lines;
}

problem read_case(const std::string& name) { return read_problem(path_of(name + "/problem.toml")); }

std::string pair_and_modes(const quad_switch& one) {
  std::ostringstream line;
  line << one.neuron << ',' << one.sample << ',' << to_string(one.from) << ',' << to_string(one.to);
  return line.str();
}

BOOST_AUTO_TEST_CASE(first_of_two_roots_close_together) {
  // (t - 1/2)^2 - 1e-24 and (t - 1/2)^2 + 1e-24.
  const quad gap = quad(1) / quad("1e12");
  const auto root = first_root({quad(0.25) - gap * gap, quad(-1), quad(1)}, quad(1));
  BOOST_REQUIRE(root);
  BOOST_TEST(abs(*root - (quad(0.5) - gap)) < 1e-20);
  BOOST_TEST(!first_root({quad(0.25) + gap * gap, quad(-1), quad(1)}, quad(1)));
  BOOST_TEST(!first_root({quad(-2), quad(1)}, quad(1)));
}

BOOST_AUTO_TEST_CASE(one_balanced_neuron_grows_as_a_logistic_curve) {
  // n = d = 1, x = 1, y = 1: s = a^2 = w^2 obeys s' = 2 s (1 - s).
  const dataset data(Eigen::MatrixXd::Ones(1, 1), Eigen::VectorXd::Ones(1));
  const network initial = network::cartesian(Eigen::VectorXd::Constant(1, 0.125),
                                             Eigen::MatrixXd::Constant(1, 1, 0.125));
  quadruple_flow flow(data, initial);
  flow.advance(quad(5));
  const quad growth = exp(quad(10)) * quad(0.015625);
  const quad s = growth / (1 - quad(0.015625) + growth);
  const quad a = flow.state().a[0];
  BOOST_TEST(abs(a * a - s) < 1e-28);
}

BOOST_AUTO_TEST_CASE(one_sample_pushes_up_and_the_other_pulls_down) {
  // w stands on the surface of x_0, x_1 pushes it up and x_0, once active, pulls it down: it
  // slides.
  Eigen::MatrixXd inputs(2, 2);
  inputs << 1.0, 0.5, 0.0, 1.0;
  const dataset data(inputs, Eigen::Vector2d(-2.0, 3.0));
  const network initial =
      network::cartesian(Eigen::VectorXd::Ones(1), Eigen::MatrixXd(Eigen::Vector2d(0.0, 1.0)));
  const quadruple_flow flow(data, initial);
  BOOST_REQUIRE(flow.state().sides[0][0] == quad_side::sliding);
  const auto series = taylor_series(flow.data(), flow.state(), 1);
  BOOST_REQUIRE(series);
  // r = (-2, 3 - 1): v- = r_1 <x_0, x_1> / 2 = 1/2, v+ = 1/2 - 1.
  BOOST_TEST(abs(series->gamma[0][0][0] - quad(-0.5)) < 1e-30);
  BOOST_TEST(abs(series->slack(0, 0)[0] - quad(-0.5)) < 1e-30);
}

BOOST_AUTO_TEST_CASE(balance_is_kept_through_all_switches) {
  const problem task = read_case("through_origin");
  quadruple_flow flow(task.data, task.initial);
  const auto balance = [&] {
    quad_vector c;
    for (std::size_t j = 0; j < flow.state().a.size(); ++j) {
      c.push_back(flow.state().a[j] * flow.state().a[j] -
                  dot(flow.state().w[j], flow.state().w[j]));
    }
    return c;
  };
  const quad_vector before = balance();
  flow.advance(quad(task.flow.t_end));
  const quad_vector after = balance();
  for (std::size_t j = 0; j < before.size(); ++j) BOOST_TEST(abs(after[j] - before[j]) < 1e-28);
  BOOST_TEST(flow.through_origin() == 1U);
  BOOST_TEST(flow.ambiguous() == 0U);
}

BOOST_AUTO_TEST_CASE(losses_through_the_origin_are_those_of_another_solver) {
  const problem task = read_case("through_origin");
  std::vector<double> times;
  std::vector<double> losses;
  for (const std::string& line : lines_of("through_origin/expected.csv")) {
    times.push_back(std::stod(line));
    losses.push_back(std::stod(line.substr(line.find(',') + 1)));
  }
  quadruple_flow flow(task.data, task.initial);
  flow.advance(quad(task.flow.t_end), times);
  BOOST_REQUIRE(flow.losses().size() == losses.size());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    BOOST_TEST(abs(flow.losses()[i] - losses[i]) < 1e-11);
  }
}

BOOST_AUTO_TEST_CASE(switches_are_those_of_another_solver) {
  const reference_case reference = load_reference_case("random_d3");
  const quad t_end = 10;
  quadruple_flow flow(reference.data, reference.initial);
  flow.advance(t_end);
  BOOST_TEST(flow.switches().size() > 20U);
  std::vector<switch_event> expected;
  for (const switch_event& one : reference.switches) {
    if (one.t <= t_end) expected.push_back(one);
  }
  BOOST_REQUIRE(flow.switches().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const quad_switch& one = flow.switches()[i];
    BOOST_TEST(abs(one.t - expected[i].t) < 1e-8);
    BOOST_TEST(one.neuron == static_cast<std::size_t>(expected[i].neuron));
    BOOST_TEST(one.sample == static_cast<std::size_t>(expected[i].sample));
    BOOST_TEST((one.from == expected[i].from && one.to == expected[i].to));
  }
}

BOOST_AUTO_TEST_CASE(stored_switches_are_what_the_flow_finds) {
  // Compiled differently, the last digits differ.
  for (const char* folder : {"seed_206", "seed_374", "seed_51"}) {
    const std::string name = folder;
    const problem task = read_case(name);
    quadruple_flow flow(task.data, task.initial);
    flow.advance(quad(task.flow.t_end));
    const auto expected = lines_of(name + "/expected_switches.csv");
    BOOST_REQUIRE(flow.switches().size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::istringstream line(expected[i]);
      std::string time;
      std::string rest;
      std::getline(line, time, ',');
      std::getline(line, rest);
      BOOST_TEST(pair_and_modes(flow.switches()[i]) == rest);
      BOOST_TEST(abs(flow.switches()[i].t - quad(time)) < 1e-18);
    }
  }
}

}  // namespace
