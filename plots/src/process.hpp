#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reluflow::plots {

/// The absolute path of an executable file: `name` itself when it holds a slash, else the first hit
/// in the directories of PATH. Empty entries of PATH, which mean the current directory, are not
/// searched.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

/// How a program ended.
struct process_result {
  bool succeeded = false;    ///< it exited with status 0
  std::string ending;        ///< otherwise what happened, e.g. "exit status 1"
  std::string error_output;  ///< the first 64 KiB of what it wrote to standard error
};

/// Runs `program` in `directory`, without a shell, with nothing to read and its standard output
/// discarded, and waits for it. After `time_limit` seconds it is killed.
[[nodiscard]] process_result run_program(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments,
                                         const std::filesystem::path& directory, double time_limit);

}  // namespace reluflow::plots
