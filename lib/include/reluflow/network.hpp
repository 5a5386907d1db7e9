#pragma once

#include "reluflow/dataset.hpp"

#include <Eigen/Core>

namespace cereal {
class access;
}

namespace reluflow {

/// One-hidden-layer ReLU network h(x) = alpha * sum_j a_j relu(<w_j, x>) with m neurons in
/// dimension d.
///
/// A network is *balanced* when |a_j| = |w_j| for every j. It is kept as (s_j, ln|w_j|, w_j/|w_j|),
/// so weights far below the smallest double cost no digits: a_j = s_j |w_j| is implied by the sign
/// and is never formed, and ln|w_j| may be anything (-1e5 is fine). Other networks are kept as
/// (a_j, w_j).
class network {
 public:
  /// No neurons.
  network() = default;

  /// Balanced neurons of any size.
  /// @param signs       m entries, each +1 or -1
  /// @param log_norms   m finite numbers, ln|w_j|
  /// @param directions  d x m, column-major, one neuron a column; normalised here; no zero column
  /// @throws invalid_input when shapes disagree or a value is out of its range
  [[nodiscard]] static network balanced(const Eigen::VectorXd& signs, Eigen::VectorXd log_norms,
                                        Eigen::MatrixXd directions, double output_scale = 1.0);

  /// Neurons by their weights; any a_j and w_j, also zero.
  /// @param output_weights  m finite numbers a_j
  /// @param weights         d x m, column-major, one w_j a column
  /// @throws invalid_input when shapes disagree or a value is not finite
  [[nodiscard]] static network cartesian(Eigen::VectorXd output_weights,
                                         const Eigen::MatrixXd& weights, double output_scale = 1.0);

  /// m, the number of neurons.
  [[nodiscard]] index width() const noexcept { return directions_.cols(); }
  /// d, the dimension of an input.
  [[nodiscard]] index dimension() const noexcept { return directions_.rows(); }
  /// alpha: 1 (papers A, C) or 1/m (paper B).
  [[nodiscard]] double output_scale() const noexcept { return output_scale_; }
  /// True when |a_j| = |w_j| in every neuron by construction.
  [[nodiscard]] bool is_balanced() const noexcept { return balanced_; }

  /// s_j = sign(a_j): +1, -1, or 0 where a_j = 0.
  [[nodiscard]] const Eigen::VectorXd& signs() const noexcept { return signs_; }
  /// ln|w_j|; -infinity where w_j = 0.
  [[nodiscard]] const Eigen::VectorXd& log_norms() const noexcept { return log_norms_; }
  /// d x m unit columns w_j/|w_j|; a zero column where w_j = 0.
  [[nodiscard]] const Eigen::MatrixXd& directions() const noexcept { return directions_; }
  /// a_j as doubles; zero where a balanced neuron underflows.
  [[nodiscard]] Eigen::VectorXd output_weights() const;
  /// w_j as doubles (d x m); zero where a neuron underflows.
  [[nodiscard]] Eigen::MatrixXd weights() const;
  /// The conserved quantities c_j = a_j^2 - |w_j|^2 (m); exactly zero for a balanced network.
  [[nodiscard]] Eigen::VectorXd invariants() const;

  /// h at every sample of `data` (n).
  [[nodiscard]] Eigen::VectorXd operator()(const dataset& data) const;
  /// h at the columns of `inputs` (d x any).
  [[nodiscard]] Eigen::VectorXd operator()(const Eigen::MatrixXd& inputs) const;

 private:
  friend class cereal::access;
  /// All members, for exact copies in checkpoints.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(signs_, log_norms_, directions_, output_weights_, weights_, output_scale_, balanced_);
  }

  Eigen::VectorXd signs_;
  Eigen::VectorXd log_norms_;
  Eigen::MatrixXd directions_;
  Eigen::VectorXd output_weights_;  // empty when balanced
  Eigen::MatrixXd weights_;         // as given; empty when balanced
  double output_scale_ = 1.0;
  bool balanced_ = true;
};

/// r_k = y_k - h(x_k) (n).
[[nodiscard]] Eigen::VectorXd residuals(const dataset& data, const network& net);
/// L = 1/(2n) sum_k r_k^2.
[[nodiscard]] double loss(const dataset& data, const network& net);

}  // namespace reluflow
