#pragma once

#include "length.hpp"
#include "local_series.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace reluflow::detail {

/// A part of a step, in its fractions.
struct stretch {
  double begin = 0.0;
  double end = 0.0;
};

/// Turns coefficients of powers of t (columns 0 to 5) into those of u, t = begin + length u; only
/// columns up to `last` are made.
template <class Coefficients>
void shift(Coefficients& polynomial, double begin, double length, int last = 5) {
  for (int i = 0; i <= std::min(last, 4); ++i) {
    for (int l = 4; l >= i; --l) polynomial.col(l) += begin * polynomial.col(l + 1);
  }
  double power = length;
  for (int l = 1; l <= last; ++l, power *= length) polynomial.col(l) *= power;
}

/// A force D(t) = sum of D_i t^i on the whole of a step.
template <int Dimension>
struct step_force {
  Eigen::Matrix<double, Dimension, 6> coefficients;  ///< D_i, t in fractions of the step
  quintic sizes;                                     ///< |D_i| or a little more
};

/// A part of a step on which one neuron keeps its modes, as series in u in [0, 1].
template <int Dimension>
class local_piece {
 public:
  using vector = Eigen::Matrix<double, Dimension, 1>;

  double begin = 0.0;  ///< fractions of the step
  double end = 0.0;
  double length = 0.0;
  Eigen::Matrix<double, Dimension, 6> force;  ///< D_i, in powers of u, up to products.degree
  force_products products;
  local_series series;

  /// Expands (a, w) from where it stands at the beginning of a part of the step, to its end or as
  /// far as the series converges fast.
  /// @param h         length of the step in time
  /// @param accuracy  what may be missed, relative to the way that the piece goes
  void expand(const stretch& part, double h, double accuracy, double a, const vector& w,
              const step_force<Dimension>& of_step) {
    begin = part.begin;
    end = part.end;
    length = end - begin;
    // |D| <= sum of |D_i| on the step.
    const double force_bound = of_step.sizes.sum();
    if (h * length * force_bound > longest) {
      length = longest / (h * force_bound);
      end = begin + length;
    }
    const double time = h * length;
    const double tolerance = std::max(0.5 * std::numeric_limits<double>::epsilon(),
                                      accuracy * std::min(1.0, time * force_bound));
    const int q = products.degree = degree_of(of_step.sizes, tolerance / time);
    force = of_step.coefficients;
    shift(force, begin, length, q);
    for (int i = 0; i <= q; ++i) {
      for (int l = 0; l <= i; ++l) {
        products.gram(i, l) = products.gram(l, i) = force.col(i).dot(force.col(l));
      }
      products.along[i] = force.col(i).dot(w);
      products.lengths[i] = std::sqrt(products.gram(i, i));
    }
    series.expand(a, std::abs(a) + detail::length(w), products, time, tolerance);
  }

  /// w(u) - w(0)
  [[nodiscard]] vector displacement(double u) const {
    return displacement(series.phi_at(u, products.degree));
  }
  /// The same by phi(u).
  [[nodiscard]] vector displacement(const quintic& phi) const {
    vector step = phi[0] * force.col(0);
    for (int i = 1; i <= products.degree; ++i) step += phi[i] * force.col(i);
    return step;
  }

 private:
  /// A piece is so short that |D| times its length in time is at most this.
  static constexpr double longest = 1.0;

  /// The degree at which the force may be cut off on the piece.
  /// @param sizes       |D_i| on the step
  /// @param negligible  forces that may be left out
  [[nodiscard]] int degree_of(const quintic& sizes, double negligible) const {
    Eigen::Matrix<double, 1, 6> on_piece = sizes.transpose();
    shift(on_piece, begin, length);
    double tail = on_piece[5] + on_piece[4];
    if (tail > negligible) return 5;
    tail += on_piece[3];
    if (tail > negligible) return 3;
    return tail + on_piece[2] > negligible ? 2 : 1;
  }
};

}  // namespace reluflow::detail
