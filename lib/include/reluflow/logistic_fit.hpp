#pragma once

#include <cstdint>
#include <vector>

namespace reluflow {

/// How often something happened at one value of x.
struct trial_count {
  double x = 0.0;              ///< abscissa
  std::int64_t successes = 0;  ///< of `trials`
  std::int64_t trials = 0;     ///< >= 1
};

/// P(success) = 1/(1 + exp(-slope (x - threshold))) by maximum likelihood.
struct logistic_fit {
  double threshold = 0.0;  ///< where the probability is one half
  double low = 0.0;        ///< 95 % interval of the threshold (delta method)
  double high = 0.0;       ///< upper end; `low` and `high` may be infinite when `separated`
  double slope = 0.0;      ///< < 0: successes become rarer; infinite when the data are separated
  /// Successes and failures overlap at no x, or at one: the likelihood grows with the slope without
  /// end and knows no interval. `low` and `high` are the last x of the ones alone and the first of
  /// the others alone (infinite where there is none), `threshold` is the x between them that has
  /// both, or their middle.
  bool separated = false;

  /// The fitted probability at x.
  [[nodiscard]] double probability(double x) const;
};

/// Fits a probability curve. For thresholds on a logarithmic scale pass ln x.
/// @param counts  two or more values of x
/// @throws invalid_input for fewer different values, counts out of range, and data with successes
///         alone or failures alone: then there is no threshold
[[nodiscard]] logistic_fit fit_logistic(std::vector<trial_count> counts);

}  // namespace reluflow
