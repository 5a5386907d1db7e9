#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/trajectory.hpp"

namespace reluflow {

/// Options of plain gradient descent.
struct gradient_descent_options {
  double step = 1e-3;  ///< > 0: step size h in the time of the flow
  double t_end = 1.0;  ///< > 0, finite: steps are taken until this time

  /// @throws invalid_input that names the option
  void validate() const;
};

/// Plain gradient descent with relu'(0) = 0: what one runs in practice, the explicit Euler method
/// of the flow, and a second solver that shares nothing with `integrate` but the problem. Its
/// distance to the flow, sliding included, falls in proportion to the step (theory.md 4.6).
///
/// A step is w_j += h a_j D_j, a_j += h <D_j, w_j> with D_j = (1/n) sum r_k [<w_j, x_k> > 0] x_k;
/// in the terms of the loss, theta -= (h / alpha) grad L. The step is made a little smaller where
/// needed, so that a whole number of them ends at t_end; states at recorded times between two steps
/// are interpolated linearly. Everything is in the Cartesian chart.
///
/// In the result `switches` and `slides` are empty, because nothing is located: a pair's mode is
/// the sign of z at that step, and a sliding pair shows as one that flips from step to step.
/// `pattern_at` therefore knows only the initial pattern. `dissipated` and `mu_mean` are sums over
/// steps, of first order too.
///
/// Endings: reached_end, not_finite (a step that is too large), interrupted. `observers::on_step`
/// is called once every 256 steps.
///
/// @throws invalid_input for options out of range, stopping times (only `integrate` watches them),
///         shapes that disagree, and a balanced network so small that its weights leave the normal
///         doubles: log norms below -708 want `integrate`
[[nodiscard]] trajectory descend(const dataset& data, const network& initial,
                                 const gradient_descent_options& options,
                                 const record_options& record = {},
                                 const observers& callbacks = {});

}  // namespace reluflow
