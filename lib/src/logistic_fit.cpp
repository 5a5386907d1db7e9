#include "reluflow/logistic_fit.hpp"

#include "reluflow/errors.hpp"

#include <Eigen/Core>
#include <Eigen/LU>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace reluflow {
namespace {

constexpr double normal_quantile = 1.959963984540054;

/// In order of x, with what was counted at the same x put together.
std::vector<trial_count> in_order(std::vector<trial_count> counts) {
  std::sort(counts.begin(), counts.end(),
            [](const trial_count& a, const trial_count& b) { return a.x < b.x; });
  std::vector<trial_count> merged;
  for (const trial_count& one : counts) {
    if (merged.empty() || merged.back().x != one.x) {
      merged.push_back(one);
    } else {
      merged.back().successes += one.successes;
      merged.back().trials += one.trials;
    }
  }
  return merged;
}

/// In order of x.
/// @throws invalid_input as fit_logistic does
std::vector<trial_count> checked(std::vector<trial_count> counts) {
  std::int64_t successes = 0;
  std::int64_t trials = 0;
  for (const trial_count& one : counts) {
    if (one.trials < 1 || one.successes < 0 || one.successes > one.trials ||
        !std::isfinite(one.x)) {
      throw invalid_input("logistic fit",
                          fmt::format("{} of {} at {}", one.successes, one.trials, one.x),
                          "0 <= successes <= trials, trials >= 1, at a finite number");
    }
    successes += one.successes;
    trials += one.trials;
  }
  counts = in_order(std::move(counts));
  if (counts.size() < 2 || successes == 0 || successes == trials) {
    throw invalid_input("logistic fit",
                        fmt::format("{} of {} at {} values", successes, trials, counts.size()),
                        "successes and failures at two values or more");
  }
  return counts;
}

bool is_mixed(const trial_count& one) { return one.successes > 0 && one.successes < one.trials; }
bool succeeds(const trial_count& one) { return one.successes > 0; }

/// Nothing but successes on one side of some x and nothing but failures on the other, where at most
/// that one x has both: the likelihood grows with the slope without end.
std::optional<logistic_fit> separated_fit(const std::vector<trial_count>& counts) {
  const auto first = counts.begin();
  const auto last = counts.end();
  const auto mixed = std::find_if(first, last, &is_mixed);
  const auto differs = [](const trial_count& a, const trial_count& b) {
    return succeeds(a) != succeeds(b);
  };
  // The lower outcomes end at `middle`, the upper ones begin at `after`.
  const auto change = std::adjacent_find(first, last, differs);
  const auto middle = mixed != last ? mixed : std::next(change);
  const auto after = mixed != last ? std::next(mixed) : middle;
  if (std::adjacent_find(first, middle, differs) != middle ||
      std::adjacent_find(after, last, differs) != last || std::any_of(after, last, &is_mixed) ||
      (middle != first && after != last && succeeds(*first) == succeeds(*after))) {
    return std::nullopt;
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  logistic_fit fit;
  fit.separated = true;
  fit.low = middle != first ? std::prev(middle)->x : -infinity;
  fit.high = after != last ? after->x : infinity;
  fit.threshold = mixed != last ? mixed->x : 0.5 * (fit.low + fit.high);
  const bool rises = after != last ? succeeds(*after) : !succeeds(*first);
  fit.slope = rises ? infinity : -infinity;
  return fit;
}

double logistic(double u) { return 1.0 / (1.0 + std::exp(-u)); }

/// x as the iteration sees it: with mean 0 and deviation 1.
struct standard_scale {
  double centre = 0.0;
  double spread = 0.0;

  [[nodiscard]] Eigen::Vector2d regressors(double x) const { return {1.0, (x - centre) / spread}; }
};

standard_scale scale_of(const std::vector<trial_count>& counts) {
  standard_scale scale;
  double total = 0.0;
  for (const trial_count& one : counts) {
    total += static_cast<double>(one.trials);
    scale.centre += static_cast<double>(one.trials) * one.x;
  }
  scale.centre /= total;
  for (const trial_count& one : counts) {
    scale.spread += static_cast<double>(one.trials) * std::pow(one.x - scale.centre, 2) / total;
  }
  scale.spread = std::sqrt(scale.spread);
  return scale;
}

double log_likelihood(const std::vector<trial_count>& counts, const standard_scale& scale,
                      const Eigen::Vector2d& coefficients) {
  double sum = 0.0;
  for (const trial_count& one : counts) {
    const double u = coefficients.dot(scale.regressors(one.x));
    sum +=
        static_cast<double>(one.successes) * u -
        static_cast<double>(one.trials) * (std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))));
  }
  return sum;
}

struct likelihood_maximum {
  Eigen::Vector2d coefficients = Eigen::Vector2d::Zero();
  Eigen::Matrix2d information = Eigen::Matrix2d::Zero();
};

/// Newton's iteration; the likelihood is concave and has a maximum, because the data overlap.
likelihood_maximum maximise(const std::vector<trial_count>& counts, const standard_scale& scale) {
  likelihood_maximum found;
  auto& [b, information] = found;
  for (int iteration = 0; iteration < 100; ++iteration) {
    Eigen::Vector2d gradient = Eigen::Vector2d::Zero();
    information.setZero();
    for (const trial_count& one : counts) {
      const Eigen::Vector2d x = scale.regressors(one.x);
      const double p = logistic(b.dot(x));
      const auto trials = static_cast<double>(one.trials);
      gradient += (static_cast<double>(one.successes) - trials * p) * x;
      information += trials * p * (1.0 - p) * x * x.transpose();
    }
    Eigen::Vector2d step = information.fullPivLu().solve(gradient);
    const double now = log_likelihood(counts, scale, b);
    while (!(log_likelihood(counts, scale, b + step) >= now - 1e-12 * std::abs(now)) &&
           step.norm() > 1e-14) {
      step *= 0.5;
    }
    b += step;
    if (step.norm() <= 1e-12 * (1.0 + b.norm())) break;
  }
  return found;
}

}  // namespace

double logistic_fit::probability(double x) const {
  if (std::isinf(slope)) return x == threshold ? 0.5 : (x > threshold) == (slope > 0.0) ? 1.0 : 0.0;
  return logistic(slope * (x - threshold));
}

logistic_fit fit_logistic(std::vector<trial_count> counts) {
  counts = checked(std::move(counts));
  if (const auto separated = separated_fit(counts)) return *separated;
  const standard_scale scale = scale_of(counts);
  const likelihood_maximum found = maximise(counts, scale);
  const Eigen::Vector2d& b = found.coefficients;
  logistic_fit fit;
  fit.threshold = scale.centre - scale.spread * b[0] / b[1];
  fit.slope = b[1] / scale.spread;
  const Eigen::Vector2d derivative(-1.0 / b[1], b[0] / (b[1] * b[1]));
  const double variance = derivative.dot(found.information.fullPivLu().solve(derivative));
  const double deviation = scale.spread * std::sqrt(variance);
  fit.low = fit.threshold - normal_quantile * deviation;
  fit.high = fit.threshold + normal_quantile * deviation;
  return fit;
}

}  // namespace reluflow
