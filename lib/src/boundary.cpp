#include "reluflow/boundary.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow {
namespace {

using sides = std::vector<surface_side>;

/// Surfaces up to which every combination of sides is tried when pivoting does not settle.
constexpr index enumeration_limit = 9;

class complementarity {
 public:
  explicit complementarity(const boundary_problem& problem)
      : problem_(problem),
        count_(problem.normals.cols()),
        gram_(problem.normals.transpose() * problem.normals),
        base_velocity_(problem.sign * (problem.normals.transpose() * problem.base)),
        rounding_(std::min(problem.tolerance,
                           16.0 * std::numeric_limits<double>::epsilon() *
                               (problem.base.norm() + problem.strengths.lpNorm<1>()))) {}

  /// eta and velocities for given sides; false when the held normals are dependent.
  bool evaluate(const sides& side, Eigen::VectorXd& eta, Eigen::VectorXd& velocity) const {
    eta.setZero(count_);
    std::vector<index> held;
    for (index i = 0; i < count_; ++i) {
      if (at(side, i) == surface_side::above) eta[i] = 1.0;
      if (at(side, i) == surface_side::held) held.push_back(i);
    }
    velocity = base_velocity_ + gram_ * push(eta);
    if (held.empty()) return true;
    const Eigen::LDLT<Eigen::MatrixXd> factor(gram_(held, held));
    if (factor.info() != Eigen::Success ||
        factor.vectorD().minCoeff() <= 1e-14 * static_cast<double>(held.size())) {
      return false;
    }
    const Eigen::VectorXd pushes = factor.solve(-velocity(held));
    for (std::size_t i = 0; i < held.size(); ++i) {
      eta[held[i]] = pushes[static_cast<index>(i)] / (problem_.sign * problem_.strengths[held[i]]);
    }
    velocity += gram_(Eigen::all, held) * pushes;
    velocity(held).setZero();
    return true;
  }

  /// The side that surface i should have instead, or the one it has when it is in order.
  [[nodiscard]] surface_side correction(const sides& side, const Eigen::VectorXd& eta,
                                        const Eigen::VectorXd& velocity, index i) const {
    const double jump = problem_.sign * problem_.strengths[i];  // v+ - v-
    const double v = velocity[i];
    switch (at(side, i)) {
      case surface_side::below:
        if (v <= problem_.tolerance) return surface_side::below;
        // Where v+ is zero up to its error, its sign decides: a side that leads back would be met
        // again at once.
        return v + jump < 0.0 ? surface_side::held : surface_side::above;
      case surface_side::above:
        if (v >= -problem_.tolerance) return surface_side::above;
        return v - jump > problem_.tolerance ? surface_side::held : surface_side::below;
      case surface_side::held:
        break;
    }
    // Holding takes an attracting surface: eta in (0, 1) and sign c < 0.
    if (!(jump < 0.0)) {
      return velocity_without(eta, i) <= 0.0 ? surface_side::below : surface_side::above;
    }
    // Nothing to hold against: v- = 0, and relu'(0) = 0 is a solution.
    if (!(eta[i] * -jump > rounding_)) return surface_side::below;
    if (!(eta[i] < 1.0)) return surface_side::above;
    return surface_side::held;
  }

  [[nodiscard]] bool repelling(const sides& side, const Eigen::VectorXd& velocity, index i) const {
    const double jump = problem_.sign * problem_.strengths[i];
    double below = velocity[i];
    if (at(side, i) == surface_side::above) below -= jump;
    return at(side, i) != surface_side::held && below < -problem_.tolerance &&
           below + jump > problem_.tolerance;
  }

  [[nodiscard]] index count() const { return count_; }
  static surface_side at(const sides& side, index i) { return side[static_cast<std::size_t>(i)]; }

 private:
  [[nodiscard]] Eigen::VectorXd push(const Eigen::VectorXd& eta) const {
    return problem_.sign * problem_.strengths.cwiseProduct(eta);
  }
  [[nodiscard]] double velocity_without(const Eigen::VectorXd& eta, index i) const {
    Eigen::VectorXd others = eta;
    others[i] = 0.0;
    return base_velocity_[i] + gram_.row(i).dot(push(others));
  }

  const boundary_problem& problem_;
  index count_;
  Eigen::MatrixXd gram_;
  Eigen::VectorXd base_velocity_;
  double rounding_;
};

bool is_solution(const complementarity& lcp, const sides& side, boundary_solution& solution) {
  if (!lcp.evaluate(side, solution.eta, solution.velocity)) return false;
  for (index i = 0; i < lcp.count(); ++i) {
    if (lcp.correction(side, solution.eta, solution.velocity, i) != lcp.at(side, i)) return false;
  }
  return true;
}

/// Principal pivoting from `side`: all violated surfaces change side at once while that makes
/// headway, then only the one of least index, which ends for the P-matrices of attracting surfaces
/// (Murty 1974).
bool pivot(const complementarity& lcp, sides& side, boundary_solution& solution) {
  const index block_rounds = 8;
  const index rounds = block_rounds + 20 * (lcp.count() + 1);
  for (index round = 0; round < rounds; ++round) {
    if (!lcp.evaluate(side, solution.eta, solution.velocity)) {
      // Dependent normals: let the last held surface go and look again.
      for (index i = lcp.count(); i-- > 0;) {
        if (lcp.at(side, i) == surface_side::held) {
          side[static_cast<std::size_t>(i)] = surface_side::below;
          break;
        }
      }
      continue;
    }
    bool in_order = true;
    for (index i = 0; i < lcp.count(); ++i) {
      const surface_side better = lcp.correction(side, solution.eta, solution.velocity, i);
      if (better == lcp.at(side, i)) continue;
      in_order = false;
      side[static_cast<std::size_t>(i)] = better;
      if (round >= block_rounds) break;
    }
    if (in_order) return true;
  }
  return false;
}

/// Tries every combination of sides in the order of relu'(0) = 0 first: below, held, above.
bool enumerate(const complementarity& lcp, sides& side, boundary_solution& solution) {
  if (lcp.count() > enumeration_limit) return false;
  std::fill(side.begin(), side.end(), surface_side::below);
  while (true) {
    if (is_solution(lcp, side, solution)) return true;
    std::size_t digit = 0;
    while (digit < side.size() && side[digit] == surface_side::above) {
      side[digit++] = surface_side::below;
    }
    if (digit == side.size()) return false;
    side[digit] = side[digit] == surface_side::below ? surface_side::held : surface_side::above;
  }
}

void finish(const complementarity& lcp, sides side, boundary_solution& solution) {
  for (index i = 0; i < lcp.count(); ++i) {
    solution.repelling.push_back(lcp.repelling(side, solution.velocity, i));
  }
  solution.sides = std::move(side);
}

}  // namespace

boundary_solution resolve_boundary(const boundary_problem& problem) {
  const complementarity lcp(problem);
  boundary_solution solution;
  sides side = problem.guess;
  solution.solved = pivot(lcp, side, solution);
  if (!solution.solved) solution.solved = enumerate(lcp, side, solution);
  finish(lcp, std::move(side), solution);
  return solution;
}

boundary_solution resolve_boundary_without_sliding(const boundary_problem& problem) {
  const complementarity lcp(problem);
  boundary_solution solution;
  sides side = problem.guess;
  if (!is_solution(lcp, side, solution)) {
    const sides before = side;
    for (index i = 0; i < lcp.count(); ++i) {
      if (lcp.correction(before, solution.eta, solution.velocity, i) == lcp.at(before, i)) continue;
      side[static_cast<std::size_t>(i)] =
          lcp.at(before, i) == surface_side::below ? surface_side::above : surface_side::below;
    }
  }
  solution.solved = is_solution(lcp, side, solution);
  finish(lcp, std::move(side), solution);
  return solution;
}

}  // namespace reluflow
