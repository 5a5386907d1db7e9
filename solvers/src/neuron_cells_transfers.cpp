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
/// @param found  of its cell; its transfers are appended
neuron_cells::leaver neuron_cells::follow(index slot, meeting next, const residual_path& drive,
                                          workspace& space, findings& found) const {
  index at = found.cell;
  const one_cell* cell = &own(at);
  const index name = cell->roster[static_cast<std::size_t>(slot)].name;
  const index d = dimension();
  double log_norm = at_base(*cell, slot).log_norm;
  space.start.noalias() = cell->carried * space.base;
  leaver result{name, std::exp(2.0 * log_norm) * space.start.squaredNorm(), 0};
  const auto by_itself = [&] {
    found.transfers.resize(found.transfers.size() - static_cast<std::size_t>(result.transfers));
    found.arrivals.resize(found.arrivals.size() -
                          static_cast<std::size_t>(result.transfers * (d + 1)));
    return leaver{name, result.square, 0};
  };
  // int a'^2 + |w'|^2 from the start of the step on, over h, for (a, w) = `start` in a cell
  const auto dissipated = [&] {
    cell->dissipation.evaluate(space.at, space.form);
    space.product.noalias() = space.form * space.start;
    return std::exp(2.0 * log_norm) * space.start.dot(space.product);
  };
  double fraction = 0.0;
  while (next.fraction <= 1.0) {
    if (result.transfers == most_transfers) return by_itself();
    const index surface = cell->free[static_cast<std::size_t>(next.free)];
    const double from = std::exchange(fraction, next.fraction);
    zero_passage how;
    if (!arrive_at(*cell, next.free, drive, fraction, how, space) || !(fraction > from)) {
      return by_itself();
    }
    const std::optional<pair_mode> after = settle(*cell, surface, fraction, drive, space.force);
    if (!after) return by_itself();
    const index sample = surfaces_->representative(surface);
    const mode_change change{sample, cell->modes.row(0, sample), *after, false, 0.0};
    space.row = cell->modes.row;
    space.row.set(0, sample, *after);
    const std::optional<index> to = find(space.row, 0, cell->sign);
    if (!to || own(*to).ways.empty()) return by_itself();

    double spared = -dissipated();
    const index left = std::exchange(at, *to);
    cell = &own(at);
    // Phi J Phi^T = J with J = diag(1, -1, ..., -1).
    cell->phi.evaluate(space.at, space.phi);
    space.there.tail(d) *= -1.0;
    space.start.noalias() = space.phi.transpose() * space.there;
    space.base.noalias() = cell->carried.transpose() * space.start;
    space.start.tail(d) *= -1.0;
    spared += dissipated();
    const double norm = space.base.tail(d).norm();
    space.base.tail(d) /= -norm;
    space.base[0] = cell->sign;
    space.start /= norm;
    log_norm += std::log(norm);
    const auto crossed = std::find(cell->free.begin(), cell->free.end(), surface);
    next = meet(*cell, fraction, crossed == cell->free.end() ? -1 : crossed - cell->free.begin(),
                space);
    found.transfers.push_back(
        {fraction, name, left, slot, at, change, how, found.arrivals.size(), spared, next.far});
    found.arrivals.push_back(log_norm);
    found.arrivals.insert(found.arrivals.end(), space.base.data() + 1, space.base.data() + 1 + d);
    ++result.transfers;
  }
  return next.far.nearest > clear ? result : by_itself();
}

/// Finds when exactly a member meets a surface that it crosses fast enough. False when it does not.
/// @param free      which of the free surfaces of the cell
/// @param fraction  about; then exactly
/// @param at        receives how it passes the surface
/// @param space     with (a, w) at the start of the step, then also `there`: (a, w) on the surface,
///                  and `at`, the polynomials at the fraction
bool neuron_cells::arrive_at(const one_cell& cell, index free, const residual_path& drive,
                             double& fraction, zero_passage& at, workspace& space) const {
  constexpr int most_corrections = 4;
  const index surface = cell.free[static_cast<std::size_t>(free)];
  const double sense = sense_of(cell.modes.row(0, surfaces_->representative(surface)));
  const auto normal = surfaces_->normals().col(surface);
  for (int correction = 0; correction <= most_corrections; ++correction) {
    space.at = chebyshev_series::at(fraction);
    cell.phi.evaluate(space.at, space.phi);
    space.there.noalias() = space.phi * space.start;
    const auto w = space.there.tail(dimension());
    const double z = sense * normal.dot(w);
    const double speed = -sense * space.there[0] * cell.pulls.row(free).dot(powers(fraction));
    at.slope = speed / w.norm();
    if (std::abs(z) <= rounding * w.norm()) return true;
    if (!(speed > 0.0)) return false;
    fraction += z / (drive.h * speed);
    if (!(fraction > 0.0 && fraction < 1.0)) return false;
  }
  return false;
}

/// The mode of a member behind a surface that it meets, in the simple cases: it meets one sample,
/// slides nowhere, and crosses the surface, or comes to rest on it because nothing moves it below.
std::optional<pair_mode> neuron_cells::settle(const one_cell& cell, index surface, double fraction,
                                              const residual_path& drive,
                                              Eigen::VectorXd& force) const {
  if (cell.modes.frame || !surfaces_->one_sided(surface) ||
      surfaces_->members(surface).size() > 1) {
    return {};
  }
  const index k = surfaces_->representative(surface);
  const bool was_active = cell.modes.row(0, k) == pair_mode::active;
  const double sense = was_active ? 1.0 : -1.0;
  const quintic weights = powers(fraction);
  const double error = drive.force_error;
  force.noalias() = cell.force * weights;
  force *= cell.sign;
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

neuron_cells::change_of_cells neuron_cells::changes_until(double fraction) const {
  change_of_cells result;
  std::vector<Eigen::MatrixXd> moments(cells_.size());  // empty: no transfer
  const auto book = [&](index cell, const neuron_view& base, double times) {
    Eigen::MatrixXd& sum = moments[static_cast<std::size_t>(cell)];
    if (sum.size() == 0) sum.setZero(dimension() + 1, dimension() + 1);
    add(base, times, own(cell).sign, own(cell).log_scale, sum);
  };
  visit_leavers(fraction, [&](const transfer& first, const transfer& last) {
    book(first.from, departure(first), -1.0);
    book(last.cell, arrival(last.base), 1.0);
  });
  for (const transfer& one : transfers_) {
    if (one.fraction <= fraction) result.dissipated -= one.spared;
  }
  const chebyshev_series::polynomials there = chebyshev_series::at(fraction);
  Eigen::MatrixXd form;
  for (index c = 0; c < size(); ++c) {
    const one_cell& cell = own(c);
    Eigen::MatrixXd& sum = moments[static_cast<std::size_t>(c)];
    if (sum.size() == 0) continue;
    Eigen::MatrixXd gained = sum;
    gained.row(0) = gained.col(0).transpose();
    cell.dissipation.evaluate(there, form);
    result.dissipated +=
        std::exp(2.0 * cell.log_scale) *
        (cell.carried * gained * cell.carried.transpose()).cwiseProduct(form).sum();
    double log_scale = cell.log_scale;
    sum += cell.moments;
    if (!(sum(0, 0) > little_left * cell.most)) {
      sum_members(c, fraction, sum, log_scale);
    }
    result.stand_ins.emplace_back(c, factors(cell, sum, log_scale, carried_to(cell, fraction)));
  }
  return result;
}

/// The moments of those who are in a cell at a fraction of the step, at its base.
void neuron_cells::sum_members(index cell, double fraction, Eigen::MatrixXd& moments,
                               double& log_scale) const {
  std::vector<char> gone(own(cell).roster.size(), 0);
  std::vector<neuron_view> there;
  visit_leavers(fraction, [&](const transfer& first, const transfer& last) {
    if (first.from == cell) gone[static_cast<std::size_t>(slot_before(first))] = 1;
    if (last.cell == cell) there.push_back(arrival(last.base));
  });
  for (std::size_t slot = 0; slot < gone.size(); ++slot) {
    if (gone[slot] == 0) there.push_back(at_base(own(cell), static_cast<index>(slot)));
  }
  moments.setZero();
  log_scale = -std::numeric_limits<double>::infinity();
  for (const neuron_view& one : there) log_scale = std::max(log_scale, one.log_norm);
  for (const neuron_view& one : there) add(one, 1.0, own(cell).sign, log_scale, moments);
}

/// Nobody goes into a cell that all its members leave to be by themselves: who would do so joins
/// those who leave.
void neuron_cells::keep_cells_peopled(std::vector<index>& leaving) {
  std::vector<index> left;
  for (const one_cell& cell : cells_) left.push_back(cell.members());
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
  std::vector<index> result;
  result.reserve(places_.size());
  for (const placed& one : places_) result.push_back(one.cell);
  visit_leavers(fraction, [&](const transfer&, const transfer& last) {
    result[static_cast<std::size_t>(last.name)] = last.cell;
  });
  return result;
}

std::vector<index> neuron_cells::left_for(double fraction) const {
  std::vector<index> there;
  for (const one_cell& cell : cells_) there.push_back(cell.members());
  std::vector<const transfer*> last(cells_.size(), nullptr);  // out of each cell
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) continue;
    const auto from = static_cast<std::size_t>(one.from);
    --there[from];
    ++there[static_cast<std::size_t>(one.cell)];
    if (last[from] == nullptr || last[from]->fraction <= one.fraction) last[from] = &one;
  }
  std::vector<index> result(cells_.size(), -1);
  for (std::size_t c = 0; c < result.size(); ++c) {
    if (there[c] == 0 && last[c] != nullptr) result[c] = last[c]->cell;
  }
  return result;
}

}  // namespace reluflow::detail
