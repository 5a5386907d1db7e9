#pragma once

#include "reluflow/sweep.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reluflow {

/// A part of the cells of a sweep: those with cell % count == number.
struct sweep_shard {
  std::int64_t number = 0;  ///< 0 <= number < count
  std::int64_t count = 1;   ///< number of shards

  /// @throws invalid_input unless 0 <= number < count
  void validate() const;
};

/// Reads "i/n".
/// @throws invalid_input for anything else
[[nodiscard]] sweep_shard parse_shard(const std::string& text);

/// The directory of a sweep while it is worked on.
///
/// cells.csv (of a shard: cells.I-of-N.csv) gains one row when a cell is finished, in one write
/// that is on the disk before `append` returns; what a killed process left unfinished at its end is
/// cut off when the file is opened again. sweep_plan.txt says what the cells belong to.
class sweep_directory {
 public:
  /// Opens or makes the directory.
  /// @param force  starts anew where cells of another plan, or of the same, are found
  /// @throws invalid_input when cells of another plan are there and not `force`, when a file is
  ///         malformed, when another process works on the same part, for `force` on a shard
  /// @throws file_error when the system cannot do it
  sweep_directory(std::filesystem::path directory, const sweep_plan& plan,
                  std::optional<sweep_shard> shard = std::nullopt, bool force = false);
  ~sweep_directory();
  sweep_directory(const sweep_directory&) = delete;
  sweep_directory& operator=(const sweep_directory&) = delete;

  /// Cells known from all files of the directory, by cell, each once.
  [[nodiscard]] const std::vector<cell_result>& found() const noexcept { return found_; }
  /// Cells of this part that are not known yet, increasing.
  [[nodiscard]] std::vector<std::int64_t> missing() const;
  /// Not from two threads at once.
  /// @throws file_error
  void append(const cell_result& result);

 private:
  const sweep_plan* plan_;
  std::optional<sweep_shard> shard_;
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::vector<cell_result> found_;
};

/// All cells in the files of a directory, by cell.
/// @throws invalid_input when the directory holds no cells of this plan, a file is malformed, or
/// two
///         files disagree about a cell
[[nodiscard]] std::vector<cell_result> read_cells(const std::filesystem::path& directory,
                                                  const sweep_plan& plan);

}  // namespace reluflow
