#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/predictions/prediction.hpp"
#include "reluflow/trajectory.hpp"

#include <optional>
#include <vector>

/// The phases of paper A's proofs: bounds and stopping times that depend on a margin epsilon. They
/// hold for orthonormal inputs, balanced neurons and lambda below a threshold that the paper does
/// not give; orthogonal.hpp predicts the same times sharply.
///
/// "Fast" and "slow" are the groups with the larger and the smaller rate |D|; the paper calls them
/// + and -. Here r = |D_fast|/|D_slow| >= 1 whatever the signs. Every function that takes an
/// epsilon throws invalid_input unless it is finite and > 0, and when all labels are zero.
namespace reluflow::orthogonal {

/// The size of an initialisation: w_j(0) = lambda g_j.
struct initial_scale {
  double log_lambda = 0.0;  ///< ln lambda
  double log_c = 0.0;       ///< ln c, c = max_j |w_j(0)|/lambda
  double log_c_low = 0.0;   ///< ln of min_j |w_j(0)|/lambda; -infinity when a neuron has w = 0
};

/// @param log_lambda  finite; by default max_j ln|w_j(0)|, so that c = 1
/// @throws invalid_input when the network has no neuron with w != 0
[[nodiscard]] initial_scale scale_of(const network& net,
                                     std::optional<double> log_lambda = std::nullopt);

// --- A8: alignment ------------------------------------------------------------------------------

/// Bounds at the end of the first phase of one group (paper A, Lemmas 2, 7, 8, 9; theory.md A8).
struct first_phase {
  double end = 0.0;             ///< t_{+1} or t_{-1} = -epsilon ln(lambda)/|D|
  double log_norm_upper = 0.0;  ///< ln|w_j(t)| of every neuron, t <= end, is at most this
  double log_norm_lower = 0.0;  ///< ln|w_j(t)| of the first cluster, t <= end, is above this
  double deficit = 0.0;         ///< 1 - cosine of the first cluster to sign * D, at `end`, at most
};

/// @param group    the fast or the slow group of `groups`
[[nodiscard]] first_phase first_phase_bounds(const label_groups& groups, const label_group& group,
                                             const initial_scale& scale, double epsilon);

/// A lower bound of <w_j(t)/|w_j(t)|, sign * D> for a neuron of the first cluster and t <= end:
/// A tanh(A (t + t_0)), A^2 = |D|^2 - 4 m c^2 |D| lambda^(2(1 - epsilon)) (paper A, eq. (14)).
/// @param width    m
/// @param initial  the same product at t = 0, in [0, |D|]
/// @returns A when `initial` is above it; empty when A^2 <= 0: lambda is too large
/// @throws invalid_input when `initial` is out of range
[[nodiscard]] std::optional<double> alignment_lower_bound(const label_groups& groups,
                                                          const label_group& group, index width,
                                                          const initial_scale& scale,
                                                          double epsilon, double initial, double t);

/// Explicit conditions under which first_phase_bounds hold, each checked (theory.md A8), the time
/// of the last wrong-signed extinction included.
[[nodiscard]] std::vector<assumption> first_phase_conditions(
    const dataset& data, const network& net, const label_groups& groups, const label_group& group,
    const initial_scale& scale, double epsilon);

// --- A9: the margin -----------------------------------------------------------------------------

/// The largest epsilon that paper A, App. B.2 admits, with the missing 1/n^2 (theory.md A9); it
/// implies r epsilon < 1/3.
/// @returns empty when there is none: r = 1, or no label differs from zero
[[nodiscard]] std::optional<double> largest_epsilon(const dataset& data,
                                                    const label_groups& groups);

// --- A10: stopping times ------------------------------------------------------------------------

/// One of the paper's stopping times, as an "either ... or" of thresholds.
struct stopping_rule {
  double start = 0.0;              ///< earliest time: t_{+1} for t_2, t_{-1} for t_3
  double log_outside_norm = 0.0;   ///< fires when ln|w_j| of a neuron outside reaches this
  double mass = 0.0;               ///< fires when sum |w_j|^2 of the first cluster reaches this
  double product = 0.0;            ///< fires when <w_j/|w_j|, sign D> of one of it falls to this
  double deficit = 0.0;            ///< |D| - product, without its cancellation
  std::optional<double> residual;  ///< t_3 only: fires when, after t_2, |D_fast^t| reaches this
  double bound = 0.0;              ///< upper bound of the stopping time
  /// The stopping time itself from the logistic law (the mass fires first, theory.md A10); empty
  /// when the first cluster is empty or the mass threshold is not positive (lambda is not small
  /// enough).
  std::optional<double> predicted;
};

/// t_2 (paper A, eq. (17)) of the fast group: outside means outside its first cluster.
/// @param law  mass_law_of the fast group
[[nodiscard]] stopping_rule second_phase_end(const label_groups& groups,
                                             const std::optional<mass_law>& law,
                                             const initial_scale& scale, double epsilon);
/// t_3 (paper A, eq. (23)) of the slow group: outside means outside both first clusters. It fires
/// when a few percent are fitted, long before the half-fit time, unless lambda is astronomically
/// small.
/// @param law  mass_law_of the slow group
/// @returns empty when there is no slow group
[[nodiscard]] std::optional<stopping_rule> third_phase_end(const label_groups& groups,
                                                           const std::optional<mass_law>& law,
                                                           const initial_scale& scale,
                                                           double epsilon);

// --- A11: the visit to the saddle ---------------------------------------------------------------

/// The flow stays near theta_S for a while (paper A, Fact 1; theory.md A11).
struct saddle_visit {
  double begin = 0.0;     ///< -(1 + 3 epsilon) ln(lambda)/|D_fast|
  double end = 0.0;       ///< -(1 - epsilon) ln(lambda)/|D_slow|; > begin for admissible epsilon
  double distance = 0.0;  ///< |theta(t) - theta_S| <= lambda^(epsilon/5) for begin <= t <= end
};

/// @returns empty when there is no slow group
[[nodiscard]] std::optional<saddle_visit> saddle_visit_of(const label_groups& groups,
                                                          const initial_scale& scale,
                                                          double epsilon);

// --- A17, A18: what finished runs must show -----------------------------------------------------

/// Certain switches of a run that wake a pair up again. On orthogonal inputs there are none: what
/// is inactive stays inactive (paper A, Lemma 6; theory.md A17).
[[nodiscard]] std::vector<switch_event> reactivations(const trajectory& run);

/// A residual left its label's side.
struct overshoot {
  index sample = 0;    ///< k
  double t = 0.0;      ///< the recorded time at which it is largest
  double ratio = 0.0;  ///< -r_k/y_k > 0 at that time
};

/// Samples whose residual changes its sign at a recorded time, by more than `tolerance` of |y_k|. A
/// single cluster per group with a common norm shows none; sub-clusters and unequal norms do
/// (theory.md A18). Needs `trajectory::states`.
/// @throws invalid_input when the run kept no states
[[nodiscard]] std::vector<overshoot> overshoots(const dataset& data, const trajectory& run,
                                                double tolerance = 1e-6);

}  // namespace reluflow::orthogonal
