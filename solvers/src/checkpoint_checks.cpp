// What comes out of a checkpoint is held against the problem before anything is done with it: every
// size, every index, every time. The sum at the end of the file guards against damage, not against
// a file that was made up.

#include "integrator.hpp"

#include <algorithm>
#include <cmath>

namespace reluflow::detail {
namespace {

/// Counters from a file stay far from where they overflow.
constexpr int most_steps = 1'000'000'000;

bool in_range(index value, index end) { return value >= 0 && value < end; }

/// The pattern of a whole network.
bool fits(const activation_pattern& pattern, const vector_field& field) {
  return pattern.is_sound() && pattern.neurons() == field.neurons() &&
         pattern.samples() == field.samples();
}

bool fits(const network& net, const vector_field& field, index dimension) {
  return net.width() == field.neurons() && net.dimension() == dimension &&
         net.signs().size() == net.width() && net.log_norms().size() == net.width();
}

bool fits(const Eigen::VectorXd& state, const vector_field& field) {
  return state.size() == field.coordinates() && state.allFinite();
}

bool fits(const field_values& values, const vector_field& field, index dimension) {
  const index m = field.neurons();
  const bool spherical = field.chart() == chart_kind::spherical;
  return values.residuals.size() == field.samples() && values.forces.rows() == dimension &&
         values.forces.cols() == m && (!spherical || values.squares.size() == m) &&
         (!spherical || values.norms.size() == m);
}

bool fits(const flow_modes& modes, const vector_field& field, const switching_surfaces& surfaces) {
  if (!fits(modes.pattern, field)) return false;
  index held = 0;
  for (const auto& [neuron, frame] : modes.frames) {
    const auto size = static_cast<index>(frame.surfaces.size());
    if (!in_range(neuron, field.neurons()) || size == 0 || frame.basis.cols() != size ||
        frame.basis.rows() != field.dimension() || frame.multiplier_map.rows() != size ||
        frame.multiplier_map.cols() != field.dimension()) {
      return false;
    }
    for (const index s : frame.surfaces) {
      if (!in_range(s, surfaces.size())) return false;
      for (const index k : surfaces.members(s)) {
        held += modes.pattern(neuron, k) == pair_mode::sliding;
      }
    }
  }
  return held == modes.pattern.count(pair_mode::sliding);
}

/// What a run has recorded refers to its own neurons and samples, in all dimensions.
bool fits(const trajectory& run, const vector_field& field, index dimension) {
  const index m = field.neurons();
  const index n = field.samples();
  const auto is_pair = [&](const auto& one) {
    return in_range(one.neuron, m) && in_range(one.sample, n);
  };
  return fits(run.initial_pattern, field) &&
         std::all_of(run.states.begin(), run.states.end(),
                     [&](const network& net) { return fits(net, field, dimension); }) &&
         std::all_of(run.switches.begin(), run.switches.end(), is_pair) &&
         std::all_of(run.slides.begin(), run.slides.end(), is_pair) &&
         std::all_of(run.dense.begin(), run.dense.end(),
                     [&](const dense_segment& one) {
                       return one.control.rows() == m * (dimension + 1) + 1 &&
                              one.control.cols() == 6;
                     }) &&
         std::all_of(run.stalled_pairs.begin(), run.stalled_pairs.end(), [&](const auto& pair) {
           return in_range(pair.first, m) && in_range(pair.second, n);
         });
}

}  // namespace

bool integrator::is_consistent() const {
  const bool in_time = t_ >= 0.0 && t_ <= flow_->t_end && h_ > 0.0 && resume_h_ >= 0.0 &&
                       calm_ >= 0 && calm_ < most_steps;
  const bool ended = !ending_ || *ending_ <= outcome::interrupted;
  const bool contacts =
      std::all_of(contacts_.begin(), contacts_.end(), [&](const std::pair<index, index>& pair) {
        return in_range(pair.first, field_.neurons()) && in_range(pair.second, surfaces_.size());
      });
  return in_time && ended && contacts && fits(state_, field_) && fits(rate_, field_) &&
         fits(values_, field_, field_.dimension()) && fits(modes_, field_, surfaces_) &&
         fits(run_, field_, span_.dimension()) && recorder_.is_consistent(modes_.pattern) &&
         watch_.is_consistent();
}

bool recorder::is_consistent(const activation_pattern& pattern) const {
  const bool pending = std::all_of(pending_.begin(), pending_.end(), [&](const switch_event& one) {
    return in_range(one.neuron, pattern.neurons()) && in_range(one.sample, pattern.samples());
  });
  const bool slides = std::all_of(open_slides_.begin(), open_slides_.end(), [&](const auto& one) {
    const auto& [neuron, sample] = one.first;
    return one.second < run_->slides.size() && in_range(neuron, pattern.neurons()) &&
           in_range(sample, pattern.samples()) && pattern(neuron, sample) == pair_mode::sliding;
  });
  const bool kept = run_->states.size() == (options_->states ? run_->rows.size() : 0);
  return pending && slides && kept && next_time_ <= options_->times.size() &&
         run_->rows.size() == next_time_ &&
         static_cast<index>(open_slides_.size()) == pattern.count(pair_mode::sliding);
}

bool watch::is_consistent() const {
  if (progress_.size() != wanted_->size()) return false;
  return !last_ || (fits(last_->state, *field_) && fits(last_->modes.pattern, *field_) &&
                    fits(last_->net, *field_, span_->dimension()) &&
                    fits(last_->values, *field_, span_->dimension()));
}

}  // namespace reluflow::detail
