// Neurons that share a cell are carried together: who joins, who leaves, and the whole network.

#include "integrator.hpp"
#include "stopwatch.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace reluflow::detail {
namespace {

/// Networks below this width are integrated neuron by neuron.
constexpr index least_width = 1000;

/// Without cells, whether they would pay is looked at once in so many steps.
constexpr std::int64_t steps_between_looks = 8;

}  // namespace

/// Signs for `neuron_cells`: none where cells are not to be used.
Eigen::VectorXd integrator::signs_for_cells(const network& initial, const flow_options& flow,
                                            const record_options& record) {
  const bool wanted = initial.is_balanced() && flow.chart != chart_kind::cartesian &&
                      flow.switching == switching_method::asynchronous &&
                      flow.rule == surface_rule::filippov && !record.dense &&
                      record.stopping_times.empty() && initial.width() >= least_width;
  return wanted ? initial.signs() : Eigen::VectorXd();
}

/// Puts neurons that are by themselves into cells: into those that there are, and into new ones of
/// more neurons than have to stand in for them. The first ones are made when that at least halves
/// what has to be integrated.
void integrator::gather() {
  if (!cells_.possible()) return;
  if (cells_.members() == 0 && run_.statistics.steps % steps_between_looks != 0) return;
  std::vector<char> in_contact(names_.size(), 0);
  for (const auto& [neuron, surface] : contacts_) {
    if (neuron < alone()) in_contact[static_cast<std::size_t>(neuron)] = 1;
  }
  std::vector<placement> joining;
  std::unordered_map<std::size_t, std::vector<std::vector<index>>> alike;
  for (index j = 0; j < alone(); ++j) {
    if (in_contact[static_cast<std::size_t>(j)] != 0) continue;
    if (const auto cell = cells_.find(modes_.pattern, j, field_.sign(state_, j));
        cells_.members() > 0 && cell) {
      if (cells_.members(*cell) > 0) {
        joining.push_back({j, *cell});
        continue;
      }
    }
    auto& groups = alike[modes_.pattern.row_hash(j)];
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& one) {
      return field_.sign(state_, one.front()) == field_.sign(state_, j) &&
             modes_.pattern.same_row(one.front(), j);
    });
    if (group != groups.end()) {
      group->push_back(j);
    } else {
      groups.push_back({j});
    }
  }
  const index most_stand_ins = field_.dimension() + 1;
  std::vector<std::vector<index>> founding;
  index saved = 0;
  for (auto& [hash, groups] : alike) {
    for (std::vector<index>& group : groups) {
      const auto size = static_cast<index>(group.size());
      if (size <= 2 * most_stand_ins) continue;
      saved += size - most_stand_ins;
      founding.push_back(std::move(group));
    }
  }
  if (cells_.members() == 0 && 2 * saved < field_.neurons()) return;
  std::sort(founding.begin(), founding.end());
  for (const std::vector<index>& group : founding) {
    const double sign = field_.sign(state_, group.front());
    const auto empty = cells_.find(modes_.pattern, group.front(), sign);
    const index cell = empty ? *empty : cells_.found(modes_of(group.front()), sign);
    for (const index j : group) joining.push_back({j, cell});
  }
  std::sort(joining.begin(), joining.end(),
            [](const placement& x, const placement& y) { return x.neuron < y.neuron; });
  if (!joining.empty()) regroup(joining, {});
}

/// Changes what is integrated at the start of a step.
/// @param joining  neurons that go into cells, increasing
/// @param leaving  names of those that leave theirs, increasing
void integrator::regroup(const std::vector<placement>& joining, const std::vector<index>& leaving) {
  const index d = field_.dimension();
  const auto old_vectors = std::as_const(field_).vectors(std::as_const(state_));
  // What is integrated next, one after the other: a neuron of before, or one with its modes.
  struct source {
    index before = -1;
    neuron_cells::neuron who;
    index cell = -1;
  };
  std::vector<index> names;
  std::vector<source> sources;
  auto join = joining.begin();
  auto leave = leaving.begin();
  const auto let_leave = [&] {
    const index cell = cells_.cell_of(*leave);
    names.push_back(*leave);
    sources.push_back({-1, cells_.leave(*leave), cell});
    ++leave;
  };
  for (index j = 0; j < alone(); ++j) {
    while (leave != leaving.end() && *leave < name(j)) let_leave();
    if (join != joining.end() && join->neuron == j) {
      cells_.join(join->cell, name(j), {state_[j], old_vectors.col(j)});
      ++join;
    } else {
      names.push_back(name(j));
      sources.push_back({j, {}, -1});
    }
  }
  while (leave != leaving.end()) let_leave();

  // Stand-ins follow, cell by cell.
  std::vector<index> cells;
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

  const auto count = static_cast<index>(sources.size());
  Eigen::VectorXd signs(count);
  Eigen::VectorXd state(count * (d + 1) + 1);
  state[state.size() - 1] = state_[state_.size() - 1];
  flow_modes modes;
  modes.pattern = activation_pattern(count, field_.samples());
  std::vector<index> now(static_cast<std::size_t>(alone()), -1);  // by neuron of before
  for (index j = 0; j < count; ++j) {
    source& from = sources[static_cast<std::size_t>(j)];
    Eigen::Map<Eigen::VectorXd> direction(state.data() + count + j * d, d);
    if (from.before >= 0) {
      signs[j] = field_.sign(state_, from.before);
      state[j] = state_[from.before];
      direction = old_vectors.col(from.before);
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
  names_ = std::move(names);
  field_.populate(std::move(signs));
  state_ = std::move(state);
  modes_ = std::move(modes);
  contacts_ = std::move(contacts);
  evaluate();
}

/// Carries the cells through the step that the stepper holds. False when members leave their modes
/// in it: they are by themselves now, and the step has to be taken again.
bool integrator::carry(const residual_path& drive) {
  if (cells_.members() == 0) return true;
  std::vector<index> first(static_cast<std::size_t>(cells_.size()));  // stand-in of each cell
  index next = alone();
  for (index c = 0; c < cells_.size(); ++c) {
    first[static_cast<std::size_t>(c)] = next;
    next += cells_.stand_ins(c);
  }
  Eigen::VectorXd residual;
  cells_.carry(drive, [&](index cell) {
    Eigen::MatrixXd force(field_.dimension(), 6);
    for (index i = 0; i < 6; ++i) {
      residual = drive.monomials.col(i);
      field_.active_force(modes_.pattern, first[static_cast<std::size_t>(cell)], residual,
                          force.col(i));
    }
    return force;
  });
  const std::vector<index> leaving = cells_.leaving();
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
  std::vector<index> names;
  for (index name = 0; name < cells_.signs().size(); ++name) {
    if (cells.contains(cells_.cell_of(name))) names.push_back(name);
  }
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
activation_pattern integrator::whole_pattern() const {
  if (cells_.members() == 0) return modes_.pattern;
  activation_pattern pattern(cells_.signs().size(), field_.samples());
  for (index j = 0; j < alone(); ++j) pattern.set_row(name(j), modes_.pattern, j);
  for (index one = 0; one < pattern.neurons(); ++one) {
    if (cells_.cell_of(one) >= 0) pattern.set_row(one, cells_.modes(cells_.cell_of(one)).row);
  }
  return pattern;
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
