// Cells through a step: how they are carried, and who meets a surface in it.

#include "neuron_cells.hpp"
#include "polynomial.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

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

/// Where a quintic that falls once crosses zero, to where it does not matter any more: Newton's
/// method, kept between the ends.
double crossing(const quintic& b) {
  constexpr double close = 1e-8;
  constexpr int most_corrections = 60;
  double low = 0.0;
  double high = 1.0;
  double x = b[0] / (b[0] - b[5]);
  for (int correction = 0; correction < most_corrections; ++correction) {
    quintic row = b;
    for (int level = 5; level > 1; --level) {
      for (int i = 0; i < level; ++i) row[i] += x * (row[i + 1] - row[i]);
    }
    const double slope = 5.0 * (row[1] - row[0]);
    const double value = row[0] + x * (row[1] - row[0]);
    (value < 0.0 ? high : low) = x;
    double next = x - value / slope;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - x) <= close) return next;
    x = next;
  }
  return x;
}

/// The first x in [0, 1] at which a quintic turns from >= 0 to < 0.
std::optional<double> descent(const quintic& b) {
  int below = 0;
  while (below < 6 && b[below] > 0.0) ++below;
  if (below == 6) return {};
  // Coefficients that change their sign once have one root between them.
  if (below > 0 && (b.tail(6 - below).array() < 0.0).all()) return crossing(b);
  return first_descent(polynomial_of(b));
}

}  // namespace

void neuron_cells::carry(const residual_path& drive,
                         const std::function<Eigen::MatrixXd(index cell)>& force) {
  const index d = dimension();
  forget_step();
  for (index c = 0; c < size(); ++c) {
    one_cell& cell = own(c);
    cell.ways.clear();
    if (cell.roster.empty()) continue;
    cell.force = force(c);
    const force_coefficients coefficients(cell.force.data(), d, 6);
    cell.ways.resize(static_cast<std::size_t>(d) + 1);
    for (index i = 0; i <= d; ++i) {
      local_path& way = cell.ways[static_cast<std::size_t>(i)];
      const Eigen::VectorXd unit = Eigen::VectorXd::Unit(d + 1, i);
      way.a = unit[0];
      way.w = unit.tail(d);
      way.integrals = path_integrals::dissipated;
      flow_.follow_fixed(coefficients, cell.modes.frame ? &*cell.modes.frame : nullptr, drive, way);
    }
    cell.phi.sample([&](double fraction) { return in_step(cell, fraction); });
    chebyshev_series rate;
    rate.sample([&](double fraction) {
      Eigen::MatrixXd phi;
      cell.phi.evaluate(chebyshev_series::at(fraction), phi);
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
    cell.reaches.resize(free);
    cell.pulls.resize(free, 6);
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
      cell.reaches[f] = size_at_base * farthest;
      cell.reach = std::max(cell.reach, cell.reaches[f]);
      cell.pulls.row(f) = surfaces_->normals().col(s).transpose() * cell.force;
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
  // Parts of cells, put together in their order: the result does not depend on the threads.
  parts_ = 0;
  for (index c = 0; c < size(); ++c) {
    // Where no surface moves, nobody meets one.
    one_cell& cell = own(c);
    if (cell.ways.empty() || cell.reach == 0.0) continue;
    const Eigen::VectorXd limits = cell.travelled + cell.reaches;
    const index members = cell.members();
    cell.lulls.resize(static_cast<std::size_t>((members - 1) / members_in_a_part + 1));
    for (index begin = 0; begin < members; begin += members_in_a_part) {
      const lull& quiet = cell.lulls[static_cast<std::size_t>(begin / members_in_a_part)];
      if (quiet.known && quiet.others_until >= cell.farthest + cell.reach &&
          (quiet.nearest_until.array() >= limits.array()).all()) {
        continue;
      }
      if (parts_ == findings_.size()) findings_.emplace_back();
      findings& part = findings_[parts_++];
      part.cell = c;
      part.begin = begin;
      part.end = std::min(members, begin + members_in_a_part);
    }
  }
  [[maybe_unused]] const bool wake =
      static_cast<index>(parts_) * members_in_a_part > members_for_threads;
#pragma omp parallel for schedule(dynamic) if (wake)
  for (std::size_t part = 0; part < parts_; ++part) look_at(findings_[part], drive);
  std::vector<index> result;
  for (std::size_t part = 0; part < parts_; ++part) take_up(findings_[part], unfelt, result);
  keep_cells_peopled(result);
  first_transfer_ = 2.0;
  for (const transfer& one : transfers_) first_transfer_ = std::min(first_transfer_, one.fraction);
  return result;
}

/// Looks at the members of a part of a cell, if they may have met a surface.
void neuron_cells::look_at(findings& found, const residual_path& drive) {
  found.looks.clear();
  found.leavers.clear();
  found.transfers.clear();
  found.arrivals.clear();
  one_cell& cell = own(found.cell);
  const Eigen::VectorXd limits = cell.travelled + cell.reaches;
  const double limit = cell.farthest + cell.reach;
  workspace space;
  space.base.resize(dimension() + 1);
  for (index slot = found.begin; slot < found.end; ++slot) {
    const entry& one = cell.roster[static_cast<std::size_t>(slot)];
    if (one.nearest_until >= limits[one.surface] && one.others_until >= limit) continue;
    space.base << cell.sign, at_base(cell, slot).direction;
    const meeting first = meet(cell, 0.0, -1, space);
    if (first.fraction > 1.0) {
      found.looks.push_back({static_cast<std::int32_t>(slot), one.name, first.far});
    } else {
      found.leavers.push_back(follow(slot, first, drive, space, found));
    }
  }
  if (found.looks.empty() && found.leavers.empty()) {
    cell.lulls[static_cast<std::size_t>(found.begin / members_in_a_part)] =
        lull_of(cell, found.begin, found.end);
  }
}

neuron_cells::lull neuron_cells::lull_of(const one_cell& cell, index begin, index end) {
  constexpr double never = std::numeric_limits<double>::infinity();
  lull result{true, Eigen::VectorXd::Constant(cell.travelled.size(), never), never};
  for (index slot = begin; slot < end; ++slot) {
    const entry& one = cell.roster[static_cast<std::size_t>(slot)];
    double& until = result.nearest_until[one.surface];
    until = std::min(until, one.nearest_until);
    result.others_until = std::min(result.others_until, one.others_until);
  }
  return result;
}

/// Somebody else is at this place of a roster.
void neuron_cells::end_lull(one_cell& cell, index slot) {
  const auto part = static_cast<std::size_t>(slot / members_in_a_part);
  if (part < cell.lulls.size()) cell.lulls[part].known = false;
}

/// Takes over the transfers that are found, as long as they are not felt.
/// @param unfelt   what is left of the sum of a^2 + |w|^2 of the members that may go
/// @param leaving  names of the others
void neuron_cells::take_up(const findings& found, double& unfelt, std::vector<index>& leaving) {
  auto begin = found.transfers.begin();
  for (const leaver& one : found.leavers) {
    const auto end = begin + one.transfers;
    if (one.transfers > 0 && one.square <= unfelt) {
      unfelt -= one.square;
      for (auto from = begin; from != end; ++from) {
        const double* const numbers = found.arrivals.data() + from->base;
        transfers_.push_back(*from);
        transfers_.back().base = arrivals_.size();
        arrivals_.insert(arrivals_.end(), numbers, numbers + dimension() + 1);
      }
    } else {
      leaving.push_back(one.name);
    }
    begin = end;
  }
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
  for (index f = 0; f < cell.lengths.size(); ++f) {
    quintic own = z.segment<6>(6 * f);
    if (from > 0.0) own = rest_of(own, from);
    first.far.add(f, std::max(own[5], 0.0) / cell.lengths[f]);
    std::optional<double> root;
    if (f == crossed) {
      if (!(own.tail<5>().minCoeff() > 0.0)) root = first_descent(divide_by_x(polynomial_of(own)));
    } else {
      root = descent(own);
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

void neuron_cells::forget_step() {
  parts_ = 0;
  transfers_.clear();
  arrivals_.clear();
  first_transfer_ = 2.0;
}

void neuron_cells::arrive(double fraction) {
  std::vector<char> far(cells_.size(), 0);
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    one_cell& cell = cells_[c];
    if (cell.ways.empty()) continue;
    cell.carried = carried_to(cell, fraction);
    cell.inverse.resize(0, 0);
    cell.travelled += cell.reaches;
    cell.farthest += cell.reach;
    far[c] = static_cast<char>(!(cell.carried.cwiseAbs().maxCoeff() < grown_));
    cell.ways.clear();
  }
  if (fraction == 1.0) {
    for (std::size_t part = 0; part < parts_; ++part) {
      const findings& found = findings_[part];
      one_cell& cell = own(found.cell);
      for (const look& one : found.looks) {
        const index slot = slot_of(cell, one.name, one.slot);
        cell.roster[static_cast<std::size_t>(slot)] = entry_of(cell, one.name, one.far);
      }
    }
  }
  // The last of each roster first: so the others stay in their places.
  std::vector<std::pair<const transfer*, const transfer*>> leavers;
  visit_leavers(fraction, [&](const transfer& first, const transfer& last) {
    leavers.emplace_back(&first, &last);
  });
  for (auto one = leavers.rbegin(); one != leavers.rend(); ++one) {
    const auto& [first, last] = *one;
    const neuron_view base = arrival(last->base);
    quit(first->from, slot_before(*first));
    enter(last->cell, last->name, base.log_norm, base.direction, last->far);
  }
  forget_step();
  rebase(far);
}

void neuron_cells::expand(double fraction, Eigen::VectorXd& log_norms,
                          Eigen::MatrixXd& directions) const {
  std::vector<Eigen::MatrixXd> by(cells_.size());
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    by[c] = carried_to(cells_[c], cells_[c].ways.empty() ? 0.0 : fraction);
  }
  Eigen::VectorXd direction;
  const auto write = [&](index name, index cell, const neuron_view& base) {
    log_norms[name] = carried(base, own(cell), by[static_cast<std::size_t>(cell)], direction);
    directions.col(name) = direction;
  };
  for (index c = 0; c < size(); ++c) {
    if (by[static_cast<std::size_t>(c)].isIdentity(0.0)) {  // to the last bit
      for (index slot = 0; slot < own(c).members(); ++slot) {
        const index name = own(c).roster[static_cast<std::size_t>(slot)].name;
        log_norms[name] = at_base(own(c), slot).log_norm;
        directions.col(name) = at_base(own(c), slot).direction;
      }
      continue;
    }
    for (index slot = 0; slot < own(c).members(); ++slot) {
      write(own(c).roster[static_cast<std::size_t>(slot)].name, c, at_base(own(c), slot));
    }
  }
  visit_leavers(fraction, [&](const transfer&, const transfer& last) {
    write(last.name, last.cell, arrival(last.base));
  });
}

}  // namespace reluflow::detail
