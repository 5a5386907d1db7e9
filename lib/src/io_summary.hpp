#pragma once

#include "reluflow/io/run_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace reluflow::detail {

/// The text of summary.json. Numbers that are not finite become null.
[[nodiscard]] std::string summary_text(const run_record& record);

/// Fills `run` with what summary.json holds: ending, t, chart, the last row, statistics, stalled
/// pairs; and gives back the version and the seed.
struct summary_origin {
  std::string version;
  std::optional<std::uint64_t> seed;
};
[[nodiscard]] summary_origin read_summary(const std::filesystem::path& file, trajectory& run);

}  // namespace reluflow::detail
