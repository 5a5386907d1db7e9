#include "reluflow/predictions/group_law.hpp"

#include "predictions/log_sum.hpp"
#include "reluflow/errors.hpp"

#include <boost/math/tools/toms748_solve.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace reluflow::weakly_interacting {
namespace {

/// Beyond this exp overflows.
constexpr double largest_exponent = 700.0;

/// (exp(v t) - 1)/v, t for v = 0.
double growth(double v, double t) { return v * t == 0.0 ? t : std::expm1(v * t) / v; }

/// (z, a) = rho (Z, A) with linear (Z, A), matrix ((-gamma, c), (c, 0)), in units of the scale
/// (theory.md B8 (ii)). Everything below is divided by exp(fast t).
struct linear_motion {
  double c;
  double gamma;   ///< c g/limit
  double spread;  ///< sqrt(gamma^2/4 + c^2)
  double fast;    ///< larger eigenvalue, > 0
  double slow;    ///< smaller one, < 0
  double plus;    ///< <Z, y/|y|> = plus e^{fast t} + minus e^{slow t}
  double minus;
  double across;

  explicit linear_motion(const group_law& law) : c(law.rate), across(law.across) {
    const double a = law.output_weight;
    const double v = law.along;
    const double g =
        std::exp(2.0 * law.log_scale) * ((a - v) * (a + v) - across * across);  // a^2 - |z|^2
    gamma = c * g / law.limit;
    spread = std::hypot(0.5 * gamma, c);
    // The eigenvalues multiply to -c^2; the one without cancellation gives the other.
    fast = gamma > 0.0 ? c * c / (0.5 * gamma + spread) : spread - 0.5 * gamma;
    slow = -c * c / fast;
    plus = (v * fast + c * a) / (2.0 * spread);
    minus = (-v * slow - c * a) / (2.0 * spread);
  }

  /// exp(-2 fast t) int_0^t exp(v s) ds for v <= 2 fast.
  [[nodiscard]] double damped_growth(double v, double t) const {
    if (v > 0.0) return -std::expm1(-v * t) / v * std::exp((v - 2.0 * fast) * t);
    return growth(v, t) * std::exp(-2.0 * fast * t);
  }
  /// exp(-2 fast t) int_0^t |Z|^2.
  [[nodiscard]] double damped_integral(double t) const {
    return plus * plus * damped_growth(2.0 * fast, t) +
           minus * minus * damped_growth(2.0 * slow, t) +
           2.0 * plus * minus * damped_growth(-gamma, t) +
           across * across * damped_growth(-2.0 * gamma, t);
  }
  /// exp(-2 fast t) (<integral of the terms>) - A <Z, y/|y|>, each term free of cancellation: the
  /// part of the deficit that the start does not enter (see state_at).
  [[nodiscard]] double damped_excess(double t) const {
    const double e_fast = std::exp(-2.0 * fast * t);
    const double e_both = std::exp(-2.0 * spread * t);
    const double e_slow = std::exp(2.0 * slow * t);
    // (e_fast - e_both)/gamma and (e_fast - e_slow)/gamma.
    const double mixed = gamma * t > 1.0 ? (e_fast - e_both) / gamma : e_both * growth(gamma, t);
    const double rest =
        gamma * t > 1.0 ? (e_fast - e_slow) / gamma : 2.0 * e_slow * growth(2.0 * gamma, t);
    return -e_fast * (c / fast * plus * plus + c / slow * minus * minus) +
           plus * minus * (4.0 * c * mixed - e_both * gamma / c) + c * across * across * rest;
  }
};

void check_level(double level) {
  if (!(level > 0.0 && level < 1.0)) {
    throw invalid_input("level", fmt::format("{}", level), "a number between 0 and 1");
  }
}

double mean_start_squared(const group_law& law) {
  return std::pow(0.5 * (law.output_weight + law.along), 2);
}

}  // namespace

void group_law::validate() const {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0.0) || !std::isfinite(value)) {
      throw invalid_input(fmt::format("group_law::{}", name), fmt::format("{}", value),
                          "a finite positive number");
    }
  };
  positive("rate", rate);
  positive("limit", limit);
  positive("output_weight", output_weight);
  positive("along", along);
  if (!(across >= 0.0) || !std::isfinite(across)) {
    throw invalid_input("group_law::across", fmt::format("{}", across), "a finite number >= 0");
  }
  if (!std::isfinite(log_scale)) {
    throw invalid_input("group_law::log_scale", fmt::format("{}", log_scale), "a finite number");
  }
}

group_law uniform_group_law(double samples, double groups, double label_rms, double norm_squared,
                            double cosine) {
  if (!(cosine > 0.0 && cosine <= 1.0)) {
    throw invalid_input("cosine", fmt::format("{}", cosine), "a number in (0, 1]");
  }
  const double root = std::sqrt(samples * groups);
  const group_law law{label_rms / root,
                      root * label_rms,
                      0.5 * std::log(norm_squared),
                      1.0,
                      cosine,
                      std::sqrt((1.0 - cosine) * (1.0 + cosine))};
  law.validate();
  return law;
}

group_state state_at(const group_law& law, double t) {
  law.validate();
  if (!(t >= 0.0)) throw invalid_input("t", fmt::format("{}", t), "a time >= 0");
  const linear_motion motion(law);
  const double c = law.rate;
  const double e_both = std::exp(-2.0 * motion.spread * t);
  const double v = motion.plus + motion.minus * e_both;
  const double a = c / motion.fast * motion.plus + c / motion.slow * motion.minus * e_both;
  const double s = law.across * std::exp(motion.slow * t);
  const double length = std::hypot(v, s);
  // rho^2 exp(2 fast t) = 1/D with D = exp(-2 fast t)/scale^2 + (2c/limit) int |Z|^2 exp(-2 fast
  // t).
  const double exponent = -2.0 * (motion.fast * t + law.log_scale);
  const double integral = 2.0 * c / law.limit * motion.damped_integral(t);
  const double log_D = detail::log_add(exponent, std::log(integral));
  group_state now;
  now.log_norm = std::log(length) - 0.5 * log_D;
  now.log_output_weight = std::log(a) - 0.5 * log_D;
  now.cosine = v / length;
  now.misalignment = std::pow(s / length, 2) / (1.0 + now.cosine);
  const double share = std::exp(-log_D) / law.limit;  // a <z, .>/limit = share * a * ...
  if (exponent > largest_exponent) {
    now.deficit = 1.0 - share * a * v;
  } else {
    // limit D - a v, divided by limit D: what is left of 1 - a <z, y/|y|>/limit.
    now.deficit = std::exp(exponent - log_D) + share * motion.damped_excess(t);
  }
  const double sideways = share * a * s;
  now.residual = now.deficit * now.deficit + sideways * sideways;
  if (now.residual > 0.0) {
    // 2 (alpha q^2/n) [ <z, r>^2 + a^2 |r|^2 ]/|r|^2.
    const double pull = v * now.deficit - s * sideways;
    now.mu = 2.0 * c * share * (pull * pull / now.residual + a * a);
  }
  return now;
}

group_limit limit_of(const group_law& law) {
  law.validate();
  const double g = law.limit * linear_motion(law).gamma / law.rate;
  const double root = std::hypot(0.5 * g, law.limit);
  const double larger = std::abs(0.5 * g) + root;
  const double smaller = law.limit / larger * law.limit;
  return g > 0.0 ? group_limit{smaller, larger} : group_limit{larger, smaller};
}

double limit_curvature(const group_law& law, double samples) {
  const group_limit end = limit_of(law);
  const double kappa = law.rate / law.limit;
  // K = (alpha q^2/n)(a^2 I + z z^T).
  const double single = samples > 1.0 ? 0.0 : end.norm_squared;
  return 2.0 * kappa * (end.output_weight_squared + single);
}

double time_to_residual(const group_law& law, double level) {
  check_level(level);
  const auto excess = [&](double t) { return std::log(state_at(law, t).residual / level); };
  if (!(excess(0.0) > 0.0)) return 0.0;
  double high = std::max(asymptotic_time_to_residual(law, level), 1.0 / law.rate);
  while (excess(high) > 0.0) high *= 2.0;
  std::uintmax_t iterations = 200;
  const auto [low, up] = boost::math::tools::toms748_solve(
      excess, 0.0, high, boost::math::tools::eps_tolerance<double>(50), iterations);
  return 0.5 * (low + up);
}

double asymptotic_time_to_residual(const group_law& law, double level) {
  check_level(level);
  law.validate();
  const double log_mean = std::log(mean_start_squared(law)) + 2.0 * law.log_scale;
  return (std::log(law.limit * (1.0 / std::sqrt(level) - 1.0)) - log_mean) / (2.0 * law.rate);
}

double cutoff_constant(double level) {
  check_level(level);
  return (1.0 / std::sqrt(level) - 1.0) / (1.0 / std::sqrt(1.0 - level) - 1.0);
}

double cutoff_unit(double samples, double groups) {
  if (!(samples * groups > 1.0)) {
    throw invalid_input("n p", fmt::format("{}", samples * groups), "more than 1");
  }
  return 0.25 * std::sqrt(samples * groups) * std::log(samples * groups);
}

double cutoff_limit_loss(const std::vector<double>& label_rms, double time) {
  double sum = 0.0;
  for (const double D : label_rms) sum += time * D < 1.0 ? D * D : 0.0;
  return 0.5 * sum / static_cast<double>(label_rms.size());
}

curvature_order order_of_curvature(const std::vector<group_law>& laws) {
  if (laws.empty()) throw invalid_input("laws", "none", "at least one group");
  curvature_order order;
  order.lower = 4.0 * laws.front().rate;
  for (const group_law& law : laws) {
    law.validate();
    const double start = std::exp(2.0 * law.log_scale) * std::pow(law.output_weight, 2);
    const double cosine = law.along / std::hypot(law.along, law.across);
    order.upper = std::max(order.upper, 4.0 * law.rate);
    order.lower = std::min(order.lower, 2.0 * law.rate * start / (1.0 + 2.0 * start));
    order.from = std::max(order.from,
                          std::log(4.0 * law.limit / std::pow(1.0 + cosine, 2)) / (2.0 * law.rate));
  }
  return order;
}

}  // namespace reluflow::weakly_interacting
