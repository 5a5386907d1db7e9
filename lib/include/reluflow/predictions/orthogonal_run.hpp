#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/predictions/prediction.hpp"
#include "reluflow/stopping_time.hpp"
#include "reluflow/trajectory.hpp"

#include <vector>

/// Paper A's predictions held against a run.
namespace reluflow {

/// The stopping times of paper A on this problem; those that do not exist are absent, and there is
/// none when the inputs are not pairwise orthogonal.
/// - T_+, T_-: half-fit times of the positive and the negative labels, sum |w_j|^2 over the first
///   cluster reaches |v|/2 (theory.md A7)
/// - t_+1, t_-1: ends of the first phase of the fast and of the slow group, the paper's + and -
///   (A8); t_1: the later of them
/// - t_2, t_3: the paper's eqs. (17) and (23) to the letter (A10); orthonormal inputs and an
///   initialisation small enough for a positive threshold
/// - saddle_begin, saddle_middle, saddle_end: the visit to the saddle (A11), and midway between the
///   predicted half-fit times
/// @throws invalid_input as orthogonal_predictions does
[[nodiscard]] std::vector<stopping_time> orthogonal_stopping_times(
    const dataset& data, const network& net, const orthogonal_options& options = {});

/// All that a run has to watch for phases.csv and predictions.csv: usual_stopping_times, then
/// orthogonal_stopping_times; none when all neurons are zero.
[[nodiscard]] std::vector<stopping_time> all_stopping_times(const dataset& data, const network& net,
                                                            const orthogonal_options& options = {});

/// orthogonal_predictions of the run's initial network, each beside what the run shows of it: the
/// rows of predictions.csv. What was not reached, not watched or not recorded stays empty. The run
/// has to watch `all_stopping_times` and to keep its states. No rows when all neurons are zero.
///
///     record.stopping_times = all_stopping_times(data, start);
///     const trajectory run = integrate(data, start, flow, record);
///     for (const comparison& row : compare_orthogonal(data, run)) print(row);
///
/// @param options  those that were given to `all_stopping_times`
/// @throws invalid_input as orthogonal_predictions does
[[nodiscard]] std::vector<comparison> compare_orthogonal(const dataset& data, const trajectory& run,
                                                         const orthogonal_options& options = {});

}  // namespace reluflow
