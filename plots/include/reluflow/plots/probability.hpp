#pragma once

#include "reluflow/logistic_fit.hpp"
#include "reluflow/plots/figure.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reluflow::plots {

/// How often something happened along x, and the probability curve through it.
struct probability_series {
  std::string label{};                ///< plain text
  std::vector<trial_count> counts{};  ///< at x itself, also where the axis is logarithmic
  /// Drawn, and its threshold named in the key; of ln x where the axis is logarithmic.
  std::optional<logistic_fit> fit{};
};

/// Probabilities with Wilson's 95 % intervals, logistic curves, and in the key each threshold with
/// its interval.
///
///     std::vector<trial_count> counts = ...;
///     write_figure("figures", probability_figure("fitted", "n", "P(fitted)", true,
///                                                {{"p = 30", counts,
///                                                fit_logistic(logs(counts))}}));
///
/// @param x_label, y_label  enhanced text
/// @param log_x             a logarithmic axis; every x > 0
/// @throws invalid_input when there is no series, or more than six
[[nodiscard]] figure probability_figure(std::string name, std::string x_label, std::string y_label,
                                        bool log_x, const std::vector<probability_series>& series);

}  // namespace reluflow::plots
