// One step: tried, completed together with the switches in it or cut at the first, taken over.

#include "integrator.hpp"
#include "length.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "stopwatch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Switches closer in time than this, relative to the time, are one event.
constexpr double tie = 16.0 * epsilon;

/// Candidates within this fraction of a step from the first are looked at for ties.
constexpr double same_event = 1e-6;

/// A step that had to be taken again for the bends in it is a sign of more to come: the next
/// `calm_again` steps grow by no more than `wary`. A sharp switch stands alone when no step was
/// taken again within the `calm_before` steps before it.
constexpr double wary = 1.5;
constexpr int calm_again = 3;
constexpr int calm_before = 6;

}  // namespace

/// Completes the step that the stepper holds together with the switches in it. False when there are
/// none.
bool integrator::advance_asynchronous(double h) {
  std::vector<std::pair<index, index>> at_rest;
  departures leaving;
  {
    const stopwatch in_search(run_.statistics.profile.certificates);
    leaving = search_.leaving(view(), modes_, contacts_, at_rest);
  }
  rest(at_rest);
  if (leaving.neurons.empty()) return false;
  if (let_go(leaving.neurons)) {
    h_ = h;
    return true;
  }
  if (modes_.frames.empty() && cells_.members() == 0) build_residual_control();
  const frozen_step step = freeze(h, std::move(leaving));
  if (!complete(step)) {
    ++run_.statistics.rejected;
    // Behind a sharp switch that stands alone the steps may be long again.
    const bool alone = calm_ >= calm_before || resume_h_ > 0.0;
    resume_h_ = asynchronous_.at_a_kink() && alone ? std::max(resume_h_, h) : 0.0;
    calm_ = 0;
    h_ = h * asynchronous_.shorter();
    return true;
  }
  if (asynchronous_.corrected() && !carry(asynchronous_.drive())) {
    h_ = h;
    return true;
  }
  Eigen::VectorXd end = asynchronous_.state_at(step, 1.0, stepper_.new_state());
  flow_modes end_modes = asynchronous_.modes_at(step, 1.0);
  evaluate_at(end, end_modes, end_rate_, end_values_);
  const double error = account_.counts(energy_error(end[end.size() - 1]));
  if (error > 1.0) {
    ++run_.statistics.rejected;
    h_ = h * std::clamp(0.9 * std::pow(error, -0.2), 0.2, 0.9);
    return true;
  }
  double longer =
      std::min(controller_.accept(std::max(step_error_, error)), asynchronous_.longer());
  if (calm_ < calm_again) longer = std::min(longer, wary);
  h_ = std::max(h * longer, std::exchange(resume_h_, 0.0));
  ++calm_;
  accept_asynchronous(step, std::move(end), std::move(end_modes));
  return true;
}

bool integrator::complete(const frozen_step& step) {
  const stopwatch in_local_flow(run_.statistics.profile.local);
  return asynchronous_.complete(step);
}

/// The residuals of the step that the stepper holds.
residual_path integrator::drive_of(double h) const {
  residual_path drive;
  drive.control = residual_control_;
  drive.h = h;
  drive.force_error = force_error_;
  drive.expand(data_->norms());
  return drive;
}

frozen_step integrator::freeze(double h, departures leaving) const {
  return {state_,           modes_, contacts_, drive_of(h), t_, alone(), std::move(leaving.neurons),
          leaving.clearance};
}

void integrator::accept_asynchronous(const frozen_step& step, Eigen::VectorXd end,
                                     flow_modes end_modes) {
  loss_error_.add(field_, state_, rate_, stepper_.error(), asynchronous_.undone(), step.drive.h);
  errors_.carry(field_, state_, values_.forces, end, stepper_.error(), asynchronous_.left(),
                step.drive.h);
  const double t0 = t_;
  const double t1 = end_of(step.drive.h);
  const step_solution solution = solution_until(
      t1,
      [&](double fraction) {
        return fraction < 1.0 ? asynchronous_.state_at(step, fraction, state_inside(fraction))
                              : end;
      },
      [&](double fraction) { return asynchronous_.modes_at(step, fraction); });
  const double until = recorded_until(solution);
  if (recorder_.wants_dense()) {
    const std::vector<double> ends = asynchronous_.smooth_until();
    for (std::size_t i = 0; i + 1 < ends.size() && t0 + ends[i] * (t1 - t0) < until; ++i) {
      recorder_.keep_dense(solution, ends[i], ends[i + 1], until);
    }
  }

  std::vector<named_change> changes;
  for (const index j : asynchronous_.followed()) {
    for (const timed_change& timed : asynchronous_.path(j).changes) {
      changes.push_back({timed.fraction, name(j), timed.change,
                         error_of_time(j, timed.at, asynchronous_.inside())});
    }
  }
  record_changes(std::move(changes), solution, until);
  if (until < t1) return stop_at(until, solution);
  for (const index j : asynchronous_.followed()) {
    for (const index s : asynchronous_.path(j).contacts) contacts_.insert({j, s});
  }
  state_ = solution.state_at(1.0);
  modes_ = std::move(end_modes);
  rate_.swap(end_rate_);
  arrive(t1);
}

/// Records the changes of modes in a step up to a time: those that are given and those of members
/// of cells.
void integrator::record_changes(std::vector<named_change> changes, const step_solution& solution,
                                double until) {
  const double of_members = cells_.members() > 0 ? errors_.of_direction(field_, state_) : 0.0;
  for (const neuron_cells::transfer& one : cells_.transfers()) {
    changes.push_back({one.fraction, one.name, one.change,
                       propagated_error::of_time(one.at, of_members, force_error_)});
  }
  // Small keys are sorted fast.
  std::vector<std::pair<double, std::size_t>> order(changes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = {changes[i].fraction, i};
  std::sort(order.begin(), order.end(), [&](const auto& x, const auto& y) {
    if (x.first != y.first) return x.first < y.first;
    return std::tie(changes[x.second].name, x.second) < std::tie(changes[y.second].name, y.second);
  });
  for (const auto& [fraction, at] : order) {
    const named_change& one = changes[at];
    // As the dense output has it.
    const double t = solution.t0 + fraction * (solution.t1 - solution.t0);
    if (t > until) break;
    recorder_.changed(t, one.name, one.change, known_to(one.t_error, solution.t1 - solution.t0, t));
  }
}

/// The error of the time at which a neuron of the state passes from one mode to another in the step
/// that the stepper holds.
/// @param missed  error of the forces inside the step that its own estimate does not know of
double integrator::error_of_time(index neuron, const zero_passage& at, double missed) const {
  return propagated_error::of_time(at, errors_.of_direction(field_, state_, neuron),
                                   errors_.of_force(neuron, force_error_ + missed));
}

bool integrator::try_step(double h) {
  const stopwatch in_field(run_.statistics.profile.field);
  stepper_.step(
      [&](const Eigen::VectorXd& y, Eigen::VectorXd& dydt) {
        field_.derivative(y, modes_, dydt, end_values_);
        ++run_.statistics.field_evaluations;
      },
      state_, rate_, h);
  field_.residuals(stepper_.new_state() - stepper_.error(), modes_.pattern, other_values_);
  residual_error_ = other_values_.residuals - end_values_.residuals;
  step_error_ = (*norm_)(state_, stepper_.new_state(), stepper_.error(), residual_error_);
  force_error_ =
      residual_error_.cwiseAbs().dot(data_->norms()) / static_cast<double>(data_->size()) +
      rounding_of_forces(end_values_.residuals);
  const double dissipated = stepper_.new_state()[state_.size() - 1];
  step_error_ = std::max(step_error_, account_.counts(energy_error(dissipated)));
  return step_error_ <= 1.0;
}

/// Residuals are differences of labels and outputs, so their rounding does not vanish with them.
double integrator::rounding_of_forces(const Eigen::VectorXd& residuals) const {
  return (rounding_of(residuals) * data_->norms().array()).mean();
}

Eigen::ArrayXd integrator::rounding_of(const Eigen::VectorXd& residuals) const {
  return epsilon * (32.0 * residuals.array().abs() + 8.0 * data_->labels().array().abs());
}

double integrator::rounding_of_loss(const Eigen::VectorXd& residuals) const {
  return (rounding_of(residuals) * residuals.array().abs()).mean();
}

/// How far the loss between `values_` and `end_values_` is from what was dissipated in between, in
/// units of what is allowed: rtol times the latter, times |r(0)|/|r| because residuals are known
/// relative to the labels, and the rounding of the losses.
double integrator::energy_error(double dissipated) const {
  const double rounding =
      std::max(rounding_of_loss(values_.residuals), rounding_of_loss(end_values_.residuals));
  const double allowed = flow_->rtol * account_.decay(values_.loss) * dissipated + rounding;
  const double missing = std::abs(values_.loss - end_values_.loss - dissipated);
  return allowed > 0.0 ? missing / allowed : 0.0;
}

void integrator::build_residual_control() {
  const stopwatch in_field(run_.statistics.profile.field);
  const Eigen::MatrixXd& control = stepper_.control_points(state_, rate_);
  Eigen::MatrixXd values(field_.samples(), 6);
  values.col(0) = values_.residuals;
  values.col(5) = end_values_.residuals;
  for (int i = 1; i < 5; ++i) {
    field_.residuals(control * bernstein_weights(i / 5.0), modes_.pattern, other_values_);
    values.col(i) = other_values_.residuals;
  }
  residual_control_ = bernstein_from_values(values);
}

/// The state at a fraction of the step that the stepper holds, as exact as its ends
/// (docs/integrator.md, "Between the ends of a step").
Eigen::VectorXd integrator::state_inside(double fraction) {
  const auto field = [&](const Eigen::VectorXd& y, Eigen::VectorXd& dydt) {
    const stopwatch in_field(run_.statistics.profile.field);
    field_.derivative(y, modes_, dydt, other_values_);
    ++run_.statistics.field_evaluations;
  };
  Eigen::VectorXd state = stepper_.refined_control_points(field) * bernstein_weights(fraction);
  // As at the ends of a step: who slides is on its surfaces, and what rounding has left of resting
  // pairs may grow in a long one.
  for (const auto& [neuron, frame] : modes_.frames) {
    frame.project(field_.vectors(state).col(neuron));
  }
  for (index j = 0; j < field_.neurons(); ++j) {
    for (const index s : surfaces_in(modes_.pattern, j, pair_mode::resting, surfaces_)) {
      auto w = field_.vectors(state).col(j);
      surfaces_.move_along(s, -surfaces_.distance(s, w), w);
    }
  }
  return state;
}

step_view integrator::view() const {
  return {stepper_.last_control_points(), residual_control_, stepper_.last_step(), force_error_,
          alone()};
}

/// The time at the end of a step of length h from here; exactly t_end where it is that.
double integrator::end_of(double h) const {
  return flow_->t_end - t_ <= h * (1.0 + epsilon) ? flow_->t_end : t_ + h;
}

/// Takes over the step that the stepper holds.
void integrator::accept(double h) {
  const double undone = cells_.transfers().empty() ? 0.0 : asynchronous_.undone();
  loss_error_.add(field_, state_, rate_, stepper_.error(), undone, h);
  errors_.carry(field_, state_, values_.forces, stepper_.new_state(), stepper_.error(), undone, h);
  const double t1 = end_of(h);
  const step_solution solution = solution_until(
      t1,
      [this](double fraction) {
        return fraction < 1.0 ? state_inside(fraction) : stepper_.new_state();
      },
      [this](double) { return modes_; });
  const double until = recorded_until(solution);
  recorder_.keep_dense(solution, 0.0, 1.0, until);
  record_changes({}, solution, until);
  if (until < t1) return stop_at(until, solution);
  state_ = solution.state_at(1.0);
  rate_ = stepper_.new_rate();
  arrive(t1);
}

/// At the end of a step, whose state and rate are in place already.
void integrator::arrive(double t1) {
  t_ = t1;
  cells_.arrive(1.0);
  std::swap(values_, end_values_);
  ++run_.statistics.steps;
  book_energy();
  restore_constraints();
  refresh_contacts();
  errors_.couple(field_, state_, modes_, values_);
  watch_resting();
}

/// Ends the step that the stepper holds at the first switch in it and settles what arrives there.
/// False when there is none.
bool integrator::cut(double h_trial) {
  std::vector<std::pair<index, index>> at_rest;
  std::vector<candidate> found;
  {
    const stopwatch in_search(run_.statistics.profile.certificates);
    found = search_.find(view(), modes_, contacts_, same_event, at_rest);
  }
  rest(at_rest);
  if (found.empty()) return false;
  h_ = h_trial;
  const candidate first = found.front();
  if (first.fraction > 0.0) {
    const double h = locate(first);
    if (ending_) return true;
    accept(h);
    if (ending_) return true;
  }
  std::vector<candidate> arrived;
  for (const candidate& event : found) {
    const bool is_first =
        event.neuron == first.neuron && event.surface == first.surface && event.kind == first.kind;
    bool arrives = is_first;
    if (!is_first && event.slope != 0.0) {
      const double ahead = search_.value(event, state_, values_.residuals, modes_) / event.slope;
      arrives = std::abs(ahead) * h_ <= tie * std::max(t_, h_) || (event.fraction == 0.0);
    }
    if (arrives) arrived.push_back(event);
  }
  settle(arrived, h_trial);
  return true;
}

/// @param h_trial  length of the step in which the candidate was found
zero_passage integrator::passage_of(const candidate& event, double h_trial) const {
  const bool of_force =
      event.kind == event_kind::release_below || event.kind == event_kind::release_above;
  const double unit = of_force ? h_trial : h_trial * size_of(field_, state_, event.neuron);
  return {event.slope / unit, event.curvature / (unit * h_trial), event.gain, of_force};
}

/// Repeats the step up to the event until the time of the event no longer moves; returns its
/// length.
double integrator::locate(const candidate& first) {
  const double h_trial = stepper_.last_step();
  double h = first.fraction * h_trial;
  const double slope = first.slope / h_trial;
  for (int repeat = 0; repeat < 6; ++repeat) {
    if (!try_step(h) && !std::isfinite(step_error_)) {
      ending_ = outcome::not_finite;
      return h;
    }
    const double ahead =
        slope != 0.0
            ? -search_.value(first, stepper_.new_state(), end_values_.residuals, modes_) / slope
            : 0.0;
    if (!(std::abs(ahead) > 4.0 * epsilon * std::max(t_, h)) || !(h + ahead > 0.0) ||
        !(std::abs(ahead) < 0.1 * h)) {
      break;
    }
    h += ahead;
  }
  stepper_.control_points(state_, rate_);
  // Not h: noise may keep the time of the event moving, and then the last correction was not taken.
  return stepper_.last_step();
}

void integrator::count_restart(const std::map<index, std::vector<arrival>>& arrivals) {
  if (!(t_ - stall_time_ > 4.0 * tie * t_)) {
    ++stalled_;
  } else {
    stall_time_ = t_;
    stalled_ = 1;
    run_.stalled_pairs.clear();
  }
  if (stalled_ <= flow_->max_stalled_switches) return;
  for (const auto& [neuron, own] : arrivals) {
    for (const arrival& a : own) {
      run_.stalled_pairs.emplace_back(name(neuron), surfaces_.representative(a.surface));
    }
  }
  ending_ = outcome::accumulation;
}

}  // namespace reluflow::detail
