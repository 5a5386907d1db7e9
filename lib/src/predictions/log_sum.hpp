#pragma once

#include <cmath>
#include <limits>

namespace reluflow::detail {

/// ln(exp(a) + exp(b)) for any a and b, -infinity included.
inline double log_add(double a, double b) {
  const double large = a > b ? a : b;
  const double small = a > b ? b : a;
  if (small == -std::numeric_limits<double>::infinity()) {
    return large;
  }
  return large + std::log1p(std::exp(small - large));
}

}  // namespace reluflow::detail
