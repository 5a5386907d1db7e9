#pragma once

#include "local_path.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"

#include <Eigen/Core>

namespace reluflow::detail {

/// What drives all neurons during a step: the residuals as quintics of the fraction.
struct residual_path {
  Eigen::MatrixXd control;    ///< Bernstein coefficients, n x 6
  double h = 0.0;             ///< length of the step
  double force_error = 0.0;   ///< forces below this size are zero
  Eigen::VectorXd strengths;  ///< a sample changes the force on a neuron by at most this (n)
  double strongest = 0.0;     ///< the largest of them
  Eigen::MatrixXd monomials;  ///< the same as coefficients of powers, n x 6
  Eigen::Matrix<double, 6, Eigen::Dynamic> by_sample;  ///< the same sample by sample, 6 x n

  /// Makes `strengths`, `strongest`, `monomials` and `by_sample` from `control`.
  /// @param norms  |x_k| (n)
  void expand(const Eigen::VectorXd& norms);
};

/// D_j of the samples on which a neuron is active at the start: coefficients of powers, d x 6.
using force_coefficients = Eigen::Map<const Eigen::MatrixXd>;

/// D_act of one neuron along a step, d x 6, in the form of the residuals (n x 6).
void gather_force(const vector_field& field, const activation_pattern& pattern, index neuron,
                  const Eigen::MatrixXd& residuals, Eigen::Ref<Eigen::MatrixXd> force);

/// Integrates single neurons against given residuals. With r(t) known and modes fixed a neuron
/// obeys the linear equation w' = a D(t), a' = <w, D(t)> with a polynomial D; one switch changes D
/// by one sample, which costs O(d). See docs/asynchronous.md.
class local_flow {
 public:
  /// @param accuracy  relative error that integrals along a path may have
  local_flow(const vector_field& field, const switching_surfaces& surfaces, const settler& settle,
             double accuracy)
      : field_(&field), surfaces_(&surfaces), settler_(&settle), accuracy_(accuracy) {}

  /// Takes a neuron from where `path` stands through its own switches and slides to the end of the
  /// step.
  void follow(const force_coefficients& force, const residual_path& drive, local_path& path) const;
  /// Follows a neuron that keeps its modes, without looking for switches.
  /// @param frame  what it slides on, or null
  void follow_fixed(const force_coefficients& force, const sliding_frame* frame,
                    const residual_path& drive, local_path& path) const;

 private:
  template <int Dimension>
  class traveller;
  template <class Walk>
  void with_dimension(Walk&& walk) const;

  const vector_field* field_;
  const switching_surfaces* surfaces_;
  const settler* settler_;
  double accuracy_;
};

}  // namespace reluflow::detail
