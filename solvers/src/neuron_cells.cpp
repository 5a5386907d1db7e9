#include "neuron_cells.hpp"

#include "balanced_factors.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

/// Integrals along the unit vectors: so close to rounding that Phi keeps a^2 - |w|^2.
constexpr double accuracy = 1e-15;

/// Members get a new base before the growth of Phi, squared, brings rounding to this share of the
/// tolerance.
constexpr double share = 1e-3;
constexpr double least_grown = 4.0;
constexpr double most_grown = 1e3;

/// So many cells are kept, with or without members.
constexpr index few_cells = 64;

}  // namespace

neuron_cells::neuron_cells(const vector_field& field, const switching_surfaces& surfaces,
                           const settler& settle, double rtol, Eigen::VectorXd signs)
    : field_(&field),
      surfaces_(&surfaces),
      flow_(field, surfaces, settle, accuracy),
      grown_(std::clamp(std::sqrt(share * rtol / std::numeric_limits<double>::epsilon()),
                        least_grown, most_grown)),
      signs_(std::move(signs)),
      places_(static_cast<std::size_t>(signs_.size())) {}

void neuron_cells::margins::add(index free, double distance) {
  if (distance < nearest) {
    others = nearest;
    nearest = distance;
    surface = static_cast<std::int32_t>(free);
  } else {
    others = std::min(others, distance);
  }
}

std::vector<index> neuron_cells::names(index cell) const {
  std::vector<index> result;
  result.reserve(own(cell).roster.size());
  for (const entry& one : own(cell).roster) result.push_back(one.name);
  std::sort(result.begin(), result.end());
  return result;
}

std::optional<index> neuron_cells::find(const activation_pattern& pattern, index row,
                                        double sign) const {
  const auto [begin, end] = by_hash_.equal_range(pattern.row_hash(row));
  for (auto found = begin; found != end; ++found) {
    const one_cell& cell = own(found->second);
    if (cell.sign == sign && cell.modes.row.same_row(0, pattern, row)) return found->second;
  }
  return {};
}

void neuron_cells::tidy() {
  const auto peopled = std::count_if(cells_.begin(), cells_.end(),
                                     [](const one_cell& cell) { return !cell.roster.empty(); });
  if (size() <= few_cells || 2 * peopled >= size()) return;
  std::vector<one_cell> kept;
  std::vector<index> now(cells_.size(), -1);
  by_hash_.clear();
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].roster.empty()) continue;
    now[c] = static_cast<index>(kept.size());
    by_hash_.emplace(cells_[c].modes.row.row_hash(0), now[c]);
    kept.push_back(std::move(cells_[c]));
  }
  cells_ = std::move(kept);
  for (placed& one : places_) {
    if (one.cell >= 0) {
      one.cell = static_cast<std::int32_t>(now[static_cast<std::size_t>(one.cell)]);
    }
  }
}

index neuron_cells::found(neuron_modes modes, double sign, index expected) {
  one_cell cell;
  by_hash_.emplace(modes.row.row_hash(0), size());
  cell.modes = std::move(modes);
  cell.sign = sign;
  cell.carried.setIdentity(dimension() + 1, dimension() + 1);
  cell.moments.setZero(dimension() + 1, dimension() + 1);
  sort_surfaces(cell);
  cell.travelled.setZero(static_cast<index>(cell.free.size()));
  cell.roster.reserve(static_cast<std::size_t>(expected));
  cell.bases.reserve(static_cast<std::size_t>(expected * (dimension() + 1)));
  cells_.push_back(std::move(cell));
  return size() - 1;
}

void neuron_cells::sort_surfaces(one_cell& cell) const {
  cell.free.clear();
  cell.resting.clear();
  for (index s = 0; s < surfaces_->size(); ++s) {
    const pair_mode mode = cell.modes.row(0, surfaces_->representative(s));
    if (mode == pair_mode::resting) cell.resting.push_back(s);
    if (mode == pair_mode::active || mode == pair_mode::inactive) cell.free.push_back(s);
  }
}

/// Takes off what rounding has left across the surfaces on which a cell is held.
void neuron_cells::hold(const one_cell& cell, Eigen::VectorXd& w) const {
  if (cell.modes.frame) cell.modes.frame->project(w);
  for (const index s : cell.resting) surfaces_->move_along(s, -surfaces_->distance(s, w), w);
}

/// A member after Phi has moved it from its base: ln|w|, and its direction.
double neuron_cells::carried(const neuron_view& base, const one_cell& cell,
                             const Eigen::MatrixXd& by, Eigen::VectorXd& direction) const {
  const index d = dimension();
  direction = cell.sign * by.col(0).tail(d);
  direction.noalias() += by.bottomRightCorner(d, d) * base.direction;
  hold(cell, direction);
  const double norm = direction.norm();
  direction /= norm;
  return base.log_norm + std::log(norm);
}

void neuron_cells::join(index cell, index name, double log_norm,
                        const Eigen::Ref<const Eigen::VectorXd>& direction) {
  one_cell& to = own(cell);
  if (to.inverse.size() == 0) {
    to.inverse = to.carried.inverse();
    to.moved = !to.carried.isIdentity(0.0);
    to.spreads.resize(static_cast<index>(to.free.size()));
    for (index f = 0; f < to.spreads.size(); ++f) {
      const auto normal = surfaces_->normals().col(to.free[static_cast<std::size_t>(f)]);
      to.spreads[f] = (to.carried.bottomRows(dimension()).transpose() * normal).norm();
    }
  }
  const index d = dimension();
  double norm = 1.0;
  if (to.moved) {
    room_.noalias() = to.inverse.bottomRightCorner(d, d) * direction;
    room_ += to.sign * to.inverse.col(0).tail(d);
    norm = room_.norm();
    room_ /= norm;
  } else {
    room_ = direction;  // to the last bit
  }
  margins far;
  for (index f = 0; f < to.spreads.size(); ++f) {
    const index s = to.free[static_cast<std::size_t>(f)];
    far.add(f, std::abs(surfaces_->distance(s, direction)) / (norm * to.spreads[f]));
  }
  enter(cell, name, log_norm + std::log(norm), room_, far);
}

neuron_cells::neuron neuron_cells::leave(index name) {
  const one_cell& from = own(cell_of(name));
  neuron result;
  const placed at = place(name);
  result.log_norm = carried(at_base(from, at.slot), from, from.carried, result.direction);
  quit(at.cell, at.slot);
  return result;
}

neuron_cells::entry neuron_cells::entry_of(const one_cell& cell, index name,
                                           const margins& far) const {
  const double travelled = cell.free.empty() ? 0.0 : cell.travelled[far.surface];
  return {travelled + far.nearest, cell.farthest + far.others, far.surface,
          static_cast<std::int32_t>(name)};
}

/// Books a neuron, as it is at the base of a cell, into it.
void neuron_cells::enter(index cell, index name, double log_norm,
                         const Eigen::Ref<const Eigen::VectorXd>& direction, const margins& far) {
  one_cell& to = own(cell);
  if (to.roster.empty()) {
    to.moments.setZero();
    to.log_scale = log_norm;
    to.most = 0.0;
  }
  places_[static_cast<std::size_t>(name)] = {static_cast<std::int32_t>(cell),
                                             static_cast<std::int32_t>(to.members())};
  to.roster.push_back(entry_of(to, name, far));
  to.bases.push_back(log_norm);
  to.bases.insert(to.bases.end(), direction.data(), direction.data() + direction.size());
  add(to, to.members() - 1, 1.0);
  end_lull(to, to.members() - 1);
  ++members_;
  to.changed = true;
}

/// Books a member out of its cell. The last of the roster takes its place.
void neuron_cells::quit(index cell, index slot) {
  one_cell& from = own(cell);
  add(from, slot, -1.0);
  entry& here = from.roster[static_cast<std::size_t>(slot)];
  places_[static_cast<std::size_t>(here.name)] = {};
  const auto numbers = from.bases.end() - (dimension() + 1);
  if (slot + 1 < from.members()) {
    here = from.roster.back();
    places_[static_cast<std::size_t>(here.name)].slot = static_cast<std::int32_t>(slot);
    std::copy(numbers, from.bases.end(), from.bases.begin() + slot * (dimension() + 1));
  }
  from.roster.pop_back();
  from.bases.erase(numbers, from.bases.end());
  end_lull(from, slot);
  --members_;
  from.changed = true;
}

/// Adds what a member contributes to the moments so many times.
void neuron_cells::add(one_cell& cell, index slot, double times) const {
  add(at_base(cell, slot), times, cell.sign, cell.log_scale, cell.moments);
  cell.most = std::max(cell.most, cell.moments(0, 0));
}

/// Adds what a neuron contributes to moments in units of exp(2 log_scale): their lower triangle,
/// and that of the part of w in full.
void neuron_cells::add(const neuron_view& base, double times, double sign, double log_scale,
                       Eigen::MatrixXd& moments) const {
  const double weight = times * std::exp(2.0 * (base.log_norm - log_scale));
  const auto& w = base.direction;
  moments(0, 0) += weight;
  moments.col(0).tail(dimension()) += (weight * sign) * w;
  for (index i = 0; i < dimension(); ++i) {
    moments.col(i + 1).tail(dimension()) += (weight * w[i]) * w;
  }
}

void neuron_cells::sum_moments(one_cell& cell) const {
  cell.moments.setZero();
  cell.log_scale = -std::numeric_limits<double>::infinity();
  cell.most = 0.0;
  for (index slot = 0; slot < cell.members(); ++slot) {
    cell.log_scale = std::max(cell.log_scale, at_base(cell, slot).log_norm);
  }
  for (index slot = 0; slot < cell.members(); ++slot) add(cell, slot, 1.0);
}

std::vector<neuron_cells::neuron> neuron_cells::make_stand_ins(index cell) {
  std::vector<neuron> result;
  one_cell& of = own(cell);
  of.changed = false;
  of.stand_ins = 0;
  if (of.roster.empty()) return result;
  if (!(of.moments(0, 0) > little_left * of.most && std::isfinite(of.moments(0, 0)))) {
    sum_moments(of);
  }
  result = factors(of, of.moments, of.log_scale, of.carried);
  of.stand_ins = static_cast<index>(result.size());
  return result;
}

/// d + 1 balanced neurons with the moments of a cell, carried from the base; none where nothing is
/// left.
std::vector<neuron_cells::neuron> neuron_cells::factors(const one_cell& cell,
                                                        const Eigen::MatrixXd& moments,
                                                        double log_scale,
                                                        const Eigen::MatrixXd& by) const {
  Eigen::MatrixXd whole = moments;
  whole.row(0) = whole.col(0).transpose();
  const Eigen::MatrixXd found = balanced_factors(by * whole * by.transpose(), cell.sign);
  std::vector<neuron> result;
  for (index i = 0; i < found.cols(); ++i) {
    Eigen::VectorXd w = found.col(i).tail(dimension());
    hold(cell, w);
    const double norm = w.norm();
    if (norm == 0.0) continue;
    result.push_back({log_scale + std::log(norm), w / norm});
  }
  if (result.empty()) return result;
  // Others, too small to matter, fill the places that more members may need inside a step.
  neuron filler =
      *std::max_element(result.begin(), result.end(),
                        [](const neuron& x, const neuron& y) { return x.log_norm < y.log_norm; });
  filler.log_norm -= beyond_rounding;
  result.resize(static_cast<std::size_t>(dimension()) + 1, filler);
  return result;
}

/// Makes the start of the step the base of all members of some cells.
/// @param which  by cell: true for these
void neuron_cells::rebase(const std::vector<char>& which) {
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (which[c] == 0) continue;
    one_cell& cell = cells_[c];
    cell.travelled.setZero();
    cell.farthest = 0.0;
    cell.lulls.clear();
#pragma omp parallel if (cell.members() > members_for_threads)
    {
      Eigen::VectorXd direction;
#pragma omp for schedule(static)
      for (index slot = 0; slot < cell.members(); ++slot) {
        entry& one = cell.roster[static_cast<std::size_t>(slot)];
        double* const base = cell.bases.data() + slot * (dimension() + 1);
        *base = carried(view(base), cell, cell.carried, direction);
        std::copy_n(direction.data(), direction.size(), base + 1);
        margins far;
        for (std::size_t f = 0; f < cell.free.size(); ++f) {
          far.add(static_cast<index>(f), std::abs(surfaces_->distance(cell.free[f], direction)));
        }
        one = entry_of(cell, one.name, far);
      }
    }
    cell.carried.setIdentity();
    cell.inverse.resize(0, 0);
    sum_moments(cell);
    // Where members shrink, what rounding has left of growing directions in their stand-ins would
    // outgrow them in time.
    cell.changed = !cell.roster.empty();
  }
}

index neuron_cells::additional(pair_mode mode, double fraction) const {
  index count = 0;
  for (const one_cell& cell : cells_) {
    count += (cell.members() - cell.stand_ins) * cell.modes.row.count(mode);
  }
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) continue;
    count +=
        static_cast<index>(one.change.to == mode) - static_cast<index>(one.change.from == mode);
  }
  return count;
}

}  // namespace reluflow::detail
