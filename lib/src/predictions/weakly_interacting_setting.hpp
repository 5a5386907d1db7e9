#pragma once

#include "reluflow/predictions/weakly_interacting.hpp"

#include <string>
#include <vector>

namespace reluflow::weakly_interacting::detail {

using assumptions = std::vector<assumption>;

/// What the closed forms of one problem start from, and the hypotheses of paper B, each checked on
/// that problem. Keeps references to both arguments.
struct setting {
  setting(const dataset& points, const network& start, double until);

  const dataset& data;
  const network& net;
  double t;                   ///< end of the run
  interaction constants;      ///< antipodal pairs are no interaction
  Eigen::VectorXd residuals;  ///< r(0)
  std::vector<index> missed;  ///< event I holds when there is none
  assumption orthogonality;
  assumptions grouping;  ///< of the group closed form
  std::optional<group_partition> groups;

  [[nodiscard]] assumption dominated() const;
  [[nodiscard]] assumption event() const;
  [[nodiscard]] assumption labels_differ_from_zero() const;
  /// Assumption 2 as the proof of Theorem 1 needs it.
  [[nodiscard]] assumption weak_interaction() const;
  /// Assumption 2 as it stands in the paper.
  [[nodiscard]] assumption printed_weak_interaction() const;
  /// |h(x_k)| <= |y_k|/2 at the start.
  [[nodiscard]] assumption small_outputs() const;
  /// |a_j| > |w_j| for the neurons with a wrong-signed active sample.
  [[nodiscard]] assumption wrong_signs_die() const;
  [[nodiscard]] assumption many_neurons() const;
  /// What Theorem 1 asks for.
  [[nodiscard]] assumptions theorem_1() const;
};

}  // namespace reluflow::weakly_interacting::detail
