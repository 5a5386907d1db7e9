// What a complete step says of the states in it.

#include "asynchronous.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace reluflow::detail {

double asynchronous_step::dissipation(const frozen_step& step, index neuron, double own) const {
  const double size = unit(step, neuron);
  return field_->output_scale() * step.drive.h * size * size * own;
}

Eigen::VectorXd asynchronous_step::state_at(const frozen_step& step, double fraction,
                                            Eigen::VectorXd state) const {
  const index d = field_->dimension();
  const bool spherical = field_->chart() == chart_kind::spherical;
  const auto count = static_cast<index>(followed_.size());
  Eigen::VectorXd parts(count);  // what each adds to the dissipated loss
#pragma omp parallel for schedule(static) if (count >= worth_a_pass && fraction < 1.0)
  for (index i = 0; i < count; ++i) {
    const index neuron = followed_[static_cast<std::size_t>(i)];
    const local_path& own = path(neuron);
    auto vector = field_->vectors(state).col(neuron);
    double a = own.a;
    if (fraction < 1.0) {
      const Eigen::VectorXd value = own.at(fraction);
      a = value[0];
      vector = value.tail(d);
    } else {
      vector = own.w;
    }
    if (spherical) {
      const double norm = vector.norm();
      state[neuron] = step.state[neuron] + std::log(norm);
      vector /= norm;
    } else {
      const double size = unit(step, neuron);
      vector *= size;
      state[neuron] = a * size;
    }
    double dissipated = own.dissipated_until(fraction);
    if (!all_followed_) dissipated -= frozen(neuron).dissipated_until(fraction);
    parts[i] = dissipation(step, neuron, dissipated);
  }
  double& dissipated = state[state.size() - 1];
  if (all_followed_) dissipated = step.state[state.size() - 1];
  for (const double part : parts) dissipated += part;
  return state;
}

std::vector<double> asynchronous_step::smooth_until() const {
  std::vector<double> ends{0.0, 1.0};
  for (const index j : followed_) {
    const std::vector<double>& own = path(j).ends();
    ends.insert(ends.end(), own.begin(), own.end());
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

flow_modes asynchronous_step::modes_at(const frozen_step& step, double fraction) const {
  flow_modes modes = step.modes;
  for (const index neuron : followed_) {
    if (leaves_[static_cast<std::size_t>(neuron)] == 0) continue;
    const local_path& own = path(neuron);
    if (own.changes.empty() && fraction < 1.0) continue;
    if (fraction >= 1.0) {
      modes.pattern.set_row(neuron, own.modes.row);
      if (own.changes.empty()) continue;
      modes.frames.erase(neuron);
      if (own.modes.frame) modes.frames[neuron] = *own.modes.frame;
      continue;
    }
    for (const timed_change& timed : own.changes) {
      if (timed.fraction > fraction) break;
      modes.pattern.set(neuron, timed.change.sample, timed.change.to);
    }
    std::vector<index> sliding = surfaces_in(modes.pattern, neuron, pair_mode::sliding, *surfaces_);
    modes.frames.erase(neuron);
    if (!sliding.empty()) modes.frames[neuron] = make_sliding_frame(*surfaces_, std::move(sliding));
  }
  return modes;
}

}  // namespace reluflow::detail
