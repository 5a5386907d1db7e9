// Cells through a step: how they are carried, and who meets a surface in it.

#include "neuron_cells.hpp"
#include "polynomial.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

constexpr index neurons_in_a_block = 4096;

/// |(a, w)| of a member at its base, where |w| = 1.
const double size_at_base = std::sqrt(2.0);

/// What is left of a quintic on [0, 1], in Bernstein coefficients, from a fraction on: as
/// `bernstein_restriction` has it, without a matrix, because every transfer asks for it.
quintic rest_of(quintic b, double from) {
  for (int level = 0; level < 5; ++level) {
    for (int i = 0; i < 5 - level; ++i) b[i] += from * (b[i + 1] - b[i]);
  }
  return b;
}

bernstein_polynomial polynomial_of(const quintic& b) {
  bernstein_polynomial result;
  for (int i = 0; i < 6; ++i) result.b[static_cast<std::size_t>(i)] = b[i];
  return result;
}

}  // namespace

void neuron_cells::carry(const residual_path& drive,
                         const std::function<Eigen::MatrixXd(index cell)>& force) {
  const index d = dimension();
  transfers_.clear();
  for (index c = 0; c < size(); ++c) {
    one_cell& cell = own(c);
    cell.ways.clear();
    if (cell.members == 0) continue;
    cell.force = force(c);
    const force_coefficients coefficients(cell.force.data(), d, 6);
    cell.ways.resize(static_cast<std::size_t>(d) + 1);
    for (index i = 0; i <= d; ++i) {
      local_path& way = cell.ways[static_cast<std::size_t>(i)];
      const Eigen::VectorXd unit = Eigen::VectorXd::Unit(d + 1, i);
      way.a = unit[0];
      way.w = unit.tail(d);
      flow_.follow_fixed(coefficients, cell.modes.frame ? &*cell.modes.frame : nullptr, drive, way);
    }
    cell.phi.sample([&](double fraction) { return in_step(cell, fraction); });
    chebyshev_series rate;
    rate.sample([&](double fraction) {
      Eigen::MatrixXd phi;
      cell.phi.evaluate(fraction, phi);
      Eigen::VectorXd pull = coefficients * powers(fraction);
      if (cell.modes.frame) cell.modes.frame->project(pull);
      const Eigen::RowVectorXd growth = pull.transpose() * phi.bottomRows(d);
      const Eigen::MatrixXd form =
          pull.squaredNorm() * phi.row(0).transpose() * phi.row(0) + growth.transpose() * growth;
      return form;
    });
    cell.dissipation = rate.integral();
    std::array<Eigen::MatrixXd, 6> carried;
    for (int i = 0; i < 6; ++i) carried[static_cast<std::size_t>(i)] = carried_to(cell, i / 5.0);
    cell.reach = 0.0;
    const auto free = static_cast<index>(cell.free.size());
    cell.distances.resize(6 * free, d + 1);
    cell.lengths.resize(free);
    Eigen::MatrixXd values(d + 1, 6);
    for (index f = 0; f < free; ++f) {
      const index s = cell.free[static_cast<std::size_t>(f)];
      const bool active = cell.modes.row(0, surfaces_->representative(s)) == pair_mode::active;
      for (int i = 0; i < 6; ++i) {
        values.col(i).noalias() = carried[static_cast<std::size_t>(i)].bottomRows(d).transpose() *
                                  surfaces_->normals().col(s);
      }
      const Eigen::MatrixXd normals = bernstein_from_values(values);
      // Where a surface is does not depend on the length of its normal; and the normals between
      // control points lie between theirs.
      const Eigen::MatrixXd unit = normals.colwise().normalized();
      const double farthest = (unit.colwise() - unit.col(0)).colwise().norm().maxCoeff();
      cell.reach = std::max(cell.reach, size_at_base * farthest);
      cell.lengths[f] = normals.col(5).norm();
      cell.distances.middleRows(6 * f, 6) = (active ? 1.0 : -1.0) * normals.transpose();
    }
  }
}

/// Phi from the start of the step to a fraction of it.
Eigen::MatrixXd neuron_cells::in_step(const one_cell& cell, double fraction) const {
  Eigen::MatrixXd phi(dimension() + 1, dimension() + 1);
  for (std::size_t i = 0; i < cell.ways.size(); ++i) {
    phi.col(static_cast<index>(i)) = cell.ways[i].at(fraction);
  }
  return phi;
}

/// Phi from the base of the members to a fraction of the step.
Eigen::MatrixXd neuron_cells::carried_to(const one_cell& cell, double fraction) const {
  if (fraction == 0.0) return cell.carried;
  return in_step(cell, fraction) * cell.carried;
}

std::vector<index> neuron_cells::leaving(const residual_path& drive, double unfelt) {
  std::vector<double> limits;
  limits.reserve(cells_.size());
  for (const one_cell& cell : cells_) limits.push_back(cell.travelled + cell.reach);
  // Blocks of neurons, put together in their order: the result does not depend on the threads.
  struct block_findings {
    std::vector<std::pair<index, double>> seen;
    std::vector<leaver> leavers;
    std::vector<transfer> transfers;  // one leaver after the other
  };
  const index m = signs_.size();
  const index blocks = (m + neurons_in_a_block - 1) / neurons_in_a_block;
  std::vector<block_findings> findings(static_cast<std::size_t>(blocks));
#pragma omp parallel for schedule(dynamic) if (blocks > 1)
  for (index block = 0; block < blocks; ++block) {
    block_findings& found = findings[static_cast<std::size_t>(block)];
    workspace space;
    const index end = std::min(m, (block + 1) * neurons_in_a_block);
    for (index name = block * neurons_in_a_block; name < end; ++name) {
      const index c = cell_of(name);
      if (c < 0 || safe_until_[name] >= limits[static_cast<std::size_t>(c)]) continue;
      space.base.resize(dimension() + 1);
      space.base << own(c).sign, directions_.col(name);
      const meeting first = meet(own(c), 0.0, -1, space);
      if (first.fraction > 1.0) {
        found.seen.emplace_back(name, first.nearest);
      } else {
        found.leavers.push_back(follow(name, first, drive, space, found.transfers));
      }
    }
  }
  std::vector<index> result;
  seen_.clear();
  for (block_findings& found : findings) {
    seen_.insert(seen_.end(), found.seen.begin(), found.seen.end());
    auto own_transfers = std::make_move_iterator(found.transfers.begin());
    for (const leaver& one : found.leavers) {
      const auto end = own_transfers + one.transfers;
      if (one.transfers > 0 && one.square <= unfelt) {
        unfelt -= one.square;
        transfers_.insert(transfers_.end(), own_transfers, end);
      } else {
        result.push_back(one.name);
      }
      own_transfers = end;
    }
  }
  keep_cells_peopled(result);
  std::stable_sort(transfers_.begin(), transfers_.end(),
                   [](const transfer& x, const transfer& y) { return x.fraction < y.fraction; });
  return result;
}

/// What a member of a cell meets first after a fraction of the step.
/// @param crossed  the free surface on which it is there, or -1
/// @param space    with (a, w) at the base of the cell, |w| = 1
neuron_cells::meeting neuron_cells::meet(const one_cell& cell, double from, index crossed,
                                         workspace& space) const {
  Eigen::VectorXd& z = space.z;
  z = space.base[0] * cell.distances.col(0);
  for (index i = 1; i <= dimension(); ++i) z += space.base[i] * cell.distances.col(i);
  meeting first;
  first.nearest = std::numeric_limits<double>::infinity();
  for (index f = 0; f < cell.lengths.size(); ++f) {
    quintic own = z.segment<6>(6 * f);
    if (from > 0.0) own = rest_of(own, from);
    first.nearest = std::min(first.nearest, std::max(own[5], 0.0) / cell.lengths[f]);
    std::optional<double> root;
    if (f == crossed) {
      if (!(own.tail<5>().minCoeff() > 0.0)) root = first_descent(divide_by_x(polynomial_of(own)));
    } else if (!(own.minCoeff() > 0.0)) {
      root = first_descent(polynomial_of(own));
    }
    if (!root) continue;
    const double fraction = from + *root * (1.0 - from);
    if (fraction < first.fraction) {
      first.fraction = fraction;
      first.free = f;
    }
  }
  return first;
}

void neuron_cells::arrive(double fraction) {
  bool far = false;
  for (one_cell& cell : cells_) {
    if (cell.ways.empty()) continue;
    cell.carried = carried_to(cell, fraction);
    cell.inverse.resize(0, 0);
    cell.travelled += cell.reach;
    far = far || !(cell.carried.cwiseAbs().maxCoeff() < grown_);
    cell.ways.clear();
  }
  if (fraction == 1.0) {
    for (const auto& [name, distance] : seen_) {
      safe_until_[name] = own(cell_of(name)).travelled + distance;
    }
  }
  seen_.clear();
  for (const transfer& one : transfers_) {
    if (one.fraction <= fraction) pass(one);
  }
  transfers_.clear();
  if (far) rebase();
}

void neuron_cells::expand(double fraction, Eigen::VectorXd& log_norms,
                          Eigen::MatrixXd& directions) const {
  std::vector<Eigen::MatrixXd> by(cells_.size());
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    by[c] = carried_to(cells_[c], cells_[c].ways.empty() ? 0.0 : fraction);
  }
  for (index name = 0; name < signs_.size(); ++name) {
    if (cell_of(name) < 0) continue;
    const index c = cell_of(name);
    const neuron now = carried(at_base(name), own(c), by[static_cast<std::size_t>(c)]);
    directions.col(name) = now.direction;
    log_norms[name] = now.log_norm;
  }
  for (const transfer& one : transfers_) {
    if (one.fraction > fraction) break;
    const neuron now = carried(one.base, own(one.cell), by[static_cast<std::size_t>(one.cell)]);
    directions.col(one.name) = now.direction;
    log_norms[one.name] = now.log_norm;
  }
}

}  // namespace reluflow::detail
