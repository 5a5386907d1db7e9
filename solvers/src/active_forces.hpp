#pragma once

#include "reluflow/vector_field.hpp"

#include <Eigen/Core>

namespace reluflow::detail {

/// Neurons above which one pass over the pattern is cheaper than one neuron at a time.
constexpr index worth_a_pass = 16;

/// D_j of every neuron, before sliding is projected out, for several vectors of residuals at once:
/// one pass over the pattern.
/// @param residuals  n x c
/// @param pulls      scratch
/// @param forces     c d x m, resized; column j holds the c forces on neuron j, one below the other
inline void active_forces(const vector_field& field, const activation_pattern& pattern,
                          const Eigen::MatrixXd& residuals, Eigen::MatrixXd& pulls,
                          Eigen::MatrixXd& forces) {
  field.products().forces(pattern, residuals, pulls, forces);
}

}  // namespace reluflow::detail
