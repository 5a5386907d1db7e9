#pragma once

#include "asynchronous.hpp"
#include "dopri5.hpp"
#include "energy_account.hpp"
#include "loss_error.hpp"
#include "neuron_cells.hpp"
#include "propagated_error.hpp"
#include "recorder.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"
#include "span_reduction.hpp"
#include "step_control.hpp"
#include "switch_search.hpp"
#include "watch.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace reluflow::detail {

/// The event-driven integrator with global switching: a step is taken with all modes fixed; where
/// the search finds a switch the step is cut there, the neurons concerned are settled on their
/// surfaces, and the whole system starts again (docs/integrator.md).
class integrator {
 public:
  integrator(const dataset& data, const network& initial, const flow_options& flow,
             const record_options& record, const observers& callbacks);

  /// The first call: everything at t = 0.
  void start();
  /// Instead of start(): everything as `save` has left it (checkpoint.cpp).
  /// @param in     can seek
  /// @param where  stands in messages
  /// @throws invalid_input when `in` holds no checkpoint of this problem
  void load(std::istream& in, std::string_view where);
  void save(std::ostream& out) const;

  /// From one step boundary to the next, unless the run has ended.
  void step();
  [[nodiscard]] const std::optional<outcome>& ending() const { return ending_; }
  [[nodiscard]] progress now() const;
  [[nodiscard]] network current() const { return network_of(state_, 0.0); }
  [[nodiscard]] const trajectory& so_far() const { return run_; }
  /// Ends a run that has not ended as interrupted. The last call.
  [[nodiscard]] trajectory finish();

 private:
  /// Everything that later steps depend on and everything recorded, to or from an archive. What is
  /// made anew in every step, and what follows from the problem alone, is left out.
  template <class Archive, class Self>
  static void transfer(Archive& archive, Self& self);
  [[nodiscard]] std::uint64_t fingerprint() const;
  void read(std::istream& in, std::uint64_t bytes, std::string_view where);
  /// False when what was read from a checkpoint cannot be the state of a run of this problem
  /// (checkpoint_checks.cpp).
  [[nodiscard]] bool is_consistent();
  [[nodiscard]] bool restore_cells();
  void begin();
  void advance();
  void look_for_end();
  [[nodiscard]] bool try_step(double h);
  void build_residual_control();
  [[nodiscard]] Eigen::VectorXd state_inside(double fraction);
  [[nodiscard]] Eigen::ArrayXd rounding_of(const Eigen::VectorXd& residuals) const;
  [[nodiscard]] double rounding_of_forces(const Eigen::VectorXd& residuals) const;
  [[nodiscard]] double rounding_of_loss(const Eigen::VectorXd& residuals) const;
  [[nodiscard]] double energy_error(double dissipated) const;
  [[nodiscard]] step_view view() const;

  /// Neurons with the same modes and the same sign of a.
  struct group {
    index first = 0;
    index size = 0;
    index cell = -1;  ///< into which they go
  };
  /// What becomes a neuron of the state: one of the state before, or one with the modes of a cell.
  struct source {
    index before = -1;
    neuron_cells::neuron who{};
    index cell = -1;
  };
  [[nodiscard]] static Eigen::VectorXd signs_for_cells(const network& initial,
                                                       const flow_options& flow,
                                                       const record_options& record);
  /// Number of neurons by themselves: the first ones of the state. Stand-ins follow.
  [[nodiscard]] index alone() const { return static_cast<index>(names_.size()); }
  [[nodiscard]] index name(index neuron) const { return names_[static_cast<std::size_t>(neuron)]; }
  void gather();
  [[nodiscard]] std::optional<index> cell_for(index neuron) const;
  [[nodiscard]] std::vector<group> sort(const std::vector<index>& into,
                                        std::vector<index>& group_of) const;
  void regroup(const std::vector<index>& into, const std::vector<index>& leaving);
  void take_over(const std::vector<source>& sources);
  [[nodiscard]] bool carry(const residual_path& drive);
  bool let_go(const std::vector<index>& leaving);
  [[nodiscard]] index cell_behind(index neuron) const;
  [[nodiscard]] std::vector<index> represented_by(index neuron) const;
  [[nodiscard]] activation_pattern whole_pattern(const activation_pattern& pattern,
                                                 double fraction) const;
  [[nodiscard]] Eigen::VectorXd with_transfers(Eigen::VectorXd state, double fraction) const;
  [[nodiscard]] step_solution solution_until(
      double t1, std::function<Eigen::VectorXd(double fraction)> state_at,
      std::function<flow_modes(double fraction)> modes_at) const;
  [[nodiscard]] activation_pattern occupied(double fraction, activation_pattern pattern) const;
  [[nodiscard]] all_neurons unfold(double fraction, const Eigen::VectorXd& state,
                                   const flow_modes& modes, const field_values& values) const;
  [[nodiscard]] network network_of(const Eigen::VectorXd& state, double fraction) const;

  /// A change of mode in the step, by the neuron's place in the whole network.
  struct named_change {
    double fraction = 0.0;
    index name = 0;
    mode_change change;
    double t_error = 0.0;
  };

  void accept(double h);
  void arrive(double t1);
  void record_changes(std::vector<named_change> changes, const step_solution& solution,
                      double until);
  void accept_asynchronous(const frozen_step& step, Eigen::VectorXd end, flow_modes end_modes);
  [[nodiscard]] bool advance_asynchronous(double h);
  [[nodiscard]] residual_path drive_of(double h) const;
  [[nodiscard]] frozen_step freeze(double h, departures leaving) const;
  [[nodiscard]] bool complete(const frozen_step& step);
  [[nodiscard]] double end_of(double h) const;
  [[nodiscard]] bool cut(double h_trial);
  [[nodiscard]] double locate(const candidate& first);
  void settle(const std::vector<candidate>& arrived, double h_trial);
  void settle_neuron(index neuron, const std::vector<arrival>& arrivals,
                     const event_time_error& known);
  void pass_origin(index neuron, index surface, const event_time_error& known);
  void adopt(index neuron, neuron_modes modes, const std::vector<mode_change>& changes,
             const event_time_error& known);
  [[nodiscard]] Eigen::VectorXd force_that_tells(index neuron, const neuron_force& force,
                                                 const sliding_frame& frame);
  [[nodiscard]] double error_of_time(index neuron, const zero_passage& at, double missed) const;
  [[nodiscard]] zero_passage passage_of(const candidate& event, double h_trial) const;
  [[nodiscard]] neuron_modes modes_of(index neuron) const;
  void rest(const std::vector<std::pair<index, index>>& pairs);
  void watch_resting();
  void book_energy();
  void restore_constraints();
  void restore_invariant(index neuron);
  void refresh_contacts();
  [[nodiscard]] bool below_level(double loss, double gradient_norm) const;
  [[nodiscard]] double stop_in(const step_solution& solution);
  [[nodiscard]] double watched_until(const step_solution& solution);
  double recorded_until(const step_solution& solution);
  void stop_at(double t, const step_solution& solution);
  void close();

  [[nodiscard]] neuron_force force_on(index neuron) const;
  void count_restart(const std::map<index, std::vector<arrival>>& arrivals);
  void evaluate();
  void evaluate_at(const Eigen::VectorXd& state, const flow_modes& modes, Eigen::VectorXd& rate,
                   field_values& values);

  const dataset* data_;
  const flow_options* flow_;
  const record_options* record_;
  const observers* callbacks_;
  span_reduction span_;
  vector_field field_;  // in the dimensions of `span_`, as all that follows
  switching_surfaces surfaces_;
  settler settler_;
  neuron_cells cells_;
  std::vector<index> names_;  // in the whole network, of the neurons by themselves
  switch_search search_;
  asynchronous_step asynchronous_;
  trajectory run_;
  energy_account account_;
  recorder recorder_;
  watch watch_;
  dopri5 stepper_;
  step_controller controller_;
  std::optional<error_norm> norm_;
  loss_error loss_error_;
  propagated_error errors_;

  double t_ = 0.0;
  double h_ = 0.0;
  double resume_h_ = 0.0;  // step to return to after one that was shortened for a switch
  int calm_ = 100;         // steps since one was taken again for the bends in it
  Eigen::VectorXd state_;
  Eigen::VectorXd rate_;
  Eigen::VectorXd end_rate_;   // at the end of a step with switches
  field_values values_;        // at state_
  field_values end_values_;    // at the end of the step under trial
  field_values other_values_;  // at other states, for their residuals alone
  flow_modes modes_;
  contact_set contacts_;
  double force_error_ = 0.0;
  double step_error_ = 0.0;
  Eigen::VectorXd residual_error_;
  Eigen::MatrixXd residual_control_;
  Eigen::VectorXd invariants_;  // Cartesian chart: sign(c_j) sqrt|c_j|
  std::optional<outcome> ending_;
  bool stopping_time_reached_ = false;  // a terminal one

  double stall_time_ = -1.0;
  std::int64_t stalled_ = 0;
};

}  // namespace reluflow::detail
