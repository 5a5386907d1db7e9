#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/prediction.hpp"
#include "reluflow/trajectory.hpp"

#include <vector>

/// The closed forms of all papers together: what `reluflow predict` prints and predictions.csv
/// holds.
namespace reluflow {

/// Every closed form on this problem, also those that do not apply, with the reasons.
/// @param t_end  time up to which bounds that depend on time are given
/// @throws invalid_input when dimensions disagree or no neuron has w != 0
[[nodiscard]] std::vector<prediction> all_predictions(const dataset& data, const network& net,
                                                      double t_end);

/// Each of them beside what the run shows. The run has to watch `all_stopping_times`
/// (orthogonal_run.hpp) and to keep its states.
/// @throws invalid_input when dimensions disagree
[[nodiscard]] std::vector<comparison> compare_all(const dataset& data, const trajectory& run);

}  // namespace reluflow
