#include "dopri5.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow::detail {
namespace {

using boost::test_tools::tolerance;
using test::vec;

/// Two logistic equations that drive a rotation: nonlinear, coupled, with a closed form.
void driven_rotation(const Eigen::VectorXd& y, Eigen::VectorXd& rate) {
  rate.resize(4);
  rate << y[0] * (1.0 - y[0]), 2.0 * y[1] * (1.0 - y[1]), -(y[0] + y[1]) * y[3],
      (y[0] + y[1]) * y[2];
}

Eigen::VectorXd driven_rotation_at(double t) {
  const auto logistic = [](double time) { return 1.0 / (1.0 + 4.0 * std::exp(-time)); };
  const auto integral = [](double time) { return std::log((std::exp(time) + 4.0) / 5.0); };
  const double angle = integral(t) + 0.5 * integral(2.0 * t);
  return vec({logistic(t), logistic(2.0 * t), std::cos(angle), std::sin(angle)});
}

struct one_step {
  explicit one_step(const dopri5::system& field, Eigen::VectorXd start, double h)
      : state(std::move(start)), rate(state.size()) {
    field(state, rate);
    stepper.step(field, state, rate, h);
    control = stepper.control_points(state, rate);
  }
  [[nodiscard]] Eigen::VectorXd interpolant(double x) const {
    return control * bernstein_weights(x);
  }

  dopri5 stepper;
  Eigen::VectorXd state;
  Eigen::VectorXd rate;
  Eigen::MatrixXd control;
};

one_step driven(double h) { return one_step(&driven_rotation, driven_rotation_at(0.0), h); }

double interpolation_error(double h) {
  const one_step step = driven(h);
  double worst = 0.0;
  for (const double x : {0.1, 0.25, 0.4, 0.5, 0.65, 0.8, 0.95}) {
    worst = std::max(worst, (step.interpolant(x) - driven_rotation_at(x * h)).norm());
  }
  return worst;
}

/// The order of `error` as h -> 0: log2 of the ratio at h and h/2, extrapolated from h = 1/8 and
/// 1/16.
template <class Error>
double order_of(Error error) {
  const auto observed = [&](double h) { return std::log2(error(h) / error(0.5 * h)); };
  return 2.0 * observed(0.0625) - observed(0.125);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_local_error_of_a_step_is_of_order_six) {
  const double order = order_of(
      [](double h) { return (driven(h).stepper.new_state() - driven_rotation_at(h)).norm(); });
  BOOST_TEST(std::abs(order - 6.0) < 0.1, "order " << order);
}

BOOST_AUTO_TEST_CASE(the_error_estimate_is_of_order_five) {
  const double order = order_of([](double h) { return driven(h).stepper.error().norm(); });
  BOOST_TEST(std::abs(order - 5.0) < 0.1, "order " << order);
}

BOOST_AUTO_TEST_CASE(the_local_error_of_the_interpolant_is_of_order_five) {
  const double order = order_of(&interpolation_error);
  BOOST_TEST(std::abs(order - 5.0) < 0.1, "order " << order);
}

BOOST_AUTO_TEST_CASE(the_interpolant_has_the_values_and_derivatives_of_both_ends) {
  const double h = 0.7;
  const one_step step = driven(h);
  Eigen::VectorXd rate_at_end;
  driven_rotation(step.stepper.new_state(), rate_at_end);
  const Eigen::MatrixXd& b = step.control;
  BOOST_TEST((b.col(0) == step.state));
  BOOST_TEST((b.col(5) == step.stepper.new_state()));
  BOOST_TEST((step.stepper.new_rate() - rate_at_end).norm() < 1e-15);
  BOOST_TEST((5.0 / h * (b.col(1) - b.col(0)) - step.rate).norm() < 1e-14);
  BOOST_TEST((5.0 / h * (b.col(5) - b.col(4)) - rate_at_end).norm() < 1e-14);
  BOOST_TEST((step.stepper.last_control_points() == b));
  BOOST_TEST(step.stepper.last_step() == h);
}

BOOST_AUTO_TEST_CASE(a_step_integrates_quintics_exactly_and_its_interpolant_quartics) {
  // (t, t^2, ..., t^5) by its own differential equation.
  const auto powers = [](const Eigen::VectorXd& y, Eigen::VectorXd& rate) {
    rate.resize(5);
    for (int i = 0; i < 5; ++i) rate[i] = (i + 1) * std::pow(y[0], i);
  };
  const Eigen::VectorXd start = vec({0.5, 0.25, 0.125, 0.0625, 0.03125});
  const double h = 1.5;
  const one_step step(powers, start, h);
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(step.stepper.new_state()[i] == std::pow(2.0, i + 1), tolerance(1e-14));
  }
  for (const double x : {0.2, 0.5, 0.9}) {
    for (int i = 0; i < 4; ++i) {
      BOOST_TEST(step.interpolant(x)[i] == std::pow(0.5 + x * h, i + 1), tolerance(1e-14));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_linear_invariant_is_kept_by_step_and_interpolant) {
  const auto reactions = [](const Eigen::VectorXd& y, Eigen::VectorXd& rate) {
    const double first = y[0] * y[1];
    const double second = 3.0 * y[2];
    rate = vec({second - first, first - 2.0 * second, second});
  };
  const one_step step(reactions, vec({0.2, 0.3, 0.5}), 0.8);
  BOOST_TEST((step.stepper.new_state() - step.state).norm() > 0.1);
  for (const double x : {0.0, 0.3, 0.6, 1.0}) {
    BOOST_TEST(step.interpolant(x).sum() == 1.0, tolerance(1e-14));
  }
}

BOOST_AUTO_TEST_CASE(a_step_costs_six_evaluations) {
  int evaluations = -1;  // one for the rate at the start
  const one_step step(
      [&](const Eigen::VectorXd& y, Eigen::VectorXd& rate) {
        ++evaluations;
        rate = -y;
      },
      vec({1.0}), 0.1);
  BOOST_TEST(evaluations == 6);
}

}  // namespace reluflow::detail
