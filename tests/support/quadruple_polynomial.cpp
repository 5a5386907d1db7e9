#include "support/quadruple_polynomial.hpp"

namespace reluflow::test {
namespace {

/// q(s) = p(t + s).
polynomial shifted(polynomial p, const quad& t) {
  for (std::size_t i = 0; i + 1 < p.size(); ++i) {
    for (std::size_t k = p.size() - 1; k-- > i;) p[k] += t * p[k + 1];
  }
  return p;
}

/// sum over k >= first of k^power |p_k| t^(k - first).
quad bound(const polynomial& p, std::size_t first, bool of_derivative, const quad& t) {
  quad sum = 0;
  for (std::size_t k = p.size(); k-- > first;) {
    sum = sum * t + abs(p[k]) * (of_derivative ? quad(k) : quad(1));
  }
  return sum;
}

int sign_of(const quad& x) { return (x > 0) - (x < 0); }

/// The root of p between lo and hi, where p is monotone and has different signs.
quad root_between(const polynomial& p, quad lo, quad hi) {
  const int sign_lo = sign_of(value_at(p, lo));
  for (int i = 0; i < 120 && hi - lo > ldexp(abs(hi), -110); ++i) {
    quad middle = (lo + hi) / 2;
    quad slope = 0;
    quad height = 0;
    for (std::size_t k = p.size(); k-- > 0;) {
      slope = slope * middle + height;
      height = height * middle + p[k];
    }
    if (sign_of(height) == 0) return middle;
    (sign_of(height) == sign_lo ? lo : hi) = middle;
    if (sign_of(slope) == 0) continue;
    // Newton's point and its neighbour on the other side narrow the bracket quadratically.
    const quad newton = middle - height / slope;
    if (!(newton > lo && newton < hi)) continue;
    const quad margin = ldexp(abs(newton - middle), -20) + ldexp(abs(newton), -111);
    for (const quad& t : {quad(newton - margin), quad(newton + margin)}) {
      if (!(t > lo && t < hi)) continue;
      (sign_of(value_at(p, t)) == sign_lo ? lo : hi) = t;
    }
  }
  return hi;
}

std::optional<quad> root_in(const polynomial& p, const quad& lo, const quad& hi, int depth) {
  const quad half = (hi - lo) / 2;
  const quad middle = lo + half;
  const polynomial s = shifted(p, middle);
  if (abs(s[0]) > half * bound(s, 1, false, half)) return std::nullopt;
  const bool monotone = s.size() < 3 || abs(s[1]) > half * bound(s, 2, true, half);
  if (monotone || depth == 0) {
    const int left = sign_of(value_at(p, lo));
    const int right = sign_of(value_at(p, hi));
    if (left == right || left == 0) return std::nullopt;
    return root_between(p, lo, hi);
  }
  if (const auto root = root_in(p, lo, middle, depth - 1)) return root;
  return root_in(p, middle, hi, depth - 1);
}

}  // namespace

quad value_at(const polynomial& p, const quad& t) {
  quad sum = 0;
  for (std::size_t k = p.size(); k-- > 0;) sum = sum * t + p[k];
  return sum;
}

quad product_coefficient(const polynomial& p, const polynomial& q, std::size_t order) {
  quad sum = 0;
  for (std::size_t i = 0; i <= order; ++i) sum += p[i] * q[order - i];
  return sum;
}

std::optional<quad> first_root(const polynomial& p, const quad& end) {
  if (p.empty() || abs(p[0]) > end * bound(p, 1, false, end)) return std::nullopt;
  const int deepest = 80;  // beyond it a double root is not told from none
  return root_in(p, 0, end, deepest);
}

}  // namespace reluflow::test
