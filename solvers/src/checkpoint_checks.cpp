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

bool fits(const network& net, index width, index dimension) {
  return net.width() == width && net.dimension() == dimension &&
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

bool fits(const sliding_frame& frame, const vector_field& field,
          const switching_surfaces& surfaces) {
  const auto size = static_cast<index>(frame.surfaces.size());
  return size > 0 && frame.basis.cols() == size && frame.basis.rows() == field.dimension() &&
         frame.multiplier_map.rows() == size && frame.multiplier_map.cols() == field.dimension() &&
         std::all_of(frame.surfaces.begin(), frame.surfaces.end(),
                     [&](index s) { return in_range(s, surfaces.size()); });
}

/// How many pairs of a neuron slide on the surfaces of its frame.
index held_by(const sliding_frame& frame, const activation_pattern& pattern, index neuron,
              const switching_surfaces& surfaces) {
  index held = 0;
  for (const index s : frame.surfaces) {
    for (const index k : surfaces.members(s)) held += pattern(neuron, k) == pair_mode::sliding;
  }
  return held;
}

bool fits(const flow_modes& modes, const vector_field& field, const switching_surfaces& surfaces) {
  if (!fits(modes.pattern, field)) return false;
  index held = 0;
  for (const auto& [neuron, frame] : modes.frames) {
    if (!in_range(neuron, field.neurons()) || !fits(frame, field, surfaces)) return false;
    held += held_by(frame, modes.pattern, neuron, surfaces);
  }
  return held == modes.pattern.count(pair_mode::sliding);
}

/// What a run has recorded refers to its own neurons and samples, in all dimensions.
bool fits(const trajectory& run, index m, index n, index dimension) {
  const auto is_pair = [&](const auto& one) {
    return in_range(one.neuron, m) && in_range(one.sample, n);
  };
  return run.initial_pattern.is_sound() && run.initial_pattern.neurons() == m &&
         run.initial_pattern.samples() == n &&
         std::all_of(run.states.begin(), run.states.end(),
                     [&](const network& net) { return fits(net, m, dimension); }) &&
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

bool integrator::is_consistent() {
  if (!restore_cells()) return false;
  const bool in_time = t_ >= 0.0 && t_ <= flow_->t_end && h_ > 0.0 && resume_h_ >= 0.0 &&
                       calm_ >= 0 && calm_ < most_steps;
  const bool ended = !ending_ || *ending_ <= outcome::interrupted;
  const bool contacts =
      std::all_of(contacts_.begin(), contacts_.end(), [&](const std::pair<index, index>& pair) {
        return in_range(pair.first, field_.neurons()) && in_range(pair.second, surfaces_.size());
      });
  return in_time && ended && contacts && fits(state_, field_) && fits(rate_, field_) &&
         fits(values_, field_, field_.dimension()) && fits(modes_, field_, surfaces_) &&
         fits(run_, run_.initial_network.width(), field_.samples(), span_.dimension()) &&
         recorder_.is_consistent(modes_.pattern, names_) && watch_.is_consistent() &&
         errors_.is_consistent(field_);
}

/// Who is in a cell, who is by itself, and who stands in for others fit together.
bool integrator::restore_cells() {
  const index m = run_.initial_network.width();
  if (!cells_.restore() || alone() + cells_.members() != m) return false;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!in_range(names_[i], m) || (i > 0 && names_[i] <= names_[i - 1])) return false;
    if (cells_.possible() && cells_.cell_of(names_[i]) != -1) return false;
  }
  if (!cells_.possible()) return true;
  std::vector<double> signs;
  for (const index name : names_) signs.push_back(cells_.signs()[name]);
  for (index c = 0; c < cells_.size(); ++c) {
    signs.insert(signs.end(), static_cast<std::size_t>(cells_.stand_ins(c)), cells_.sign(c));
  }
  field_.populate(Eigen::VectorXd::Map(signs.data(), static_cast<index>(signs.size())));
  return true;
}

bool neuron_cells::restore() {
  by_hash_.clear();
  const index d = dimension();
  const index m = signs_.size();
  if (m == 0 && size() > 0) return false;
  places_.assign(static_cast<std::size_t>(m), {});
  index members = 0;
  for (index c = 0; c < size(); ++c) {
    one_cell& cell = own(c);
    const activation_pattern& row = cell.modes.row;
    const std::optional<sliding_frame>& frame = cell.modes.frame;
    const auto is_square = [&](const Eigen::MatrixXd& one) {
      return one.rows() == d + 1 && one.cols() == d + 1 && one.allFinite();
    };
    if (!row.is_sound() || row.neurons() != 1 || row.samples() != field_->samples() ||
        !is_square(cell.carried) || !is_square(cell.moments) || !in_range(cell.stand_ins, d + 2) ||
        cell.roster.empty() != (cell.stand_ins == 0) ||
        (frame && !fits(*frame, *field_, *surfaces_)) ||
        row.count(pair_mode::sliding) != (frame ? held_by(*frame, row, 0, *surfaces_) : 0)) {
      return false;
    }
    by_hash_.emplace(row.row_hash(0), c);
    sort_surfaces(cell);
    const auto free = static_cast<index>(cell.free.size());
    const auto numbers = cell.roster.size() * static_cast<std::size_t>(d + 1);
    if (cell.travelled.size() != free || cell.bases.size() != numbers ||
        !std::all_of(cell.bases.begin(), cell.bases.end(),
                     [](double number) { return std::isfinite(number); })) {
      return false;
    }
    for (const entry& one : cell.roster) {
      if (!in_range(one.name, m) || cell_of(one.name) >= 0 || signs_[one.name] != cell.sign ||
          !in_range(one.surface, std::max<index>(free, 1))) {
        return false;
      }
      places_[static_cast<std::size_t>(one.name)] = {
          static_cast<std::int32_t>(c), static_cast<std::int32_t>(&one - cell.roster.data())};
    }
    members += cell.members();
  }
  return members == members_;
}

bool recorder::is_consistent(const activation_pattern& pattern,
                             const std::vector<index>& names) const {
  const index m = run_->initial_pattern.neurons();
  const auto mode_of = [&](index neuron, index sample) {
    const auto alone = std::lower_bound(names.begin(), names.end(), neuron);
    if (alone != names.end() && *alone == neuron) return pattern(alone - names.begin(), sample);
    return cells_->modes(cells_->cell_of(neuron)).row(0, sample);
  };
  const bool pending = std::all_of(pending_.begin(), pending_.end(), [&](const switch_event& one) {
    return in_range(one.neuron, m) && in_range(one.sample, pattern.samples());
  });
  const bool slides = std::all_of(open_slides_.begin(), open_slides_.end(), [&](const auto& one) {
    const auto& [neuron, sample] = one.first;
    return one.second < run_->slides.size() && in_range(neuron, m) &&
           in_range(sample, pattern.samples()) && mode_of(neuron, sample) == pair_mode::sliding;
  });
  const bool kept = run_->states.size() == (options_->states ? run_->rows.size() : 0);
  return pending && slides && kept && next_time_ <= options_->times.size() &&
         run_->rows.size() == next_time_ &&
         static_cast<index>(open_slides_.size()) ==
             pattern.count(pair_mode::sliding) + cells_->additional(pair_mode::sliding, 0.0);
}

bool watch::is_consistent() const {
  if (progress_.size() != wanted_->size()) return false;
  return !last_ || (fits(last_->state, *field_) && fits(last_->modes.pattern, *field_) &&
                    fits(last_->net, field_->neurons(), span_->dimension()) &&
                    fits(last_->values, *field_, span_->dimension()));
}

}  // namespace reluflow::detail
