#pragma once

#include "local_series.hpp"
#include "settlement.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace reluflow::detail {

/// A change of mode inside a step.
struct timed_change {
  double fraction = 0.0;  ///< of the step
  mode_change change;
  quintic before;  ///< int a <w, x_k> B_l from the start of the step up to the change
};

/// One neuron's way through one step, by itself, as pieces on which its modes are fixed. (a, w) is
/// in units of the neuron's size at the start of the step.
class local_path {
 public:
  double a = 0.0;               ///< output weight: where the walk begins, then where it has come to
  Eigen::VectorXd w;            ///< weights (d), likewise
  neuron_modes modes;           ///< likewise
  std::vector<index> contacts;  ///< surfaces on which it stands, settled, and has not left yet

  std::vector<timed_change> changes;
  Eigen::MatrixXd moments;  ///< int a w B_l over fractions of the step (d x 6)
  double dissipated = 0.0;  ///< int a'^2 + |w'|^2 over fractions of the step
  bool finished = false;    ///< false: too many switches in one step

  /// Forgets the pieces and what was integrated along them.
  void restart(index dimension);
  /// Appends a piece that ends at fraction `end`.
  /// @param w_0    weights at its start (d)
  /// @param force  D_i, d x (force_degree + 1)
  void append(double begin, double end, double length, const local_series& series,
              const double* w_0, const double* force, int force_degree);

  /// The part of `dissipated` that belongs to the fractions up to this one.
  [[nodiscard]] double dissipated_until(double fraction) const;
  /// (a, w) at a fraction of the step (d + 1).
  [[nodiscard]] Eigen::VectorXd at(double fraction) const;
  /// Where pieces end, increasing.
  [[nodiscard]] std::vector<double> ends() const;

 private:
  /// Its series, w_0 and D_i stand in `numbers_`, in this order.
  struct piece {
    double begin;
    double end;
    double length;
    double h;
    double dissipated;  // before the piece
    std::size_t numbers;
    int degree;
    int force_degree;
  };
  [[nodiscard]] const piece& piece_at(double fraction) const;
  [[nodiscard]] Eigen::VectorXd value(const piece& own, double u) const;
  std::vector<piece> pieces_;
  std::vector<double> numbers_;
};

}  // namespace reluflow::detail
