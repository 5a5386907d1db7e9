#include "extreme_eigenvalues.hpp"

#include <Eigen/Eigenvalues>
#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <cmath>

namespace reluflow::detail {
namespace {

/// The product in the form that Spectra asks for, with `shift` times the identity: Spectra begins
/// in the range of the matrix, and would miss an eigenvalue of zero.
class operation {
 public:
  using Scalar = double;

  operation(index size, const symmetric_product& product, double shift)
      : size_(size), product_(&product), shift_(shift), in_(size), out_(size) {}

  [[nodiscard]] index rows() const { return size_; }
  [[nodiscard]] index cols() const { return size_; }
  void perform_op(const double* in, double* out) const {
    in_ = Eigen::Map<const Eigen::VectorXd>(in, size_);
    (*product_)(in_, out_);
    Eigen::Map<Eigen::VectorXd>(out, size_) = out_ + shift_ * in_;
  }

 private:
  index size_;
  const symmetric_product* product_;
  double shift_;
  mutable Eigen::VectorXd in_;
  mutable Eigen::VectorXd out_;
};

/// Of the order of the eigenvalues: what the product does to a vector.
double size_of(index size, const symmetric_product& product) {
  Eigen::VectorXd image(size);
  product(Eigen::VectorXd::Constant(size, 1.0 / std::sqrt(static_cast<double>(size))), image);
  return image.norm();
}

Eigen::MatrixXd matrix_of(index size, const symmetric_product& product) {
  Eigen::MatrixXd matrix(size, size);
  Eigen::VectorXd column(size);
  for (index k = 0; k < size; ++k) {
    product(Eigen::VectorXd::Unit(size, k), column);
    matrix.col(k) = column;
  }
  return matrix;
}

}  // namespace

eigenvalue_range extreme_eigenvalues(const Eigen::MatrixXd& symmetric) {
  const Eigen::VectorXd values =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric, Eigen::EigenvaluesOnly)
          .eigenvalues();
  return {values[0], values[values.size() - 1]};
}

eigenvalue_range extreme_eigenvalues(index size, const symmetric_product& product) {
  constexpr double accuracy = 1e-10;
  constexpr index restarts = 300;
  const double shift = size_of(size, product);
  for (const index basis : {index{40}, index{160}}) {
    operation op(size, product, shift);
    Spectra::SymEigsSolver<operation> solver(op, 2, std::min(basis, size));
    solver.init();
    if (solver.compute(Spectra::SortRule::BothEnds, restarts, accuracy) == 2) {
      const Eigen::VectorXd values = solver.eigenvalues();
      return {values.minCoeff() - shift, values.maxCoeff() - shift};
    }
  }
  return extreme_eigenvalues(matrix_of(size, product));
}

}  // namespace reluflow::detail
