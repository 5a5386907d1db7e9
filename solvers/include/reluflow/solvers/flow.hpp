#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/trajectory.hpp"

#include <cstdint>
#include <functional>

namespace reluflow {

/// Where a run is, handed to `observers::on_step` after every accepted step.
struct progress {
  double t = 0.0;             ///< time reached
  double t_end = 0.0;         ///< end of the run
  double loss = 0.0;          ///< L at `t`
  std::int64_t steps = 0;     ///< accepted so far
  std::int64_t switches = 0;  ///< so far
};

/// Calls back from a running integration. Empty functions are not called.
struct observers {
  /// Return false to end the run as `outcome::interrupted`; what was computed is returned.
  std::function<bool(const progress&)> on_step;
  /// Every switch, in order of time, as soon as it is settled.
  std::function<void(const switch_event&)> on_switch;
};

/// Follows the gradient flow of the square loss from `initial` over [0, flow.t_end], locating every
/// activation switch and sliding along switching surfaces (docs/integrator.md).
///
///     const dataset data(inputs, labels);              // d x n, n
///     const network start = network::balanced(signs, log_norms, directions);
///     flow_options flow;
///     flow.t_end = 40.0;
///     const trajectory run = integrate(data, start, flow, {linear_times(40.0, 201)});
///
/// @throws invalid_input for options out of range or shapes that disagree; numerical endings are in
///         `trajectory::ending`
[[nodiscard]] trajectory integrate(const dataset& data, const network& initial,
                                   const flow_options& flow, const record_options& record = {},
                                   const observers& callbacks = {});

/// The same for a problem as read from a file.
[[nodiscard]] trajectory integrate(const problem& task, const observers& callbacks = {});

}  // namespace reluflow
