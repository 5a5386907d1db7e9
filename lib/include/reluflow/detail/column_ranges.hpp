#pragma once

#include <Eigen/Core>

#include <vector>

namespace reluflow::detail {

/// Where the columns of a matrix are not zero: from the first to the last such row. Products with a
/// column need no more than that, which makes inputs on axes cheap in any dimension. Methods that
/// take the matrix itself mean the one that the ranges were made of.
class column_ranges {
 public:
  using index = Eigen::Index;

  column_ranges() = default;
  explicit column_ranges(const Eigen::MatrixXd& matrix);

  /// The first row of a column that is not zero.
  [[nodiscard]] index first(index column) const noexcept {
    return first_[static_cast<std::size_t>(column)];
  }
  /// How many rows there are from it to the last one that is not zero; 0 for a column of zeros.
  [[nodiscard]] index size(index column) const noexcept {
    return size_[static_cast<std::size_t>(column)];
  }
  /// True when column after column is cheaper than kernels that run over all rows of all columns.
  [[nodiscard]] bool narrow() const noexcept { return narrow_; }
  /// True when two columns have a row in common in which neither need be zero.
  [[nodiscard]] bool meet(index one, index other) const noexcept {
    return first(one) < first(other) + size(other) && first(other) < first(one) + size(one);
  }

  /// The part of a vector (rows of the matrix) in the range of a column.
  template <class Vector>
  [[nodiscard]] auto part(index column, const Vector& vector) const {
    return vector.segment(first(column), size(column));
  }
  /// <matrix.col(column), vector>
  template <class Vector>
  [[nodiscard]] double dot(const Eigen::MatrixXd& matrix, index column,
                           const Vector& vector) const {
    return part(column, matrix.col(column)).dot(part(column, vector));
  }

 private:
  std::vector<index> first_;
  std::vector<index> size_;
  bool narrow_ = false;
};

}  // namespace reluflow::detail
