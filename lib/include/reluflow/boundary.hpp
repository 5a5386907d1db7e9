#pragma once

#include "reluflow/dataset.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace reluflow {

/// Where a neuron on a switching surface goes: eta = 0, eta in (0, 1), eta = 1.
enum class surface_side : std::uint8_t {
  below,  ///< the surface's negative side; the representative sample is inactive
  held,   ///< stays on the surface: slides
  above,  ///< the surface's positive side; the representative sample is active
};

/// One neuron on b switching surfaces at once. With eta in [0, 1]^b the force on the neuron is
///   D(eta) = base + sum_i eta_i c_i n_i,
/// and it moves normal to surface i with velocity v_i = sign <D(eta), n_i> (in units of |a_j|).
/// Sought is
///   eta_i = 0 and v_i <= 0,  or  0 < eta_i < 1 and v_i = 0,  or  eta_i = 1 and v_i >= 0
/// for every i: a box-constrained linear complementarity problem (theory.md 4.4).
struct boundary_problem {
  Eigen::MatrixXd normals;    ///< d x b unit normals n_i; parallel inputs merged
  Eigen::VectorXd strengths;  ///< c_i = (1/n) sum of r_k |x_k| over the samples of surface i (b)
  Eigen::VectorXd base;       ///< force with eta = 0 (d)
  double sign = 1.0;          ///< sign of a_j
  double tolerance = 0.0;     ///< velocities up to this size are zero: the error of the force
  std::vector<surface_side> guess;  ///< b sides to start from; kept wherever it is a solution
};

/// What a neuron on its surfaces does next.
struct boundary_solution {
  std::vector<surface_side> sides;  ///< b
  Eigen::VectorXd eta;              ///< b, in [0, 1]
  Eigen::VectorXd velocity;         ///< b
  std::vector<bool> repelling;      ///< both sides lead away: solutions are not unique
  bool solved = false;              ///< false when no combination of sides is a solution
};

/// Solves the complementarity problem. Where all surfaces attract (sign c_i < 0) and the normals
/// are independent the solution is unique; otherwise one near `guess` is returned, and among those
/// that are left the one with most surfaces below (relu'(0) = 0). Cost O(s^3 + b s d) for s held
/// surfaces a pivot.
[[nodiscard]] boundary_solution resolve_boundary(const boundary_problem& problem);

/// The same with relu'(0) = 0 and no sliding: `solved` is false on an attracting surface.
[[nodiscard]] boundary_solution resolve_boundary_without_sliding(const boundary_problem& problem);

}  // namespace reluflow
