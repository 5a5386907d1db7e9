#pragma once

#include "reluflow/line_fit.hpp"
#include "reluflow/plots/figure.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reluflow::plots {

/// Measured pairs of numbers on logarithmic scales, and the power law through them.
struct power_law_series {
  std::string label{};            ///< plain text
  std::vector<double> log_x{};    ///< decimal logarithms: numbers below any double have one too
  std::vector<double> log_y{};    ///< as many
  std::optional<line_fit> fit{};  ///< of log_y against log_x; drawn, and its slope named in the key
};

/// Power laws y ~ x^slope on two logarithmic axes: points, fitted lines, and in the key each
/// exponent with its 95 % interval.
///
///     const line_fit fit = fit_line(log_lambda, log_distance);
///     write_figure("figures", power_law_figure("saddle", "λ", "|θ - θ_S|",
///                                              {{"distance", log_lambda, log_distance, fit}}));
///
/// @param x_label, y_label  enhanced text, of x and y themselves
/// @throws invalid_input when there is no series or sizes differ
[[nodiscard]] figure power_law_figure(std::string name, std::string x_label, std::string y_label,
                                      const std::vector<power_law_series>& series);

}  // namespace reluflow::plots
