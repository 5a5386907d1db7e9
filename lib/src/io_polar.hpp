#pragma once

#include "reluflow/network.hpp"

namespace reluflow::detail {

/// A network as network.csv and trajectory.npz hold it.
struct polar_neurons {
  Eigen::VectorXd signs;           ///< m
  Eigen::VectorXd log_norms;       ///< m, ln|w_j|; -infinity where w_j = 0
  Eigen::VectorXd output_weights;  ///< m, a_j; zero where it underflows
  Eigen::MatrixXd directions;      ///< d x m
};

[[nodiscard]] polar_neurons to_polar(const network& net);

/// The network: balanced when |a_j| = exp(log_norm_j) to rounding, or both underflow, for every j.
/// @throws invalid_input as the factories of network do
[[nodiscard]] network from_polar(polar_neurons neurons, double output_scale);

}  // namespace reluflow::detail
