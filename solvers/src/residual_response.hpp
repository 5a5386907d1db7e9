#pragma once

#include "reluflow/detail/bernstein.hpp"
#include "reluflow/vector_field.hpp"

#include <Eigen/Core>

namespace reluflow::detail {

/// What becomes of a change of the residuals during a step once all neurons answer to it.
///
/// A change c(t) that some neurons bring about moves all others, and they the residuals: with
/// frozen modes the whole change u solves u + int K u dt = c, where K is the tangent kernel
/// (docs/asynchronous.md, step 5). Following the neurons against r + c instead of r + u
/// again and again also ends at u, but in many rounds where the step is long against 1/|K|.
class residual_response {
 public:
  /// @param field  is referred to
  explicit residual_response(const vector_field& field) : field_(&field) {}

  /// u, by GMRES, to a small fraction of its size.
  /// @param state   at which K is taken
  /// @param modes   that are held
  /// @param change  c as Bernstein coefficients of the fraction of the step (n x 6)
  /// @param h       length of the step
  [[nodiscard]] Eigen::MatrixXd solve(const Eigen::VectorXd& state, const flow_modes& modes,
                                      const Eigen::MatrixXd& change, double h);

 private:
  void apply_kernel(const Eigen::VectorXd& state, const flow_modes& modes,
                    const Eigen::MatrixXd& change);

  const vector_field* field_;
  // For 3 times in the step:
  Eigen::MatrixXd answer_;   // n x 3: K times a change
  Eigen::MatrixXd pulls_;    // 3 d x n
  Eigen::MatrixXd forces_;   // 3 d x m: D_j, then what it does to a_j w_j
  Eigen::MatrixXd sums_;     // 3 d x n
  Eigen::MatrixXd outputs_;  // 3 x n
};

}  // namespace reluflow::detail
