#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/prediction.hpp"

#include <optional>
#include <vector>

/// Group initialisation in closed form (paper B, section 4, Proposition 2 and Theorem 2; theory.md
/// B8-B11): orthogonal inputs, and each neuron active on a group of samples that no other neuron
/// reaches. Each group then solves its own equation, whatever the other groups do.
namespace reluflow::weakly_interacting {

/// One neuron on its group G of k samples with common norm q and labels of the neuron's sign. With
/// z_i = <w, x_i>/q, i in G, and B = q |y_G| the motion depends on these numbers alone, so k may be
/// 1e18.
///
///     const auto law = uniform_group_law(1e18, 2.0, 1.0, 1.0, 0.3);
///     const double t = time_to_residual(law, 0.1);
struct group_law {
  double rate = 1.0;           ///< c = B/n > 0
  double limit = 1.0;          ///< B/(alpha q^2) > 0, what a |z| tends to
  double log_scale = 0.0;      ///< the next three are in units of exp(log_scale)
  double output_weight = 1.0;  ///< |a(0)| > 0
  double along = 1.0;          ///< <z(0), y_G/|y_G|> > 0, labels by absolute value
  double across = 0.0;         ///< length of the rest of z(0), >= 0

  /// @throws invalid_input that names the number out of its range
  void validate() const;
};

/// p equal groups of n/p orthonormal inputs with alpha = 1/p, balanced neurons in their span
/// (Theorem 2).
/// @param samples       n > 0; a real number, because it may exceed any integer type
/// @param groups        p >= 1
/// @param label_rms     |D_j| = sqrt((1/k) sum y_i^2) > 0
/// @param norm_squared  N(0) = |w(0)|^2 > 0
/// @param cosine        u(0) in (0, 1], between w(0) and the labels
[[nodiscard]] group_law uniform_group_law(double samples, double groups, double label_rms,
                                          double norm_squared, double cosine);

/// The group at one time. Small differences are kept as such, so nothing is lost near the limit or
/// at sizes below any double.
struct group_state {
  double log_norm = 0.0;         ///< ln|z|
  double log_output_weight = 0;  ///< ln|a|
  double cosine = 0.0;           ///< u = cos(z, y)
  double misalignment = 0.0;     ///< 1 - u
  double deficit = 1.0;          ///< 1 - a <z, y/|y|>/limit: the residual along y over |y|
  double residual = 1.0;         ///< |r_G|^2/|y_G|^2, the loss of the group over that of h = 0
  double mu = 0.0;               ///< curvature of the group's own loss
};

/// Exact for every t >= 0: balanced neurons in the span of their inputs, unbalanced ones, ones with
/// components outside (theory.md B8 (i), (ii)).
/// @throws invalid_input when t is negative or the law invalid
[[nodiscard]] group_state state_at(const group_law& law, double t);

/// |a|^2 at infinite time and |z|^2: |z|^2 = (-g + sqrt(g^2 + 4 limit^2))/2, g = a^2 - |z|^2.
struct group_limit {
  double norm_squared = 0.0;           ///< |z|^2
  double output_weight_squared = 0.0;  ///< a^2
};
/// What the law tends to.
[[nodiscard]] group_limit limit_of(const group_law& law);

/// Twice the smallest eigenvalue of the residual kernel at the limit, with both kinds of norms:
/// 2B/n for k >= 2 balanced in span, 4B/n for k = 1.
/// @param samples  k >= 1
[[nodiscard]] double limit_curvature(const group_law& law, double samples);

// --- B11: the cut-off ---------------------------------------------------------------------------

/// The time at which |r_G|^2 = level |y_G|^2, i.e. L^j = (level/2)|D_j|^2; 0 when it is below from
/// the start. Exact.
/// @throws invalid_input unless 0 < level < 1
[[nodiscard]] double time_to_residual(const group_law& law, double level);

/// The same for a large limit: (1/(2c)) ln(limit (1/sqrt(level) - 1)/M), M = ((a(0) + <z(0),
/// y/|y|>)/2)^2.
[[nodiscard]] double asymptotic_time_to_residual(const group_law& law, double level);

/// C(level) with (t(level) - t(1 - level)) 2c -> ln C: (level^{-1/2} - 1)/((1 - level)^{-1/2} - 1).
/// The same for all data and initialisations.
[[nodiscard]] double cutoff_constant(double level);

/// The unit of time of Theorem 2, t_n = (sqrt(n p)/4) ln(n p), in which group j passes at 1/|D_j|.
[[nodiscard]] double cutoff_unit(double samples, double groups);

/// Theorem 2's limit of the loss at `time` units: (1/(2p)) sum_j |D_j|^2 1[time < 1/|D_j|].
[[nodiscard]] double cutoff_limit_loss(const std::vector<double>& label_rms, double time);

// --- B10: the order of the curvature ------------------------------------------------------------

/// Proposition 2 with its constants (theory.md B10), for balanced neurons in the span of
/// orthonormal inputs that start below their limit, u(0) >= 0.
struct curvature_order {
  double upper = 0.0;  ///< mu <= upper for all t >= 0
  double lower = 0.0;  ///< mu >= lower for t >= from
  double from = 0.0;   ///< the lower bound holds from this time on
};
/// Bounds of mu for groups with these laws.
[[nodiscard]] curvature_order order_of_curvature(const std::vector<group_law>& laws);

// --- Groups of a problem ------------------------------------------------------------------------

/// A group of a problem.
struct sample_group {
  index neuron = 0;             ///< the neuron that reaches the group
  std::vector<index> samples;   ///< on which it is active, increasing
  double squared_labels = 0.0;  ///< |y_G|^2
  group_law law;                ///< its closed form
};

/// The samples of a problem by the one neuron that reaches them.
struct group_partition {
  std::vector<sample_group> groups;  ///< one for each neuron that reaches a sample
  double unreached =
      0.0;  ///< sum of y_k^2 over the samples that no neuron reaches: their residuals stay
  index samples = 0;  ///< n
};

/// What must hold for the closed form, checked on the problem.
[[nodiscard]] std::vector<assumption> group_hypotheses(const dataset& data, const network& net);

/// @returns empty unless all of group_hypotheses hold
[[nodiscard]] std::optional<group_partition> partition_of(const dataset& data, const network& net);

/// L(t).
[[nodiscard]] double loss_at(const group_partition& groups, double t);
/// mu(t) = -L'/L; 0 where nothing is left.
[[nodiscard]] double curvature_at(const group_partition& groups, double t);

}  // namespace reluflow::weakly_interacting
