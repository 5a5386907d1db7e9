#pragma once

#include <Eigen/Core>

#include <functional>
#include <memory>

namespace reluflow::detail {

/// One step of the Dormand-Prince 5(4) pair with its dense output, on top of Odeint's stepper. Step
/// size control is elsewhere: this class only computes.
class dopri5 {
 public:
  using system = std::function<void(const Eigen::VectorXd& state, Eigen::VectorXd& rate)>;

  dopri5();
  ~dopri5();
  dopri5(const dopri5&) = delete;
  dopri5& operator=(const dopri5&) = delete;

  /// Steps from `state`, which may have another size than before, with derivative `rate` by `h`.
  /// Seven stages, of which six are evaluated; the last one is the derivative at the new state.
  void step(const system& field, const Eigen::VectorXd& state, const Eigen::VectorXd& rate,
            double h);

  [[nodiscard]] const Eigen::VectorXd& new_state() const { return new_state_; }
  [[nodiscard]] const Eigen::VectorXd& new_rate() const { return new_rate_; }
  /// Difference of the embedded solutions.
  [[nodiscard]] const Eigen::VectorXd& error() const { return error_; }

  /// Bernstein coefficients (coordinates x 6) of the interpolant of the last step, which started at
  /// `state` with `rate`: a quintic that matches values and derivatives at both ends, of local
  /// order 5.
  const Eigen::MatrixXd& control_points(const Eigen::VectorXd& state, const Eigen::VectorXd& rate);
  /// What `control_points` computed last.
  [[nodiscard]] const Eigen::MatrixXd& last_control_points() const { return control_; }
  /// Bernstein coefficients (coordinates x 6) of a better interpolant, of local order 6, for two
  /// more evaluations of the field: a quintic with the same values and derivatives at both ends
  /// that takes the derivatives at 1/3 and 2/3 of the step from the field at what `control_points`
  /// has there. Call that first. Kept until the next step: asking again costs nothing.
  const Eigen::MatrixXd& refined_control_points(const system& field);
  /// Length of the last step.
  [[nodiscard]] double last_step() const { return h_; }

 private:
  struct stepper;
  std::unique_ptr<stepper> stepper_;
  double h_ = 0.0;
  Eigen::VectorXd new_state_;
  Eigen::VectorXd new_rate_;
  Eigen::VectorXd error_;
  Eigen::VectorXd interior_[2];
  Eigen::MatrixXd control_;
  Eigen::MatrixXd refined_;
  bool has_refined_ = false;
};

}  // namespace reluflow::detail
