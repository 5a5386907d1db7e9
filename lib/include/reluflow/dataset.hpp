#pragma once

#include <Eigen/Core>

namespace reluflow {

/// Index of a neuron, a sample or a coordinate; counts from 0.
using index = Eigen::Index;

/// A regression problem with scalar labels: inputs X (d x n, column-major, one sample a column) and
/// labels y (n). Immutable once built.
class dataset {
 public:
  /// @param inputs  d x n with d >= 1 and n >= 1; finite; no zero column
  /// @param labels  n finite numbers
  /// @throws invalid_input when a shape, a NaN, an infinity or a zero-norm input is found
  dataset(Eigen::MatrixXd inputs, Eigen::VectorXd labels);

  /// X, one sample a column (d x n).
  [[nodiscard]] const Eigen::MatrixXd& inputs() const noexcept { return inputs_; }
  /// y (n).
  [[nodiscard]] const Eigen::VectorXd& labels() const noexcept { return labels_; }
  /// Euclidean norms |x_k| (n).
  [[nodiscard]] const Eigen::VectorXd& norms() const noexcept { return norms_; }
  /// d, the dimension of an input.
  [[nodiscard]] index dimension() const noexcept { return inputs_.rows(); }
  /// n, the number of samples.
  [[nodiscard]] index size() const noexcept { return inputs_.cols(); }

 private:
  Eigen::MatrixXd inputs_;
  Eigen::VectorXd labels_;
  Eigen::VectorXd norms_;
};

/// The samples with a last coordinate equal to 1, so that neurons have a bias. An input may be zero
/// here.
/// @param inputs  d x n; the data set has dimension d + 1
/// @throws invalid_input as the constructor of `dataset` does
[[nodiscard]] dataset with_bias(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& labels);

/// True when all inputs are pairwise orthogonal up to rounding: |<x_k, x_l>| <= tolerance
/// |x_k||x_l|.
[[nodiscard]] bool has_orthogonal_inputs(const dataset& data, double tolerance = 1e-12);

}  // namespace reluflow
