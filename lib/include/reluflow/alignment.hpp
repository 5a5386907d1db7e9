#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <cstdint>
#include <vector>

/// Where neurons turn while the network's outputs are still negligible (h = 0).
namespace reluflow {

/// D_n(w) = (1/n) sum_k 1[<w, x_k> > 0] y_k x_k (d): the field that a neuron in direction w feels.
/// Paper C, section 2; theory.md C1.
/// @param w  d; its length does not matter
/// @throws invalid_input when dimensions disagree
[[nodiscard]] Eigen::VectorXd alignment_field(const dataset& data, const Eigen::VectorXd& w);

/// G_n(w) = <w, D_n(w)> = (1/n) sum_k y_k relu(<w, x_k>), for |w| = 1 the value that neurons with
/// a_j > 0 climb on the unit sphere and neurons with a_j < 0 descend (theory.md C1).
[[nodiscard]] double alignment_value(const dataset& data, const Eigen::VectorXd& w);

/// Cosines of the angles between w_j and `target` (m); NaN where w_j = 0.
/// @param target  d, not zero
/// @throws invalid_input when dimensions disagree or `target` is zero
[[nodiscard]] Eigen::VectorXd cosines(const network& net, const Eigen::VectorXd& target);

/// Neurons of one sign that point the same way.
struct direction_cluster {
  double sign = 0.0;           ///< sign of a_j: +1, -1, or 0 where a_j = 0
  Eigen::VectorXd direction;   ///< d, unit: of sum |w_j| w_j
  std::vector<index> neurons;  ///< increasing
  double log_norm = 0.0;       ///< ln sqrt(sum |w_j|^2)
};

/// Groups neurons by direction, each sign for itself. The longest neuron without a cluster founds
/// the next one and takes in all neurons within `angle` of it, so the result depends on no order
/// but the lengths (and the index where lengths are equal). Neurons with w_j = 0 are left out.
/// @param angle  in radians, in (0, pi]
/// @returns clusters in the order of their founders: longest neuron first
/// @throws invalid_input when `angle` is out of range
[[nodiscard]] std::vector<direction_cluster> cluster_directions(const network& net, double angle);

// --- extremal vectors ---------------------------------------------------------------------------

/// A critical point of alignment (paper C, Definition 1; theory.md C2): D = (1/n) sum_k eta_k y_k
/// x_k with eta_k = 1 where <w, x_k> > 0, 0 where < 0 and in [0, 1] on the zero set of some unit
/// vector w, such that D = 0 or the signs of <D, x_k> are those of <w, x_k>, or all opposite to
/// them.
struct extremal_vector {
  Eigen::VectorXd D;            ///< d
  Eigen::VectorXd w;            ///< d, unit; +-D/|D| where D is not zero
  int orientation = 0;          ///< +1: w = D/|D|; -1: w = -D/|D|; 0: D = 0
  std::vector<index> zero_set;  ///< samples with <w, x_k> = 0, increasing
  Eigen::VectorXd multipliers;  ///< eta_k for k in `zero_set`, same order
};

/// How far an extremal vector is from what its definition asks.
struct extremal_check {
  double equation = 0.0;     ///< |D - (1/n) sum eta_k y_k x_k| over (1/n) sum |y_k||x_k|
  double surface = 0.0;      ///< largest |cosine| between w, or D, and an x_k of the zero set
  double multipliers = 0.0;  ///< largest excess of an eta_k over [0, 1]
  bool signs = false;        ///< off the zero set, D's signs are w's or opposite, or D = 0

  /// True when all of it holds to within `tolerance`.
  [[nodiscard]] bool holds(double tolerance = 1e-9) const noexcept;
};

/// Checks an extremal vector against its definition, from the data alone.
[[nodiscard]] extremal_check verify(const dataset& data, const extremal_vector& candidate);

/// The extremal vector that each neuron follows: the entry of `list` whose D is nearest to s_j w_j
/// in angle, if it is within `angle`; an entry with D = 0 is followed by neurons whose own field
/// vanishes. Clusters of neurons after alignment are the sets that share a value.
/// @param list   e.g. `extremal_vectors(data)`
/// @param angle  in radians, in (0, pi]
/// @returns m positions in `list`; -1 where none is followed
/// @throws invalid_input when dimensions disagree or `angle` is out of range
[[nodiscard]] std::vector<index> followed_vectors(const dataset& data,
                                                  const std::vector<extremal_vector>& list,
                                                  const network& net, double angle);

/// Limits and tolerances of an enumeration.
struct extremal_options {
  double tolerance = 1e-10;  ///< in (0, 1e-2): zero for cosines, relative sizes and multipliers
  std::int64_t max_faces = 1'000'000;  ///< > 0: how many faces (or subsets) to visit at most

  /// @throws invalid_input that names the option
  void validate() const;
};

/// All extremal vectors, each D once, D = 0 included where it is one. Chooses among the three
/// enumerations below.
///
/// Several faces may lead to one D; the one kept has w = D/|D| where there is such a face. Order is
/// deterministic but otherwise unspecified. Parallel inputs share one surface and so one multiplier
/// (theory.md 4.5).
/// @throws invalid_input when more than max_faces faces would have to be visited
[[nodiscard]] std::vector<extremal_vector> extremal_vectors(const dataset& data,
                                                            const extremal_options& options = {});

/// d = 2: the rays orthogonal to the inputs cut the circle into cells; each cell and each ray is
/// tried (theory.md C2). O(n^2).  @throws invalid_input unless d = 2
[[nodiscard]] std::vector<extremal_vector> extremal_vectors_in_plane(
    const dataset& data, const extremal_options& options = {});

/// Pairwise orthogonal inputs: D_P = (1/n) sum_{k in P} y_k x_k for every set P of samples with
/// labels of one sign: 2^{n_+} + 2^{n_-} - 1 vectors (theory.md C3; the paper's 2^n holds for one
/// sign only).
/// @throws invalid_input when the inputs are not pairwise orthogonal
[[nodiscard]] std::vector<extremal_vector> extremal_vectors_orthogonal(
    const dataset& data, const extremal_options& options = {});

/// Any small n and d: all faces of the arrangement of surfaces <w, x_k> = 0 are enumerated from its
/// vertices (theory.md C2, "General d"). About n^(d-1) faces, each worth O(n d + d^3).
[[nodiscard]] std::vector<extremal_vector> extremal_vectors_by_faces(
    const dataset& data, const extremal_options& options = {});

}  // namespace reluflow
