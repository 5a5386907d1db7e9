#pragma once

#include "reluflow/network.hpp"

namespace reluflow {

/// The leading principal components of hidden weights, uncentred: directions u that explain most of
/// the sum of |w_j|^2.
struct principal_components {
  /// d x count, orthonormal columns, the leading one first. Signs: sum_j s_j |<w_j, u>| <w_j, u> >=
  /// 0, so positive neurons look along u. A component that explains nothing is zero.
  Eigen::MatrixXd axes;
  /// Shares of the sum of |w_j|^2 (count), in [0, 1], decreasing; zero where all w_j are.
  Eigen::VectorXd shares;
};

/// @param count  >= 1; what exceeds min(d, m) is zero
/// @throws invalid_input when there is no neuron or `count` is out of range
[[nodiscard]] principal_components principal_components_of(const network& net, index count = 2);

}  // namespace reluflow
