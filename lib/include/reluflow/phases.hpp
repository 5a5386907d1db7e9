#pragma once

#include "reluflow/trajectory.hpp"

#include <string>
#include <vector>

namespace reluflow {

/// A stretch of a run with a name, t_begin < t_end.
struct phase {
  std::string name;      ///< e.g. "growth"
  double t_begin = 0.0;  ///< begin
  double t_end = 0.0;    ///< end
};

/// Cuts a run into phases at its stopping times; needs those of `usual_stopping_times`.
///
///     record.stopping_times = usual_stopping_times(data, start);
///     const trajectory run = integrate(data, start, flow, record);
///     for (const phase& one : phases_of(run)) show(one.name, one.t_begin, one.t_end);
///
/// The loss either rests on a plateau or falls. The phases follow each other without a gap from 0
/// to `trajectory::t`; those that do not exist are absent:
/// - "alignment": the first plateau, until the last sign of neurons is aligned (all of it if none
/// is)
/// - "growth": the rest of the first plateau; neurons grow while nothing is to be seen of it
/// - "fit +", "fit -", "fit": the loss falls, and the residuals of the labels with that sign, or of
///   both, pass one half; "descent" where they do not
/// - "saddle": a plateau that the run leaves again
/// - "rest": a plateau on which it ends
/// On two orthogonal points these are the phases of paper A (Lemmas 2-5): alignment and growth are
/// the first, then fit +, saddle and fit -.
/// @returns nothing for a run that watched no plateau
[[nodiscard]] std::vector<phase> phases_of(const trajectory& run);

}  // namespace reluflow
