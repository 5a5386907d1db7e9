#pragma once

#include "recorder.hpp"
#include "reluflow/stopping_time.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// A stopping time was reached inside a step.
struct stop_found {
  std::size_t which = 0;  ///< position in `record_options::stopping_times`
  double t = 0.0;
  double fraction = 0.0;  ///< of the step
  Eigen::VectorXd state;
  flow_modes modes;
};

/// Looks for stopping times in accepted steps. Like the recorder it only reads the solution.
class watch {
 public:
  watch(const vector_field& field, const span_reduction& span,
        const std::vector<stopping_time>& wanted)
      : field_(&field), span_(&span), wanted_(&wanted), progress_(wanted.size()) {}

  [[nodiscard]] bool empty() const noexcept { return wanted_->empty(); }
  /// False when what was read from a checkpoint does not fit the problem.
  [[nodiscard]] bool is_consistent() const;
  /// What is reached in (t0, t1], or at t0 where the modes have changed there, in order of time.
  [[nodiscard]] std::vector<stop_found> search(const step_solution& solution);
  /// Other neurons are integrated from here on.
  void forget() { last_.reset(); }
  /// The entry of the trajectory for one of them.
  /// @param state  of the network there, or none
  [[nodiscard]] stopping_event describe(const stop_found& found, const record_row& row,
                                        network state) const;

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    bool has_last = last_.has_value();
    archive(progress_, reached_, has_last);
    if (!has_last) return last_.reset();
    if (!last_) last_ = moment{};
    archive(*last_);
  }

  struct one_progress {
    bool armed = true;  ///< reaching counts: it was not reached just before
    bool done = false;  ///< reached, and not repeated

    template <class Archive>
    void serialize(Archive& archive) {
      archive(armed, done);
    }
  };

  /// The solution at a fraction of the step with everything a functional may ask for: the network
  /// and the forces in all dimensions.
  struct moment {
    double t = 0.0;
    Eigen::VectorXd state;
    flow_modes modes;
    network net;
    field_values values;

    // While neurons share cells; the last moment of a step is not kept then.
    double fraction = 0.0;
    std::optional<activation_pattern> occupied{};
    std::optional<all_neurons> unfolded{};

    template <class Archive>
    void serialize(Archive& archive) {
      archive(t, state, modes, net, values);
    }
  };

  [[nodiscard]] moment moment_at(const step_solution& solution, double fraction) const;
  /// How far the functional is beyond its level; >= 0 where reached, below where it is NaN.
  [[nodiscard]] double excess(const stopping_time& one, const step_solution& solution,
                              moment& now) const;

  const vector_field* field_;
  const span_reduction* span_;
  const std::vector<stopping_time>* wanted_;
  std::vector<one_progress> progress_;
  std::map<std::string, double> reached_;
  std::optional<moment> last_;  // at the end of the last step, unless neurons share cells
};

}  // namespace reluflow::detail
