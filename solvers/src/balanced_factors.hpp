#pragma once

#include <Eigen/Core>

namespace reluflow::detail {

/// Vectors z_1, ..., z_r as columns, r <= d + 1, with sum of z_i z_i^T = M and |a| = |w| in every
/// z = (a, w). They exist for every positive semidefinite M, (d + 1) x (d + 1), with
/// M_00 = M_11 + ... + M_dd: a sum over balanced neurons (Sturm and Zhang, On cones of nonnegative
/// quadratic functions, Math. Oper. Res. 28 (2003), Prop. 3).
/// @param sign  of every a: +1 or -1
[[nodiscard]] Eigen::MatrixXd balanced_factors(const Eigen::MatrixXd& moments, double sign);

}  // namespace reluflow::detail
