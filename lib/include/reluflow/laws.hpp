#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/trajectory.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace reluflow {

/// What one law of the flow says about one run.
///
/// The laws hold for the exact solution whatever the data and the initialisation, so they need no
/// reference to compare with: a run of one's own can be held against them.
///
///     const trajectory run = integrate(task);
///     for (const law_result& law : check_laws(task.data, run)) {
///       if (!law.holds) std::cerr << describe(law) << '\n';
///     }
struct law_result {
  std::string_view law;    ///< what was checked, in a few words
  bool holds = true;       ///< worst <= tolerance; a NaN does not hold
  double worst = 0.0;      ///< largest deviation, in the unit that the law's function states
  double tolerance = 0.0;  ///< what was allowed
  double t = 0.0;          ///< when the largest deviation was seen
  index neuron = -1;       ///< where; -1 when the law is about the whole network
  index sample = -1;       ///< where; -1 when the law is about the whole neuron
};

/// One line: the law, the largest deviation, where it was seen, and what is allowed.
[[nodiscard]] std::string describe(const law_result& result);

// Each law looks at the recorded rows or states and at the end of the run; record more to see more.
// Those that take states see only the end when `record_options::states` was false. The tolerances
// are for a run at the default rtol of 1e-9; a coarser run needs them larger in proportion.

/// The loss never rises. Unit: the rise of |r| between two rows relative to |r(0)|, because the
/// residuals are what the solver knows to its tolerance; where the loss has become tiny its
/// rounding is no rise.
[[nodiscard]] law_result loss_never_rises(const trajectory& run, double tolerance = 1e-9);

/// a_j^2 - |w_j|^2 is conserved for every neuron (theory.md A1; paper A Lemma 1). Unit: the change
/// relative to the larger of a_j^2 + |w_j|^2 at the start and at that time. Balanced networks have
/// the law built in and hold exactly.
[[nodiscard]] law_result invariants_conserved(const trajectory& run, double tolerance = 1e-10);

/// L(0) - L(T) = int alpha |theta'|^2 dt, through switches and slides alike (theory.md 4.3). Unit:
/// the difference relative to L(0).
/// @throws invalid_input when the data do not fit the run
[[nodiscard]] law_result energy_dissipated(const dataset& data, const trajectory& run,
                                           double tolerance = 1e-9);

/// L(t) = L(0) exp(-t mean mu) at every recorded row (paper B, Lemma 2; theory.md B1), where t mean
/// mu is integrated along the run from what the parameters dissipate. Unit: the difference relative
/// to sqrt(L(0) L(t)), which is more than L(t) and less than L(0): twice the difference in |r|
/// relative to |r(0)|, because the residuals are what the solver knows to its tolerance.
/// @throws invalid_input when the data do not fit the run
[[nodiscard]] law_result loss_follows_curvature(const dataset& data, const trajectory& run,
                                                double tolerance = 1e-9);

/// Every multiplier lies in [0, 1]: those noted at the ends of the slides, and those that hold the
/// neurons on their surfaces at the recorded states, solved anew. Unit: the force beyond the range,
/// relative to the force of the labels (1/n) sum_k |y_k| |x_k|; where the residuals vanish eta is
/// 0/0 and only the force has a meaning.
/// @throws invalid_input when the data do not fit the run
[[nodiscard]] law_result multipliers_in_range(const dataset& data, const trajectory& run,
                                              double tolerance = 1e-8);

/// Active pairs have z > 0, inactive ones z <= 0, sliding ones z = 0, at every recorded state.
/// Unit: <w_j, x_k> / (|w_j| |x_k|) on the wrong side, the sine of the angle to the surface. A
/// switch is located to the rounding of the time and a step's field leaves sliding pairs where they
/// are, so what remains is rounding and pairs whose approach is slower than the error of the force.
/// @throws invalid_input when the data do not fit the run
[[nodiscard]] law_result modes_agree_with_signs(const dataset& data, const trajectory& run,
                                                double tolerance = 1e-9);

/// A neuron that starts with |a_j| >= |w_j| > 0 keeps the sign of a_j (theory.md A1). Unit: the
/// size of an output weight of the wrong sign relative to |(a_j, w_j)|.
[[nodiscard]] law_result signs_kept(const trajectory& run, double tolerance = 0.0);

/// All of the above with their default tolerances.
[[nodiscard]] std::vector<law_result> check_laws(const dataset& data, const trajectory& run);

}  // namespace reluflow
