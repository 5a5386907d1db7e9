#include "local_series.hpp"

#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

/// Gauss-Legendre nodes on [0, 1] and their weights.
struct gauss_rule {
  int nodes = 0;
  std::array<double, 8> node{};
  std::array<double, 8> weight{};
  /// An integrand that grows like exp(rate u) is integrated to about 1e-13 for rates up to this.
  double fastest = 0.0;
};

/// @tparam Nodes  their number; the error is f^(2N) N!^4 / ((2N + 1) (2N)!^3)
template <int Nodes>
gauss_rule make_rule() {
  gauss_rule rule;
  rule.nodes = Nodes;
  using gauss = boost::math::quadrature::gauss<double, Nodes>;
  std::size_t at = 0;
  for (std::size_t i = 0; i < gauss::abscissa().size(); ++i) {
    const double x = gauss::abscissa()[i];
    const double w = 0.5 * gauss::weights()[i];
    rule.node[at] = 0.5 * (1.0 - x);
    rule.weight[at++] = w;
    if (x == 0.0) continue;
    rule.node[at] = 0.5 * (1.0 + x);
    rule.weight[at++] = w;
  }
  const double log_factor = 4.0 * std::lgamma(Nodes + 1.0) - std::log(2.0 * Nodes + 1.0) -
                            3.0 * std::lgamma(2.0 * Nodes + 1.0);
  rule.fastest = std::exp((std::log(1e-13) - log_factor) / (2.0 * Nodes));
  return rule;
}

/// The cheapest rule for integrands that grow like exp(rate u).
const gauss_rule& rule_for(double rate) {
  static const std::array<gauss_rule, 6> rules{make_rule<2>(), make_rule<3>(), make_rule<4>(),
                                               make_rule<5>(), make_rule<6>(), make_rule<8>()};
  const auto* const rule = std::find_if(rules.begin(), rules.end(),
                                        [&](const gauss_rule& r) { return rate <= r.fastest; });
  return rule == rules.end() ? rules.back() : *rule;
}

}  // namespace

void local_series::expand(double a_0, double size, const force_products& force,
                          double length_in_time) {
  const int q = force.degree;
  h = length_in_time;
  a[0] = a_0;
  phi.col(0).setZero();
  travel = 0.0;
  bend = 0.0;
  double last = size;
  int m = 0;
  for (; m < largest_degree; ++m) {
    const double share = h / (m + 1);
    double moved = 0.0;
    for (int i = 0; i <= q; ++i) {
      const double term = i <= m ? share * a[static_cast<std::size_t>(m - i)] : 0.0;
      phi(i, m + 1) = term;
      moved += std::abs(term) * force.lengths[i];
    }
    double sum = m <= q ? force.along[m] : 0.0;
    for (int l = 0; l <= std::min(q, m - 1); ++l) {
      for (int i = 0; i <= q; ++i) sum += force.gram(i, l) * phi(i, m - l);
    }
    const double next = share * sum;
    a[static_cast<std::size_t>(m) + 1] = next;
    travel += moved;
    if (m > 0) bend += moved;
    const double term = std::abs(next) + moved;
    if (m >= q && term + last <= 0.5 * std::numeric_limits<double>::epsilon() * size) break;
    last = term;
  }
  degree = std::min(m + 1, largest_degree);
}

double local_series::output_weight(double u) const {
  double value = 0.0;
  for (int m = degree; m >= 0; --m) value = value * u + a[static_cast<std::size_t>(m)];
  return value;
}

quintic local_series::phi_at(double u, int force_degree) const {
  quintic value = quintic::Zero();
  for (int m = degree; m > 0; --m) {
    for (int i = 0; i <= force_degree; ++i) value[i] = value[i] * u + phi(i, m);
  }
  return value * u;
}

local_moments local_series::moments(const force_products& force, double begin, double length,
                                    double until) const {
  const int q = force.degree;
  local_moments result{quintic::Zero(), matrix6::Zero(), 0.0};
  double fastest = 5.0 * length;  // the Bernstein basis
  for (int i = 0; i <= q; ++i) fastest += 2.0 * h * force.lengths[i];
  const gauss_rule& rule = rule_for(fastest * until);
  const double span = length * until;
  for (std::size_t at = 0; at < static_cast<std::size_t>(rule.nodes); ++at) {
    const double u = until * rule.node[at];
    const double share = rule.weight[at] * span;
    const double weight = output_weight(u);
    const quintic w = phi_at(u, q);
    const quintic test = (share * weight) * bernstein_weights(begin + length * u);
    result.plain += test;
    // D(u) = sum of D_i u^i: <w(u), D(u)> and |D(u)|^2 through the products with gram.
    const quintic power = powers(u);
    double own_rate = 0.0;
    double square = 0.0;
    for (int i = 0; i <= q; ++i) {
      result.phi.col(i) += w[i] * test;
      double along_power = 0.0;
      for (int l = 0; l <= q; ++l) along_power += force.gram(l, i) * power[l];
      own_rate += power[i] * force.along[i] + w[i] * along_power;
      square += power[i] * along_power;
    }
    result.dissipated += share * (own_rate * own_rate + weight * weight * square);
  }
  return result;
}

}  // namespace reluflow::detail
