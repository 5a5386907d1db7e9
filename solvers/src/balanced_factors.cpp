#include "balanced_factors.hpp"

#include <Eigen/Eigenvalues>

#include <cmath>

namespace reluflow::detail {
namespace {

/// Factors shorter than this, relative to the longest, are rounding: eigenvalues are known to 1e-15
/// of the largest, factors are as long as their square roots.
constexpr double negligible = 1e-7;

/// <x, y> = x_0 y_0 - x_1 y_1 - ... - x_d y_d
template <class X, class Y>
double minkowski(const X& x, const Y& y) {
  return 2.0 * x[0] * y[0] - x.dot(y);
}

}  // namespace

Eigen::MatrixXd balanced_factors(const Eigen::MatrixXd& moments, double sign) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(moments);
  const Eigen::VectorXd lengths = spectrum.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  Eigen::Index least = 0;
  while (least + 1 < lengths.size() && lengths[least] <= negligible * lengths.maxCoeff()) ++least;
  const Eigen::Index rank = lengths.size() - least;
  Eigen::MatrixXd factors =
      spectrum.eigenvectors().rightCols(rank) * lengths.tail(rank).asDiagonal();

  // The forms of the factors add up to zero. Turning two of opposite sign in their plane leaves the
  // sum of their products as it is and brings the form of one of them to zero.
  Eigen::VectorXd forms(rank);
  for (Eigen::Index i = 0; i < rank; ++i) forms[i] = minkowski(factors.col(i), factors.col(i));
  for (Eigen::Index turns = 0; turns + 1 < rank; ++turns) {
    Eigen::Index i = 0;
    Eigen::Index j = 0;
    if (!(forms.maxCoeff(&i) > 0.0) || !(forms.minCoeff(&j) < 0.0)) break;
    const double mixed = minkowski(factors.col(i), factors.col(j));
    // forms_i + 2 mixed g + forms_j g^2 = 0, the root of smaller modulus
    const double root = std::sqrt(mixed * mixed - forms[i] * forms[j]);
    const double g = -forms[i] / (mixed + std::copysign(root, mixed));
    const double scale = 1.0 / std::sqrt(1.0 + g * g);
    const Eigen::VectorXd turned = scale * (factors.col(i) + g * factors.col(j));
    factors.col(j) = scale * (factors.col(j) - g * factors.col(i)).eval();
    factors.col(i) = turned;
    forms[j] = forms[i] + forms[j];
    forms[i] = 0.0;
  }
  for (Eigen::Index i = 0; i < rank; ++i) {
    if (factors(0, i) * sign < 0.0) factors.col(i) *= -1.0;
    factors(0, i) = sign * factors.col(i).tail(factors.rows() - 1).norm();
  }
  return factors;
}

}  // namespace reluflow::detail
