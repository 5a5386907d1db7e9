#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/boundary.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/trajectory.hpp"
#include "reluflow/vector_field.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace reluflow::detail {

/// The modes of one neuron: its row of the activation pattern, and what it slides on.
struct neuron_modes {
  activation_pattern row;              ///< 1 x n
  std::optional<sliding_frame> frame;  ///< when it slides
};

/// A neuron reaches (or is held on) a surface; `guess` is the side on which it is taken to go on if
/// that is a solution.
struct arrival {
  index surface = 0;
  surface_side guess = surface_side::below;
};

/// One sample's mode changed when a neuron was settled.
struct mode_change {
  index sample = 0;
  pair_mode from = pair_mode::inactive;
  pair_mode to = pair_mode::inactive;
  bool repelling = false;
  double eta = 0.0;  ///< multiplier just after entry into, or just before exit from, sliding
};

/// What drives one neuron at one time.
struct neuron_force {
  double sign = 1.0;       ///< sign of a_j
  Eigen::VectorXd active;  ///< (1/n) sum of r_k x_k over the samples on which it is active (d)
  std::function<double(index sample)> residual;
  double error = 0.0;  ///< forces up to this size are zero
};

/// How that passes through zero whose zero is a switch: the distance from a surface in units of the
/// neuron's size at the start of the step, or a multiplier's distance from a bound in units of
/// forces.
struct zero_passage {
  double slope = 0.0;      ///< per unit of time
  double curvature = 0.0;  ///< second derivative, likewise
  double gain = 1.0;       ///< its error over that of w or of the force
  bool of_force = false;   ///< it is a multiplier
};

/// What is known of the time of a switch.
struct event_time_error {
  double t_error = 0.0;  ///< as `switch_event::t_error`
  bool certain = true;   ///< as `switch_event::certain`
};

/// A switch whose time is known no better than to a step, or to the time itself, is one of noise.
[[nodiscard]] inline event_time_error known_to(double t_error, double step, double t) {
  return {t_error, t_error < step && t_error < t};
}

/// What is known of a multiplier of a frame: how far the errors of the forces may move it, and its
/// distance from the strength of its surface (the other bound), in units of forces.
struct multiplier_noise {
  double below = 0.0;  ///< of its distance from eta = 0
  double above = 0.0;  ///< of its distance from eta = 1
  double gain = 0.0;   ///< error of a multiplier over that of the force
};

/// @param at           which surface of the frame
/// @param force_error  forces below this are zero
[[nodiscard]] inline multiplier_noise noise_of(const sliding_frame& frame, index at,
                                               double force_error) {
  // The error of a step is an estimate: a neuron goes on sliding where four times as much would
  // make it.
  constexpr double safety = 4.0;
  const double gain = frame.multiplier_map.row(at).norm();
  return {safety * gain * force_error, safety * (1.0 + gain) * force_error, gain};
}

/// Forces of a few errors are no more than rounding and noise: they do not tell where they lead.
constexpr double telling = 16.0;

/// The force on a neuron at an event or, where it vanishes there, behind it: where a neuron slides
/// on several surfaces and is driven by one sample alone, all multipliers vanish with its residual,
/// and which surfaces it leaves is decided by how the force grows again.
/// @param at      the force at the event (d)
/// @param ahead   the force (d) at a fraction of the step behind it
/// @param length  of what is left of the step, as a fraction of it
template <class Ahead>
[[nodiscard]] Eigen::VectorXd force_that_tells(const Eigen::VectorXd& at, double error,
                                               const sliding_frame& frame,
                                               const switching_surfaces& surfaces, double length,
                                               Ahead&& ahead) {
  Eigen::VectorXd force = at;
  constexpr double nearest = 1e-6;
  const auto tells = [&] {
    return std::all_of(frame.surfaces.begin(), frame.surfaces.end(), [&](index s) {
      return std::abs(surfaces.distance(s, force)) > telling * error;
    });
  };
  if (at.norm() > telling * error) return force;
  for (double by = nearest; by < length && !tells(); by *= 2.0) force = ahead(by);
  return force.norm() > telling * error ? force : at;
}

/// Where a neuron that passes the origin is put, in units of |a_j|: far enough for its pairs to
/// have signs, and no farther than rounding.
constexpr double beyond_origin = 0x1p-60;

/// What becomes of a neuron that reaches w = 0.
struct origin_passage {
  std::optional<Eigen::VectorXd> direction;  ///< unit vector of w when it goes on
  std::vector<index> contacts;               ///< the surfaces on which that lies
};

struct path_end;

/// Decides what a neuron on switching surfaces does, and changes its modes accordingly. Surfaces on
/// which it slides take part; surfaces on which it rests join when the solution would move it to
/// their upper side.
class settler {
 public:
  settler(const dataset& data, const switching_surfaces& surfaces, surface_rule rule)
      : data_(&data), surfaces_(&surfaces), rule_(rule) {}

  /// The side on which a neuron that meets a surface is taken to go on, where its velocity is zero
  /// and does not tell: below, because relu'(0) = 0; on antipodal inputs across, because it came to
  /// cross.
  [[nodiscard]] surface_side guess(index surface, const activation_pattern& pattern,
                                   index neuron) const;

  /// Settles one neuron; `changes` receives the samples whose mode changed. Returns the surfaces on
  /// which it stood.
  std::vector<index> settle(const std::vector<arrival>& arrivals, const neuron_force& force,
                            neuron_modes& modes, std::vector<mode_change>& changes) const;

  /// c = (1/n) sum of r_k |x_k| over the samples of a surface.
  template <class Residual>
  [[nodiscard]] double strength(index surface, const Residual& residual) const {
    double sum = 0.0;
    for (const index k : surfaces_->members(surface)) sum += residual(k) * data_->norms()[k];
    return sum / static_cast<double>(data_->size());
  }

  /// The part of `strength` that comes from the samples which are active below the surface. What
  /// holds a neuron there is gamma = eta c - (this), because their multiplier is 1 - eta
  /// (theory.md 4.5).
  template <class Residual>
  [[nodiscard]] double strength_below(index surface, const Residual& residual) const {
    if (surfaces_->one_sided(surface)) return 0.0;
    double sum = 0.0;
    for (const index k : surfaces_->members(surface)) {
      if (surfaces_->orientation(k) < 0.0) sum += residual(k) * data_->norms()[k];
    }
    return sum / static_cast<double>(data_->size());
  }

  /// Takes a neuron whose w moves on a line through the origin past it, where all surfaces are met
  /// at once: it leaves in the direction that descent takes with the residuals of this moment
  /// (`leave_origin`), or stays at w = 0, inactive on all samples, for good (docs/origin.md).
  /// @param surface  one of those that it meets there
  origin_passage pass_origin(index surface, const neuron_force& force, neuron_modes& modes,
                             std::vector<mode_change>& changes) const;

  /// eta of every surface of a frame, in [0, 1].
  [[nodiscard]] Eigen::VectorXd multipliers(const sliding_frame& frame,
                                            const neuron_force& force) const;

 private:
  [[nodiscard]] boundary_problem pose(const std::vector<arrival>& held, const neuron_force& force,
                                      const activation_pattern& row) const;
  void apply(const std::vector<arrival>& held, const boundary_solution& solution,
             const neuron_force& force, neuron_modes& modes,
             std::vector<mode_change>& changes) const;
  void adopt(const path_end& end, const neuron_force& force, neuron_modes& modes,
             std::vector<mode_change>& changes) const;
  void hold(std::vector<index> sliding, neuron_modes& modes) const;
  void note_changes(index surface, const activation_pattern& before,
                    const activation_pattern& after, double eta, bool repelling,
                    std::vector<mode_change>& changes) const;
  /// eta of every surface on which a neuron slides.
  [[nodiscard]] std::map<index, double> multipliers_of(const neuron_modes& modes,
                                                       const neuron_force& force) const;

  const dataset* data_;
  const switching_surfaces* surfaces_;
  surface_rule rule_;
};

/// The surfaces on which a neuron is in `mode` (sliding or resting), increasing.
[[nodiscard]] std::vector<index> surfaces_in(const activation_pattern& pattern, index neuron,
                                             pair_mode mode, const switching_surfaces& surfaces);

/// Where all but one direction of w_j is held, w_j moves on a line through the origin, and meets
/// every surface that does not hold it there, at one instant: the one of those that is farthest
/// from `w`. None when w_j is freer than that.
[[nodiscard]] std::optional<index> farthest_on_a_line(const switching_surfaces& surfaces,
                                                      const activation_pattern& pattern,
                                                      index neuron,
                                                      const Eigen::Ref<const Eigen::VectorXd>& w);

}  // namespace reluflow::detail
