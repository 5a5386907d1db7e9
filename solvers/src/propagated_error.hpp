#pragma once

#include "reluflow/vector_field.hpp"
#include "settlement.hpp"

#include <Eigen/Core>

#include <vector>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// What errors of a neuron are relative to: |(a_j, w_j)|, or 1 in the spherical chart, whose
/// coordinates are relative already.
[[nodiscard]] double size_of(const vector_field& field, const Eigen::VectorXd& state, index neuron);

/// What the errors of all steps so far have become: an estimate of the error of the state and of
/// the forces, carried along the flow to first order, e' = J e + (what the steps add); and from it
/// the error of the time of a switch (docs/verify.md).
class propagated_error {
 public:
  /// No error yet.
  void start(const vector_field& field);

  /// Carries the error through a step by each neuron's own flow, and adds that of the step.
  /// @param before    state at its start
  /// @param forces    D_j there, sliding projected out (d x m)
  /// @param after     state at its end
  /// @param estimate  difference of the embedded solutions, coordinate by coordinate
  /// @param left      what else the step may have missed, relative to a neuron's size
  void carry(const vector_field& field, const Eigen::VectorXd& before,
             const Eigen::MatrixXd& forces, const Eigen::VectorXd& after,
             const Eigen::VectorXd& estimate, double left, double h);

  /// Lets the errors of all neurons act on each other through the residuals, once in a few steps.
  /// @param values  at the state
  void couple(const vector_field& field, const Eigen::VectorXd& state, const flow_modes& modes,
              const field_values& values);

  /// Neurons of the state have changed places.
  /// @param before  by neuron: which one it was, or -1 where it is another, whose error is taken to
  ///                be like that of the others
  void rearrange(const vector_field& field, const std::vector<index>& before);

  /// False when what was read from a checkpoint does not fit the state.
  [[nodiscard]] bool is_consistent(const vector_field& field) const {
    return error_.size() == field.coordinates() && force_errors_.size() == field.neurons() &&
           inside_.size() == field.neurons() && since_ >= 0.0 && steps_ >= 0;
  }

  /// Error of w_j inside the last step, relative to the neuron's size.
  /// @param state  at its start
  [[nodiscard]] double of_direction(const vector_field& field, const Eigen::VectorXd& state,
                                    index neuron) const;
  /// Error of the force on a neuron.
  /// @param local  what the last step has added to it
  [[nodiscard]] double of_force(index neuron, double local) const {
    return force_errors_[neuron] + local;
  }

  /// The largest of them.
  [[nodiscard]] double of_direction(const vector_field& field, const Eigen::VectorXd& state) const;

  /// The error of the time of a passage.
  /// @param direction  error of w, relative to its length
  /// @param force      error of the force on the neuron
  [[nodiscard]] static double of_time(const zero_passage& at, double direction, double force);

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(error_, force_errors_, inside_, since_, steps_);
  }

  [[nodiscard]] Eigen::VectorXd residual_change(const vector_field& field,
                                                const Eigen::VectorXd& state,
                                                const flow_modes& modes, const field_values& values,
                                                const Eigen::VectorXd& direction);

  Eigen::VectorXd error_;         // e, in the coordinates of the state
  Eigen::VectorXd force_errors_;  // |J_D e| by neuron
  Eigen::VectorXd inside_;        // error inside the last step by neuron, relative to its size
  double since_ = 0.0;            // time since the errors acted on each other
  int steps_ = 0;                 // steps, likewise
  field_values scratch_;
  Eigen::MatrixXd pulls_;
  Eigen::MatrixXd forces_;
};

}  // namespace reluflow::detail
