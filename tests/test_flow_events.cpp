// Single events whose time and kind are known beforehand.
//
// Two settings give them. A network of size e^-300 leaves the residuals at the labels, so D is
// constant between switches and the angle theta of a balanced neuron to D obeys
// tan(theta / 2) = tan(theta_0 / 2) e^(-|D| t). Samples of label zero exert no force: they only
// watch.
//
// And a large neuron that sees sample 0 alone makes r_0 = 1 - u with u' = (2/n)(1 - u) u, while a
// tiny second neuron is driven by it: the forces on its other surfaces change sign at known times.

#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/math/tools/toms748_solve.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <numbers>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;

const auto methods = data::make({switching_method::global, switching_method::asynchronous});

flow_options options(double t_end, switching_method method) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-11;
  flow.switching = method;
  return flow;
}

// ---- constant D = (0, 1): sample 0 pulls, all others watch.

Eigen::MatrixXd at_angles(const std::vector<double>& angles) {  // from the axis of D
  Eigen::MatrixXd x(2, static_cast<index>(angles.size()));
  for (std::size_t k = 0; k < angles.size(); ++k) {
    x.col(static_cast<index>(k)) = vec({std::sin(angles[k]), std::cos(angles[k])});
  }
  return x;
}

/// A neuron at angle `start` to D; watchers at the given angles.
trajectory watched(double start, const std::vector<double>& watchers, switching_method method,
                   double t_end = 8.0) {
  const auto n = static_cast<index>(watchers.size()) + 1;
  Eigen::MatrixXd x(2, n);
  x << vec({0.0, 1.0}), at_angles(watchers);
  Eigen::VectorXd y = Eigen::VectorXd::Zero(n);
  y[0] = static_cast<double>(n);
  return lawful_run({x, y}, network::balanced(vec({1.0}), vec({-300.0}), at_angles({start})),
                    options(t_end, method));
}

double time_to(double start, double angle) {
  return std::log(std::tan(0.5 * start) / std::tan(0.5 * angle));
}

// ---- one driven neuron

constexpr double u_start = 0.05;
const Eigen::Vector3d x_surface(-0.6, 0.8, 0.5);

double residual_0(double t) {
  const double odds = u_start / (1.0 - u_start) * std::exp(2.0 * t / 3.0);
  return 1.0 / (1.0 + odds);
}

/// When r_0 has fallen to `level`.
double time_of_residual(double level) {
  return 1.5 * std::log((1.0 - level) / level * (1.0 - u_start) / u_start);
}

/// Samples x_0 = e_1 (y = 1), x_1 = e_2, x_2 = (-0.6, 0.8, 0.5): r_0 pushes the neuron along -0.6,
/// y_1 along 0.8. It starts active on samples 0 and 1, at (1, 1, height) of size 1e-150.
struct driven {
  double y1;
  double y2;
  double a;  // output weight in that unit
  double height;

  [[nodiscard]] trajectory run(double t_end, switching_method method) const {
    constexpr double unit = 1e-150;
    Eigen::MatrixXd x(3, 3);
    x << vec({1.0, 0.0, 0.0}), vec({0.0, 1.0, 0.0}), x_surface;
    const double big = std::sqrt(u_start);
    Eigen::MatrixXd w(3, 2);
    w << vec({big, 0.0, 0.0}), unit * vec({1.0, 1.0, height});
    // e_2 is orthogonal to the large neuron: it must not stand on that surface.
    w(1, 0) = -1e-14;
    flow_options flow = options(t_end, method);
    flow.atol = 0.0;
    return lawful_run({x, vec({1.0, y1, y2})}, network::cartesian(vec({big, unit * a}), w), flow);
  }

  /// (a, w) at time t while sample 2 is inactive (or exerts no force), by Fehlberg's method.
  [[nodiscard]] std::array<double, 4> inactive_at(double t) const {
    using state = std::array<double, 4>;
    boost::numeric::odeint::runge_kutta_fehlberg78<state> stepper;
    state now{a, 1.0, 1.0, height};
    const auto rate = [&](const state& s, state& ds, double time) {
      const double d1 = residual_0(time) / 3.0;
      const double d2 = y1 / 3.0;
      ds = {s[1] * d1 + s[2] * d2, s[0] * d1, s[0] * d2, 0.0};
    };
    constexpr int steps = 200;
    for (int i = 0; i < steps; ++i) stepper.do_step(rate, now, t * i / steps, t / steps);
    return now;
  }
  [[nodiscard]] double z(double t) const {
    const std::array<double, 4> now = inactive_at(t);
    return x_surface.dot(Eigen::Vector3d(now[1], now[2], now[3]));
  }
  /// The time between `begin` and `end` at which z vanishes.
  [[nodiscard]] double root(double begin, double end) const {
    std::uintmax_t most = 100;
    return boost::math::tools::toms748_solve([&](double t) { return z(t); }, begin, end,
                                             boost::math::tools::eps_tolerance<double>(50), most)
        .first;
  }
};

/// The switches of the driven neuron on the surface.
std::vector<switch_event> on_surface(const trajectory& run) {
  std::vector<switch_event> found;
  for (const switch_event& event : run.switches) {
    if (event.neuron == 1 && event.sample == 2) found.push_back(event);
  }
  return found;
}

void check(const switch_event& event, double t, pair_mode from, pair_mode to) {
  BOOST_TEST(std::abs(event.t - t) <= 1e-7, event.t << " instead of " << t);
  BOOST_TEST(event.from == from);
  BOOST_TEST(event.to == to);
}

constexpr double right_angle = 0.5 * std::numbers::pi;

}  // namespace

BOOST_DATA_TEST_CASE(crossings_up_and_down_come_at_their_times, methods, method) {
  // From 1.2 towards 0: watchers whose surfaces stand at 0.9 and 0.4.
  const trajectory run = watched(1.2, {0.9 - right_angle, 0.4 + right_angle}, method);
  BOOST_REQUIRE(run.switches.size() == 2U);
  check(run.switches[0], time_to(1.2, 0.9), pair_mode::inactive, pair_mode::active);
  check(run.switches[1], time_to(1.2, 0.4), pair_mode::active, pair_mode::inactive);
}

BOOST_DATA_TEST_CASE(close_and_identical_surfaces_are_told_apart_or_met_together, methods, method) {
  const double first = 0.7 - right_angle;
  const trajectory run = watched(1.2, {first, first - 1e-9, first, first - 1e-4}, method);
  BOOST_REQUIRE(run.switches.size() == 4U);
  const std::array<index, 4> order{1, 3, 2, 4};
  const std::array<double, 4> angles{0.7, 0.7, 0.7 - 1e-9, 0.7 - 1e-4};
  for (std::size_t i = 0; i < 4; ++i) {
    BOOST_TEST(run.switches[i].sample == order[i]);
    BOOST_TEST(std::abs(run.switches[i].t - time_to(1.2, angles[i])) <= 1e-9);
  }
  BOOST_TEST(run.switches[0].t == run.switches[1].t);
  BOOST_TEST(run.switches[1].t < run.switches[2].t);
}

BOOST_DATA_TEST_CASE(a_hundred_surfaces_in_a_few_steps, methods, method) {
  std::vector<double> watchers;
  for (int k = 0; k < 100; ++k) watchers.push_back(1.1 - 0.01 * k - right_angle);
  const trajectory run = watched(1.2, watchers, method);
  BOOST_REQUIRE(run.switches.size() == 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    BOOST_TEST(run.switches[i].sample == static_cast<index>(i) + 1);
    BOOST_TEST(std::abs(run.switches[i].t - time_to(1.2, 1.1 - 0.01 * static_cast<double>(i))) <=
               1e-8);
  }
}

BOOST_DATA_TEST_CASE(a_neuron_that_starts_on_a_surface_leaves_it_at_once, methods, method) {
  // It turns towards 0: up for a watcher at -90 degrees from it, down for one at +90.
  const trajectory up = watched(0.8, {0.8 - right_angle}, method);
  BOOST_REQUIRE(up.switches.size() == 1U);
  check(up.switches[0], 0.0, pair_mode::inactive, pair_mode::active);
  const trajectory down = watched(0.8, {0.8 + right_angle}, method);
  BOOST_TEST(down.switches.empty());
  BOOST_TEST((down.final_pattern(0, 1) == pair_mode::inactive));
}

BOOST_DATA_TEST_CASE(a_double_crossing_inside_one_step_is_found, methods, method) {
  driven problem{0.45, 0.0, 1.0, 0.0};
  const double lowest = time_of_residual(0.8 * 0.45 / 0.6);  // z' changes sign
  for (const double depth : {1e-2, 1e-4, 1e-6}) {
    BOOST_TEST_CONTEXT("depth " << depth) {
      problem.height = 0.0;
      problem.height = -(problem.z(lowest) + depth) / x_surface[2];
      const auto found = on_surface(problem.run(6.0, method));
      BOOST_REQUIRE(found.size() == 2U);
      check(found[0], problem.root(0.0, lowest), pair_mode::active, pair_mode::inactive);
      check(found[1], problem.root(lowest, 6.0), pair_mode::inactive, pair_mode::active);
    }
  }
}

BOOST_DATA_TEST_CASE(a_surface_that_is_only_grazed_is_not_crossed, methods, method) {
  driven problem{0.45, 0.0, 1.0, 0.0};
  const double lowest = time_of_residual(0.8 * 0.45 / 0.6);
  for (const double distance : {1e-4, 1e-6, 1e-8}) {
    problem.height = 0.0;
    problem.height = -(problem.z(lowest) - distance) / x_surface[2];
    BOOST_TEST(on_surface(problem.run(6.0, method)).empty(), "distance " << distance);
  }
}

BOOST_DATA_TEST_CASE(a_slide_ends_upward_where_eta_reaches_one, methods, method) {
  // Inactive at first; v- > 0 brings it up to the attracting surface, and v+ = 0 lets it go.
  const driven problem{1.0, -0.5, 1.0, -1.0};
  const trajectory run = problem.run(9.0, method);
  const auto found = on_surface(run);
  BOOST_REQUIRE(found.size() == 2U);
  const double release = time_of_residual((0.8 - 0.5 * x_surface.squaredNorm()) / 0.6);
  check(found[0], problem.root(0.0, release), pair_mode::inactive, pair_mode::sliding);
  check(found[1], release, pair_mode::sliding, pair_mode::active);
  BOOST_REQUIRE(run.slides.size() == 1U);
  BOOST_TEST(run.slides[0].eta_end == 1.0, boost::test_tools::tolerance(1e-6));
  const double pull = -0.6 * residual_0(run.slides[0].t_begin) + 0.8;
  BOOST_TEST(run.slides[0].eta_begin == pull / (0.5 * x_surface.squaredNorm()),
             boost::test_tools::tolerance(1e-6));
}

BOOST_DATA_TEST_CASE(a_slide_ends_downward_where_eta_reaches_zero, methods, method) {
  // a < 0 turns all velocities round: v- > 0 while 0.6 r_0 exceeds 0.8 y_1.
  const driven problem{0.6, 1.0, -1.5, -0.404};
  const trajectory run = problem.run(3.0, method);
  const auto found = on_surface(run);
  const double release = time_of_residual(0.8 * 0.6 / 0.6);
  BOOST_REQUIRE(found.size() == 2U);
  check(found[0], problem.root(0.0, release), pair_mode::inactive, pair_mode::sliding);
  check(found[1], release, pair_mode::sliding, pair_mode::inactive);
  BOOST_REQUIRE(run.slides.size() == 1U);
  BOOST_TEST(run.slides[0].eta_end <= 1e-6);
}

}  // namespace reluflow::test
