#pragma once

#include "energy_account.hpp"
#include "neuron_cells.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"
#include "span_reduction.hpp"

#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// All neurons at one moment, in all dimensions.
struct all_neurons {
  network net;
  Eigen::MatrixXd forces;
  activation_pattern modes;
};

/// The solution on one step [t0, t1], by the fraction of the step in [0, 1].
struct step_solution {
  double t0 = 0.0;
  double t1 = 0.0;
  std::function<Eigen::VectorXd(double fraction)> state_at;
  std::function<flow_modes(double fraction)> modes_at;
  /// All of it, in all dimensions.
  std::function<network(double fraction, const Eigen::VectorXd& state)> network_at;

  // Empty unless neurons share cells:

  /// The modes of a state as they are occupied, which is not how the state has them where the last
  /// member has gone from one cell to another.
  std::function<activation_pattern(double fraction, const activation_pattern& modes)> occupied;
  /// @param values  at the state; forces in all dimensions
  std::function<all_neurons(double fraction, const Eigen::VectorXd& state, const flow_modes& modes,
                            const field_values& values)>
      unfold;
};

/// Collects what a run leaves behind. It only reads the solution: recording never changes a step.
class recorder {
 public:
  recorder(const vector_field& field, const span_reduction& span, const neuron_cells& cells,
           const record_options& options, const observers& callbacks, const energy_account& account,
           trajectory& run);

  /// Records every wanted time of the step up to `until`.
  void rows(const step_solution& solution, double until);
  [[nodiscard]] bool wants_dense() const { return options_->dense; }
  /// Keeps the solution between two fractions of a step, where it is smooth, up to `until`.
  void keep_dense(const step_solution& solution, double from, double to, double until);
  /// The figures at one state.
  /// @param fraction  of the step, at which it is
  [[nodiscard]] record_row row(double t, const Eigen::VectorXd& state, const flow_modes& modes,
                               double fraction);

  /// A pair changed its mode at time t, within or at the end of the current step.
  void changed(double t, index neuron, const mode_change& change, const event_time_error& known);
  /// A pair slides when the run ends.
  void still_sliding(double t, index neuron, index sample, double eta);
  /// Hands over the switches that are still held back for merging.
  void settle();
  /// False when what was read from a checkpoint does not fit the trajectory and the modes.
  /// @param names  of the first neurons of the pattern, in the whole network
  [[nodiscard]] bool is_consistent(const activation_pattern& pattern,
                                   const std::vector<index>& names) const;

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(next_time_, open_slides_, pending_);
  }

  const vector_field* field_;
  const span_reduction* span_;
  const neuron_cells* cells_;
  const record_options* options_;
  const observers* callbacks_;
  const energy_account* account_;  // of the steps before the current one
  trajectory* run_;
  std::size_t next_time_ = 0;
  Eigen::VectorXd rate_;
  field_values values_;
  std::map<std::pair<index, index>, std::size_t> open_slides_;  // index into run_->slides
  std::vector<switch_event> pending_;                           // switches at the current time
};

}  // namespace reluflow::detail
