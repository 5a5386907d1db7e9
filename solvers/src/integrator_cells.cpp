// Neurons that share a cell are carried together: who joins, who leaves, and the whole network.

#include "integrator.hpp"
#include "stopwatch.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace reluflow::detail {
namespace {

/// Networks below this width are integrated neuron by neuron.
constexpr index least_width = 1000;

/// Without cells, whether they would pay is looked at once in so many steps.
constexpr std::int64_t steps_between_looks = 8;

/// Instead of the cell into which a neuron goes: it stays by itself; and because it has not left a
/// surface yet.
constexpr index by_itself = -1;
constexpr index kept_apart = -2;

}  // namespace

/// Signs for `neuron_cells`: none where cells are not to be used.
Eigen::VectorXd integrator::signs_for_cells(const network& initial, const flow_options& flow,
                                            const record_options& record) {
  const bool wanted = initial.is_balanced() && flow.chart != chart_kind::cartesian &&
                      flow.switching == switching_method::asynchronous &&
                      flow.rule == surface_rule::filippov && !record.dense &&
                      initial.width() >= least_width &&
                      initial.width() <= neuron_cells::most_members;
  return wanted ? initial.signs() : Eigen::VectorXd();
}

/// Puts neurons that are by themselves into cells: into those that there are, and into new ones.
/// The first ones are made when that at least halves what has to be integrated.
void integrator::gather() {
  if (!cells_.possible()) return;
  if (cells_.members() == 0 && run_.statistics.steps % steps_between_looks != 0) return;
  cells_.tidy();
  std::vector<index> into(names_.size(), by_itself);
  for (const auto& [neuron, surface] : contacts_) {
    if (neuron < alone()) into[static_cast<std::size_t>(neuron)] = kept_apart;
  }
  for (index j = 0; j < alone(); ++j) {
    index& cell = into[static_cast<std::size_t>(j)];
    if (cell == kept_apart || cells_.size() == 0) continue;
    const std::optional<index> own = cell_for(j);
    if (own && cells_.members(*own) > 0) cell = *own;
  }
  std::vector<index> group_of;
  std::vector<group> groups = sort(into, group_of);
  index found = 0;
  index saved = 0;
  const auto is_large = [&](const group& one) { return one.size > 2 * (field_.dimension() + 1); };
  for (const group& one : groups) {
    if (is_large(one)) saved += one.size - (field_.dimension() + 1);
  }
  if (cells_.members() > 0 || 2 * saved >= field_.neurons()) {
    for (group& one : groups) {
      if (!is_large(one)) continue;
      const std::optional<index> empty = cell_for(one.first);
      one.cell = empty
                     ? *empty
                     : cells_.found(modes_of(one.first), field_.sign(state_, one.first), one.size);
      ++found;
    }
  }
  bool joining = false;
  for (std::size_t j = 0; j < into.size(); ++j) {
    if (found > 0 && group_of[j] >= 0) into[j] = groups[static_cast<std::size_t>(group_of[j])].cell;
    joining = joining || into[j] >= 0;
  }
  if (joining || cells_.have_changed()) regroup(into, {});
}

std::optional<index> integrator::cell_for(index neuron) const {
  return cells_.size() == 0 ? std::nullopt
                            : cells_.find(modes_.pattern, neuron, field_.sign(state_, neuron));
}

/// The groups among the neurons that go nowhere, in the order of their first ones.
/// @param into      by neuron, as for `regroup`
/// @param group_of  by neuron: its group, or -1
std::vector<integrator::group> integrator::sort(const std::vector<index>& into,
                                                std::vector<index>& group_of) const {
  std::vector<group> groups;
  std::unordered_multimap<std::size_t, index> by_hash;
  group_of.assign(into.size(), -1);
  for (index j = 0; j < alone(); ++j) {
    if (into[static_cast<std::size_t>(j)] != by_itself) continue;
    const std::size_t hash = modes_.pattern.row_hash(j);
    const auto [begin, end] = by_hash.equal_range(hash);
    const auto own = std::find_if(begin, end, [&](const auto& entry) {
      const index first = groups[static_cast<std::size_t>(entry.second)].first;
      return field_.sign(state_, first) == field_.sign(state_, j) &&
             modes_.pattern.same_row(first, j);
    });
    const index which = own != end ? own->second : static_cast<index>(groups.size());
    if (own == end) {
      by_hash.emplace(hash, which);
      groups.push_back({j});
    }
    ++groups[static_cast<std::size_t>(which)].size;
    group_of[static_cast<std::size_t>(j)] = which;
  }
  return groups;
}

/// Changes what is integrated at the start of a step.
/// @param into     by neuron: the cell into which it goes, or a negative number; empty: nobody goes
/// @param leaving  names of those that leave theirs, increasing
void integrator::regroup(const std::vector<index>& into, const std::vector<index>& leaving) {
  const auto vectors = std::as_const(field_).vectors(std::as_const(state_));
  std::vector<index> names;
  std::vector<source> sources;
  auto leave = leaving.begin();
  const auto let_leave = [&] {
    const index cell = cells_.cell_of(*leave);
    names.push_back(*leave);
    sources.push_back({-1, cells_.leave(*leave), cell});
    ++leave;
  };
  for (index j = 0; j < alone(); ++j) {
    while (leave != leaving.end() && *leave < name(j)) let_leave();
    const index cell = into.empty() ? by_itself : into[static_cast<std::size_t>(j)];
    if (cell >= 0) {
      cells_.join(cell, name(j), state_[j], vectors.col(j));
    } else {
      names.push_back(name(j));
      sources.push_back({j, {}, -1});
    }
  }
  while (leave != leaving.end()) let_leave();

  // Stand-ins follow, cell by cell.
  index before = alone();
  for (index c = 0; c < cells_.size(); ++c) {
    const index last = before + cells_.stand_ins(c);
    if (cells_.has_changed(c)) {
      for (neuron_cells::neuron& one : cells_.make_stand_ins(c)) {
        sources.push_back({-1, std::move(one), c});
      }
    } else {
      for (index j = before; j < last; ++j) sources.push_back({j, {}, c});
    }
    before = last;
  }
  take_over(sources);
  names_ = std::move(names);
  watch_.forget();
  evaluate();
}

/// Makes the state out of neurons of the state before and of others.
void integrator::take_over(const std::vector<source>& sources) {
  const index d = field_.dimension();
  const auto vectors = std::as_const(field_).vectors(std::as_const(state_));
  const auto count = static_cast<index>(sources.size());
  Eigen::VectorXd signs(count);
  Eigen::VectorXd state(count * (d + 1) + 1);
  state[state.size() - 1] = state_[state_.size() - 1];
  flow_modes modes;
  modes.pattern = activation_pattern(count, field_.samples());
  std::vector<index> now(static_cast<std::size_t>(alone()), -1);  // by neuron of before
  for (index j = 0; j < count; ++j) {
    const source& from = sources[static_cast<std::size_t>(j)];
    Eigen::Map<Eigen::VectorXd> direction(state.data() + count + j * d, d);
    if (from.before >= 0) {
      signs[j] = field_.sign(state_, from.before);
      state[j] = state_[from.before];
      direction = vectors.col(from.before);
      modes.pattern.set_row(j, modes_.pattern, from.before);
      if (const auto frame = modes_.frames.find(from.before); frame != modes_.frames.end()) {
        modes.frames.emplace_hint(modes.frames.end(), j, std::move(frame->second));
      }
      if (from.before < alone()) now[static_cast<std::size_t>(from.before)] = j;
    } else {
      signs[j] = cells_.sign(from.cell);
      state[j] = from.who.log_norm;
      direction = from.who.direction;
      modes.pattern.set_row(j, cells_.modes(from.cell).row);
      if (cells_.modes(from.cell).frame) {
        modes.frames.emplace_hint(modes.frames.end(), j, *cells_.modes(from.cell).frame);
      }
    }
  }
  contact_set contacts;
  for (const auto& [neuron, surface] : contacts_) {
    contacts.emplace_hint(contacts.end(), now[static_cast<std::size_t>(neuron)], surface);
  }
  std::vector<index> before;
  for (const source& from : sources) before.push_back(from.before);
  errors_.rearrange(field_, before);
  field_.populate(std::move(signs));
  state_ = std::move(state);
  modes_ = std::move(modes);
  contacts_ = std::move(contacts);
}

/// Carries the cells through the step that the stepper holds. False when members leave them in it:
/// they are by themselves now, and the step has to be taken again.
bool integrator::carry(const residual_path& drive) {
  if (cells_.members() == 0) return true;
  std::vector<index> first(static_cast<std::size_t>(cells_.size()));  // stand-in of each cell
  index next = alone();
  for (index c = 0; c < cells_.size(); ++c) {
    first[static_cast<std::size_t>(c)] = next;
    next += cells_.stand_ins(c);
  }
  std::vector<index> leaving;
  {
    const stopwatch in_search(run_.statistics.profile.certificates);
    cells_.carry(drive, [&](index cell) {
      Eigen::MatrixXd force(field_.dimension(), 6);
      gather_force(field_, modes_.pattern, first[static_cast<std::size_t>(cell)], drive.monomials,
                   force);
      return force;
    });
    leaving = cells_.leaving(drive, asynchronous_.unfelt(state_, drive));
  }
  if (leaving.empty()) return true;
  regroup({}, leaving);
  return false;
}

/// When what holds stand-ins lets them go, all members of their cells leave. True when there are
/// such.
bool integrator::let_go(const std::vector<index>& leaving) {
  std::set<index> cells;
  for (const index j : leaving) {
    if (j >= alone()) cells.insert(cell_behind(j));
  }
  if (cells.empty()) return false;
  cells_.forget_step();
  std::vector<index> names;
  for (const index cell : cells) {
    const std::vector<index> own = cells_.names(cell);
    names.insert(names.end(), own.begin(), own.end());
  }
  std::sort(names.begin(), names.end());
  regroup({}, names);
  return true;
}

/// The cell of a stand-in.
index integrator::cell_behind(index neuron) const {
  index cell = 0;
  for (index next = alone() + cells_.stand_ins(0); next <= neuron;) {
    next += cells_.stand_ins(++cell);
  }
  return cell;
}

/// Names of the neurons for which one of the state stands: itself, or, for the first stand-in of a
/// cell, all members.
std::vector<index> integrator::represented_by(index neuron) const {
  if (neuron < alone()) return {name(neuron)};
  const index cell = cell_behind(neuron);
  if (neuron > alone() && cell_behind(neuron - 1) == cell) return {};
  return cells_.names(cell);
}

/// The modes of all neurons of the network.
/// @param pattern  of the state at the fraction
activation_pattern integrator::whole_pattern(const activation_pattern& pattern,
                                             double fraction) const {
  if (cells_.members() == 0) return pattern;
  const std::vector<index> cell_of = cells_.cells_at(fraction);
  activation_pattern whole(cells_.signs().size(), field_.samples());
  for (index j = 0; j < alone(); ++j) whole.set_row(name(j), pattern, j);
  for (index one = 0; one < whole.neurons(); ++one) {
    const index cell = cell_of[static_cast<std::size_t>(one)];
    if (cell >= 0) whole.set_row(one, cells_.modes(cell).row);
  }
  return whole;
}

/// A state in the step in which nobody has left their cell, with those who have left it.
Eigen::VectorXd integrator::with_transfers(Eigen::VectorXd state, double fraction) const {
  if (fraction < cells_.first_transfer()) return state;
  const neuron_cells::change_of_cells change = cells_.changes_until(fraction);
  state[state.size() - 1] += field_.output_scale() * stepper_.last_step() * change.dissipated;
  auto vectors = field_.vectors(state);
  index next = alone();
  auto changed = change.stand_ins.begin();
  for (index c = 0; c < cells_.size(); ++c) {
    const index end = next + cells_.stand_ins(c);
    if (changed != change.stand_ins.end() && changed->first == c) {
      const std::vector<neuron_cells::neuron>& now = (changed++)->second;
      for (index i = 0; next + i < end; ++i) {
        if (now.empty()) {
          state[next + i] -= neuron_cells::beyond_rounding;  // nobody is left
          continue;
        }
        state[next + i] = now[static_cast<std::size_t>(i)].log_norm;
        vectors.col(next + i) = now[static_cast<std::size_t>(i)].direction;
      }
    }
    next = end;
  }
  return state;
}

/// The step from here to t1, with the members of cells.
/// @param state_at  had nobody left their cell
step_solution integrator::solution_until(
    double t1, std::function<Eigen::VectorXd(double fraction)> state_at,
    std::function<flow_modes(double fraction)> modes_at) const {
  step_solution solution;
  solution.t0 = t_;
  solution.t1 = t1;
  solution.state_at = [this, state_at = std::move(state_at)](double fraction) {
    return with_transfers(state_at(fraction), fraction);
  };
  solution.modes_at = std::move(modes_at);
  solution.network_at = [this](double fraction, const Eigen::VectorXd& state) {
    return network_of(state, fraction);
  };
  if (cells_.members() == 0) return solution;
  solution.occupied = [this](double fraction, const activation_pattern& pattern) {
    return occupied(fraction, pattern);
  };
  solution.unfold = [this](double fraction, const Eigen::VectorXd& state, const flow_modes& modes,
                           const field_values& values) {
    return unfold(fraction, state, modes, values);
  };
  return solution;
}

/// The modes of a state without those of cells that nobody is in any more.
activation_pattern integrator::occupied(double fraction, activation_pattern pattern) const {
  const std::vector<index> left_for = cells_.left_for(fraction);
  index next = alone();
  for (index c = 0; c < cells_.size(); ++c) {
    const index end = next + cells_.stand_ins(c);
    const index other = left_for[static_cast<std::size_t>(c)];
    for (; next < end; ++next) {
      if (other >= 0) pattern.set_row(next, cells_.modes(other).row);
    }
  }
  return pattern;
}

/// All neurons of the network, one by one.
/// @param modes   of the state at the fraction
/// @param values  there
all_neurons integrator::unfold(double fraction, const Eigen::VectorXd& state,
                               const flow_modes& modes, const field_values& values) const {
  all_neurons all{network_of(state, fraction), {}, whole_pattern(modes.pattern, fraction)};
  Eigen::MatrixXd of_cells(field_.dimension(), cells_.size());
  for (index c = 0; c < cells_.size(); ++c) {
    const neuron_modes& own = cells_.modes(c);
    field_.active_force(own.row, 0, values.residuals, of_cells.col(c));
    if (own.frame) own.frame->project(of_cells.col(c));
  }
  of_cells = span_.expand_vectors(std::move(of_cells));
  const std::vector<index> cell_of = cells_.cells_at(fraction);
  all.forces.resize(of_cells.rows(), all.net.width());
  for (index j = 0; j < alone(); ++j) all.forces.col(name(j)) = values.forces.col(j);
  for (index one = 0; one < all.net.width(); ++one) {
    const index cell = cell_of[static_cast<std::size_t>(one)];
    if (cell >= 0) all.forces.col(one) = of_cells.col(cell);
  }
  return all;
}

/// The whole network of a state at a fraction of the step, in all dimensions.
network integrator::network_of(const Eigen::VectorXd& state, double fraction) const {
  if (cells_.members() == 0) return span_.expand(field_.unpack(state));
  const index m = cells_.signs().size();
  Eigen::VectorXd log_norms(m);
  Eigen::MatrixXd directions(field_.dimension(), m);
  const auto vectors = field_.vectors(state);
  for (index j = 0; j < alone(); ++j) {
    log_norms[name(j)] = state[j];
    directions.col(name(j)) = vectors.col(j);
  }
  cells_.expand(fraction, log_norms, directions);
  return span_.expand(network::balanced(cells_.signs(), std::move(log_norms), std::move(directions),
                                        field_.output_scale()));
}

}  // namespace reluflow::detail
