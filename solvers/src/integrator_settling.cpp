// What arrives at a switching surface crosses, slides, rests or turns back; who rests is watched.

#include "integrator.hpp"
#include "length.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

}  // namespace

void integrator::settle(const std::vector<candidate>& arrived, double h_trial) {
  std::map<index, std::vector<arrival>> arrivals;
  std::map<index, index> at_origin;  // surface by neuron
  std::map<index, double> t_error;
  for (const candidate& event : arrived) {
    std::vector<arrival>& own = arrivals[event.neuron];
    double& least_known = t_error[event.neuron];
    least_known =
        std::max(least_known, error_of_time(event.neuron, passage_of(event, h_trial), 0.0));
    switch (event.kind) {
      case event_kind::origin:
        own.push_back({event.surface, surface_side::below});
        at_origin.emplace(event.neuron, event.surface);
        break;
      case event_kind::crossing:
        own.push_back({event.surface, settler_.guess(event.surface, modes_.pattern, event.neuron)});
        break;
      case event_kind::release_below:
        own.push_back({event.surface, surface_side::below});
        break;
      case event_kind::release_above:
        own.push_back({event.surface, surface_side::above});
        break;
      case event_kind::sign_change:
        // What held the neuron now pushes it away: below, by the convention.
        state_[event.neuron] = 0.0;
        for (const index s :
             surfaces_in(modes_.pattern, event.neuron, pair_mode::sliding, surfaces_)) {
          own.push_back({s, surface_side::below});
        }
        break;
    }
  }
  for (const auto& [neuron, own] : arrivals) {
    const event_time_error known = known_to(t_error[neuron], h_trial, t_);
    if (const auto surface = at_origin.find(neuron); surface != at_origin.end()) {
      pass_origin(neuron, surface->second, known);
    } else {
      settle_neuron(neuron, own, known);
    }
  }
  count_restart(arrivals);
  evaluate();
}

void integrator::settle_neuron(index neuron, const std::vector<arrival>& arrivals,
                               const event_time_error& known) {
  neuron_modes modes = modes_of(neuron);
  std::vector<mode_change> changes;
  neuron_force force = force_on(neuron);
  if (modes.frame) force.active = force_that_tells(neuron, force, *modes.frame);
  for (const index s : settler_.settle(arrivals, force, modes, changes)) {
    contacts_.insert({neuron, s});
  }
  adopt(neuron, std::move(modes), changes, known);
}

/// The same for the force on a neuron that slides.
Eigen::VectorXd integrator::force_that_tells(index neuron, const neuron_force& force,
                                             const sliding_frame& frame) {
  return detail::force_that_tells(
      force.active, force.error, frame, surfaces_, 1.0, [&](double by) -> Eigen::VectorXd {
        Eigen::VectorXd behind(field_.dimension());
        field_.residuals(state_ + by * h_ * rate_, modes_.pattern, other_values_);
        field_.active_force(modes_.pattern, neuron, other_values_.residuals, behind);
        return behind;
      });
}

void integrator::pass_origin(index neuron, index surface, const event_time_error& known) {
  neuron_modes modes = modes_of(neuron);
  std::vector<mode_change> changes;
  const origin_passage passage = settler_.pass_origin(surface, force_on(neuron), modes, changes);
  auto w = field_.vectors(state_).col(neuron);
  w.setZero();
  if (passage.direction) w = beyond_origin * std::abs(state_[neuron]) * *passage.direction;
  for (const index s : passage.contacts) contacts_.insert({neuron, s});
  adopt(neuron, std::move(modes), changes, known);
}

neuron_modes integrator::modes_of(index neuron) const {
  neuron_modes modes{modes_.pattern.row(neuron), std::nullopt};
  if (const auto frame = modes_.frames.find(neuron); frame != modes_.frames.end()) {
    modes.frame = frame->second;
  }
  return modes;
}

void integrator::adopt(index neuron, neuron_modes modes, const std::vector<mode_change>& changes,
                       const event_time_error& known) {
  modes_.pattern.set_row(neuron, modes.row);
  if (modes.frame) {
    const auto own = modes_.frames.insert_or_assign(neuron, std::move(*modes.frame)).first;
    own->second.project(field_.vectors(state_).col(neuron));
  } else {
    modes_.frames.erase(neuron);
  }
  for (const mode_change& change : changes) {
    recorder_.changed(t_, name(neuron), change, known);
  }
}

neuron_force integrator::force_on(index neuron) const {
  neuron_force force;
  force.sign = field_.sign(state_, neuron);
  if (force.sign == 0.0) force.sign = rate_[neuron] < 0.0 ? -1.0 : 1.0;
  force.active.resize(field_.dimension());
  field_.active_force(modes_.pattern, neuron, values_.residuals, force.active);
  force.residual = [this](index k) { return values_.residuals[k]; };
  force.error = force_error_;
  return force;
}

void integrator::rest(const std::vector<std::pair<index, index>>& pairs) {
  for (const auto& [neuron, surface] : pairs) {
    if (!surfaces_.one_sided(surface)) continue;
    surfaces_.set_mode(modes_.pattern, neuron, surface, pair_mode::resting);
  }
}

/// Resting pairs whose normal velocity is no longer zero leave downward, or are settled again. The
/// others are put back on their surfaces: what rounding leaves there would grow relative to a
/// neuron that shrinks.
void integrator::watch_resting() {
  std::vector<index> stirring;
  for (index j = alone(); j < field_.neurons(); ++j) {
    for (const index s : surfaces_in(modes_.pattern, j, pair_mode::resting, surfaces_)) {
      if (std::abs(surfaces_.distance(s, values_.forces.col(j))) > force_error_) {
        stirring.push_back(j);
      }
    }
  }
  let_go(stirring);
  std::map<index, std::vector<arrival>> woken;
  for (index j = 0; j < field_.neurons(); ++j) {
    const std::vector<index> resting =
        surfaces_in(modes_.pattern, j, pair_mode::resting, surfaces_);
    auto w = field_.vectors(state_).col(j);
    // It stays at the origin: what rounding has left there points anywhere.
    if (field_.chart() == chart_kind::cartesian &&
        static_cast<index>(resting.size()) == surfaces_.size() &&
        length(w) <= 8.0 * epsilon * std::abs(state_[j])) {
      w.setZero();
      continue;
    }
    for (const index s : resting) {
      const double sign = field_.sign(state_, j);
      const double velocity = sign * surfaces_.distance(s, values_.forces.col(j));
      if (std::abs(velocity) <= force_error_) {
        const double off = surfaces_.distance(s, w);
        if (field_.chart() == chart_kind::spherical) {
          const double growth = sign * values_.forces.col(j).dot(w);
          surfaces_.move_along(s, growth * off, field_.vectors(rate_).col(j));
        }
        surfaces_.move_along(s, -off, w);
      } else if (velocity < 0.0 || surfaces_.distance(s, w) < -8.0 * epsilon * length(w)) {
        surfaces_.set_mode(modes_.pattern, j, s, pair_mode::inactive);
      } else {
        woken[j].push_back({s, surface_side::below});
      }
    }
  }
  if (woken.empty()) return;
  // When in the step they woke is not known.
  const event_time_error known{stepper_.last_step(), false};
  for (const auto& [neuron, arrivals] : woken) settle_neuron(neuron, arrivals, known);
  count_restart(woken);
  evaluate();
}

}  // namespace reluflow::detail
