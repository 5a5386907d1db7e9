#include "local_series.hpp"

#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

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
  rule.log_factor = 4.0 * std::lgamma(Nodes + 1.0) - std::log(2.0 * Nodes + 1.0) -
                    3.0 * std::lgamma(2.0 * Nodes + 1.0);
  return rule;
}

/// The sums below run over the coefficients of the force: `Width` of them, so that the compiler can
/// unroll.
template <class Work>
auto with_width(int force_degree, Work&& work) {
  if (force_degree <= 1) return work.template operator()<2>();
  if (force_degree == 2) return work.template operator()<3>();
  if (force_degree == 3) return work.template operator()<4>();
  return work.template operator()<6>();
}

}  // namespace

const gauss_rule& rule_for(double rate, double accuracy) {
  static const std::array<gauss_rule, 6> rules{make_rule<2>(), make_rule<3>(), make_rule<4>(),
                                               make_rule<5>(), make_rule<6>(), make_rule<8>()};
  // log(rate) <= (log(accuracy) - log_factor) / (2 nodes)
  const double log_rate = std::log(rate);
  const double log_accuracy = std::log(accuracy);
  const auto* const rule = std::find_if(rules.begin(), rules.end(), [&](const gauss_rule& r) {
    return 2.0 * r.nodes * log_rate <= log_accuracy - r.log_factor;
  });
  return rule == rules.end() ? rules.back() : *rule;
}

void local_series::expand(double a_0, double size, const force_products& force,
                          double length_in_time, double tolerance) {
  h = length_in_time;
  a[0] = a_0;
  bend = 0.0;
  stray = 0.0;
  with_width(force.degree, [&]<int Width>() { expand_with<Width>(tolerance * size, force); });
}

template <int Width>
void local_series::expand_with(double least_term, const force_products& force) {
  using terms = Eigen::Matrix<double, Width, 1>;
  // a_m, a_(m-1), ...: what phi_0, phi_1, ... take from.
  terms latest = terms::Zero();
  double last = std::numeric_limits<double>::infinity();
  int m = 0;
  for (; m < largest_degree; ++m) {
    const double share = h / (m + 1);
    for (int i = Width - 1; i > 0; --i) latest[i] = latest[i - 1];
    latest[0] = a[static_cast<std::size_t>(m)];
    const terms next_phi = share * latest;
    phi.col(m + 1).template head<Width>() = next_phi;
    const double moved = next_phi.cwiseAbs().dot(force.lengths.head<Width>());
    terms products = terms::Zero();
    for (int l = 0; l < std::min(Width, m); ++l) {
      products += force.gram.col(l).template head<Width>().cwiseProduct(
          phi.col(m - l).template head<Width>());
    }
    const double along = m < Width ? force.along[m] : 0.0;
    const double next = share * (along + products.sum());
    a[static_cast<std::size_t>(m) + 1] = next;
    if (m > 0) bend += moved;
    // A line between two points of a curve is at most max|w''| / 8 away from it.
    stray += 0.125 * (m + 1) * m * moved;
    const double term = std::abs(next) + moved;
    if (m >= Width - 1 && term + last <= least_term) break;
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
  with_width(force_degree, [&]<int Width>() { value.head<Width>() = phi_with<Width>(u); });
  return value;
}

template <int Width>
Eigen::Matrix<double, Width, 1> local_series::phi_with(double u) const {
  Eigen::Matrix<double, Width, 1> value = phi.col(degree).template head<Width>();
  for (int m = degree - 1; m > 0; --m) value = value * u + phi.col(m).template head<Width>();
  return value * u;
}

double local_series::rate(const force_products& force, double length) const {
  double fastest = 5.0 * length;  // the Bernstein basis and D, over the whole step
  for (int i = 0; i <= force.degree; ++i) fastest += 2.0 * h * force.lengths[i];
  return fastest;
}

template <int Width, class Visit>
void local_series::along_rule(const gauss_rule& rule, const force_products& force, double length,
                              double until, Visit&& visit) const {
  using terms = Eigen::Matrix<double, Width, 1>;
  const Eigen::Matrix<double, Width, Width> gram =
      force.gram.template topLeftCorner<Width, Width>();
  const terms along = force.along.template head<Width>();
  const double span = length * until;
  for (std::size_t at = 0; at < static_cast<std::size_t>(rule.nodes); ++at) {
    const double u = until * rule.node[at];
    const double weight = output_weight(u);
    const terms w = phi_with<Width>(u);
    // D(u) = sum of D_i u^i: <w(u), D(u)> and |D(u)|^2 through the products with gram.
    const terms power = powers(u).template head<Width>();
    const terms pulled = gram * power;
    const double own_rate = power.dot(along) + w.dot(pulled);
    visit(u, rule.weight[at] * span, weight, w,
          own_rate * own_rate + weight * weight * power.dot(pulled));
  }
}

local_moments local_series::moments(const force_products& force, double begin, double length,
                                    double until, double accuracy) const {
  const gauss_rule& rule = rule_for(rate(force, length) * until, accuracy);
  local_moments result{quintic::Zero(), matrix6::Zero(), 0.0};
  with_width(force.degree, [&]<int Width>() {
    along_rule<Width>(rule, force, length, until,
                      [&](double u, double share, double weight, const auto& w, double speed) {
                        const quintic test =
                            (share * weight) * bernstein_weights(begin + length * u);
                        result.plain += test;
                        for (int i = 0; i < Width; ++i) result.phi.col(i) += w[i] * test;
                        result.dissipated += share * speed;
                      });
  });
  return result;
}

double local_series::dissipated(const force_products& force, double length, double until,
                                double accuracy) const {
  const gauss_rule& rule = rule_for(rate(force, length) * until, accuracy);
  double result = 0.0;
  with_width(force.degree, [&]<int Width>() {
    along_rule<Width>(
        rule, force, length, until,
        [&](double, double share, double, const auto&, double speed) { result += share * speed; });
  });
  return result;
}

}  // namespace reluflow::detail
