#include "dopri5.hpp"

#include "reluflow/detail/bernstein.hpp"

#include <boost/numeric/odeint/algebra/vector_space_algebra.hpp>
#include <boost/numeric/odeint/external/eigen/eigen_resize.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>

#include <utility>

namespace reluflow::detail {

namespace odeint = boost::numeric::odeint;

struct dopri5::stepper {
  odeint::runge_kutta_dopri5<Eigen::VectorXd, double, Eigen::VectorXd, double,
                             odeint::vector_space_algebra>
      impl;
};

dopri5::dopri5() = default;

dopri5::~dopri5() = default;

void dopri5::step(const system& field, const Eigen::VectorXd& state, const Eigen::VectorXd& rate,
                  double h) {
  h_ = h;
  if (new_state_.size() != state.size()) {
    stepper_ = std::make_unique<stepper>();
    for (Eigen::VectorXd* one : {&new_state_, &new_rate_, &error_, interior_, interior_ + 1}) {
      one->resize(state.size());
    }
    control_.resize(state.size(), 6);
  }
  stepper_->impl.do_step(
      [&](const Eigen::VectorXd& y, Eigen::VectorXd& dydt, double /*t*/) { field(y, dydt); }, state,
      rate, 0.0, new_state_, new_rate_, h, error_);
}

const Eigen::MatrixXd& dopri5::control_points(const Eigen::VectorXd& state,
                                              const Eigen::VectorXd& rate) {
  // Odeint's interpolant takes values; the two inner coefficients follow from its values at 1/3 and
  // 2/3.
  for (int i = 0; i < 2; ++i) {
    stepper_->impl.calc_state((i + 1) * h_ / 3.0, interior_[i], state, rate, 0.0, new_state_,
                              new_rate_, h_);
  }
  has_refined_ = false;
  control_.col(0) = state;
  control_.col(1) = state + (h_ / 5.0) * rate;
  control_.col(4) = new_state_ - (h_ / 5.0) * new_rate_;
  control_.col(5) = new_state_;
  static const quintic at_third = bernstein_weights(1.0 / 3.0);
  const auto inner = [&](const Eigen::VectorXd& value, double w0, double w1, double w4, double w5) {
    return value - w0 * control_.col(0) - w1 * control_.col(1) - w4 * control_.col(4) -
           w5 * control_.col(5);
  };
  interior_[0] = inner(interior_[0], at_third[0], at_third[1], at_third[4], at_third[5]).eval();
  interior_[1] = inner(interior_[1], at_third[5], at_third[4], at_third[1], at_third[0]).eval();
  // [ B2(1/3) B3(1/3); B3(1/3) B2(1/3) ] (b2, b3) = interior.
  const double p = at_third[2];
  const double q = at_third[3];
  const double determinant = p * p - q * q;
  control_.col(2) = (p * interior_[0] - q * interior_[1]) / determinant;
  control_.col(3) = (p * interior_[1] - q * interior_[0]) / determinant;
  return control_;
}

const Eigen::MatrixXd& dopri5::refined_control_points(const system& field) {
  if (std::exchange(has_refined_, true)) return refined_;
  Eigen::VectorXd slope[2] = {Eigen::VectorXd(control_.rows()), Eigen::VectorXd(control_.rows())};
  for (int i = 0; i < 2; ++i) {
    interior_[i] = control_ * bernstein_weights((i + 1) / 3.0);
    field(interior_[i], slope[i]);
  }
  // The derivative is a quartic with Bernstein coefficients c_0 ... c_4, whose weights at 1/3 are
  // (16, 32, 24, 8, 1)/81 and whose mean over the step is the sum of them over 5.
  const Eigen::VectorXd first = 5.0 * (control_.col(1) - control_.col(0));
  const Eigen::VectorXd last = 5.0 * (control_.col(5) - control_.col(4));
  const Eigen::VectorXd inner = 5.0 * (control_.col(5) - control_.col(0)) - first - last;
  const Eigen::VectorXd early = 81.0 * h_ * slope[0] - 16.0 * first - last;
  const Eigen::VectorXd late = 81.0 * h_ * slope[1] - first - 16.0 * last;
  const Eigen::VectorXd middle = (early + late - 40.0 * inner) / 8.0;
  const Eigen::VectorXd sum = inner - middle;                // c_1 + c_3
  const Eigen::VectorXd difference = (early - late) / 24.0;  // c_1 - c_3
  refined_ = control_;
  refined_.col(2) = control_.col(1) + (sum + difference) / 10.0;
  refined_.col(3) = control_.col(4) - (sum - difference) / 10.0;
  return refined_;
}

}  // namespace reluflow::detail
