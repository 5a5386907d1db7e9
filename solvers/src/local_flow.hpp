#pragma once

#include "polynomial.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"

#include <Eigen/Core>

#include <optional>
#include <vector>

namespace reluflow::detail {

/// A change of mode inside a step.
struct timed_change {
  double fraction = 0.0;  ///< of the step
  mode_change change;
};

/// One neuron's way through one step, by itself. (a, w) is in units of the neuron's size at the
/// start.
struct local_path {
  /// (a, w) on [begin, end] of the step as sum of coefficients.col(i) u^i, u = (fraction - begin) /
  /// length.
  struct piece {
    double begin = 0.0;
    double end = 0.0;
    double length = 0.0;
    Eigen::MatrixXd coefficients;  ///< (d + 1) x terms
    Eigen::MatrixXd force;  ///< D_j on the piece, d x 6 monomials in u, sliding projected out
  };
  std::vector<piece> pieces;
  Eigen::MatrixXd
      frozen_force;  ///< D_act on the whole step with the modes of its start, Bernstein, d x 6
  std::vector<timed_change> changes;
  neuron_modes modes;           ///< at the end of the step
  std::vector<index> contacts;  ///< surfaces settled in this step that the neuron has not left yet
  bool finished = false;        ///< false: too many switches in one step

  /// (a, w) at a fraction of the step.
  [[nodiscard]] Eigen::VectorXd at(double fraction) const;
};

/// What drives all neurons during a step: the residuals as quintics.
struct residual_path {
  Eigen::MatrixXd control;   ///< Bernstein coefficients, n x 6
  double h = 0.0;            ///< length of the step
  double force_error = 0.0;  ///< forces below this size are zero
};

/// Integrates single neurons against given residuals. With r(t) known and modes fixed a neuron
/// obeys the linear equation w' = a D(t), a' = <w, D(t)> with a polynomial D, which is summed as a
/// Taylor series; one switch changes D by one sample, which costs O(d). See docs/asynchronous.md.
class local_flow {
 public:
  local_flow(const vector_field& field, const switching_surfaces& surfaces, const settler& settle)
      : field_(&field), surfaces_(&surfaces), settler_(&settle) {}

  /// @param start     (a, w), d + 1 numbers of size about one
  /// @param modes     the neuron's modes at the start of the step
  /// @param contacts  surfaces on which it stands at the start, settled
  [[nodiscard]] local_path follow(const Eigen::VectorXd& start, neuron_modes modes,
                                  std::vector<index> contacts, const residual_path& drive) const;

 private:
  struct traveller;
  const vector_field* field_;
  const switching_surfaces* surfaces_;
  const settler* settler_;
};

}  // namespace reluflow::detail
