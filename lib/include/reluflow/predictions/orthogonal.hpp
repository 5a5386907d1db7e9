#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/prediction.hpp"

#include <cstddef>
#include <optional>
#include <vector>

/// Closed forms of paper A for pairwise orthogonal inputs, output scale alpha = 1 and a small
/// initialisation. q_k = |x_k|. A group is one sign of the labels. Formulas are those of theory.md,
/// which corrects the printed ones; time is the flow time of L = 1/(2n) sum_k r_k^2.
///
/// Sizes that depend on the initialisation are given by their natural logarithm, so that a network
/// with ln|w_j| = -1e5 loses no digit. What does not exist (the half-fit time of labels that do not
/// occur) is an empty optional, never zero.
///
/// What depends on a margin epsilon (the phases of the proofs) is in orthogonal_phases.hpp.
namespace reluflow::orthogonal {

/// The samples whose labels have one sign, and their data vectors (theory.md A2).
struct label_group {
  double sign = 1.0;           ///< +1 or -1
  std::vector<index> samples;  ///< k with sign * y_k > 0, increasing
  Eigen::VectorXd D;           ///< d: (1/n) sum y_k x_k, the direction in which neurons align
  double rate = 0.0;      ///< |D| = (1/n) sqrt(sum y_k^2 q_k^2): growth rate of aligned neurons
  Eigen::VectorXd v;      ///< d: sum (y_k / q_k^2) x_k, the least-norm interpolator
  double mass = 0.0;      ///< |v| = sqrt(sum y_k^2 / q_k^2): sum of |w_j|^2 once fitted
  double min_norm = 0.0;  ///< smallest q_k
  double max_norm = 0.0;  ///< largest q_k
};

/// Both signs of the labels.
struct label_groups {
  std::optional<label_group> positive;  ///< empty when no label is positive
  std::optional<label_group> negative;  ///< empty when no label is negative
  std::vector<index> zero_labels;       ///< samples that belong to neither
  index samples = 0;                    ///< n

  /// r = |D_+| / |D_-|; empty when one sign is absent. Paper A assumes r > 1.
  [[nodiscard]] std::optional<double> ratio() const;
  /// The group with the larger rate, fitted first (positive when equal); null when there is none.
  [[nodiscard]] const label_group* fast() const noexcept;
  /// The other group; null when there is none.
  [[nodiscard]] const label_group* slow() const noexcept;
};

/// @throws invalid_input when the inputs are not pairwise orthogonal (has_orthogonal_inputs)
[[nodiscard]] label_groups groups_of(const dataset& data);

/// True when all inputs of the group have the same norm to within `tolerance`, relative.
[[nodiscard]] bool has_common_norm(const label_group& group, double tolerance = 1e-12);

/// S_{+,1} or S_{-,1}: the neurons with the group's sign that are active on all its samples, in
/// increasing order (theory.md A2; z > 0 is asked, because z = 0 never activates).
[[nodiscard]] std::vector<index> first_cluster(const dataset& data, const network& net,
                                               const label_group& group);

// --- A4: a constant field -----------------------------------------------------------------------

/// <w/a, D/|D|> after time t in a constant field: tanh(rate t + artanh(initial)).
/// Paper A, eq. (10); paper C, eq. (22); theory.md A4.
/// @param initial  the value at t = 0, in [-1, 1]; for balanced neurons s_j <w_j/|w_j|, D/|D|>
/// @param rate     |D| >= 0
/// @throws invalid_input when `initial` or `rate` is out of range
[[nodiscard]] double aligned_cosine(double initial, double rate, double t);

/// Every neuron after time t in the constant field D, whatever its activations: a' = <w, D>,
/// w' = a D. Balanced networks stay balanced and may have any log norms. Theory.md A4.
/// @param D  d
/// @throws invalid_input when D has another dimension than the network
[[nodiscard]] network propagate(const network& net, const Eigen::VectorXd& D, double t);

// --- A5: alignment with deactivations -----------------------------------------------------------

/// A neuron ceases to be active on a sample.
struct extinction {
  index sample = 0;   ///< k
  double time = 0.0;  ///< when z_jk reaches 0
};

/// What one neuron does while the outputs are still negligible.
struct early_path {
  std::vector<extinction> extinctions;  ///< in order of time
  /// Samples that stay active, increasing. s_j y_k < 0 only when the neuron points exactly against
  /// its field: it decays for ever and crosses no surface (d = n, balanced).
  std::vector<index> active;
  double rate = 0.0;  ///< |D_P|, P = `active`: the growth rate after the last extinction
  /// ln A_j with |w_j(t)|^2 ~ a_j(t)^2 ~ A_j exp(2 rate t); empty when rate = 0: no growth.
  std::optional<double> log_amplitude;
};

/// The early map (theory.md A5): the exact motion of each neuron under h = 0 through all its
/// deactivations. Relative error O(lambda^2), sample order included; times do not depend on lambda.
/// @returns m entries; empty for a neuron with a_j = 0 and for one whose a_j would change its sign,
///          which takes |a_j| < |w_j|
/// @throws invalid_input when the inputs are not pairwise orthogonal or dimensions disagree
[[nodiscard]] std::vector<std::optional<early_path>> early_map(const dataset& data,
                                                               const network& net);

// --- A6, A7: growth of the fitted mass ----------------------------------------------------------

/// u(t) = sum over the first cluster of |w_j|^2, which grows logistically from A to its limit.
struct mass_law {
  double rate = 0.0;           ///< |D| of the group
  double log_amplitude = 0.0;  ///< ln A, A = sum of A_j over the first cluster
  double log_limit = 0.0;      ///< ln u*, u* = |v|
  /// rho = largest |D_P|/|D| over neurons outside the cluster that keep growing on part of the
  /// group; empty when there are none. Errors are O(lambda^2), or O(lambda^(2(1 - rho))) with
  /// sub-clusters.
  std::optional<double> subcluster_ratio;
};

/// The law of one group. The whole curve holds when the group has a common norm; the exponential
/// growth before the fit holds for any norms (paper A, section 4.2, eqs. (20)-(21); theory.md A6).
/// @param early  early_map(data, net)
/// @returns empty when the first cluster is empty
[[nodiscard]] std::optional<mass_law> mass_law_of(
    const dataset& data, const network& net, const label_group& group,
    const std::vector<std::optional<early_path>>& early);

/// ln u(t).
[[nodiscard]] double log_mass(const mass_law& law, double t);
/// The time at which u = fraction * u*.  @throws invalid_input unless 0 < fraction < 1
[[nodiscard]] double time_to_fraction(const mass_law& law, double fraction);
/// T_+ or T_-: the time at which u = u*/2, when the flow leaves the saddle (theory.md A7).
[[nodiscard]] double half_fit_time(const mass_law& law);
/// The time at which u = exp(log_level), for levels far below u* and any norms (theory.md A7).
[[nodiscard]] double time_to_level(const mass_law& law, double log_level);

// --- A11, A12: stationary points ----------------------------------------------------------------

/// theta_S, the saddle at which the fast group is fitted and all else is zero (Fact 1; theory.md
/// A11): w_j = sqrt(u* A_j/A) v/|v|, a_j = s |w_j| on the first cluster of the fast group.
/// @returns empty unless both signs of labels occur and the fast group's first cluster is not empty
[[nodiscard]] std::optional<network> saddle_state(const dataset& data, const network& net);

/// L(theta_S) = (1/2n) times the sum of y_k^2 over the slow group; empty when a sign is absent.
[[nodiscard]] std::optional<double> saddle_loss(const dataset& data, const label_groups& groups);

/// theta*, the limit lambda -> 0 of the limit t -> infinity (paper A, Lemma 12, corrected for
/// norms; theory.md A12). Without sub-clusters |w_j| is right to O(lambda^2) for common norms and
/// to O(lambda) otherwise, w_j itself to O(lambda): its part across v is frozen. For sub-clusters
/// see mass_law.
/// @returns empty when a first cluster that is needed is empty
[[nodiscard]] std::optional<network> limit_state(const dataset& data, const network& net);

// --- A13, A14: least norm -----------------------------------------------------------------------

/// min |theta|^2 over all interpolating networks = 2 (|v_+| + |v_-|). Paper A, Proposition 1,
/// corrected for norms; theory.md A13. Needs one neuron for each sign that occurs.
[[nodiscard]] double minimum_squared_norm(const label_groups& groups);
/// min |f|_F1 over all interpolating functions = |v_+| + |v_-|. Paper A, eq. (8); theory.md A14.
[[nodiscard]] double minimum_variation_norm(const label_groups& groups);

// --- A15, A16: rates of convergence -------------------------------------------------------------

/// Eigenvalues, increasing, of the residual kernel at theta*, restricted to one group (as many as
/// samples): (|v|/n) [diag(q_k^2) + y y^T/|v|^2]. Theory.md A15. Residuals decay like exp(-K t),
/// the loss twice as fast. O(1) for a common norm, cubic in the group's size otherwise.
[[nodiscard]] Eigen::VectorXd limit_kernel_eigenvalues(const dataset& data,
                                                       const label_group& group);

/// Rates at which the loss of one group decays near theta*.
struct loss_rates {
  double parallel = 0.0;  ///< 4|D|: residual along y, what a run shows until L ~ lambda^4
  /// 2|D|: residual across y, excited at O(lambda) only; empty for a group of one sample.
  std::optional<double> transverse;
};

/// @returns empty when the inputs of the group have different norms (theory.md A15)
[[nodiscard]] std::optional<loss_rates> limit_loss_rates(const label_group& group);

/// inf |grad L|^2/L at theta* = twice the smallest kernel eigenvalue of all groups (theory.md A15).
/// The paper's |D_-| (Lemma 5) is a lower bound of it. Empty when all labels are zero.
[[nodiscard]] std::optional<double> limit_pl_constant(const dataset& data,
                                                      const label_groups& groups);

/// A lower bound of mu = |grad L|^2/L at any state with alpha = 1: twice min q_k^2 times the
/// smaller, over the groups, of (1/n) sum a_j^2 over the neurons with the group's sign that are
/// active on all its samples. Paper A, Lemma 14, corrected; theory.md A16.
/// @returns empty when a label is zero: nothing bounds the decay of that residual
[[nodiscard]] std::optional<double> pl_lower_bound(const dataset& data, const network& net);

}  // namespace reluflow::orthogonal

namespace reluflow {

/// What orthogonal_predictions cannot read off the problem.
struct orthogonal_options {
  std::optional<double> epsilon;  ///< margin of the phases, > 0; the largest admissible by default
  std::optional<double> log_lambda;  ///< ln lambda; by default max_j ln|w_j|, so that c = 1
};

/// Every closed form of paper A on this problem, also those that do not apply: their failing
/// assumptions say why, with the numbers found. The names are the same for every problem; values of
/// absent things are empty, and all values are empty when the inputs are not pairwise orthogonal.
///
/// The names, and what of a run each is compared with:
/// - minimum_squared_norm: |theta|^2 of any interpolating network is not below it
/// - minimum_variation_norm: sum_j |a_j||w_j| of any interpolating network is not below it
/// - limit_squared_norm: |theta|^2 at the end
/// - last_extinction: time of the last switch to inactive before anything is fitted
/// - half_fit_time_positive: first time at which sum |w_j|^2 over S_{+,1} reaches |v_+|/2
/// - half_fit_time_negative: the same for S_{-,1} and |v_-|
/// - saddle_loss: loss midway between the half-fit times
/// - late_loss_rate: -d ln L/dt late, which is mu
/// - final_mu: mu at the end, once it is stationary
/// - first_phase_log_norm_fast: largest ln|w_j| until t_{+1}, see first_phase
/// - first_phase_cosine_fast: smallest cosine of the fast first cluster to sign * D at t_{+1}
/// - first_phase_log_norm_slow, first_phase_cosine_slow: the same for the slow group and t_{-1}
/// - t_2, t_2_bound: the stopping time that second_phase_end describes
/// - t_3, t_3_bound: the stopping time that third_phase_end describes
/// - saddle_distance: largest |theta(t) - theta_S| during saddle_visit_of
/// - reactivations: size of reactivations(run)
/// - overshoots: size of overshoots(data, run)
///
/// @throws invalid_input when dimensions disagree, no neuron has w != 0 or an option is out of
///         range
[[nodiscard]] std::vector<prediction> orthogonal_predictions(
    const dataset& data, const network& net, const orthogonal_options& options = {});

}  // namespace reluflow
