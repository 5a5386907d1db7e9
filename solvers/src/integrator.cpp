#include "integrator.hpp"

#include "length.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "stopwatch.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

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

/// max_j |c_j(end) - c_j(start)| / (a_j^2 + |w_j|^2).
double largest_drift(const network& start, const network& end) {
  if (end.is_balanced()) return 0.0;
  const Eigen::VectorXd drift = end.invariants() - start.invariants();
  const Eigen::VectorXd a = end.output_weights();
  const Eigen::MatrixXd weights = end.weights();
  double largest = 0.0;
  for (index j = 0; j < end.width(); ++j) {
    const double size = a[j] * a[j] + weights.col(j).squaredNorm();
    if (size > 0.0) largest = std::max(largest, std::abs(drift[j]) / size);
  }
  return largest;
}

/// sign(c) sqrt|c| of the invariants c = a^2 - |w|^2, which itself may underflow.
Eigen::VectorXd signed_roots(const network& net) {
  const Eigen::VectorXd a = net.output_weights().cwiseAbs();
  const Eigen::MatrixXd weights = net.weights();
  Eigen::VectorXd roots = Eigen::VectorXd::Zero(net.width());
  if (net.is_balanced()) return roots;
  for (index j = 0; j < net.width(); ++j) {
    const double w = length(weights.col(j));
    roots[j] = std::copysign(std::sqrt(std::abs(a[j] - w)) * std::sqrt(a[j] + w), a[j] - w);
  }
  return roots;
}

}  // namespace

integrator::integrator(const dataset& data, const network& initial, const flow_options& flow,
                       const record_options& record, const observers& callbacks)
    : data_(&data),
      flow_(&flow),
      record_(&record),
      callbacks_(&callbacks),
      field_(data, initial, flow.chart),
      surfaces_(data),
      settler_(data, surfaces_, flow.rule),
      search_(field_, surfaces_, settler_),
      asynchronous_(field_, surfaces_, settler_, flow.rtol),
      recorder_(field_, record, callbacks, run_),
      watch_(field_, record.stopping_times),
      stepper_(field_.coordinates()) {
  run_.initial_network = initial;
  run_.chart = field_.chart();
  state_ = field_.pack(initial);
  norm_.emplace(field_, state_, flow.rtol, flow.atol);
  if (field_.chart() == chart_kind::cartesian) invariants_ = signed_roots(initial);
}

void integrator::start() {
  const stopwatch whole(run_.statistics.wall_seconds);
  begin();
  look_for_end();
}

void integrator::step() {
  const stopwatch whole(run_.statistics.wall_seconds);
  if (ending_) return;
  advance();
  look_for_end();
}

/// What ends the run at a step boundary.
void integrator::look_for_end() {
  if (ending_) return;
  if (stopping_time_reached_) {
    ending_ = outcome::stopping_time;
  } else if (below_level(values_.loss, field_.output_scale() * std::sqrt(values_.speed))) {
    ending_ = outcome::converged;
  } else if (t_ >= flow_->t_end) {
    ending_ = outcome::reached_end;
  } else if (run_.statistics.steps >= flow_->max_steps) {
    ending_ = outcome::step_limit;
  }
}

progress integrator::now() const {
  return {t_, flow_->t_end, values_.loss, run_.statistics.steps, run_.statistics.switches};
}

trajectory integrator::finish() {
  if (!ending_) ending_ = outcome::interrupted;
  close();
  return std::move(run_);
}

void integrator::evaluate() {
  const stopwatch in_field(run_.statistics.profile.field);
  field_.derivative(state_, modes_, rate_, values_);
  ++run_.statistics.field_evaluations;
}

void integrator::begin() {
  modes_.pattern = activation_pattern(field_.neurons(), field_.samples());
  std::map<index, std::vector<arrival>> on_surface;
  for (index j = 0; j < field_.neurons(); ++j) {
    const Eigen::VectorXd w = field_.vectors(state_).col(j);
    const double size = length(w);
    const Eigen::VectorXd z = surfaces_.normals().transpose() * w;
    for (index s = 0; s < surfaces_.size(); ++s) {
      if (std::abs(z[s]) <= 4.0 * epsilon * size) {
        on_surface[j].push_back({s, surface_side::below});
        if (w.isZero(0.0)) {
          for (const index k : surfaces_.members(s)) modes_.pattern.set(j, k, pair_mode::resting);
        } else {
          surfaces_.set_mode(modes_.pattern, j, s, pair_mode::inactive);
        }
      } else {
        surfaces_.set_mode(modes_.pattern, j, s,
                           z[s] > 0.0 ? pair_mode::active : pair_mode::inactive);
      }
    }
    // w_j = 0 stays: under relu'(0) = 0 nothing moves it.
    if (w.isZero(0.0)) on_surface.erase(j);
  }
  run_.initial_pattern = modes_.pattern;
  evaluate();
  force_error_ = rounding_of_forces(values_.residuals);
  if (!on_surface.empty()) {
    for (const auto& [neuron, arrivals] : on_surface) settle_neuron(neuron, arrivals);
    evaluate();
  }
  const step_solution now{0.0, 0.0, [this](double) { return state_; },
                          [this](double) { return modes_; }};
  recorded_until(now);
  const double fastest = longest_column(values_.forces);
  h_ = fastest > 0.0 ? std::pow(flow_->rtol, 0.2) / fastest : flow_->t_end;
}

void integrator::advance() {
  double h = std::min(h_, flow_->t_end - t_);
  // Two even steps instead of one and a sliver.
  if (flow_->t_end - t_ < 2.0 * h && flow_->t_end - t_ > h) h = 0.5 * (flow_->t_end - t_);
  while (!try_step(h)) {
    ++run_.statistics.rejected;
    h *= controller_.reject(step_error_);
    if (h <= 4.0 * epsilon * std::max(t_, std::numeric_limits<double>::min())) {
      ending_ = outcome::not_finite;
      return;
    }
  }
  stepper_.control_points(state_, rate_);
  if (!modes_.frames.empty()) build_residual_control();
  const bool asynchronous = flow_->switching == switching_method::asynchronous;
  if (asynchronous ? !advance_asynchronous(h) : !cut(h)) {
    h_ = h * controller_.accept(step_error_);
    accept(h);
  }
}

/// Completes the step that the stepper holds together with the switches in it. False when there are
/// none.
bool integrator::advance_asynchronous(double h) {
  std::vector<std::pair<index, index>> at_rest;
  std::vector<index> leaving;
  {
    const stopwatch in_search(run_.statistics.profile.certificates);
    leaving = search_.leaving(view(), modes_, contacts_, at_rest);
  }
  rest(at_rest);
  if (leaving.empty()) return false;
  if (modes_.frames.empty()) build_residual_control();
  const frozen_step step = freeze(h, std::move(leaving));
  if (complete(step)) {
    double longer = std::min(controller_.accept(step_error_), asynchronous_.longer());
    if (calm_ < calm_again) longer = std::min(longer, wary);
    h_ = std::max(h * longer, std::exchange(resume_h_, 0.0));
    ++calm_;
    accept_asynchronous(step);
  } else {
    ++run_.statistics.rejected;
    // Behind a sharp switch that stands alone the steps may be long again.
    const bool alone = calm_ >= calm_before || resume_h_ > 0.0;
    resume_h_ = asynchronous_.at_a_kink() && alone ? std::max(resume_h_, h) : 0.0;
    calm_ = 0;
    h_ = h * asynchronous_.shorter();
  }
  return true;
}

bool integrator::complete(const frozen_step& step) {
  const stopwatch in_local_flow(run_.statistics.profile.local);
  return asynchronous_.complete(step);
}

frozen_step integrator::freeze(double h, std::vector<index> leaving) const {
  frozen_step step{state_,
                   stepper_.last_control_points(),
                   modes_,
                   contacts_,
                   {residual_control_, h, force_error_, {}, {}},
                   std::move(leaving)};
  step.drive.expand();
  return step;
}

void integrator::accept_asynchronous(const frozen_step& step) {
  loss_error_.add(field_, state_, rate_, stepper_.error(), asynchronous_.undone(), step.drive.h);
  const double t0 = t_;
  const double t1 = end_of(step.drive.h);
  const step_solution solution{
      t0, t1, [&](double fraction) { return asynchronous_.state_at(step, fraction); },
      [&](double fraction) { return asynchronous_.modes_at(step, fraction); }};
  const double until = recorded_until(solution);
  if (recorder_.wants_dense()) {
    const std::vector<double> ends = asynchronous_.smooth_until();
    for (std::size_t i = 0; i + 1 < ends.size() && t0 + ends[i] * (t1 - t0) < until; ++i) {
      recorder_.keep_dense(solution, ends[i], ends[i + 1], until);
    }
  }

  // (fraction, neuron) of every change, to sort by time.
  std::vector<std::pair<double, index>> order;
  for (const index j : asynchronous_.followed()) {
    for (const timed_change& timed : asynchronous_.path(j).changes) {
      order.emplace_back(timed.fraction, j);
    }
  }
  std::stable_sort(order.begin(), order.end());
  std::map<index, std::size_t> next;
  for (const auto& [fraction, neuron] : order) {
    const double t = std::min(t0 + fraction * step.drive.h, t1);
    if (t > until) break;
    recorder_.changed(t, neuron, asynchronous_.path(neuron).changes[next[neuron]++].change);
  }
  if (until < t1) return stop_at(until, solution);
  Eigen::VectorXd end = asynchronous_.state_at(step, 1.0);
  flow_modes end_modes = asynchronous_.modes_at(step, 1.0);
  for (const index j : asynchronous_.followed()) {
    for (const index s : asynchronous_.path(j).contacts) contacts_.insert({j, s});
  }
  t_ = t1;
  state_ = std::move(end);
  modes_ = std::move(end_modes);
  ++run_.statistics.steps;
  evaluate();
  restore_constraints();
  refresh_contacts();
  watch_resting();
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
  return step_error_ <= 1.0;
}

/// Residuals are differences of labels and outputs, so their rounding does not vanish with them.
double integrator::rounding_of_forces(const Eigen::VectorXd& residuals) const {
  const Eigen::VectorXd noise =
      epsilon * (32.0 * residuals.cwiseAbs() + 8.0 * data_->labels().cwiseAbs());
  return noise.dot(data_->norms()) / static_cast<double>(data_->size());
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

step_view integrator::view() const {
  return {stepper_.last_control_points(), residual_control_, stepper_.last_step(), force_error_};
}

/// The time at the end of a step of length h from here; exactly t_end where it is that.
double integrator::end_of(double h) const {
  return flow_->t_end - t_ <= h * (1.0 + epsilon) ? flow_->t_end : t_ + h;
}

/// Takes over the step that the stepper holds.
void integrator::accept(double h) {
  loss_error_.add(field_, state_, rate_, stepper_.error(), 0.0, h);
  const double t1 = end_of(h);
  const step_solution solution{
      t_, t1,
      [this](double fraction) {
        return Eigen::VectorXd(stepper_.last_control_points() * bernstein_weights(fraction));
      },
      [this](double) { return modes_; }};
  const double until = recorded_until(solution);
  recorder_.keep_dense(solution, 0.0, 1.0, until);
  if (until < t1) return stop_at(until, solution);
  t_ = t1;
  state_ = stepper_.new_state();
  rate_ = stepper_.new_rate();
  std::swap(values_, end_values_);
  ++run_.statistics.steps;
  restore_constraints();
  refresh_contacts();
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
  settle(arrived);
  return true;
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

void integrator::settle(const std::vector<candidate>& arrived) {
  std::map<index, std::vector<arrival>> arrivals;
  std::map<index, index> at_origin;  // surface by neuron
  for (const candidate& event : arrived) {
    std::vector<arrival>& own = arrivals[event.neuron];
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
    if (const auto surface = at_origin.find(neuron); surface != at_origin.end()) {
      pass_origin(neuron, surface->second);
    } else {
      settle_neuron(neuron, own);
    }
  }
  count_restart(arrivals);
  evaluate();
}

void integrator::settle_neuron(index neuron, const std::vector<arrival>& arrivals) {
  neuron_modes modes = modes_of(neuron);
  std::vector<mode_change> changes;
  for (const index s : settler_.settle(arrivals, force_on(neuron), modes, changes)) {
    contacts_.insert({neuron, s});
  }
  adopt(neuron, std::move(modes), changes);
}

void integrator::pass_origin(index neuron, index surface) {
  neuron_modes modes = modes_of(neuron);
  std::vector<mode_change> changes;
  const auto line = settler_.pass_origin(surface, force_on(neuron), modes, changes);
  auto w = field_.vectors(state_).col(neuron);
  w.setZero();
  if (line) w = beyond_origin * std::abs(state_[neuron]) * *line;
  adopt(neuron, std::move(modes), changes);
}

neuron_modes integrator::modes_of(index neuron) const {
  neuron_modes modes{modes_.pattern.row(neuron), std::nullopt};
  if (const auto frame = modes_.frames.find(neuron); frame != modes_.frames.end()) {
    modes.frame = frame->second;
  }
  return modes;
}

void integrator::adopt(index neuron, neuron_modes modes, const std::vector<mode_change>& changes) {
  modes_.pattern.set_row(neuron, modes.row);
  if (modes.frame) {
    const auto own = modes_.frames.insert_or_assign(neuron, std::move(*modes.frame)).first;
    own->second.project(field_.vectors(state_).col(neuron));
  } else {
    modes_.frames.erase(neuron);
  }
  for (const mode_change& change : changes) recorder_.changed(t_, neuron, change);
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
  std::map<index, std::vector<arrival>> woken;
  for (index j = 0; j < field_.neurons(); ++j) {
    for (const index s : surfaces_in(modes_.pattern, j, pair_mode::resting, surfaces_)) {
      const auto normal = surfaces_.normals().col(s);
      auto w = field_.vectors(state_).col(j);
      const double sign = field_.sign(state_, j);
      const double velocity = sign * normal.dot(values_.forces.col(j));
      if (std::abs(velocity) <= force_error_) {
        const double off = normal.dot(w);
        if (field_.chart() == chart_kind::spherical) {
          const double growth = sign * values_.forces.col(j).dot(w);
          field_.vectors(rate_).col(j) += growth * off * normal;
        }
        w -= off * normal;
      } else if (velocity < 0.0 || normal.dot(w) < -8.0 * epsilon * length(w)) {
        surfaces_.set_mode(modes_.pattern, j, s, pair_mode::inactive);
      } else {
        woken[j].push_back({s, surface_side::below});
      }
    }
  }
  if (woken.empty()) return;
  for (const auto& [neuron, arrivals] : woken) settle_neuron(neuron, arrivals);
  count_restart(woken);
  evaluate();
}

/// Puts sliding neurons back on their surfaces, directions back on the sphere, and a_j^2 - |w_j|^2
/// back to its value; all drift by rounding and by the error of the step alone. The spherical field
/// is homogeneous in |v|, so the rate scales along.
void integrator::restore_constraints() {
  auto v = field_.vectors(state_);
  auto v_rate = field_.vectors(rate_);
  auto frame = modes_.frames.begin();
  for (index j = 0; j < field_.neurons(); ++j) {
    const bool slides = frame != modes_.frames.end() && frame->first == j;
    const sliding_frame* own = slides ? &(frame++)->second : nullptr;
    if (own != nullptr) {
      own->project(v.col(j));
      own->project(v_rate.col(j));
    }
    if (field_.chart() == chart_kind::cartesian) {
      restore_invariant(j);
      continue;
    }
    const double norm = v.col(j).norm();
    if (norm == 1.0 || norm == 0.0) continue;
    v.col(j) /= norm;
    v_rate.col(j) /= norm;
  }
}

/// With |a_j| >= |w_j| the sign of a_j is conserved and a_j follows from |w_j|; otherwise |w_j|
/// follows from a_j. Without it rounding in a_j - |w_j| would outlive a neuron that decays.
void integrator::restore_invariant(index neuron) {
  auto w = field_.vectors(state_).col(neuron);
  const double size = length(w);
  double& a = state_[neuron];
  if (invariants_[neuron] >= 0.0) {
    const double before = a;
    a = run_.initial_network.signs()[neuron] * std::hypot(size, invariants_[neuron]);
    if (before != 0.0) field_.vectors(rate_).col(neuron) *= a / before;
  } else if (size > 0.0) {
    const double scale = std::hypot(a, invariants_[neuron]) / size;
    w *= scale;
    rate_[neuron] *= scale;
  }
}

/// A contact lasts until the neuron has left the surface by more than rounding.
void integrator::refresh_contacts() {
  std::erase_if(contacts_, [&](const std::pair<index, index>& pair) {
    const auto [neuron, surface] = pair;
    const pair_mode mode = modes_.pattern(neuron, surfaces_.representative(surface));
    if (mode == pair_mode::sliding || mode == pair_mode::resting) return true;
    const auto w = field_.vectors(state_).col(neuron);
    const double side = mode == pair_mode::active ? 1.0 : -1.0;
    return side * surfaces_.normals().col(surface).dot(w) > 8.0 * epsilon * w.norm();
  });
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
      run_.stalled_pairs.emplace_back(neuron, surfaces_.representative(a.surface));
    }
  }
  ending_ = outcome::accumulation;
}

bool integrator::below_level(double loss, double gradient_norm) const {
  return loss < flow_->stop_loss || gradient_norm < flow_->stop_gradient;
}

/// The time at which the loss or the gradient falls below its level in this step, or its end.
double integrator::stop_in(const step_solution& solution) {
  const double span = solution.t1 - solution.t0;
  if (flow_->stop_loss <= 0.0 && flow_->stop_gradient <= 0.0) return solution.t1;
  const auto excess = [&](double fraction) {
    const record_row row = recorder_.row(solution.t0 + fraction * span, solution.state_at(fraction),
                                         solution.modes_at(fraction));
    double above = std::numeric_limits<double>::infinity();
    if (flow_->stop_loss > 0.0) above = std::min(above, row.loss / flow_->stop_loss - 1.0);
    if (flow_->stop_gradient > 0.0) {
      above = std::min(above, row.gradient_norm / flow_->stop_gradient - 1.0);
    }
    return above;
  };
  const double end = excess(1.0);
  const double begin = end < 0.0 ? excess(0.0) : 1.0;
  if (!(end < 0.0) || !(begin > 0.0)) return solution.t1;
  std::uintmax_t iterations = 60;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, 0.0, 1.0, begin, end, boost::math::tools::eps_tolerance<double>(48), iterations);
  return std::min(solution.t0 + bracket.second * span, solution.t1);
}

/// The time at which something ends the run in this step, or the end of the step. Notes the
/// stopping times until then.
double integrator::watched_until(const step_solution& solution) {
  const double until = stop_in(solution);
  if (watch_.empty()) return until;
  for (const stop_found& one : watch_.search(solution)) {
    if (one.t > until) break;
    const record_row row = recorder_.row(one.t, one.state, one.modes);
    run_.stopping_times.push_back(watch_.describe(one, row, record_->states));
    stopping_time_reached_ = run_.stopping_times.back().terminal;
    if (stopping_time_reached_) return one.t;
  }
  return until;
}

/// Records the rows of a step up to the time at which something ends the run in it, or to its end;
/// returns that time.
double integrator::recorded_until(const step_solution& solution) {
  const stopwatch in_recording(run_.statistics.profile.recording);
  const double until = watched_until(solution);
  recorder_.rows(solution, until);
  return until;
}

void integrator::stop_at(double t, const step_solution& solution) {
  const double fraction = (t - solution.t0) / (solution.t1 - solution.t0);
  Eigen::VectorXd state = solution.state_at(fraction);
  flow_modes modes = solution.modes_at(fraction);
  t_ = t;
  state_ = std::move(state);
  modes_ = std::move(modes);
  ending_ = stopping_time_reached_ ? outcome::stopping_time : outcome::converged;
}

void integrator::close() {
  recorder_.settle();
  run_.ending = *ending_;
  run_.t = t_;
  evaluate();
  run_.end = recorder_.row(t_, state_, modes_);
  run_.final_network = field_.unpack(state_);
  run_.final_pattern = modes_.pattern;
  for (const auto& [neuron, frame] : modes_.frames) {
    const Eigen::VectorXd eta = settler_.multipliers(frame, force_on(neuron));
    for (std::size_t i = 0; i < frame.surfaces.size(); ++i) {
      for (const index k : surfaces_.members(frame.surfaces[i])) {
        const double value = eta[static_cast<index>(i)];
        recorder_.still_sliding(t_, neuron, k,
                                surfaces_.orientation(k) > 0.0 ? value : 1.0 - value);
      }
    }
  }
  run_.statistics.dissipated = state_[state_.size() - 1];
  run_.statistics.loss_error = loss_error_.at(field_, values_);
  run_.statistics.invariant_drift = largest_drift(run_.initial_network, run_.final_network);
}

}  // namespace reluflow::detail

namespace reluflow {

trajectory integrate(const dataset& data, const network& initial, const flow_options& flow,
                     const record_options& record, const observers& callbacks) {
  flow.validate();
  record.validate(flow.t_end);
  detail::integrator run(data, initial, flow, record, callbacks);
  run.start();
  while (!run.ending() && (!callbacks.on_step || callbacks.on_step(run.now()))) run.step();
  return run.finish();
}

trajectory integrate(const problem& task, const observers& callbacks) {
  return integrate(task.data, task.initial, task.flow, task.record, callbacks);
}

}  // namespace reluflow
