#include "polynomial.hpp"

#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include <rapidcheck/boost_test.h>

#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

namespace reluflow::detail {
namespace {

using boost::test_tools::tolerance;

bernstein_polynomial bernstein(const std::vector<double>& c) {
  return from_monomials(c.data(), static_cast<int>(c.size()) - 1);
}

double horner(const std::vector<double>& c, double x) {
  double value = 0.0;
  for (std::size_t i = c.size(); i-- > 0;) value = value * x + c[i];
  return value;
}

/// c (x - root), by monomials.
std::vector<double> with_root(const std::vector<double>& c, double root) {
  std::vector<double> product(c.size() + 1);
  for (std::size_t i = 0; i < c.size(); ++i) {
    product[i] -= root * c[i];
    product[i + 1] += c[i];
  }
  return product;
}

std::vector<double> with_roots(double factor, const std::vector<double>& roots) {
  std::vector<double> c{factor};
  for (const double root : roots) c = with_root(c, root);
  return c;
}

/// T_n(2x - 1) with the sign that makes it 1 at x = 0; its roots are (1 - cos((i + 1/2) pi/n)) / 2.
bernstein_polynomial chebyshev(int n) {
  bernstein_polynomial p;
  p.degree = n;
  double b = 1.0;  // C(2n, 2i) / C(n, i)
  for (int i = 0; i <= n; ++i) {
    p.b[static_cast<std::size_t>(i)] = i % 2 == 0 ? b : -b;
    b *= static_cast<double>(2 * n - 2 * i - 1) / static_cast<double>(2 * i + 1);
  }
  return p;
}

rc::Gen<std::vector<double>> coefficients() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(2, 12), [](std::size_t count) {
    return rc::gen::container<std::vector<double>>(
        count, rc::gen::map(rc::gen::inRange(-100, 101), [](int i) { return 0.01 * i; }));
  });
}

rc::Gen<double> fraction() {
  return rc::gen::map(rc::gen::inRange(0, 1001), [](int i) { return 1e-3 * i; });
}

}  // namespace

RC_BOOST_PROP(the_bernstein_form_has_the_values_of_the_monomials, ()) {
  const auto c = *coefficients();
  const double x = *fraction();
  RC_ASSERT(std::abs(bernstein(c)(x) - horner(c, x)) <= 1e-13);
}

RC_BOOST_PROP(the_bound_is_one, ()) {
  const auto c = *coefficients();
  RC_ASSERT(std::abs(horner(c, *fraction())) <= bernstein(c).bound() + 1e-13);
}

RC_BOOST_PROP(the_derivative_is_that_of_the_monomials, ()) {
  const auto c = *coefficients();
  std::vector<double> slope;
  for (std::size_t i = 1; i < c.size(); ++i) slope.push_back(static_cast<double>(i) * c[i]);
  const bernstein_polynomial d = derivative(bernstein(c));
  const double x = *fraction();
  RC_ASSERT(d.degree == static_cast<int>(slope.size()) - 1);
  RC_ASSERT(std::abs(d(x) - horner(slope, x)) <= 1e-12);
}

RC_BOOST_PROP(division_by_x_shifts_the_monomials, ()) {
  auto c = *coefficients();
  c[0] = 0.0;
  const std::vector<double> shifted(c.begin() + 1, c.end());
  bernstein_polynomial p = bernstein(c);
  p.b[0] = 1e-3;  // rounding, say: it is not looked at
  const bernstein_polynomial quotient = divide_by_x(p);
  const double x = *fraction();
  RC_ASSERT(quotient.degree == p.degree - 1);
  RC_ASSERT(std::abs(quotient(x) - horner(shifted, x)) <= 1e-12);
}

BOOST_AUTO_TEST_CASE(ends_are_met_exactly) {
  const bernstein_polynomial p = bernstein({0.1, 0.2, -0.7, 0.3});
  BOOST_TEST(p(0.0) == p.b[0]);
  BOOST_TEST(p(1.0) == p.b[3], tolerance(1e-15));
  BOOST_TEST(bernstein({-4.0}).bound() == 4.0);
}

BOOST_AUTO_TEST_CASE(coefficients_of_one_sign_certify) {
  BOOST_TEST(!first_descent(bernstein({1.0, 2.0, 3.0})));
  BOOST_TEST(!first_descent(bernstein({0.0, 0.0, 0.0})));
  BOOST_TEST(first_descent(bernstein({-1.0, -2.0})).value() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_double_crossing_is_found_between_ends_of_one_sign) {
  for (const double gap : {0.3, 1e-2, 1e-4, 1e-6}) {
    const double root = 0.37;
    const bernstein_polynomial p = bernstein(with_roots(1.0, {root, root + gap}));
    BOOST_TEST(p(0.0) > 0.0);
    BOOST_TEST(p(1.0) > 0.0);
    BOOST_TEST_CONTEXT("gap " << gap) {
      BOOST_REQUIRE(first_descent(p).has_value());
      // The rounding of p against its slope at the root.
      BOOST_TEST(std::abs(*first_descent(p) - root) <= 1e-16 / gap + 1e-15);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_touching_root_is_no_descent) {
  // Bisection meets 1/4 exactly, 0.37 never.
  BOOST_TEST(!first_descent(bernstein({0.0625, -0.5, 1.0})));
  BOOST_TEST(!first_descent(bernstein({0.37 * 0.37 + 1e-13, -0.74, 1.0})));
  BOOST_TEST(first_descent(bernstein(with_roots(-4.0, {0.25, 0.25, 0.75}))).value() == 0.75,
             tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(roots_at_zero) {
  BOOST_TEST(first_descent(bernstein({0.0, -1.0})).value() == 0.0);
  BOOST_TEST(first_descent(bernstein({0.0, 0.0, -1.0, 0.5})).value() == 0.0);
  BOOST_TEST(!first_descent(bernstein({0.0, 1.0, -1.0})));
  BOOST_TEST(!first_descent(bernstein({0.0, 0.0, 1.0})));
  for (const double root : {0.7, 1e-3, 1e-9}) {
    BOOST_TEST(first_descent(bernstein({0.0, root, -1.0})).value() == root, tolerance(1e-12));
    BOOST_TEST(first_descent(bernstein({0.0, 0.0, root, -1.0})).value() == root, tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(a_root_at_one_has_nothing_after_it) {
  BOOST_TEST(!first_descent(bernstein({1.0, -1.0})));
  BOOST_TEST(!first_descent(bernstein({1.0, -2.0, 1.0})));
  BOOST_TEST(first_descent(bernstein({1.0, -1.0 - 1e-12})).value() == 1.0, tolerance(2e-12));
}

BOOST_AUTO_TEST_CASE(scale_does_not_matter) {
  for (const double scale : {1e-290, 1e-100, 1.0, 1e280}) {
    const bernstein_polynomial p = bernstein(with_roots(-scale, {0.3, 0.6, 7.0, -1.0}));
    BOOST_TEST(first_descent(p).value() == 0.3, tolerance(1e-13));
  }
}

BOOST_AUTO_TEST_CASE(the_first_root_of_chebyshev_polynomials_of_every_degree) {
  for (int n = 1; n <= largest_degree; ++n) {
    const double root = 0.5 * (1.0 - std::cos(std::numbers::pi / (2.0 * n)));
    BOOST_TEST(first_descent(chebyshev(n)).value() == root, tolerance(1e-13));
  }
}

// Roots on a grid of sixteenths and coefficients that are integers: halving is exact, so that a
// touching root is one in floating point, too.
RC_BOOST_PROP(the_first_descent_is_that_of_a_fine_scan, ()) {
  const auto grid = *rc::gen::container<std::vector<int>>(5, rc::gen::inRange(-4, 21));
  const double sign = *rc::gen::element(-1.0, 1.0);
  const auto product = [&](double x) {
    double value = sign;
    for (const int root : grid) value *= 16.0 * x - root;
    return value;
  };
  std::vector<double> c{10.0 * sign};  // 10: a multiple of all binomials
  for (const int root : grid) c = with_root(c, root);
  for (std::size_t i = 0; i < c.size(); ++i) c[i] *= std::pow(16.0, static_cast<double>(i));

  std::optional<double> expected;
  constexpr int points = 1024;
  for (int i = 0; i < points && !expected; ++i) {
    const double x = (i + 0.5) / points;
    if (product(x) < 0.0) expected = i == 0 ? 0.0 : std::round(16.0 * x) / 16.0;
  }
  const auto found = first_descent(bernstein(c));
  RC_ASSERT(found.has_value() == expected.has_value());
  if (found) RC_ASSERT(std::abs(*found - *expected) <= 1e-10);
}

BOOST_AUTO_TEST_CASE(what_noise_may_have_done_is_no_descent) {
  constexpr double noise = 1e-6;
  const auto falls = [](const std::vector<double>& c, double length) {
    return first_descent(bernstein(c), noise, length).has_value();
  };
  // Through zero by much more than the noise; by less, at a rate that tells; by less, slowly.
  BOOST_TEST(first_descent(bernstein({0.5, -1.0}), noise, 1.0).value() == 0.5, tolerance(1e-15));
  BOOST_TEST(falls({1e-6, -2e-6}, 1.0));
  BOOST_TEST(!falls({2e-7, -4e-7}, 1.0));
  // The same on a tenth of a step is ten times as fast.
  BOOST_TEST(falls({2e-7, -4e-7}, 0.1));
  // Below zero from the start: on its way back, not far enough back, further down.
  BOOST_TEST(!falls({-1e-5, 0.95e-5}, 1.0));
  BOOST_TEST(first_descent(bernstein({-1e-5, 0.5e-5}), noise, 1.0).value() == 0.0);
  BOOST_TEST(first_descent(bernstein({-1e-7, -1e-5}), noise, 1.0).value() == 0.0);
}

}  // namespace reluflow::detail
