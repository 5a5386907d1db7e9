#include "extreme_eigenvalues.hpp"

#include <Eigen/Eigenvalues>
#include <Spectra/SymEigsSolver.h>

#include <algorithm>

namespace reluflow::detail {
namespace {

/// The product in the form that Spectra asks for.
class operation {
 public:
  using Scalar = double;

  operation(index size, const symmetric_product& product)
      : size_(size), product_(&product), in_(size), out_(size) {}

  [[nodiscard]] index rows() const { return size_; }
  [[nodiscard]] index cols() const { return size_; }
  void perform_op(const double* in, double* out) const {
    in_ = Eigen::Map<const Eigen::VectorXd>(in, size_);
    (*product_)(in_, out_);
    Eigen::Map<Eigen::VectorXd>(out, size_) = out_;
  }

 private:
  index size_;
  const symmetric_product* product_;
  mutable Eigen::VectorXd in_;
  mutable Eigen::VectorXd out_;
};

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
  for (const index basis : {index{40}, index{160}}) {
    operation op(size, product);
    Spectra::SymEigsSolver<operation> solver(op, 2, std::min(basis, size));
    solver.init();
    if (solver.compute(Spectra::SortRule::BothEnds, restarts, accuracy) == 2) {
      const Eigen::VectorXd values = solver.eigenvalues();
      return {values.minCoeff(), values.maxCoeff()};
    }
  }
  return extreme_eigenvalues(matrix_of(size, product));
}

}  // namespace reluflow::detail
