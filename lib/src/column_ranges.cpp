#include "reluflow/detail/column_ranges.hpp"

#include <numeric>

namespace reluflow::detail {
namespace {

/// Kernels over whole columns take about a quarter of an addition for each number, columns one by
/// one about two.
constexpr Eigen::Index kernel_advantage = 8;

}  // namespace

column_ranges::column_ranges(const Eigen::MatrixXd& matrix) {
  first_.reserve(static_cast<std::size_t>(matrix.cols()));
  size_.reserve(static_cast<std::size_t>(matrix.cols()));
  for (index k = 0; k < matrix.cols(); ++k) {
    index first = 0;
    index end = matrix.rows();
    while (first < end && matrix(first, k) == 0.0) ++first;
    while (end > first && matrix(end - 1, k) == 0.0) --end;
    first_.push_back(first);
    size_.push_back(end - first);
  }
  narrow_ =
      kernel_advantage * std::accumulate(size_.begin(), size_.end(), index{0}) <= matrix.size();
}

}  // namespace reluflow::detail
