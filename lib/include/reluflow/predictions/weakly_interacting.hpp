#pragma once

#include "reluflow/curvature.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/group_law.hpp"
#include "reluflow/predictions/prediction.hpp"
#include "reluflow/trajectory.hpp"

#include <optional>
#include <vector>

/// What paper B says of inputs that are orthogonal or nearly so: convergence from any scale of
/// initialisation, its probability, its rate. Formulas are those of theory.md section 2, which
/// corrects the printed ones; they hold for any output scale alpha. The closed form of group
/// initialisation is in group_law.hpp, bounds of mu are in curvature.hpp.
namespace reluflow::weakly_interacting {

// --- B5: event I --------------------------------------------------------------------------------

/// Samples on which no neuron with the sign of the label is active, increasing; event I says that
/// there are none. Samples with label 0 are never in the list.
[[nodiscard]] std::vector<index> missed_samples(const dataset& data, const network& net);

/// 1 - P(I), exact for orthogonal inputs, rotation-invariant w_j and fair independent signs:
/// 2^{-p} sum_q C(p, q) [1 - (1 - 2^{-q})^{n_+} (1 - 2^{-(p-q)})^{n_-}].
/// @param positive, negative  numbers of labels of each sign, >= 0
/// @param width               p >= 1
[[nodiscard]] double miss_probability(double positive, double negative, index width);
/// The union bound n (3/4)^p of 1 - P(I), for any inputs and symmetric w_j; may exceed 1.
[[nodiscard]] double miss_probability_bound(double samples, index width);
/// Smallest width for which the union bound gives P(I) >= 1 - epsilon: p >= ln(n/epsilon)/ln(4/3).
/// The paper's experiments take floor(ln(n/0.05)/ln(4/3)) + 1.
/// @param epsilon  in (0, 1)
[[nodiscard]] index sufficient_width(double samples, double epsilon);
/// Smallest width with P(I) >= 1 - epsilon by the exact formula.
[[nodiscard]] index minimal_width(double positive, double negative, double epsilon);

// --- B6: extinction -----------------------------------------------------------------------------

/// Time by which every pair with a_j y_k < 0 is inactive, if |h(x_k)| <= |y_k|/2 until then:
/// max 2 n z_jk(0)/(|y_k| |x_k|^2 sqrt(a_j(0)^2 - |w_j(0)|^2)) over such pairs (Lemma 7,
/// corrected). Orthogonal inputs.
/// @returns 0 when there is no such pair; empty when one belongs to a neuron with |a_j| <= |w_j|
[[nodiscard]] std::optional<double> extinction_bound(const dataset& data, const network& net);

// --- Convergence --------------------------------------------------------------------------------

/// Half the mean of y_k^2 over the missed samples: what the loss of a dominated network
/// (|a_j| >= |w_j|) on orthogonal inputs never falls below, since event I is necessary (theory.md
/// B5).
[[nodiscard]] double loss_floor(const dataset& data, const network& net);

/// y_2^2/4 for the collapse of the second layer (Proposition 3, theory.md B13): two orthonormal
/// inputs with labels y_1 > 0 > y_2, equal neurons with a >= 0 and z_1/z_2 > |y_2/y_1|, in either
/// order of samples and, with signs exchanged, for a <= 0.
/// @returns empty when the problem is not of this kind
[[nodiscard]] std::optional<double> collapse_floor(const dataset& data, const network& net);

/// The distance |X^T X - lambda^2 I| (operator norm) that Lemma 3 allows for random data with
/// |x_k| near lambda: lambda^2 C_y^-/(2 sqrt(n) C_y^+ + C_y^-) (theory.md B15).
/// @param squared_norm  lambda^2 > 0
[[nodiscard]] double random_data_limit(const interaction& constants, double squared_norm);

// --- B12: the curvature at the start ------------------------------------------------------------

/// E K1, with (n/2) mu(0) -> <y, E K1 y>/|y|^2 for many neurons, for w ~ N(0, variance I), a with
/// fair independent signs and |a| independent of the direction of w (Lemma 4, corrected), n x n.
/// @param variance       of each coordinate of w, > 0
/// @param squared_output E a^2
[[nodiscard]] Eigen::MatrixXd expected_kernel(const dataset& data, double variance,
                                              double squared_output);
/// The limit of mu(0) for many neurons: (2/n) <y, E K1 y>/|y|^2.
[[nodiscard]] double initial_curvature(const dataset& data, double variance, double squared_output);
/// Standard deviation of sqrt(p) mu(0) in that limit, by the delta method (theory.md B12), from
/// samples of the neurons' law.
/// @param draws  many neurons drawn from the initialisation; their number sets the accuracy
[[nodiscard]] double initial_curvature_deviation(const dataset& data, double variance,
                                                 double squared_output, const network& draws);

}  // namespace reluflow::weakly_interacting

namespace reluflow {

/// Every closed form of paper B on this problem, also those that do not apply: their failing
/// assumptions say why.
///
/// The names, and what of a run each is compared with:
/// - interaction_limit: |X^T X - diag|, which Theorem 1 needs below it (it depends on the outputs
///   at the start); interaction_limit_printed: the same for Assumption 2 as printed. Where the data
///   pass the limit, that very hypothesis fails
/// - missed_samples: number of samples without a right-signed active neuron at t = 0 (event I: 0)
/// - miss_probability: 1 - P(I) for this width and these labels
/// - loss_floor: the loss at the end
/// - mean_mu_floor: mean of mu at the end, of a run that fits the data
/// - state_bound_lower, state_bound_upper: the smallest mu over its lower bound, and the largest mu
///   over its upper bound, at recorded states (Lemma 6)
/// - outputs_bound_lower, outputs_bound_upper: the same for Theorem 1 and for Proposition 1
/// - extinction_bound: time at which no pair with a_j y_k < 0 is active any more
/// - initial_mu: mu at t = 0
/// - group_loss, group_mu: loss and mu at `t`
/// - group_limit_mu: mu for t to infinity
/// - group_half_time: time at which the loss is half of that of h = 0
/// - collapse_floor: the loss at the end
///
/// @param t  end of the run, >= 0
/// @throws invalid_input when dimensions disagree or the network has no neuron
[[nodiscard]] std::vector<prediction> weakly_interacting_predictions(const dataset& data,
                                                                     const network& net, double t);

/// The same beside what the run shows of it. What was not recorded stays empty; bounds along the
/// run are held against the recorded states. No rows when
/// all neurons are zero.
/// @throws invalid_input as above
[[nodiscard]] std::vector<comparison> compare_weakly_interacting(const dataset& data,
                                                                 const trajectory& run);

}  // namespace reluflow
