// The life of a run: its start, its steps one by one, its end.

#include "integrator.hpp"

#include "length.hpp"
#include "stopwatch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

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

vector_field field_of(const span_reduction& span, const network& initial, chart_kind chart) {
  network room;
  return {span.data(), span.reduced(initial, room), chart};
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
      span_(data, initial),
      field_(field_of(span_, initial, flow.chart)),
      surfaces_(span_.data()),
      settler_(span_.data(), surfaces_, flow.rule),
      cells_(field_, surfaces_, settler_, flow.rtol, signs_for_cells(initial, flow, record)),
      names_(static_cast<std::size_t>(field_.neurons())),
      search_(field_, surfaces_, settler_),
      asynchronous_(field_, surfaces_, settler_, search_, flow.rtol),
      recorder_(field_, span_, cells_, record, callbacks, account_, run_),
      watch_(field_, span_, record.stopping_times) {
  std::iota(names_.begin(), names_.end(), index{0});
  run_.initial_network = initial;
  run_.chart = field_.chart();
  network room;
  state_ = field_.pack(span_.reduced(initial, room));
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

void integrator::evaluate() { evaluate_at(state_, modes_, rate_, values_); }

void integrator::evaluate_at(const Eigen::VectorXd& state, const flow_modes& modes,
                             Eigen::VectorXd& rate, field_values& values) {
  const stopwatch in_field(run_.statistics.profile.field);
  field_.derivative(state, modes, rate, values);
  ++run_.statistics.field_evaluations;
}

void integrator::begin() {
  modes_.pattern = activation_pattern(field_.neurons(), field_.samples());
  std::map<index, std::vector<arrival>> on_surface;
  Eigen::VectorXd w;
  Eigen::VectorXd z;
  for (index j = 0; j < field_.neurons(); ++j) {
    w = field_.vectors(state_).col(j);
    const double size = length(w);
    surfaces_.distances(w, z);
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
  errors_.start(field_);
  // Neurons that share a cell need no force of their own.
  if (on_surface.empty()) gather();
  if (cells_.members() == 0) evaluate();
  account_.open(values_.loss);
  force_error_ = rounding_of_forces(values_.residuals);
  if (!on_surface.empty()) {
    for (const auto& [neuron, arrivals] : on_surface) settle_neuron(neuron, arrivals, {});
    evaluate();
    gather();
  }
  const step_solution now = solution_until(
      0.0, [this](double) { return state_; }, [this](double) { return modes_; });
  recorded_until(now);
  const double fastest = longest_column(values_.forces);
  h_ = fastest > 0.0 ? std::pow(flow_->rtol, 0.2) / fastest : flow_->t_end;
}

void integrator::advance() {
  const std::int64_t steps = run_.statistics.steps;
  double h = std::min(h_, flow_->t_end - t_);
  // Two even steps instead of one and a sliver.
  if (flow_->t_end - t_ < 2.0 * h && flow_->t_end - t_ > h) h = 0.5 * (flow_->t_end - t_);
  for (double carried = 0.0;; carried = h) {
    while (!try_step(h)) {
      ++run_.statistics.rejected;
      h *= controller_.reject(step_error_);
      if (h <= 4.0 * epsilon * std::max(t_, std::numeric_limits<double>::min())) {
        ending_ = outcome::not_finite;
        return;
      }
    }
    stepper_.control_points(state_, rate_);
    if (!modes_.frames.empty() || cells_.members() > 0) build_residual_control();
    // The step is the same when those who leave are integrated by themselves.
    if (cells_.members() == 0 || h == carried || carry(drive_of(h))) break;
  }
  const bool asynchronous =
      flow_->switching == switching_method::asynchronous && flow_->rule == surface_rule::filippov;
  if (asynchronous ? !advance_asynchronous(h) : !cut(h)) {
    h_ = h * controller_.accept(step_error_);
    accept(h);
  }
  if (run_.statistics.steps > steps) gather();
}

void integrator::close() {
  recorder_.settle();
  run_.ending = *ending_;
  run_.t = t_;
  evaluate();
  run_.end = recorder_.row(t_, state_, modes_, 0.0);
  run_.final_network = current();
  run_.final_pattern = whole_pattern(modes_.pattern, 0.0);
  for (const auto& [neuron, frame] : modes_.frames) {
    const Eigen::VectorXd eta = settler_.multipliers(frame, force_on(neuron));
    for (const index who : represented_by(neuron)) {
      for (std::size_t i = 0; i < frame.surfaces.size(); ++i) {
        for (const index k : surfaces_.members(frame.surfaces[i])) {
          const double value = eta[static_cast<index>(i)];
          recorder_.still_sliding(t_, who, k, surfaces_.orientation(k) > 0.0 ? value : 1.0 - value);
        }
      }
    }
  }
  run_.statistics.dissipated = account_.dissipated() + state_[state_.size() - 1];
  run_.statistics.loss_error =
      loss_error_.at(field_.output_scale() * values_.speed, rounding_of_loss(values_.residuals));
  run_.statistics.invariant_drift = largest_drift(run_.initial_network, run_.final_network);
}

}  // namespace reluflow::detail
