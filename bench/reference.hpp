#pragma once

#include "problems.hpp"

#include <filesystem>
#include <vector>

namespace reluflow::bench {

/// The loss at curve_times by reluflow (asynchronous) at the entry's reference tolerance. It is
/// kept in `cache`, together with a checkpoint while it is made: a reference that was stopped goes
/// on.
[[nodiscard]] std::vector<double> reference_curve(const entry& one, const problem& task,
                                                  const std::filesystem::path& cache);

}  // namespace reluflow::bench
