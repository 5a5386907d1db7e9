#pragma once

#include <vector>

namespace reluflow {

/// y = intercept + slope x by least squares, with what the scatter of the points allows to say.
struct line_fit {
  double slope = 0.0;      ///< of the line
  double intercept = 0.0;  ///< of the line, at x = 0
  /// Half the width of the 95 % interval of the slope, by Student's t with n - 2 degrees of
  /// freedom; infinite for two points. It assumes scatter, so points on a slight curve have no such
  /// law: there it only says how straight they are.
  double slope_error = 0.0;
};

/// Fits a line. For a power law pass logarithms, which may be those of numbers below any double.
/// @param x  at least two finite numbers that differ
/// @param y  as many finite numbers
/// @throws invalid_input for fewer points, sizes that differ, numbers that are not finite and x
/// that
///         are all equal
[[nodiscard]] line_fit fit_line(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace reluflow
