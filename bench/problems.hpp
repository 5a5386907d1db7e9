#pragma once

#include "reluflow/problem.hpp"

#include <functional>
#include <string>
#include <vector>

namespace reluflow::bench {

/// A problem of the comparison, and which methods make sense on it.
struct entry {
  std::string name;
  std::function<problem()> make;
  double reference_rtol = 1e-11;  ///< of the run that errors are measured against
  bool by_default = true;         ///< false: only when it is asked for by name
  bool with_global = true;        ///< few enough switches for a restart at each of them
  bool with_descent = true;
  bool with_roots = true;  ///< few enough pairs for a root function each
};

[[nodiscard]] const std::vector<entry>& entries();

/// Paper C: Gaussian inputs in dimension 5, a linear teacher with noise variance 0.09.
[[nodiscard]] problem gaussian(index samples, index width, double t_end);

}  // namespace reluflow::bench
