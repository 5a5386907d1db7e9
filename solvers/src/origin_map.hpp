#pragma once

#include "alignment_path.hpp"

#include <Eigen/Core>

#include <vector>

namespace reluflow::detail {

/// What a neuron does that slides into w = 0 while residuals and a stand still: the limit of
/// gradient descent as its step h goes to zero. Near the origin w = h |a| u, and descent is the map
/// u -> u + sign(a) D(u) whatever h is. It is followed from a number of points beside the line on
/// which the neuron arrives, until the flow of directions leads away from the origin; what most of
/// them do is the answer (docs/origin.md).
/// @param beyond  unit vector against which the neuron arrives
/// @param held    the surfaces that hold it on its line
[[nodiscard]] path_end leave_origin(const alignment_fields& fields, double sign,
                                    const Eigen::VectorXd& beyond, const std::vector<index>& held);

}  // namespace reluflow::detail
