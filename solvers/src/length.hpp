#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace reluflow::detail {

/// Euclidean norm of a vector of any size: squares of numbers below 1e-154 would vanish.
template <class Vector>
[[nodiscard]] double length(const Eigen::MatrixBase<Vector>& v) {
  const double square = v.squaredNorm();
  if (square > 1e-280 && square < 1e280) return std::sqrt(square);
  return square == 0.0 && v.isZero(0.0) ? 0.0 : v.stableNorm();
}

/// The largest length of the columns of a matrix; 0 when it has none.
template <class Matrix>
[[nodiscard]] double longest_column(const Eigen::MatrixBase<Matrix>& columns) {
  double longest = 0.0;
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    longest = std::max(longest, length(columns.col(i)));
  }
  return longest;
}

}  // namespace reluflow::detail
