#pragma once

#include "reluflow/io/run_directory.hpp"

#include <cstddef>
#include <filesystem>

namespace reluflow::app {

/// How many figures were made and how many not.
struct figure_count {
  std::size_t complete = 0;
  std::size_t missing = 0;
};

/// Writes the figures of a run into `directory`/figures, with a line on standard error for what
/// went wrong; the same reason is given once.
[[nodiscard]] figure_count write_run_figures(const std::filesystem::path& directory,
                                             const run_record& record);

}  // namespace reluflow::app
