#pragma once

#include "reluflow/curvature.hpp"

#include <functional>

namespace reluflow::detail {

/// result = A v for a symmetric A.
using symmetric_product = std::function<void(const Eigen::VectorXd& v, Eigen::VectorXd& result)>;

/// By a full decomposition: O(n^3).
[[nodiscard]] eigenvalue_range extreme_eigenvalues(const Eigen::MatrixXd& symmetric);

/// By Lanczos iterations, to 1e-10 of the largest modulus; a decomposition where they do not
/// converge.
/// @param size  n >= 2
[[nodiscard]] eigenvalue_range extreme_eigenvalues(index size, const symmetric_product& product);

}  // namespace reluflow::detail
