#pragma once

#include "polynomial.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"

#include <Eigen/Core>

#include <array>
#include <optional>
#include <vector>

namespace reluflow::detail {

/// 1, u, ..., u^5: the value at u of a polynomial given by its coefficients is their product.
[[nodiscard]] inline quintic powers(double u) {
  quintic p;
  p[0] = 1.0;
  for (int i = 1; i < 6; ++i) p[i] = p[i - 1] * u;
  return p;
}

/// A change of mode inside a step.
struct timed_change {
  double fraction = 0.0;  ///< of the step
  mode_change change;
};

/// (a, w) of one neuron on a part of a step, for a force D(u) = sum of D_i u^i, i = 0..5, u in
/// [0, 1]: a(u) is a Taylor series, and w(u) = w_0 + sum of phi_i(u) D_i with
/// phi_i(u) = h int_0^u a s^i ds, h the length of the part in time. So a neuron of any dimension is
/// seven scalar series.
struct local_piece {
  double begin = 0.0;  ///< fractions of the step
  double end = 0.0;    ///< where the next piece begins; at most begin + length
  double length = 0.0;
  double h = 0.0;                              ///< length in time
  int degree = 0;                              ///< of all series
  std::array<double, largest_degree + 1> a{};  ///< coefficients of u^m
  Eigen::VectorXd w;                           ///< w_0 (d)
  Eigen::MatrixXd force;                       ///< D_i (d x 6), sliding projected out

  /// u at a fraction of the step.
  [[nodiscard]] double at(double fraction) const { return (fraction - begin) / length; }
  [[nodiscard]] double output_weight(double u) const;
  [[nodiscard]] quintic phi(double u) const;
  /// Coefficient m of phi_i.
  [[nodiscard]] double phi_coefficient(int i, int m) const {
    return m > i ? h * a[static_cast<std::size_t>(m - 1 - i)] / m : 0.0;
  }
};

/// One neuron's way through one step, by itself. (a, w) is in units of the neuron's size at the
/// start.
struct local_path {
  std::vector<local_piece> pieces;  ///< the first `count` are in use; the rest is kept as memory
  std::size_t count = 0;
  std::vector<timed_change> changes;
  neuron_modes modes;           ///< at the end of the step
  std::vector<index> contacts;  ///< surfaces settled in this step that the neuron has not left yet
  bool finished = false;        ///< false: too many switches in one step

  /// (a, w) at a fraction of the step (d + 1).
  [[nodiscard]] Eigen::VectorXd at(double fraction) const;
};

/// What drives all neurons during a step: the residuals as quintics of the fraction.
struct residual_path {
  Eigen::MatrixXd control;    ///< Bernstein coefficients, n x 6
  double h = 0.0;             ///< length of the step
  double force_error = 0.0;   ///< forces below this size are zero
  Eigen::MatrixXd monomials;  ///< the same as coefficients of powers, n x 6

  /// Makes `monomials` from `control`.
  void expand();
};

/// What a neuron starts a step with.
struct local_start {
  Eigen::VectorXd state;  ///< (a, w), d + 1 numbers of size about one
  neuron_modes modes;
  std::vector<index> contacts;  ///< surfaces on which it stands, settled
  Eigen::MatrixXd force;        ///< D_j of its active samples: coefficients of powers, d x 6
};

/// Integrates single neurons against given residuals. With r(t) known and modes fixed a neuron
/// obeys the linear equation w' = a D(t), a' = <w, D(t)> with a polynomial D; one switch changes D
/// by one sample, which costs O(d). See docs/asynchronous.md.
class local_flow {
 public:
  local_flow(const vector_field& field, const switching_surfaces& surfaces, const settler& settle)
      : field_(&field), surfaces_(&surfaces), settler_(&settle) {}

  /// Follows a neuron through its own switches and slides.
  void follow(local_start start, const residual_path& drive, local_path& path) const;
  /// Follows a neuron that keeps its modes, without looking for switches.
  void follow_fixed(local_start start, const residual_path& drive, local_path& path) const;

 private:
  struct traveller;
  const vector_field* field_;
  const switching_surfaces* surfaces_;
  const settler* settler_;
};

}  // namespace reluflow::detail
