#pragma once

#include <Eigen/Core>
#include <Eigen/LU>

namespace reluflow {

/// A quintic on [0, 1] by its Bernstein coefficients.
using quintic = Eigen::Matrix<double, 6, 1>;

/// The six Bernstein basis polynomials of degree 5 at `x` in [0, 1].
[[nodiscard]] inline quintic bernstein_weights(double x) {
  const double y = 1.0 - x;
  const double x2 = x * x;
  const double y2 = y * y;
  quintic w;
  w << y2 * y2 * y, 5.0 * x * y2 * y2, 10.0 * x2 * y2 * y, 10.0 * x2 * x * y2, 5.0 * x2 * x2 * y,
      x2 * x2 * x;
  return w;
}

/// Right-multiplication of Bernstein coefficients (one quintic a row) by this restricts them from
/// [0, 1] to [a, b].
[[nodiscard]] inline Eigen::Matrix<double, 6, 6> bernstein_restriction(double a, double b) {
  // Coefficient i of the restriction is the blossom at 5 - i times a and i times b.
  Eigen::Matrix<double, 6, 6> result;
  for (int out = 0; out < 6; ++out) {
    Eigen::Matrix<double, 6, 6> column = Eigen::Matrix<double, 6, 6>::Identity();
    for (int level = 0; level < 5; ++level) {
      const double x = level < out ? b : a;
      for (int l = 0; l < 5 - level; ++l) {
        column.col(l) = ((1.0 - x) * column.col(l) + x * column.col(l + 1)).eval();
      }
    }
    result.col(out) = column.col(0);
  }
  return result;
}

/// Bernstein coefficients (one quintic a row) of the interpolants through values at 0, 1/5, ..., 1
/// (rows x 6).
[[nodiscard]] inline Eigen::MatrixXd bernstein_from_values(const Eigen::MatrixXd& values) {
  static const Eigen::Matrix<double, 6, 6> inverse = [] {
    Eigen::Matrix<double, 6, 6> weights;
    for (int i = 0; i < 6; ++i) weights.col(i) = bernstein_weights(i / 5.0);
    return Eigen::Matrix<double, 6, 6>(weights.inverse());
  }();
  // Differences first: values that hardly change are to keep close coefficients.
  const Eigen::VectorXd first = values.col(0);
  return ((values.colwise() - first) * inverse).colwise() + first;
}

}  // namespace reluflow
