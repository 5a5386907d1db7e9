#pragma once

#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reluflow::orthogonal::detail {

using assumptions = std::vector<assumption>;

/// @throws invalid_input when dimensions disagree, there is no neuron or an option is out of range
void check_problem(const dataset& data, const network& net, const orthogonal_options& options);

/// False when every w_j is zero: then nothing ever moves, and the theory is silent.
[[nodiscard]] bool has_neurons(const network& net);

/// Whether the inputs are pairwise orthogonal, with the worst pair.
[[nodiscard]] assumption orthogonal_inputs(const dataset& data);

/// `first` and then `second`.
[[nodiscard]] assumptions join(assumptions first, const assumptions& second);

/// All that the closed forms of one problem with orthogonal inputs start from, and the hypotheses
/// of paper A, each checked on that problem. Keeps references to both arguments, and pointers into
/// itself.
struct setting {
  setting(const dataset& points, const network& start, const orthogonal_options& options);
  setting(const setting&) = delete;
  setting& operator=(const setting&) = delete;

  const dataset& data;
  const network& net;
  label_groups groups;
  std::vector<std::optional<early_path>> early;
  std::vector<const label_group*> present;  ///< fast, slow; those that exist
  initial_scale scale;
  std::optional<double> largest;  ///< largest admissible epsilon
  std::optional<double> epsilon;  ///< the one used

  [[nodiscard]] const label_group* group(double sign) const;
  [[nodiscard]] const std::optional<mass_law>& law(const label_group& group) const;
  /// Order of the error of what is predicted of the group's fit.
  [[nodiscard]] std::string fit_error(const label_group& group) const;

  [[nodiscard]] assumption unit_output_scale() const;
  [[nodiscard]] assumption unit_norms() const;
  [[nodiscard]] assumption common_norm(const label_group& group) const;
  [[nodiscard]] assumption labels_differ_from_zero() const;
  [[nodiscard]] assumption label_exists(double sign) const;
  [[nodiscard]] assumption cluster_exists(const label_group& group) const;
  [[nodiscard]] assumption no_subcluster(const label_group& group) const;
  [[nodiscard]] assumption balanced() const;
  [[nodiscard]] assumption dominated() const;
  [[nodiscard]] assumption small_start(const label_group& group) const;
  [[nodiscard]] assumption two_speeds() const;
  [[nodiscard]] assumption admissible_epsilon() const;

  /// What every statement on one group's fit needs.
  [[nodiscard]] assumptions fit_hypotheses(const label_group& group) const;
  /// The same for all groups; with `one_norm` also a common norm in each.
  [[nodiscard]] assumptions all_fit_hypotheses(bool one_norm) const;
  /// What the lemmas on the phases need.
  [[nodiscard]] assumptions phase_hypotheses() const;

 private:
  std::optional<mass_law> positive_;
  std::optional<mass_law> negative_;
};

}  // namespace reluflow::orthogonal::detail
