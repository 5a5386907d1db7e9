#pragma once

#include "reluflow/trajectory.hpp"

#include <cstdint>

namespace reluflow {

/// What is allowed to two runs that are said to agree.
struct agreement_bounds {
  double loss = 0.0;  ///< of the differences of the loss
  double switch_time =
      0.0;  ///< of differences in times of switches that their errors do not explain

  /// For runs to `t_end` of which the coarser has the tolerance `rtol`: 10 rtol in the loss,
  /// 1000 rtol max(1, t_end) in the times of switches, because a surface may be met slowly.
  /// An rtol below 1e-12 counts as 1e-12: then rounding rules.
  [[nodiscard]] static agreement_bounds at(double rtol, double t_end) noexcept;
};

/// How far two runs of one problem agree.
///
///     const trajectory one = integrate(data, start, flow, record);
///     const agreement_bounds bounds = agreement_bounds::at(flow.rtol, flow.t_end);
///     flow.rtol /= 10.0;
///     const bool good = compare(one, integrate(data, start, flow, record)).within(bounds);
struct agreement {
  /// Times that differ by no more than so many t_error + t_error' of their switches agree.
  static constexpr double allowed_errors = 10.0;

  double loss_curve = 0.0;   ///< largest |L - L'| over the recorded times that both have, over L(0)
  double final_loss = 0.0;   ///< |L - L'| at the end, over L(0)
  std::int64_t matched = 0;  ///< switches that both runs have, pair by pair and in order
  std::int64_t missed = 0;   ///< certain switches of one run that the other does not have
  double switch_time = 0.0;  ///< largest |t - t'| of those that match and are certain in both runs
  /// The largest of the same in units of t_error + t_error', where these are known; else 0.
  double switch_errors = 0.0;
  /// The largest |t - t'| of those that differ by more than `allowed_errors` of these units, or of
  /// which no error is known.
  double unexplained_time = 0.0;
  bool same_outcome = true;  ///< both ended in the same way

  /// True when every figure is within its bound; a NaN is not. Times of switches are where each
  /// differs by no more than the bound or than its errors explain.
  [[nodiscard]] bool within(const agreement_bounds& bounds) const noexcept;
};

/// The time from which on the gradient stays a thousand times below its largest recorded value, or
/// the end of the run. What switches later does so slowly or on rounding, and has no time of its
/// own.
[[nodiscard]] double end_of_meaning(const trajectory& run);

/// Compares two runs of one problem that record the same times. Switches count up to the earlier
/// `end_of_meaning`. Those of one pair are held against each other in order of time, so that as few
/// as possible of the certain ones have no partner with the same modes; the others need none.
/// @throws invalid_input when the runs have another number of neurons or other recorded times
[[nodiscard]] agreement compare(const trajectory& one, const trajectory& other);

}  // namespace reluflow
