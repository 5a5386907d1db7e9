#pragma once

#include "reluflow/vector_field.hpp"

#include <Eigen/Core>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// Estimates the error of the loss at the end of a run from the errors of its steps
/// (docs/verify.md).
///
/// An error along the flow is a delay: the flow goes on as before, a little later or earlier. One
/// across it is stretched at most as much as the flow stretches its own direction, wherever that is
/// the direction that grows most or shrinks least, and then it counts as the delay of its length.
/// Neurons are looked at one by one and relative to their own size, because a tiny one may be the
/// next to grow. The sum of the delays, times -L'(T), estimates the error of L(T).
class loss_error {
 public:
  /// Takes one step into account.
  /// @param state   at the start of the step, with its rate
  /// @param error   of the step, coordinate by coordinate
  /// @param undone  error that `error` does not know of, relative to a neuron's size
  void add(const vector_field& field, const Eigen::VectorXd& state, const Eigen::VectorXd& rate,
           const Eigen::VectorXd& error, double undone, double step);

  /// Never negative.
  /// @param rate      -L' at the end of the run
  /// @param rounding  of the loss itself
  [[nodiscard]] double at(double rate, double rounding) const { return rate * delay_ + rounding; }

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(delay_);
  }

  double delay_ = 0.0;  // the sum of the delays of all steps, in time
};

}  // namespace reluflow::detail
