#include "reluflow/errors.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reluflow::weakly_interacting {
namespace {

void check_width(index width) {
  if (width < 1) throw invalid_input("width", fmt::format("{}", width), "at least 1");
}

void check_epsilon(double epsilon) {
  if (!(epsilon > 0.0 && epsilon < 1.0)) {
    throw invalid_input("epsilon", fmt::format("{}", epsilon), "a number between 0 and 1");
  }
}

void check_count(const char* what, double count) {
  if (!(count >= 0.0) || !std::isfinite(count)) {
    throw invalid_input(what, fmt::format("{}", count), "a finite number >= 0");
  }
}

/// ln (1 - 2^{-neurons})^samples; 0 samples need nobody.
double log_all_reached(double samples, double neurons) {
  return samples == 0.0 ? 0.0 : samples * std::log1p(-std::exp2(-neurons));
}

}  // namespace

std::vector<index> missed_samples(const dataset& data, const network& net) {
  const activation_pattern modes = pattern_of_signs(data, net);
  std::vector<index> missed;
  for (index k = 0; k < data.size(); ++k) {
    bool reached = data.labels()[k] == 0.0;
    for (index j = 0; j < net.width() && !reached; ++j) {
      reached = modes(j, k) == pair_mode::active && net.signs()[j] * data.labels()[k] > 0.0;
    }
    if (!reached) missed.push_back(k);
  }
  return missed;
}

double miss_probability(double positive, double negative, index width) {
  check_count("positive", positive);
  check_count("negative", negative);
  check_width(width);
  const auto p = static_cast<double>(width);
  double sum = 0.0;
  for (index q = 0; q <= width; ++q) {
    const auto own = static_cast<double>(q);
    const double log_share = std::lgamma(p + 1.0) - std::lgamma(own + 1.0) -
                             std::lgamma(p - own + 1.0) - p * std::numbers::ln2;
    const double log_reached = log_all_reached(positive, own) + log_all_reached(negative, p - own);
    sum += std::exp(log_share) * -std::expm1(log_reached);
  }
  return std::min(sum, 1.0);
}

double miss_probability_bound(double samples, index width) {
  check_count("samples", samples);
  check_width(width);
  return samples * std::pow(0.75, static_cast<double>(width));
}

index sufficient_width(double samples, double epsilon) {
  check_epsilon(epsilon);
  check_count("samples", samples);
  const double wanted = std::log(samples / epsilon) / std::log(4.0 / 3.0);
  return std::max<index>(1, static_cast<index>(std::ceil(wanted)));
}

index minimal_width(double positive, double negative, double epsilon) {
  check_epsilon(epsilon);
  index high = sufficient_width(std::max(positive + negative, 1.0), epsilon);
  index low = 0;  // too narrow
  while (high - low > 1) {
    const index middle = low + (high - low) / 2;
    (miss_probability(positive, negative, middle) <= epsilon ? high : low) = middle;
  }
  return high;
}

std::optional<double> extinction_bound(const dataset& data, const network& net) {
  const activation_pattern modes = pattern_of_signs(data, net);
  const Eigen::VectorXd invariants = net.invariants();
  const Eigen::MatrixXd weights = net.weights();
  double last = 0.0;
  for (index j = 0; j < net.width(); ++j) {
    for (index k = 0; k < data.size(); ++k) {
      const double y = data.labels()[k];
      if (modes(j, k) != pair_mode::active || !(net.signs()[j] * y < 0.0)) continue;
      if (!(invariants[j] > 0.0)) return std::nullopt;
      const double z = data.inputs().col(k).dot(weights.col(j));
      const double speed = std::abs(y) * std::pow(data.norms()[k], 2) * std::sqrt(invariants[j]);
      last = std::max(last, 2.0 * static_cast<double>(data.size()) * z / speed);
    }
  }
  return last;
}

double loss_floor(const dataset& data, const network& net) {
  double sum = 0.0;
  for (const index k : missed_samples(data, net)) sum += std::pow(data.labels()[k], 2);
  return 0.5 * sum / static_cast<double>(data.size());
}

std::optional<double> collapse_floor(const dataset& data, const network& net) {
  constexpr double tolerance = 1e-12;
  if (data.size() != 2 || net.width() == 0 || !has_orthogonal_inputs(data)) return std::nullopt;
  if ((data.norms().array() - 1.0).abs().maxCoeff() > tolerance) return std::nullopt;
  const Eigen::VectorXd a = net.output_weights();
  const Eigen::MatrixXd w = net.weights();
  const bool equal = (a.array() == a[0]).all() && (w.colwise() - w.col(0)).isZero(0.0);
  const double sense = a[0] < 0.0 ? -1.0 : 1.0;
  if (!equal) return std::nullopt;
  const Eigen::Vector2d z = data.inputs().transpose() * w.col(0);
  for (const index first : {index{0}, index{1}}) {
    const index second = 1 - first;
    // For a = 0 either sense will do: the labels decide where a goes.
    for (const double sign : {sense, a[0] == 0.0 ? -sense : sense}) {
      const double y = sign * data.labels()[first];
      const double other = sign * data.labels()[second];
      const bool falls =
          y > 0.0 && other < 0.0 && z.minCoeff() > 0.0 && z[first] * y > -other * z[second];
      if (falls) return 0.25 * other * other;
    }
  }
  return std::nullopt;
}

double random_data_limit(const interaction& constants, double squared_norm) {
  const double root = std::sqrt(static_cast<double>(constants.samples));
  return squared_norm * constants.least_label /
         (2.0 * root * constants.largest_label + constants.least_label);
}

}  // namespace reluflow::weakly_interacting
