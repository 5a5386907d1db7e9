#pragma once

#include "reluflow/boundary.hpp"
#include "support/matrices.hpp"

#include <Eigen/QR>

#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

/// Neurons on switching surfaces, and the complementarity problem solved by trying everything.
namespace reluflow::test {

using side = surface_side;
using sides = std::vector<surface_side>;

inline constexpr std::array all_sides{side::below, side::held, side::above};

/// One surface with the given velocities on its two sides.
inline boundary_problem one_surface(double v_inactive, double v_active, side guess,
                                    double sign = 1.0) {
  boundary_problem problem;
  problem.normals = columns({{1.0}});
  problem.base = vec({sign * v_inactive});
  problem.strengths = vec({sign * (v_active - v_inactive)});
  problem.sign = sign;
  problem.guess = {guess};
  return problem;
}

/// The neuron of theory.md 4.4: a = 1, w = (0, 0, 1), on the surfaces of x_1 and x_2, x_3 active.
inline boundary_problem theory_example(double r_1, double r_2, double r_3) {
  boundary_problem problem;
  problem.normals = columns({{1.0, 0.0, 0.0}, {0.5, std::sqrt(0.75), 0.0}});
  problem.base = r_3 / 3.0 * vec({1.0, 1.0, 1.0});
  problem.strengths = vec({r_1 / 3.0, r_2 / 3.0});
  problem.guess = {side::below, side::below};
  return problem;
}

/// Unit normals and forces from the normal distribution; strengths by `strength` of a normal
/// number.
template <class Strength>
boundary_problem random_problem(index d, index b, unsigned seed, Strength strength) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  const auto draw = [&] { return normal(engine); };
  boundary_problem problem;
  problem.normals = Eigen::MatrixXd::NullaryExpr(d, b, draw);
  problem.normals.colwise().normalize();
  problem.base = Eigen::VectorXd::NullaryExpr(d, draw);
  problem.sign = draw() < 0.0 ? -1.0 : 1.0;
  problem.strengths =
      Eigen::VectorXd::NullaryExpr(b, [&] { return problem.sign * strength(draw()); });
  for (index i = 0; i < b; ++i) problem.guess.push_back(all_sides[engine() % 3]);
  return problem;
}

inline double attracting(double normal) { return -std::abs(normal); }
inline double any_kind(double normal) { return normal; }

inline Eigen::VectorXd force(const boundary_problem& problem, const Eigen::VectorXd& eta) {
  return problem.base + problem.normals * problem.strengths.cwiseProduct(eta);
}

inline Eigen::VectorXd velocity(const boundary_problem& problem, const Eigen::VectorXd& eta) {
  return problem.sign * problem.normals.transpose() * force(problem, eta);
}

/// The complementarity conditions, to within rounding.
inline bool is_solution(const boundary_problem& problem, const sides& at,
                        const Eigen::VectorXd& eta) {
  constexpr double rounding = 1e-11;
  const Eigen::VectorXd v = velocity(problem, eta);
  for (index i = 0; i < eta.size(); ++i) {
    switch (at[static_cast<std::size_t>(i)]) {
      case side::below:
        if (eta[i] != 0.0 || v[i] > rounding) return false;
        break;
      case side::above:
        if (eta[i] != 1.0 || v[i] < -rounding) return false;
        break;
      case side::held:
        if (!(eta[i] > 0.0 && eta[i] < 1.0 && std::abs(v[i]) <= rounding)) return false;
        break;
    }
  }
  return true;
}

/// eta for given sides: v = 0 on the held surfaces by least squares.
inline Eigen::VectorXd eta_for(const boundary_problem& problem, const sides& at) {
  const auto b = static_cast<index>(at.size());
  Eigen::VectorXd eta(b);
  Eigen::MatrixXd held = Eigen::MatrixXd::Zero(problem.base.size(), b);
  for (index i = 0; i < b; ++i) {
    const side own = at[static_cast<std::size_t>(i)];
    eta[i] = own == side::above ? 1.0 : 0.0;
    if (own == side::held) held.col(i) = problem.strengths[i] * problem.normals.col(i);
  }
  return eta - held.completeOrthogonalDecomposition().solve(force(problem, eta));
}

/// Every combination of sides that is a solution, found by trying all 3^b. A repelling surface
/// holds nothing.
inline std::vector<Eigen::VectorXd> solutions_by_enumeration(const boundary_problem& problem) {
  const auto b = static_cast<std::size_t>(problem.strengths.size());
  std::vector<Eigen::VectorXd> found;
  const auto combinations = static_cast<int>(std::pow(3, b));
  for (int code = 0; code < combinations; ++code) {
    sides at(b);
    int digits = code;
    bool holds = true;
    for (std::size_t i = 0; i < b; ++i, digits /= 3) {
      at[i] = all_sides[static_cast<std::size_t>(digits % 3)];
      if (at[i] == side::held && problem.sign * problem.strengths[static_cast<index>(i)] >= 0.0) {
        holds = false;
      }
    }
    if (!holds) continue;
    const Eigen::VectorXd eta = eta_for(problem, at);
    if (is_solution(problem, at, eta)) found.push_back(eta);
  }
  return found;
}

}  // namespace reluflow::test
