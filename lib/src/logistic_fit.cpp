#include "reluflow/logistic_fit.hpp"

#include "reluflow/errors.hpp"

#include <Eigen/Core>
#include <Eigen/LU>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow {
namespace {

constexpr double normal_quantile = 1.959963984540054;

void check(const std::vector<trial_count>& counts) {
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
  if (counts.size() < 2 || successes == 0 || successes == trials) {
    throw invalid_input("logistic fit",
                        fmt::format("{} of {} at {} values", successes, trials, counts.size()),
                        "successes and failures at two values or more");
  }
}

bool has_failures(const trial_count& one) { return one.successes < one.trials; }

/// Successes on one side of some x, failures on the other, and both at no other x than that: then
/// the likelihood has no maximum, because it grows with the slope. `counts` in order of x.
bool separate(const std::vector<trial_count>& counts, logistic_fit& fit) {
  const bool falls = counts.front().successes * counts.back().trials >
                     counts.back().successes * counts.front().trials;
  // The first x with an outcome of the kind on the right, and the first without the other kind.
  const auto right = std::find_if(counts.begin(), counts.end(), [&](const trial_count& one) {
    return falls ? has_failures(one) : one.successes > 0;
  });
  const auto left_ends = std::find_if(right, counts.end(), [&](const trial_count& one) {
    return falls ? one.successes == 0 : !has_failures(one);
  });
  if (left_ends - right > 1) return false;
  if (std::any_of(left_ends, counts.end(), [&](const trial_count& one) {
        return falls ? one.successes > 0 : has_failures(one);
      })) {
    return false;
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  fit.separated = true;
  fit.low = right == counts.begin() ? -infinity : std::prev(right)->x;
  fit.high = left_ends == counts.end() ? infinity : left_ends->x;
  fit.threshold = left_ends == right ? 0.5 * (fit.low + fit.high) : right->x;
  fit.slope = falls ? -infinity : infinity;
  return true;
}

double logistic(double u) { return 1.0 / (1.0 + std::exp(-u)); }

}  // namespace

double logistic_fit::probability(double x) const {
  if (std::isinf(slope)) return x == threshold ? 0.5 : (x > threshold) == (slope > 0.0) ? 1.0 : 0.0;
  return logistic(slope * (x - threshold));
}

logistic_fit fit_logistic(std::vector<trial_count> counts) {
  check(counts);
  std::sort(counts.begin(), counts.end(),
            [](const trial_count& a, const trial_count& b) { return a.x < b.x; });
  logistic_fit fit;
  if (separate(counts, fit)) return fit;

  // Newton's iteration on a standardised x; the likelihood is concave and has a maximum, because
  // the data overlap.
  double total = 0.0;
  double centre = 0.0;
  for (const trial_count& one : counts) {
    total += static_cast<double>(one.trials);
    centre += static_cast<double>(one.trials) * one.x;
  }
  centre /= total;
  double spread = 0.0;
  for (const trial_count& one : counts) {
    spread += static_cast<double>(one.trials) * std::pow(one.x - centre, 2) / total;
  }
  spread = std::sqrt(spread);
  Eigen::Vector2d b = Eigen::Vector2d::Zero();
  Eigen::Matrix2d information;
  const auto likelihood = [&](const Eigen::Vector2d& at) {
    double sum = 0.0;
    for (const trial_count& one : counts) {
      const double u = at[0] + at[1] * (one.x - centre) / spread;
      sum +=
          static_cast<double>(one.successes) * u -
          static_cast<double>(one.trials) * (std::max(u, 0.0) + std::log1p(std::exp(-std::abs(u))));
    }
    return sum;
  };
  for (int iteration = 0; iteration < 100; ++iteration) {
    Eigen::Vector2d gradient = Eigen::Vector2d::Zero();
    information.setZero();
    for (const trial_count& one : counts) {
      const Eigen::Vector2d x(1.0, (one.x - centre) / spread);
      const double p = logistic(b.dot(x));
      const auto trials = static_cast<double>(one.trials);
      gradient += (static_cast<double>(one.successes) - trials * p) * x;
      information += trials * p * (1.0 - p) * x * x.transpose();
    }
    Eigen::Vector2d step = information.fullPivLu().solve(gradient);
    const double now = likelihood(b);
    while (!(likelihood(b + step) >= now - 1e-12 * std::abs(now)) && step.norm() > 1e-14) {
      step *= 0.5;
    }
    b += step;
    if (step.norm() <= 1e-12 * (1.0 + b.norm())) break;
  }
  const double threshold = -b[0] / b[1];
  fit.threshold = centre + spread * threshold;
  fit.slope = b[1] / spread;
  const Eigen::Vector2d slope(-1.0 / b[1], b[0] / (b[1] * b[1]));
  const double deviation = spread * std::sqrt(slope.dot(information.fullPivLu().solve(slope)));
  fit.low = fit.threshold - normal_quantile * deviation;
  fit.high = fit.threshold + normal_quantile * deviation;
  return fit;
}

}  // namespace reluflow
