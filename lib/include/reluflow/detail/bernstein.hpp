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

/// Bernstein coefficients (one quintic a row) of the interpolants through values at 0, 1/5, ..., 1
/// (rows x 6).
[[nodiscard]] inline Eigen::MatrixXd bernstein_from_values(const Eigen::MatrixXd& values) {
  static const Eigen::Matrix<double, 6, 6> inverse = [] {
    Eigen::Matrix<double, 6, 6> weights;
    for (int i = 0; i < 6; ++i) weights.col(i) = bernstein_weights(i / 5.0);
    return Eigen::Matrix<double, 6, 6>(weights.inverse());
  }();
  return values * inverse;
}

}  // namespace reluflow
