#pragma once

#include "local_flow.hpp"
#include "recorder.hpp"
#include "residual_response.hpp"
#include "switch_search.hpp"

#include <algorithm>
#include <vector>

namespace reluflow::detail {

/// A step of the whole system with frozen modes, and who leaves its modes in it.
struct frozen_step {
  const Eigen::VectorXd& state;  ///< at its start
  const flow_modes& modes;
  const contact_set& contacts;
  residual_path drive;         ///< residuals of the frozen step
  double t = 0.0;              ///< time at its start
  index alone;                 ///< neurons from here on stand in for others and meet no surface
  std::vector<index> leaving;  ///< neurons that leave their modes, increasing
  double clearance;            ///< as `departures::clearance`
};

/// Completes a step that contains switches without cutting it: neurons that switch are followed
/// each by itself against the residuals of the step, the residuals are corrected by what that
/// changes, and where the correction matters to the others all neurons are followed again until it
/// no longer moves (docs/asynchronous.md).
class asynchronous_step {
 public:
  asynchronous_step(const vector_field& field, const switching_surfaces& surfaces,
                    const settler& settle, const switch_search& search, double rtol)
      : field_(&field),
        flow_(field, surfaces, settle, std::max(1e-14, 1e-3 * rtol)),
        surfaces_(&surfaces),
        search_(&search),
        response_(field),
        rtol_(rtol) {}

  /// True when the step is complete; otherwise it has to be taken again, shortened by `shorter()`.
  [[nodiscard]] bool complete(const frozen_step& step);
  [[nodiscard]] double shorter() const { return shorter_; }
  /// True when it was a single switch that the step could not hold: the next one may be long again.
  [[nodiscard]] bool at_a_kink() const { return at_a_kink_; }
  /// After a complete step, by how much the next one may be longer before the bends in it matter.
  [[nodiscard]] double longer() const { return longer_; }

  /// What the corrections of a complete step may leave undone, relative to a neuron's size.
  [[nodiscard]] double undone() const { return share * rtol_; }

  /// What the corrections of a complete step have left undone, at most, relative to a neuron's
  /// size.
  [[nodiscard]] double left() const { return left_; }
  /// Error of the forces inside the step: what its residuals miss of the bends in them.
  [[nodiscard]] double inside() const { return missed_ / (together_ * drive_.h); }

  /// Neurons with no more than this sum of a^2 + |w|^2 may switch in a step without a correction of
  /// its residuals.
  [[nodiscard]] double unfelt(const Eigen::VectorXd& state, const residual_path& drive) const;

  /// True when the residuals of a complete step are not those of the frozen one.
  [[nodiscard]] bool corrected() const { return all_followed_; }
  /// The residuals of a complete step.
  [[nodiscard]] const residual_path& drive() const { return drive_; }
  /// Neurons whose paths replace the frozen step, increasing; empty paths for all others.
  [[nodiscard]] const std::vector<index>& followed() const { return followed_; }
  [[nodiscard]] const local_path& path(index neuron) const {
    return paths_[static_cast<std::size_t>(neuron)];
  }
  /// @param state  at the fraction, had no neuron left its modes
  [[nodiscard]] Eigen::VectorXd state_at(const frozen_step& step, double fraction,
                                         Eigen::VectorXd state) const;
  /// Fractions from 0 to 1 between which every neuron's path is smooth, increasing.
  [[nodiscard]] std::vector<double> smooth_until() const;
  [[nodiscard]] flow_modes modes_at(const frozen_step& step, double fraction) const;

 private:
  /// Share of the tolerance that the corrections of the residuals may leave undone.
  static constexpr double share = 0.1;

  void place(const frozen_step& step, index neuron, local_path& path) const;
  void place_with_modes(const frozen_step& step, index neuron, local_path& path) const;
  void gather_forces(const frozen_step& step, const residual_path& drive,
                     const std::vector<index>& who);
  void follow(const frozen_step& step, const residual_path& drive, const std::vector<index>& who,
              bool and_frozen);
  [[nodiscard]] bool all_finished() const;
  [[nodiscard]] bool more_leave(const frozen_step& step);
  [[nodiscard]] Eigen::MatrixXd control_of_paths(const frozen_step& step) const;
  /// sum over the followed neurons of a_j relu(<w_j, x_k>) as quintics nearest in L2 (n x 6).
  [[nodiscard]] Eigen::MatrixXd outputs(const frozen_step& step, bool without_frozen);
  [[nodiscard]] Eigen::MatrixXd roughness(const frozen_step& step, const Eigen::MatrixXd& change);
  [[nodiscard]] double effect(const Eigen::MatrixXd& change, double h) const;
  [[nodiscard]] double strength_together(const Eigen::VectorXd& state) const;
  /// The effect of a move of (a, w) by one size, for each unit of a^2 + |w|^2.
  [[nodiscard]] double felt_per_move(const Eigen::VectorXd& state,
                                     const residual_path& drive) const;
  [[nodiscard]] double felt_at_most(const frozen_step& step) const;
  [[nodiscard]] double shorten(double limit) const;
  /// A release inside the step whose time the bends in the residuals blur, by what is missed of
  /// them: its fraction of the step, or 2 when there is none.
  [[nodiscard]] double blurred_release(const frozen_step& step) const;
  /// True when what the residuals miss neither releases further neurons nor blurs a release.
  [[nodiscard]] bool moves_no_release(const frozen_step& step) const;
  [[nodiscard]] double away_from_kinks(double release) const;
  /// What the integral along one neuron's path adds to the dissipated loss.
  [[nodiscard]] double dissipation(const frozen_step& step, index neuron, double own) const;
  [[nodiscard]] const local_path& frozen(index neuron) const {
    return frozen_[static_cast<std::size_t>(neuron)];
  }
  [[nodiscard]] double unit(const frozen_step& step, index neuron) const;
  [[nodiscard]] double unit(const Eigen::VectorXd& state, index neuron) const;
  [[nodiscard]] double square_of(const Eigen::VectorXd& state, index neuron) const;

  /// A switch bends the residuals: at which fraction, and how far that moves other neurons.
  struct kink {
    double fraction = 0.0;
    double effect = 0.0;
  };

  const vector_field* field_;
  local_flow flow_;
  const switching_surfaces* surfaces_;
  const switch_search* search_;
  residual_response response_;
  double rtol_;
  std::vector<local_path> paths_;   // by neuron
  std::vector<local_path> frozen_;  // of those that leave, as if they did not
  std::vector<index> followed_;
  std::vector<char> leaves_;  // by neuron
  std::vector<kink> kinks_;
  path_integrals integrals_ = path_integrals::all;
  double usual_ = 1.0;  // what switches did in the last step, relative to the most that they may do
  residual_path drive_;
  bool all_followed_ = false;
  double shorter_ = 0.5;
  double longer_ = 1.0;
  double together_ = 1.0;
  double left_ = 0.0;
  double missed_ =
      0.0;  // the effect of the bends that the residuals miss, did it last all the step
  bool at_a_kink_ = false;
  Eigen::MatrixXd pushes_;  // 6 d x m: a_j w_j in Bernstein coefficients
  Eigen::MatrixXd sums_;    // 6 d x n: sum of a_j w_j over the neurons active on a sample
  Eigen::MatrixXd pulls_;   // 6 d x n: r_k x_k / n in powers
  Eigen::MatrixXd forces_;  // 6 d x m: D_j in powers, of those that are followed
};

}  // namespace reluflow::detail
