#pragma once

#include "polynomial.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <Eigen/Core>

#include <array>

namespace reluflow::detail {

using matrix6 = Eigen::Matrix<double, 6, 6>;

/// 1, u, ..., u^5: the value at u of a polynomial given by its coefficients is their product.
[[nodiscard]] inline quintic powers(double u) {
  quintic p;
  p[0] = 1.0;
  for (int i = 1; i < 6; ++i) p[i] = p[i - 1] * u;
  return p;
}

/// What a force D(u) = sum of D_i u^i and a start w_0 look like to a series: no vectors are left.
struct force_products {
  int degree = 5;                     ///< of D: 1, 2, 3 or 5; what is beyond is not looked at
  matrix6 gram = matrix6::Zero();     ///< <D_i, D_l>
  quintic along = quintic::Zero();    ///< <w_0, D_i>
  quintic lengths = quintic::Zero();  ///< |D_i|
};

/// Nodes and weights of a Gauss-Legendre rule on [0, 1].
struct gauss_rule {
  static constexpr int most = 8;
  int nodes = 0;  ///< at most so many
  std::array<double, most> node{};
  std::array<double, most> weight{};
  double log_factor = 0.0;  ///< the error for f = exp(rate u) is exp(log_factor) rate^(2 nodes)
};

/// The cheapest rule that is so accurate, relatively, for integrands that grow like exp(rate u).
[[nodiscard]] const gauss_rule& rule_for(double rate, double accuracy);

/// Integrals over a part of a step that do not depend on the dimension.
struct local_moments {
  quintic plain;            ///< int a B_l over fractions of the step, B_l its Bernstein basis
  matrix6 phi;              ///< int a phi_i B_l, by (l, i)
  double dissipated = 0.0;  ///< int a'^2 + |w'|^2 over fractions of the step, rates per time
};

/// (a, w) of one neuron as Taylor series in u in [0, 1], a part of a step of length h in time, on
/// which w' = a D and a' = <w, D>: a(u) is a series, and w(u) = w_0 + sum of phi_i(u) D_i with
/// phi_i(u) = h int_0^u a s^i ds. So a neuron of any dimension is seven scalar series.
class local_series {
 public:
  double h = 0.0;
  int degree = 0;                                    ///< of all series
  std::array<double, largest_degree + 1> a{};        ///< coefficients of u^m
  Eigen::Matrix<double, 6, largest_degree + 1> phi;  ///< column m: coefficients of u^m
  double bend = 0.0;                                 ///< |w(u) - w_0 - w'(0) u| <= bend u^2
  double stray = 0.0;  ///< |w(u) - w_0 - (w(1) - w_0) u| is at most this

  /// Sums the series until their terms are small.
  /// @param a_0        the output weight at the start
  /// @param size       |a| + |w| there
  /// @param tolerance  terms below this many sizes are left out
  void expand(double a_0, double size, const force_products& force, double length_in_time,
              double tolerance);

  [[nodiscard]] double output_weight(double u) const;
  [[nodiscard]] quintic phi_at(double u, int force_degree) const;

  /// For `rule_for`: how fast what is integrated along the series may grow.
  /// @param length  of u in [0, 1], in fractions of the step
  [[nodiscard]] double rate(const force_products& force, double length) const;

  /// Integrals over u in [0, until]; u = (fraction - begin) / length.
  /// @param accuracy  relative error that they may have
  [[nodiscard]] local_moments moments(const force_products& force, double begin, double length,
                                      double until, double accuracy) const;
  /// What is dissipated alone, likewise.
  [[nodiscard]] double dissipated(const force_products& force, double length, double until,
                                  double accuracy) const;

 private:
  template <int Width>
  void expand_with(double least_term, const force_products& force);
  template <int Width>
  [[nodiscard]] Eigen::Matrix<double, Width, 1> phi_with(double u) const;
  /// Sums visit(u, share, a, phi, a'^2 + |w'|^2) over the nodes of a rule on [0, until].
  template <int Width, class Visit>
  void along_rule(const gauss_rule& rule, const force_products& force, double length, double until,
                  Visit&& visit) const;
};

}  // namespace reluflow::detail
