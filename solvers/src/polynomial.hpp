#pragma once

#include <array>
#include <optional>

namespace reluflow::detail {

/// Degrees up to this are handled.
constexpr int largest_degree = 24;

/// A polynomial on [0, 1] by its Bernstein coefficients b[0] ... b[degree].
struct bernstein_polynomial {
  std::array<double, largest_degree + 1> b{};
  int degree = 5;

  [[nodiscard]] double operator()(double x) const;
  /// Largest |coefficient|, a bound of the polynomial on [0, 1].
  [[nodiscard]] double bound() const;
};

/// The Bernstein form of sum of c_i x^i, degree <= largest_degree.
[[nodiscard]] bernstein_polynomial from_monomials(const double* c, int degree);

/// dp/dx.
[[nodiscard]] bernstein_polynomial derivative(const bernstein_polynomial& p);

/// p(x) / x for a polynomial with p(0) = 0; the first coefficient of `p` is not looked at.
[[nodiscard]] bernstein_polynomial divide_by_x(const bernstein_polynomial& p);

/// The first x in [0, 1] at which `p` turns from >= 0 to < 0; none when p >= 0 on [0, 1].
/// Coefficients of one sign certify "none"; otherwise the interval is halved until one root is
/// isolated, and TOMS 748 finds it. Returns 0 when p(0) < 0. A touching root closer than 2^-44 to a
/// double one may count as none.
[[nodiscard]] std::optional<double> first_descent(const bernstein_polynomial& p);

/// The same for a polynomial that is known to within `noise`: none where it goes below zero so
/// slowly, and ends so little below, that the noise alone may have done it.
/// @param length  of [0, 1], in steps: slow is what falls by less than the noise in a step
[[nodiscard]] std::optional<double> first_descent(const bernstein_polynomial& p, double noise,
                                                  double length);

}  // namespace reluflow::detail
