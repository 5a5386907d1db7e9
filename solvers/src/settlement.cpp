#include "settlement.hpp"

#include "origin_map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace reluflow::detail {
namespace {

pair_mode mode_of(surface_side side) {
  switch (side) {
    case surface_side::above:
      return pair_mode::active;
    case surface_side::held:
      return pair_mode::sliding;
    case surface_side::below:
      break;
  }
  return pair_mode::inactive;
}

}  // namespace

std::vector<index> surfaces_in(const activation_pattern& pattern, index neuron, pair_mode mode,
                               const switching_surfaces& surfaces) {
  std::vector<index> result;
  for (index word = 0; word < pattern.words(); ++word) {
    for (std::uint64_t bits = pattern.surface_word(neuron, word); bits != 0; bits &= bits - 1) {
      const index k = word * 64 + std::countr_zero(bits);
      const index s = surfaces.surface_of(k);
      if (surfaces.representative(s) == k && pattern(neuron, k) == mode) result.push_back(s);
    }
  }
  return result;
}

std::optional<index> farthest_on_a_line(const switching_surfaces& surfaces,
                                        const activation_pattern& pattern, index neuron,
                                        const Eigen::Ref<const Eigen::VectorXd>& w) {
  const index d = surfaces.normals().rows();
  index held = 0;
  for (index word = 0; word < pattern.words(); ++word) {
    for (std::uint64_t bits = pattern.surface_word(neuron, word); bits != 0; bits &= bits - 1) {
      const index k = word * 64 + std::countr_zero(bits);
      held += surfaces.representative(surfaces.surface_of(k)) == k ? 1 : 0;
    }
  }
  if (d < 2 || held != d - 1) return {};
  std::optional<index> farthest;
  double distance = 0.0;
  for (index s = 0; s < surfaces.size(); ++s) {
    const pair_mode mode = pattern(neuron, surfaces.representative(s));
    if (mode == pair_mode::sliding || mode == pair_mode::resting) continue;
    const double z = std::abs(surfaces.distance(s, w));
    if (z > distance) {
      distance = z;
      farthest = s;
    }
  }
  return farthest;
}

surface_side settler::guess(index surface, const activation_pattern& pattern, index neuron) const {
  if (surfaces_->one_sided(surface)) return surface_side::below;
  return pattern(neuron, surfaces_->representative(surface)) == pair_mode::active
             ? surface_side::below
             : surface_side::above;
}

std::vector<index> settler::settle(const std::vector<arrival>& arrivals, const neuron_force& force,
                                   neuron_modes& modes, std::vector<mode_change>& changes) const {
  std::vector<arrival> held = arrivals;
  const auto holds = [&](index s) {
    return std::any_of(held.begin(), held.end(), [&](const arrival& a) { return a.surface == s; });
  };
  if (modes.frame) {
    for (const index s : modes.frame->surfaces) {
      if (!holds(s)) held.push_back({s, surface_side::held});
    }
  }
  const std::vector<index> resting = surfaces_in(modes.row, 0, pair_mode::resting, *surfaces_);
  while (true) {
    const boundary_problem problem = pose(held, force, modes.row);
    const boundary_solution solution = rule_ == surface_rule::filippov
                                           ? resolve_boundary(problem)
                                           : resolve_boundary_without_sliding(problem);
    const Eigen::VectorXd total =
        problem.base + problem.normals * solution.eta.cwiseProduct(problem.strengths);
    const auto woken = std::find_if(resting.begin(), resting.end(), [&](index s) {
      return !holds(s) && problem.sign * surfaces_->distance(s, total) > force.error;
    });
    if (woken == resting.end()) {
      apply(held, solution, force, modes, changes);
      break;
    }
    held.push_back({*woken, surface_side::below});
  }
  std::vector<index> stood;
  for (const arrival& a : held) stood.push_back(a.surface);
  return stood;
}

boundary_problem settler::pose(const std::vector<arrival>& held, const neuron_force& force,
                               const activation_pattern& row) const {
  const auto count = static_cast<index>(held.size());
  boundary_problem problem;
  problem.normals.resize(data_->dimension(), count);
  problem.strengths.resize(count);
  problem.base = force.active;
  problem.tolerance = force.error;
  problem.sign = force.sign;
  const double share = 1.0 / static_cast<double>(data_->size());
  for (index i = 0; i < count; ++i) {
    const auto& [surface, guess] = held[static_cast<std::size_t>(i)];
    problem.normals.col(i) = surfaces_->normals().col(surface);
    problem.strengths[i] = strength(surface, force.residual);
    problem.guess.push_back(guess);
    // The base has every surface at its negative side.
    for (const index k : surfaces_->members(surface)) {
      const bool is_active = row(0, k) == pair_mode::active;
      const bool should = surfaces_->orientation(k) < 0.0;
      if (is_active == should) continue;
      problem.base += (should ? share : -share) * force.residual(k) * data_->inputs().col(k);
    }
  }
  return problem;
}

void settler::apply(const std::vector<arrival>& held, const boundary_solution& solution,
                    const neuron_force& force, neuron_modes& modes,
                    std::vector<mode_change>& changes) const {
  std::map<index, double> last_eta = multipliers_of(modes, force);
  const activation_pattern before = modes.row;
  std::vector<index> sliding;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const index s = held[i].surface;
    const auto at = static_cast<index>(i);
    pair_mode mode = mode_of(solution.sides[i]);
    // A normal velocity of zero keeps the neuron on the surface; antipodal inputs have no such
    // state, and a slide that ends has it for an instant only.
    const bool released = modes.row(0, surfaces_->representative(s)) == pair_mode::sliding &&
                          held[i].guess == surface_side::below;
    if (mode == pair_mode::inactive && surfaces_->one_sided(s) && !released &&
        std::abs(solution.velocity[at]) <= force.error) {
      mode = pair_mode::resting;
    }
    if (mode == pair_mode::sliding) sliding.push_back(s);
    surfaces_->set_mode(modes.row, 0, s, mode);
    note_changes(s, before, modes.row, mode == pair_mode::sliding ? solution.eta[at] : last_eta[s],
                 solution.repelling[i], changes);
  }
  hold(std::move(sliding), modes);
}

std::map<index, double> settler::multipliers_of(const neuron_modes& modes,
                                                const neuron_force& force) const {
  std::map<index, double> result;
  if (!modes.frame) return result;
  const Eigen::VectorXd eta = multipliers(*modes.frame, force);
  for (std::size_t i = 0; i < modes.frame->surfaces.size(); ++i) {
    result[modes.frame->surfaces[i]] = eta[static_cast<index>(i)];
  }
  return result;
}

void settler::note_changes(index surface, const activation_pattern& before,
                           const activation_pattern& after, double eta, bool repelling,
                           std::vector<mode_change>& changes) const {
  for (const index k : surfaces_->members(surface)) {
    if (after(0, k) == before(0, k)) continue;
    changes.push_back({k, before(0, k), after(0, k), repelling,
                       surfaces_->orientation(k) > 0.0 ? eta : 1.0 - eta});
  }
}

void settler::hold(std::vector<index> sliding, neuron_modes& modes) const {
  if (sliding.empty()) {
    modes.frame.reset();
  } else {
    std::sort(sliding.begin(), sliding.end());
    modes.frame = make_sliding_frame(*surfaces_, std::move(sliding));
  }
}

origin_passage settler::pass_origin(index surface, const neuron_force& force, neuron_modes& modes,
                                    std::vector<mode_change>& changes) const {
  const bool from_above = modes.row(0, surfaces_->representative(surface)) == pair_mode::active;
  std::vector<index> held = surfaces_in(modes.row, 0, pair_mode::resting, *surfaces_);
  if (modes.frame) {
    held.insert(held.end(), modes.frame->surfaces.begin(), modes.frame->surfaces.end());
  }
  Eigen::VectorXd beyond = (from_above ? -1.0 : 1.0) * surfaces_->normals().col(surface);
  make_sliding_frame(*surfaces_, held).project(beyond);
  beyond.normalize();

  Eigen::VectorXd residuals(data_->size());
  for (index k = 0; k < data_->size(); ++k) residuals[k] = force.residual(k);
  const alignment_fields fields(*data_, *surfaces_, residuals, force.error);
  path_end end = leave_origin(fields, force.sign, beyond, held);
  origin_passage passage;
  if (end.grows) {
    passage.direction = std::move(end.w);
    passage.contacts = std::move(end.contacts);
  } else {
    end.modes.assign(static_cast<std::size_t>(surfaces_->size()), pair_mode::resting);
  }
  adopt(end, force, modes, changes);
  return passage;
}

void settler::adopt(const path_end& end, const neuron_force& force, neuron_modes& modes,
                    std::vector<mode_change>& changes) const {
  const activation_pattern before = modes.row;
  const std::map<index, double> last_eta = multipliers_of(modes, force);
  std::vector<index> sliding;
  for (index s = 0; s < surfaces_->size(); ++s) {
    const pair_mode mode = end.modes[static_cast<std::size_t>(s)];
    surfaces_->set_mode(modes.row, 0, s, mode);
    if (mode == pair_mode::sliding) sliding.push_back(s);
    const auto last = last_eta.find(s);
    const double old = last == last_eta.end() ? 0.0 : last->second;
    note_changes(s, before, modes.row, mode == pair_mode::sliding ? end.eta[s] : old, false,
                 changes);
  }
  hold(std::move(sliding), modes);
}

Eigen::VectorXd settler::multipliers(const sliding_frame& frame, const neuron_force& force) const {
  Eigen::VectorXd eta = frame.multiplier_map * force.active;
  for (index i = 0; i < eta.size(); ++i) {
    const index s = frame.surfaces[static_cast<std::size_t>(i)];
    const double c = strength(s, force.residual);
    const double held = eta[i] + strength_below(s, force.residual);
    eta[i] = c != 0.0 ? std::clamp(held / c, 0.0, 1.0) : 0.0;
  }
  return eta;
}

}  // namespace reluflow::detail
