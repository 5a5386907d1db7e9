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
      cell_of_(static_cast<std::size_t>(signs_.size()), -1),
      log_norms_(signs_.size()),
      directions_(field.dimension(), signs_.size()),
      safe_until_(signs_.size()) {}

std::vector<index> neuron_cells::names(index cell) const {
  std::vector<index> result;
  for (index name = 0; name < signs_.size(); ++name) {
    if (cell_of(name) == cell) result.push_back(name);
  }
  return result;
}

std::optional<index> neuron_cells::find(const activation_pattern& pattern, index row,
                                        double sign) const {
  const auto [begin, end] = by_hash_.equal_range(pattern.row_hash(row));
  for (auto entry = begin; entry != end; ++entry) {
    const one_cell& cell = own(entry->second);
    if (cell.sign == sign && cell.modes.row.same_row(0, pattern, row)) return entry->second;
  }
  return {};
}

void neuron_cells::tidy() {
  const auto peopled = std::count_if(cells_.begin(), cells_.end(),
                                     [](const one_cell& cell) { return cell.members > 0; });
  if (size() <= few_cells || 2 * peopled >= size()) return;
  std::vector<one_cell> kept;
  std::vector<index> now(cells_.size(), -1);
  by_hash_.clear();
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].members == 0) continue;
    now[c] = static_cast<index>(kept.size());
    by_hash_.emplace(cells_[c].modes.row.row_hash(0), now[c]);
    kept.push_back(std::move(cells_[c]));
  }
  cells_ = std::move(kept);
  for (index& cell : cell_of_) {
    if (cell >= 0) cell = now[static_cast<std::size_t>(cell)];
  }
}

index neuron_cells::found(neuron_modes modes, double sign) {
  one_cell cell;
  by_hash_.emplace(modes.row.row_hash(0), size());
  cell.modes = std::move(modes);
  cell.sign = sign;
  cell.carried.setIdentity(dimension() + 1, dimension() + 1);
  cell.moments.setZero(dimension() + 1, dimension() + 1);
  sort_surfaces(cell);
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

neuron_cells::neuron neuron_cells::at_base(index name) const {
  return {log_norms_[name], directions_.col(name)};
}

/// A member after Phi has moved it from its base.
neuron_cells::neuron neuron_cells::carried(const neuron& base, const one_cell& cell,
                                           const Eigen::MatrixXd& by) const {
  const index d = dimension();
  Eigen::VectorXd w = by.bottomRightCorner(d, d) * base.direction;
  w += cell.sign * by.col(0).tail(d);
  hold(cell, w);
  const double norm = w.norm();
  return {base.log_norm + std::log(norm), w / norm};
}

void neuron_cells::join(index cell, index name, const neuron& who) {
  one_cell& to = own(cell);
  Eigen::VectorXd now(dimension() + 1);
  now << to.sign, who.direction;
  if (to.inverse.size() == 0) {
    to.inverse = to.carried.inverse();
    to.spreads.resize(static_cast<index>(to.free.size()));
    for (index f = 0; f < to.spreads.size(); ++f) {
      const auto normal = surfaces_->normals().col(to.free[static_cast<std::size_t>(f)]);
      to.spreads[f] = (to.carried.bottomRows(dimension()).transpose() * normal).norm();
    }
  }
  const Eigen::VectorXd base = to.inverse * now;
  const double norm = base.tail(dimension()).norm();
  directions_.col(name) = base.tail(dimension()) / norm;
  log_norms_[name] = who.log_norm + std::log(norm);
  double nearest = std::numeric_limits<double>::infinity();
  for (index f = 0; f < to.spreads.size(); ++f) {
    const index s = to.free[static_cast<std::size_t>(f)];
    nearest =
        std::min(nearest, std::abs(surfaces_->distance(s, who.direction)) / (norm * to.spreads[f]));
  }
  safe_until_[name] = to.travelled + nearest;
  enter(cell, name);
}

neuron_cells::neuron neuron_cells::leave(index name) {
  const one_cell& from = own(cell_of(name));
  neuron result = carried(at_base(name), from, from.carried);
  quit(name);
  return result;
}

/// Books a neuron, whose base is in place, into a cell.
void neuron_cells::enter(index cell, index name) {
  one_cell& to = own(cell);
  cell_of_[static_cast<std::size_t>(name)] = cell;
  if (to.members == 0) {
    to.moments.setZero();
    to.log_scale = log_norms_[name];
    to.most = 0.0;
  }
  add(to, name, 1.0);
  ++to.members;
  ++members_;
  to.changed = true;
}

/// Books a neuron out of its cell.
void neuron_cells::quit(index name) {
  one_cell& from = own(cell_of(name));
  add(from, name, -1.0);
  --from.members;
  --members_;
  from.changed = true;
  cell_of_[static_cast<std::size_t>(name)] = -1;
}

/// Adds what a member contributes to the moments so many times.
void neuron_cells::add(one_cell& cell, index name, double times) const {
  add(at_base(name), times, cell.sign, cell.log_scale, cell.moments);
  cell.most = std::max(cell.most, cell.moments(0, 0));
}

/// Adds what a neuron contributes to moments in units of exp(2 log_scale): their lower triangle,
/// and that of the part of w in full.
void neuron_cells::add(const neuron& base, double times, double sign, double log_scale,
                       Eigen::MatrixXd& moments) const {
  const double weight = times * std::exp(2.0 * (base.log_norm - log_scale));
  const Eigen::VectorXd& w = base.direction;
  moments(0, 0) += weight;
  moments.col(0).tail(dimension()) += (weight * sign) * w;
  for (index i = 0; i < dimension(); ++i) {
    moments.col(i + 1).tail(dimension()) += (weight * w[i]) * w;
  }
}

void neuron_cells::sum_moments() {
  for (one_cell& cell : cells_) {
    cell.moments.setZero();
    cell.log_scale = -std::numeric_limits<double>::infinity();
    cell.most = 0.0;
  }
  for (index name = 0; name < signs_.size(); ++name) {
    if (cell_of(name) < 0) continue;
    one_cell& cell = own(cell_of(name));
    cell.log_scale = std::max(cell.log_scale, log_norms_[name]);
  }
  for (index name = 0; name < signs_.size(); ++name) {
    if (cell_of(name) >= 0) add(own(cell_of(name)), name, 1.0);
  }
}

std::vector<neuron_cells::neuron> neuron_cells::make_stand_ins(index cell) {
  std::vector<neuron> result;
  if (own(cell).members > 0 && !(own(cell).moments(0, 0) > little_left * own(cell).most &&
                                 std::isfinite(own(cell).moments(0, 0)))) {
    sum_moments();
  }
  one_cell& of = own(cell);
  of.changed = false;
  of.stand_ins = 0;
  if (of.members == 0) return result;
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

/// Makes the start of the step the base of all members.
void neuron_cells::rebase() {
  for (index name = 0; name < signs_.size(); ++name) {
    if (cell_of(name) < 0) continue;
    const one_cell& cell = own(cell_of(name));
    const neuron now = carried(at_base(name), cell, cell.carried);
    directions_.col(name) = now.direction;
    log_norms_[name] = now.log_norm;
    double nearest = std::numeric_limits<double>::infinity();
    for (const index s : cell.free) {
      nearest = std::min(nearest, std::abs(surfaces_->distance(s, directions_.col(name))));
    }
    safe_until_[name] = nearest;
  }
  for (one_cell& cell : cells_) {
    cell.carried.setIdentity();
    cell.inverse.resize(0, 0);
    cell.travelled = 0.0;
    // Where members shrink, what rounding has left of growing directions in their stand-ins would
    // outgrow them in time.
    cell.changed = cell.members > 0;
  }
  sum_moments();
}

index neuron_cells::additional(pair_mode mode, double fraction) const {
  index count = 0;
  for (const one_cell& cell : cells_) {
    count += (cell.members - cell.stand_ins) * cell.modes.row.count(mode);
  }
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) break;
    count +=
        static_cast<index>(one.change.to == mode) - static_cast<index>(one.change.from == mode);
  }
  return count;
}

}  // namespace reluflow::detail
