#include "recorder.hpp"

#include "reluflow/detail/bernstein.hpp"

#include <algorithm>
#include <cmath>

namespace reluflow::detail {
namespace {

/// Rest is a matter of the integrator: to the reader of a run the pair is inactive.
pair_mode written(pair_mode mode) {
  return mode == pair_mode::resting ? pair_mode::inactive : mode;
}

}  // namespace

recorder::recorder(const vector_field& field, const span_reduction& span, const neuron_cells& cells,
                   const record_options& options, const observers& callbacks,
                   const energy_account& account, trajectory& run)
    : field_(&field),
      span_(&span),
      cells_(&cells),
      options_(&options),
      callbacks_(&callbacks),
      account_(&account),
      run_(&run) {}

record_row recorder::row(double t, const Eigen::VectorXd& state, const flow_modes& modes,
                         double fraction) {
  field_->derivative(state, modes, rate_, values_);
  const double alpha = field_->output_scale();
  record_row result;
  result.t = t;
  result.loss = values_.loss;
  result.mu = values_.loss > 0.0 ? alpha * values_.speed / values_.loss : 0.0;
  const double dissipated = state[state.size() - 1];
  result.mu_mean = t > 0.0 && values_.loss > 0.0
                       ? account_->curvature_until(dissipated, values_.loss) / t
                       : result.mu;
  result.gradient_norm = alpha * std::sqrt(values_.speed);
  const auto count = [&](pair_mode mode) {
    return modes.pattern.count(mode) + cells_->additional(mode, fraction);
  };
  result.active = count(pair_mode::active);
  result.sliding = count(pair_mode::sliding);
  return result;
}

void recorder::rows(const step_solution& solution, double until) {
  const double span = solution.t1 - solution.t0;
  for (; next_time_ < options_->times.size() && options_->times[next_time_] <= until;
       ++next_time_) {
    const double t = options_->times[next_time_];
    const double fraction = span > 0.0 ? (t - solution.t0) / span : 0.0;
    const Eigen::VectorXd state = solution.state_at(fraction);
    run_->rows.push_back(row(t, state, solution.modes_at(fraction), fraction));
    if (options_->states) run_->states.push_back(solution.network_at(fraction, state));
  }
}

void recorder::keep_dense(const step_solution& solution, double from, double to, double until) {
  const double span = solution.t1 - solution.t0;
  const double t0 = solution.t0 + from * span;
  const double t1 = to < 1.0 ? std::min(solution.t0 + to * span, until) : until;
  if (!options_->dense || !(t1 > t0)) return;
  const double last = std::min(to, (until - solution.t0) / span);
  Eigen::MatrixXd values(field_->neurons() * (span_->dimension() + 1) + 1, 6);
  for (int i = 0; i < 6; ++i) {
    values.col(i) = span_->expand_state(solution.state_at(from + (last - from) * (i / 5.0)));
  }
  run_->dense.push_back({t0, t1, bernstein_from_values(values)});
}

void recorder::changed(double t, index neuron, const mode_change& change,
                       const event_time_error& known) {
  if (!pending_.empty() && pending_.front().t != t) settle();
  if (change.repelling) ++run_->statistics.repelling;
  if (change.from == pair_mode::sliding) {
    const auto slide = open_slides_.find({neuron, change.sample});
    sliding_interval& ended = run_->slides[slide->second];
    ended.t_end = t;
    ended.eta_end = change.eta;
    ended.open = false;
    ended.t_end_error = known.t_error;
    ended.certain = ended.certain && known.certain;
    open_slides_.erase(slide);
  }
  if (change.to == pair_mode::sliding) {
    open_slides_[{neuron, change.sample}] = run_->slides.size();
    run_->slides.push_back({neuron, change.sample, t, t, change.eta, change.eta, true,
                            known.t_error, 0.0, known.certain});
  }
  const auto same = std::find_if(pending_.begin(), pending_.end(), [&](const switch_event& e) {
    return e.neuron == neuron && e.sample == change.sample;
  });
  if (same == pending_.end()) {
    pending_.push_back({t, neuron, change.sample, written(change.from), written(change.to),
                        change.repelling, known.t_error, known.certain});
  } else {
    same->to = written(change.to);
    same->repelling = same->repelling || change.repelling;
    same->t_error = std::max(same->t_error, known.t_error);
    same->certain = same->certain && known.certain;
  }
}

void recorder::still_sliding(double t, index neuron, index sample, double eta) {
  sliding_interval& slide = run_->slides[open_slides_.at({neuron, sample})];
  slide.t_end = t;
  slide.eta_end = eta;
}

void recorder::settle() {
  for (const switch_event& event : pending_) {
    if (event.from == event.to) continue;
    if (options_->switches) run_->switches.push_back(event);
    ++run_->statistics.switches;
    if (event.certain) ++run_->statistics.certain_switches;
    if (event.to == pair_mode::sliding) ++run_->statistics.slides;
    if (callbacks_->on_switch) callbacks_->on_switch(event);
  }
  pending_.clear();
}

}  // namespace reluflow::detail
