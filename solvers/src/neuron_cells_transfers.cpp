// Members of cells that cross surfaces inside a step: into which cells they go, and what that
// changes.

#include "local_walk.hpp"
#include "neuron_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace reluflow::detail {
namespace {

/// A member that crosses more surfaces in one step is followed by itself.
constexpr index most_transfers = 8;

/// So far, relative to |w|, a member has to be from all surfaces when it has come to another cell.
constexpr double clear = 1e-9;

}  // namespace

/// Follows a member that meets a surface from cell to cell.
/// @param space  with (a, w) at the base of its cell, |w| = 1
neuron_cells::leaver neuron_cells::follow(index name, meeting next, const residual_path& drive,
                                          workspace& space,
                                          std::vector<transfer>& transfers) const {
  index at = cell_of(name);
  const one_cell* cell = &own(at);
  const index d = dimension();
  neuron here = at_base(name);
  leaver result{name, std::exp(2.0 * here.log_norm) * (cell->carried * space.base).squaredNorm(),
                0};
  const auto by_itself = [&] {
    transfers.erase(transfers.end() - result.transfers, transfers.end());
    return leaver{name, result.square, 0};
  };
  double fraction = 0.0;
  while (next.fraction <= 1.0) {
    if (result.transfers == most_transfers) return by_itself();
    const index surface = cell->free[static_cast<std::size_t>(next.free)];
    const double from = std::exchange(fraction, next.fraction);
    if (!arrive_at(*cell, surface, drive, fraction, space) || !(fraction > from)) {
      return by_itself();
    }
    const std::optional<pair_mode> after = settle(*cell, surface, fraction, drive);
    if (!after) return by_itself();
    const index sample = surfaces_->representative(surface);
    const mode_change change{sample, cell->modes.row(0, sample), *after, false, 0.0};
    space.row = cell->modes.row;
    space.row.set(0, sample, *after);
    const std::optional<index> to = find(space.row, 0, cell->sign);
    if (!to || own(*to).ways.empty()) return by_itself();

    const index left = std::exchange(at, *to);
    cell = &own(at);
    // Phi J Phi^T = J with J = diag(1, -1, ..., -1).
    cell->phi.evaluate(fraction, space.phi);
    space.there.tail(d) *= -1.0;
    space.start.noalias() = space.phi.transpose() * space.there;
    space.base.noalias() = cell->carried.transpose() * space.start;
    space.base.tail(d) *= -1.0;
    const double norm = space.base.tail(d).norm();
    space.base.tail(d) /= norm;
    space.base[0] = cell->sign;
    neuron there{here.log_norm + std::log(norm), space.base.tail(d)};
    const double spared =
        dissipated(*cell, there, fraction) - dissipated(own(left), here, fraction);
    const auto crossed = std::find(cell->free.begin(), cell->free.end(), surface);
    next = meet(*cell, fraction, crossed == cell->free.end() ? -1 : crossed - cell->free.begin(),
                space);
    here = there;
    transfers.push_back({fraction, name, left, at, change, std::move(there), spared, next.nearest});
    ++result.transfers;
  }
  return next.nearest > clear ? result : by_itself();
}

/// Finds when exactly a member meets a surface that it crosses fast enough. False when it does not.
/// @param fraction  about; then exactly
/// @param space     with (a, w) at the base of the cell, then also `there`: (a, w) on the surface
bool neuron_cells::arrive_at(const one_cell& cell, index surface, const residual_path& drive,
                             double& fraction, workspace& space) const {
  constexpr int most_corrections = 4;
  const double sense = sense_of(cell.modes.row(0, surfaces_->representative(surface)));
  const auto normal = surfaces_->normals().col(surface);
  space.start.noalias() = cell.carried * space.base;
  for (int correction = 0; correction <= most_corrections; ++correction) {
    cell.phi.evaluate(fraction, space.phi);
    space.there.noalias() = space.phi * space.start;
    const auto w = space.there.tail(dimension());
    const double z = sense * normal.dot(w);
    if (std::abs(z) <= rounding * w.norm()) return true;
    const double speed = -sense * space.there[0] * normal.dot(cell.force * powers(fraction));
    if (!(speed > 0.0)) return false;
    fraction += z / (drive.h * speed);
    if (!(fraction > 0.0 && fraction < 1.0)) return false;
  }
  return false;
}

/// The mode of a member behind a surface that it meets, in the simple cases: it meets one sample,
/// slides nowhere, and crosses the surface, or comes to rest on it because nothing moves it below.
std::optional<pair_mode> neuron_cells::settle(const one_cell& cell, index surface, double fraction,
                                              const residual_path& drive) const {
  if (cell.modes.frame || !surfaces_->one_sided(surface) ||
      surfaces_->members(surface).size() > 1) {
    return {};
  }
  const index k = surfaces_->representative(surface);
  const bool was_active = cell.modes.row(0, k) == pair_mode::active;
  const double sense = was_active ? 1.0 : -1.0;
  const quintic weights = powers(fraction);
  const double error = drive.force_error;
  Eigen::VectorXd force = cell.sign * (cell.force * weights);
  const auto towards = [&](index s) { return -sense * surfaces_->distance(s, force); };
  if (!(towards(surface) > error)) return {};
  const double pull = drive.by_sample.col(k).dot(weights) * field_->data().norms()[k] /
                      static_cast<double>(field_->samples());
  surfaces_->move_along(surface, -sense * cell.sign * pull, force);
  const bool wakes = std::any_of(cell.resting.begin(), cell.resting.end(),
                                 [&](index s) { return surfaces_->distance(s, force) > error; });
  if (wakes) return {};
  if (towards(surface) > error) return was_active ? pair_mode::inactive : pair_mode::active;
  if (was_active && towards(surface) >= -error) return pair_mode::resting;
  return {};
}

/// int a'^2 + |w'|^2 of a member from the start of the step to a fraction of it, over h.
double neuron_cells::dissipated(const one_cell& cell, const neuron& base, double fraction) const {
  Eigen::VectorXd start(dimension() + 1);
  start << cell.sign, base.direction;
  start = (cell.carried * start).eval();
  Eigen::MatrixXd form;
  cell.dissipation.evaluate(fraction, form);
  return std::exp(2.0 * base.log_norm) * start.dot(form * start);
}

/// A member as it was at the base of the cell from which a transfer takes it.
neuron_cells::neuron neuron_cells::base_before(std::size_t which) const {
  const transfer& one = transfers_[which];
  while (which-- > 0) {
    if (cell_of(one.name) == one.from) break;
    if (transfers_[which].name == one.name) return transfers_[which].base;
  }
  return at_base(one.name);
}

neuron_cells::change_of_cells neuron_cells::changes_until(double fraction) const {
  change_of_cells result;
  std::vector<Eigen::MatrixXd> moments(cells_.size());  // empty: no transfer
  const auto book = [&](index cell, const neuron& base, double times) {
    Eigen::MatrixXd& sum = moments[static_cast<std::size_t>(cell)];
    if (sum.size() == 0) sum.setZero(dimension() + 1, dimension() + 1);
    add(base, times, own(cell).sign, own(cell).log_scale, sum);
  };
  for (std::size_t i = 0; i < transfers_.size() && transfers_[i].fraction <= fraction; ++i) {
    const transfer& one = transfers_[i];
    book(one.from, base_before(i), -1.0);
    book(one.cell, one.base, 1.0);
    result.dissipated -= one.spared;
  }
  std::vector<index> cells;  // those of all neurons; empty until they are needed
  Eigen::MatrixXd form;
  for (index c = 0; c < size(); ++c) {
    const one_cell& cell = own(c);
    Eigen::MatrixXd& sum = moments[static_cast<std::size_t>(c)];
    if (sum.size() == 0) continue;
    Eigen::MatrixXd gained = sum;
    gained.row(0) = gained.col(0).transpose();
    cell.dissipation.evaluate(fraction, form);
    result.dissipated +=
        std::exp(2.0 * cell.log_scale) *
        (cell.carried * gained * cell.carried.transpose()).cwiseProduct(form).sum();
    double log_scale = cell.log_scale;
    sum += cell.moments;
    if (!(sum(0, 0) > little_left * cell.most)) {
      if (cells.empty()) cells = cells_at(fraction);
      sum_members(c, cells, fraction, sum, log_scale);
    }
    result.stand_ins.emplace_back(c, factors(cell, sum, log_scale, carried_to(cell, fraction)));
  }
  return result;
}

/// The moments of those who are in a cell at a fraction of the step, at its base.
/// @param cells  of all neurons there
void neuron_cells::sum_members(index cell, const std::vector<index>& cells, double fraction,
                               Eigen::MatrixXd& moments, double& log_scale) const {
  std::vector<neuron> there;
  for (index name = 0; name < signs_.size(); ++name) {
    if (cells[static_cast<std::size_t>(name)] == cell && cell_of(name) == cell) {
      there.push_back(at_base(name));
    }
  }
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) break;
    if (one.cell == cell && cells[static_cast<std::size_t>(one.name)] == cell) {
      there.push_back(one.base);
    }
  }
  moments.setZero();
  log_scale = -std::numeric_limits<double>::infinity();
  for (const neuron& one : there) log_scale = std::max(log_scale, one.log_norm);
  for (const neuron& one : there) add(one, 1.0, own(cell).sign, log_scale, moments);
}

/// Takes over a transfer when its cells have arrived behind it.
void neuron_cells::pass(const transfer& one) {
  quit(one.name);
  directions_.col(one.name) = one.base.direction;
  log_norms_[one.name] = one.base.log_norm;
  safe_until_[one.name] = own(one.cell).travelled + one.nearest;
  enter(one.cell, one.name);
}

/// Nobody goes into a cell that all its members leave to be by themselves: who would do so joins
/// those who leave.
void neuron_cells::keep_cells_peopled(std::vector<index>& leaving) {
  std::vector<index> left;
  for (const one_cell& cell : cells_) left.push_back(cell.members);
  for (const index name : leaving) --left[static_cast<std::size_t>(cell_of(name))];
  while (true) {
    std::set<index> joining;
    for (const transfer& one : transfers_) {
      if (left[static_cast<std::size_t>(one.cell)] == 0) joining.insert(one.name);
    }
    if (joining.empty()) break;
    std::erase_if(transfers_, [&](const transfer& one) { return joining.contains(one.name); });
    for (const index name : joining) --left[static_cast<std::size_t>(cell_of(name))];
    leaving.insert(leaving.end(), joining.begin(), joining.end());
  }
  std::sort(leaving.begin(), leaving.end());
}

std::vector<index> neuron_cells::cells_at(double fraction) const {
  std::vector<index> result = cell_of_;
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) break;
    result[static_cast<std::size_t>(one.name)] = one.cell;
  }
  return result;
}

std::vector<index> neuron_cells::left_for(double fraction) const {
  std::vector<index> result(cells_.size(), -1);
  std::vector<index> there;
  for (const one_cell& cell : cells_) there.push_back(cell.members);
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) break;
    const auto from = static_cast<std::size_t>(one.from);
    const auto to = static_cast<std::size_t>(one.cell);
    if (--there[from] == 0) result[from] = one.cell;
    if (++there[to] == 1) result[to] = -1;
  }
  return result;
}

}  // namespace reluflow::detail
