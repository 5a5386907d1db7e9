#include "alignment_path.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>

namespace reluflow::detail {
namespace {

/// Fields and velocities below this share of the largest possible are zero.
constexpr double negligible = 1e-13;
/// Meetings closer than this in |D| t are one.
constexpr double simultaneous = 1e-13;
/// A limit that meets a surface at less than this cosine lies on it.
constexpr double on_surface = 1e-11;

std::size_t at(index i) { return static_cast<std::size_t>(i); }

}  // namespace

alignment_fields::alignment_fields(const dataset& set, const switching_surfaces& all,
                                   const Eigen::VectorXd& residuals, double error)
    : data(set),
      surfaces(all),
      base(Eigen::VectorXd::Zero(set.dimension())),
      jumps(Eigen::VectorXd::Zero(surfaces.size())) {
  const auto n = static_cast<double>(set.size());
  for (index k = 0; k < set.size(); ++k) {
    jumps[surfaces.surface_of(k)] += residuals[k] * set.norms()[k] / n;
    if (surfaces.orientation(k) < 0.0) base += residuals[k] / n * set.inputs().col(k);
  }
  zero = std::max(error, negligible * residuals.cwiseAbs().dot(set.norms()) / n);
}

alignment_path::alignment_path(const alignment_fields& fields, index neuron, double a,
                               Eigen::VectorXd w, double log_scale, bool balanced)
    : fields_(fields),
      neuron_(neuron),
      balanced_(balanced),
      a_(a),
      w_(std::move(w)),
      log_scale_(log_scale),
      side_(at(fields.surfaces.size())),
      mode_(at(fields.surfaces.size())),
      left_(at(fields.surfaces.size()), false),
      eta_(Eigen::VectorXd::Zero(fields.surfaces.size())) {
  start({});
}

alignment_path::alignment_path(const alignment_fields& fields, double sign, Eigen::VectorXd w,
                               const std::vector<index>& on)
    : fields_(fields),
      neuron_(0),
      balanced_(true),
      a_(sign),
      w_(std::move(w)),
      log_scale_(0.0),
      side_(at(fields.surfaces.size())),
      mode_(at(fields.surfaces.size())),
      left_(at(fields.surfaces.size()), false),
      eta_(Eigen::VectorXd::Zero(fields.surfaces.size())) {
  start(on);
}

void alignment_path::start(const std::vector<index>& on) {
  Eigen::VectorXd z;
  fields_.surfaces.distances(w_, z);
  for (const index s : on) z[s] = 0.0;
  std::vector<index> met;
  for (index s = 0; s < z.size(); ++s) {
    side_[at(s)] = static_cast<std::int8_t>((z[s] > 0.0) - (z[s] < 0.0));
    mode_[at(s)] = z[s] > 0.0 ? pair_mode::active : pair_mode::inactive;
    if (z[s] == 0.0) met.push_back(s);
  }
  compute_field();
  if (!met.empty()) resolve(met);
}

double alignment_path::sign() const {
  const double value = a_ != 0.0 ? a_ : w_.dot(D_);
  return value < 0.0 ? -1.0 : 1.0;
}

void alignment_path::compute_field() {
  D_ = fields_.base;
  on_.clear();
  for (index s = 0; s < fields_.surfaces.size(); ++s) {
    const std::int8_t side = side_[at(s)];
    if (side == 0) on_.push_back(s);
    const double part = side > 0 ? 1.0 : side == 0 ? eta_[s] : 0.0;
    if (part > 0.0) D_ += part * fields_.jumps[s] * fields_.surfaces.normals().col(s);
  }
  keep_on_surfaces();
}

// What rounding leaves of w and D across the surfaces that hold the neuron is taken off.
void alignment_path::keep_on_surfaces() {
  if (on_.empty()) return;
  const Eigen::MatrixXd normals = fields_.surfaces.normals()(Eigen::all, on_);
  const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(normals);
  w_ -= normals * solver.solve(w_);
  D_ -= normals * solver.solve(D_);
}

/// The smallest p = exp(tau) > 1 at which z(tau) = A p + B + C / p changes to the other side;
/// infinity when there is none.
double alignment_path::root(index surface, double z, double g, double b) const {
  constexpr double never = std::numeric_limits<double>::infinity();
  const double A = 0.5 * g * (a_ + b);
  const double B = z - b * g;
  const double C = 0.5 * g * (b - a_);
  double roots[2] = {never, never};
  if (left_[at(surface)]) {
    roots[0] = C / A;  // the other root is p = 1
  } else {
    const double discriminant = B * B - 4.0 * A * C;
    if (!(discriminant >= 0.0)) return never;
    const double q = -0.5 * (B + std::copysign(std::sqrt(discriminant), B));
    roots[0] = q / A;
    roots[1] = C / q;
  }
  double first = never;
  for (const double p : roots) {
    if (!(p > 1.0) || !(p < first)) continue;
    const double slope = A - C / (p * p);
    if (side_[at(surface)] > 0 ? slope < 0.0 : slope > 0.0) first = p;
  }
  return first;
}

std::optional<alignment_path::meeting> alignment_path::next() const {
  const double length = D_.norm();
  if (shrinks_ || !(length > fields_.zero)) return std::nullopt;
  const Eigen::VectorXd unit = D_ / length;
  const double b = w_.dot(unit);
  Eigen::VectorXd z;
  Eigen::VectorXd g;
  fields_.surfaces.distances(w_, z);
  fields_.surfaces.distances(unit, g);
  std::vector<std::pair<double, index>> found;
  for (index s = 0; s < z.size(); ++s) {
    if (side_[at(s)] == 0 || g[s] == 0.0) continue;
    const double p = root(s, z[s], g[s], b);
    if (std::isfinite(p)) found.emplace_back(std::log(p), s);
  }
  meeting result;
  result.tau = std::numeric_limits<double>::infinity();
  // A neuron that slides while a passes through 0 is resolved anew.
  if (!on_.empty() && a_ * b < 0.0 && std::abs(b) > std::abs(a_)) {
    result.tau = std::atanh(-a_ / b);
  }
  for (const auto& [tau, surface] : found) result.tau = std::min(result.tau, tau);
  if (!std::isfinite(result.tau)) return std::nullopt;
  const double close = result.tau + simultaneous * std::max(1.0, result.tau);
  for (const auto& [tau, surface] : found) {
    if (tau <= close) result.surfaces.push_back(surface);
  }
  return result;
}

void alignment_path::advance(double tau) {
  const double length = D_.norm();
  if (length > fields_.zero) {
    const Eigen::VectorXd unit = D_ / length;
    const double b = w_.dot(unit);
    const double decay = std::exp(-tau);
    const double cosh = 0.5 * (1.0 + decay * decay);  // both over exp(tau)
    const double sinh = -0.5 * std::expm1(-2.0 * tau);
    w_ = decay * (w_ - b * unit) + (b * cosh + a_ * sinh) * unit;
    a_ = a_ * cosh + b * sinh;
    log_scale_ += tau;
    t_ += tau / length;
  }
  const double size = balanced_ ? w_.norm() : std::max(std::abs(a_), w_.norm());
  a_ = balanced_ ? std::copysign(1.0, a_) : a_ / size;
  w_ /= size;
  log_scale_ += std::log(size);
}

void alignment_path::note(index surface, pair_mode to) {
  const pair_mode from = mode_[at(surface)];
  mode_[at(surface)] = to;
  const auto written = [](pair_mode mode) {
    return mode == pair_mode::resting ? pair_mode::inactive : mode;
  };
  const auto turned = [](pair_mode mode) {
    if (mode == pair_mode::active) return pair_mode::inactive;
    return mode == pair_mode::sliding ? mode : pair_mode::active;
  };
  if (written(from) == written(to)) return;
  for (const index k : fields_.surfaces.members(surface)) {
    const bool same = fields_.surfaces.orientation(k) > 0.0;
    switches_.push_back({t_, neuron_, k, same ? written(from) : turned(from),
                         same ? written(to) : turned(to), false});
  }
}

bool alignment_path::resolve(const std::vector<index>& met) {
  std::vector<index> all = on_;
  for (const index s : met) {
    if (std::find(all.begin(), all.end(), s) == all.end()) all.push_back(s);
  }
  std::sort(all.begin(), all.end());
  boundary_problem problem;
  problem.normals = fields_.surfaces.normals()(Eigen::all, all);
  problem.strengths = fields_.jumps(all);
  problem.base = fields_.base;
  for (const index s : all) {
    const std::int8_t side = side_[at(s)];
    problem.guess.push_back(side > 0                             ? surface_side::below
                            : side < 0                           ? surface_side::above
                            : mode_[at(s)] == pair_mode::sliding ? surface_side::held
                                                                 : surface_side::below);
    side_[at(s)] = 0;
  }
  for (index s = 0; s < fields_.surfaces.size(); ++s) {
    if (side_[at(s)] > 0) {
      problem.base += fields_.jumps[s] * fields_.surfaces.normals().col(s);
    }
  }
  problem.sign = sign();
  problem.tolerance = fields_.zero;
  const boundary_solution solution = resolve_boundary(problem);
  std::fill(left_.begin(), left_.end(), false);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const index s = all[i];
    const double velocity = solution.velocity[static_cast<index>(i)];
    eta_[s] = 0.0;
    if (solution.sides[i] == surface_side::held) {
      eta_[s] = solution.eta[static_cast<index>(i)];
      note(s, pair_mode::sliding);
    } else if (solution.sides[i] == surface_side::above) {
      side_[at(s)] = 1;
      note(s, pair_mode::active);
    } else {
      const bool rests = velocity >= -problem.tolerance;
      side_[at(s)] = rests ? 0 : -1;
      note(s, rests ? pair_mode::resting : pair_mode::inactive);
    }
    left_[at(s)] = side_[at(s)] != 0;
  }
  compute_field();
  return solution.solved;
}

// A balanced neuron on a line, held by all surfaces but one direction, may point straight against
// its field and shrink for ever; rounding must not make it turn and grow.
void alignment_path::straighten() {
  const double length = D_.norm();
  if (!balanced_ || !(length > fields_.zero)) return;
  const Eigen::VectorXd unit = D_ / length;
  const double b = w_.dot(unit);
  const double size = std::abs(a_);
  if ((w_ - b * unit).norm() > on_surface * size || !(a_ * b < 0.0)) return;
  w_ = std::copysign(size, b) * unit;
  shrinks_ = true;
}

void alignment_path::open_segment() {
  straighten();

  result_.segments.push_back({t_, log_scale_, a_, w_, D_, shrinks_});
}

void alignment_path::follow(const alignment_options& options) {
  open_segment();
  for (std::int64_t count = 0; count < options.max_switches; ++count) {
    const auto coming = next();
    const double length = D_.norm();
    if (!coming || t_ + coming->tau / length >= options.t_end) {
      return close(coming ? outcome::reached_end : outcome::converged);
    }
    advance(coming->tau);
    std::fill(left_.begin(), left_.end(), false);
    if (!resolve(coming->surfaces)) return close(outcome::accumulation);
    open_segment();
  }
  close(outcome::accumulation);
}

void alignment_path::close(outcome ending) {
  result_.ending = ending;
  result_.limit = limit();
  const double length = D_.norm();
  const bool stands = still();
  const double growing = stands || shrinks_ ? 0.0 : 0.5 * (a_ + w_.dot(D_) / length);
  result_.sign = growing != 0.0 ? std::copysign(1.0, growing) : sign();
  result_.log_amplitude = stands ? 2.0 * (log_scale_ + std::log(w_.norm()))
                                 : 2.0 * (std::log(std::abs(growing)) + log_scale_ - length * t_);
}

extremal_vector alignment_path::limit() const {
  extremal_vector result;
  const double length = D_.norm();
  const bool stands = still();
  result.D = stands ? Eigen::VectorXd::Zero(D_.size()) : D_;
  result.w = w_.normalized();
  if (!stands) {
    const Eigen::VectorXd unit = D_ / length;
    const double way = w_.dot(unit) + (shrinks_ ? 0.0 : a_);
    result.orientation = way > 0.0 ? 1 : -1;
    result.w = result.orientation * unit;
  }
  std::vector<std::pair<index, double>> held;
  for (index s = 0; s < fields_.surfaces.size(); ++s) {
    const double cosine = fields_.surfaces.normals().col(s).dot(result.w);
    if (side_[at(s)] != 0 && std::abs(cosine) > on_surface) continue;
    const double eta = side_[at(s)] > 0 ? 1.0 : side_[at(s)] < 0 ? 0.0 : eta_[s];
    for (const index k : fields_.surfaces.members(s)) {
      held.emplace_back(k, fields_.surfaces.orientation(k) > 0.0 ? eta : 1.0 - eta);
    }
  }
  std::sort(held.begin(), held.end());
  result.multipliers.resize(static_cast<index>(held.size()));
  for (std::size_t i = 0; i < held.size(); ++i) {
    result.zero_set.push_back(held[i].first);
    result.multipliers[static_cast<index>(i)] = held[i].second;
  }
  return result;
}

path_end alignment_path::end() const {
  path_end result;
  result.grows = result_.ending == outcome::converged && !still() && !shrinks_;
  result.w = limit().w;
  result.modes = mode_;
  result.eta = eta_;
  const Eigen::VectorXd z = fields_.surfaces.normals().transpose() * result.w;
  for (index s = 0; s < fields_.surfaces.size(); ++s) {
    const bool on = side_[at(s)] == 0 || std::abs(z[s]) <= on_surface;
    if (on) result.contacts.push_back(s);
    pair_mode& mode = result.modes[at(s)];
    if (mode == pair_mode::resting || (on && mode == pair_mode::inactive)) {
      mode = fields_.surfaces.one_sided(s) ? pair_mode::resting : pair_mode::inactive;
    }
  }
  return result;
}

}  // namespace reluflow::detail
