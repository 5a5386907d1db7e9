#pragma once

#include <Eigen/Core>

#include <cmath>
#include <numbers>

namespace reluflow::detail {

/// A matrix function on [0, 1] as a Chebyshev series of fixed degree. Of exp(A x) it misses about
/// 2 (|A|/4)^16 / 16!: 1e-13 for |A| = 4.
class chebyshev_series {
 public:
  /// Samples `function(x)`, a matrix of always the same size.
  template <class Function>
  void sample(const Function& function) {
    Eigen::MatrixXd values;
    for (int i = 0; i < terms; ++i) {
      const Eigen::MatrixXd value = function(0.5 + 0.5 * std::cos(angle(i)));
      if (i == 0) {
        rows_ = value.rows();
        values.resize(value.size(), terms);
      }
      values.col(i) = value.reshaped();
    }
    coefficients_.noalias() = values * transform();
  }

  /// Its integral from 0 to x.
  [[nodiscard]] chebyshev_series integral() const {
    chebyshev_series result;
    result.rows_ = rows_;
    result.coefficients_.setZero(coefficients_.rows(), terms);
    // The integral of T_k is T_(k+1) / (2 (k+1)) - T_(k-1) / (2 (k-1)); half of it on [0, 1].
    for (int k = 1; k < terms; ++k) {
      result.coefficients_.col(k) = coefficients_.col(k - 1) * ((k == 1 ? 2.0 : 1.0) / (4.0 * k));
      if (k + 1 < terms) result.coefficients_.col(k) -= coefficients_.col(k + 1) / (4.0 * k);
    }
    for (int k = 1; k < terms; ++k) {
      result.coefficients_.col(0) -= (k % 2 == 0 ? 1.0 : -1.0) * result.coefficients_.col(k);
    }
    return result;
  }

  static constexpr int terms = 16;
  using polynomials = Eigen::Matrix<double, terms, 1>;

  /// The Chebyshev polynomials of [0, 1] at x.
  static polynomials at(double x) {
    polynomials result;
    result[0] = 1.0;
    result[1] = 2.0 * x - 1.0;
    for (int k = 2; k < terms; ++k) {
      result[k] = 2.0 * result[1] * result[k - 1] - result[k - 2];
    }
    return result;
  }

  /// The function where the polynomials are these (rows x columns), into `value`.
  void evaluate(const polynomials& there, Eigen::MatrixXd& value) const {
    value.resize(rows_, coefficients_.rows() / rows_);
    value.reshaped().noalias() = coefficients_.lazyProduct(there);
  }

 private:
  static double angle(int node) { return std::numbers::pi * (node + 0.5) / terms; }
  /// From values at the nodes to coefficients.
  static const Eigen::Matrix<double, terms, terms>& transform() {
    static const Eigen::Matrix<double, terms, terms> matrix = [] {
      Eigen::Matrix<double, terms, terms> result;
      for (int i = 0; i < terms; ++i) {
        for (int k = 0; k < terms; ++k) {
          result(i, k) = (k == 0 ? 1.0 : 2.0) / terms * std::cos(k * angle(i));
        }
      }
      return result;
    }();
    return matrix;
  }

  Eigen::MatrixXd coefficients_;  // entries column by column, x terms
  Eigen::Index rows_ = 0;
};

}  // namespace reluflow::detail
