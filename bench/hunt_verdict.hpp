#pragma once

#include "hunt_problems.hpp"
#include "reluflow/trajectory.hpp"

#include <string>
#include <vector>

namespace reluflow::bench {

/// A switch that both runs have and are certain of.
struct matched_switch {
  std::uint64_t seed = 0;
  double rtol = 0.0;     ///< of the asynchronous run
  switch_event truth{};  ///< of global at 1e-12
  switch_event other{};  ///< of the asynchronous run
};

/// What is counted at one tolerance.
struct tolerance_count {
  double rtol = 0.0;
  std::size_t uncertain = 0;    ///< switches of asynchronous runs that are not certain
  std::size_t understated = 0;  ///< partners farther apart than 10 (t_error + t_error')
};

/// What one problem shows.
struct verdict {
  bool off = false;
  bool degenerate = false;
  std::vector<std::string> lines;       ///< what is wrong, in words
  std::vector<matched_switch> matched;  ///< none of degenerate problems
  std::vector<tolerance_count> counts;  ///< one for each tolerance
};

/// Integrates and compares. A run that takes longer than `limit` seconds is stopped, and counts as
/// one that ends badly.
[[nodiscard]] verdict judge(const problem& task, const std::vector<double>& rtols, double limit);

}  // namespace reluflow::bench
