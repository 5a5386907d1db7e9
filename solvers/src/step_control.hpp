#pragma once

#include "reluflow/vector_field.hpp"

#include <Eigen/Core>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// Measures the error of a step in units of the tolerance; a step is good when `!(error > 1)` fails
/// to hold for no part. See docs/integrator.md, "The error of a step".
class error_norm {
 public:
  error_norm(const vector_field& field, const Eigen::VectorXd& initial_state, double rtol,
             double atol);

  /// The largest of: the error of each neuron relative to its own size, the error of the residuals
  /// relative to max|y|, and the error of all parameters relative to how far the step moved them.
  /// Not finite when the step is not.
  [[nodiscard]] double operator()(const Eigen::VectorXd& state, const Eigen::VectorXd& new_state,
                                  const Eigen::VectorXd& error,
                                  const Eigen::VectorXd& residual_error) const;

 private:
  const vector_field* field_;
  double rtol_;
  double displacement_rtol_;
  double label_scale_;
  Eigen::VectorXd absolute_;  // Cartesian chart: atol times the initial size of each neuron
};

/// Proportional-integral step size control (Gustafsson; Hairer, Norsett, Wanner II.4).
class step_controller {
 public:
  /// Factor for the next step after an accepted one of this error.
  double accept(double error);
  /// Factor for the next trial after a rejected one of this error; `error` may be NaN.
  double reject(double error);

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(last_error_, rejected_);
  }

  double last_error_ = 1e-4;
  bool rejected_ = false;
};

}  // namespace reluflow::detail
