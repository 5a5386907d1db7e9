#include "polynomial.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace reluflow::detail {
namespace {

constexpr int deepest_halving = 44;

struct halves {
  bernstein_polynomial left;
  bernstein_polynomial right;
};

/// de Casteljau at 1/2.
halves split(const bernstein_polynomial& p) {
  halves result;
  result.left.degree = p.degree;
  result.right.degree = p.degree;
  double row[largest_degree + 1];
  std::copy_n(p.b.begin(), p.degree + 1, row);
  for (int level = 0; level <= p.degree; ++level) {
    const auto last = static_cast<std::size_t>(p.degree - level);
    result.left.b[static_cast<std::size_t>(level)] = row[0];
    result.right.b[last] = row[last];
    for (std::size_t i = 0; i < last; ++i) row[i] = 0.5 * (row[i] + row[i + 1]);
  }
  return result;
}

int sign_variations(const bernstein_polynomial& p) {
  int variations = 0;
  double last = 0.0;
  for (int i = 0; i <= p.degree; ++i) {
    const double value = p.b[static_cast<std::size_t>(i)];
    if (value == 0.0) continue;
    if (last != 0.0 && (value > 0.0) != (last > 0.0)) ++variations;
    last = value;
  }
  return variations;
}

/// The only root in (0, 1] of a polynomial that is >= 0 at 0, positive just after, negative at 1.
double single_root(const bernstein_polynomial& p) {
  double low = 0.0;
  double value = p.b[0];
  if (value == 0.0) {
    for (low = 0.5; low > 0x1p-52 && (value = p(low)) <= 0.0;) low *= 0.5;
    if (value <= 0.0) return 0.0;
  }
  const double end = p.b[static_cast<std::size_t>(p.degree)];
  std::uintmax_t iterations = 100;
  const auto bracket =
      boost::math::tools::toms748_solve([&](double x) { return p(x); }, low, 1.0, value, end,
                                        boost::math::tools::eps_tolerance<double>(52), iterations);
  return 0.5 * (bracket.first + bracket.second);
}

std::optional<double> descend(const bernstein_polynomial& p, int depth) {
  const auto* end = p.b.data() + p.degree + 1;
  const auto* first = std::find_if(p.b.data(), end, [](double value) { return value != 0.0; });
  if (first != end && *first < 0.0) return 0.0;
  if (std::none_of(p.b.data(), end, [](double value) { return value < 0.0; })) return {};
  const bool ends_below = p.b[static_cast<std::size_t>(p.degree)] < 0.0;
  if (ends_below && sign_variations(p) == 1) return single_root(p);
  if (depth == deepest_halving) return ends_below ? std::optional<double>(1.0) : std::nullopt;
  const halves half = split(p);
  if (const auto left = descend(half.left, depth + 1)) return 0.5 * *left;
  if (const auto right = descend(half.right, depth + 1)) return 0.5 + 0.5 * *right;
  return {};
}

}  // namespace

double bernstein_polynomial::operator()(double x) const {
  double row[largest_degree + 1];
  std::copy_n(b.begin(), degree + 1, row);
  for (int level = degree; level > 0; --level) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(level); ++i) {
      row[i] += x * (row[i + 1] - row[i]);
    }
  }
  return row[0];
}

double bernstein_polynomial::bound() const {
  double largest = 0.0;
  for (int i = 0; i <= degree; ++i) {
    largest = std::max(largest, std::abs(b[static_cast<std::size_t>(i)]));
  }
  return largest;
}

bernstein_polynomial from_monomials(const double* c, int degree) {
  // b_i = sum over l <= i of C(i, l) / C(degree, l) c_l, by forward summation of scaled
  // coefficients.
  bernstein_polynomial p;
  p.degree = degree;
  double choose = 1.0;  // C(degree, l)
  for (int l = 0; l <= degree; ++l) {
    p.b[static_cast<std::size_t>(l)] = c[l] / choose;
    choose *= static_cast<double>(degree - l) / static_cast<double>(l + 1);
  }
  for (int level = 1; level <= degree; ++level) {
    for (int i = degree; i >= level; --i) {
      p.b[static_cast<std::size_t>(i)] += p.b[static_cast<std::size_t>(i) - 1];
    }
  }
  return p;
}

bernstein_polynomial derivative(const bernstein_polynomial& p) {
  bernstein_polynomial d;
  d.degree = p.degree - 1;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(d.degree); ++i) {
    d.b[i] = p.degree * (p.b[i + 1] - p.b[i]);
  }
  return d;
}

bernstein_polynomial divide_by_x(const bernstein_polynomial& p) {
  bernstein_polynomial q;
  q.degree = p.degree - 1;
  for (int i = 0; i <= q.degree; ++i) {
    q.b[static_cast<std::size_t>(i)] =
        p.b[static_cast<std::size_t>(i) + 1] * p.degree / static_cast<double>(i + 1);
  }
  return q;
}

std::optional<double> first_descent(const bernstein_polynomial& p) { return descend(p, 0); }

std::optional<double> first_descent(const bernstein_polynomial& p, double noise, double length) {
  const auto root = first_descent(p);
  if (!root || -derivative(p)(*root) > noise * length) return root;
  // Below zero from the start: it may be on its way back.
  return p.b[static_cast<std::size_t>(p.degree)] < -noise ? root : std::nullopt;
}

}  // namespace reluflow::detail
