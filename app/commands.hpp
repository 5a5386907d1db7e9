#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reluflow::app {

/// What a shell sees.
enum exit_code : int {
  exit_success = 0,
  exit_failure = 1,       ///< the system failed: a full disk, no memory
  exit_bad_input = 2,     ///< usage, or something wrong in the input
  exit_no_answer = 3,     ///< a numerical outcome that does not answer the request
  exit_interrupted = 130  ///< SIGINT or SIGTERM; what was computed is written
};

struct run_arguments {
  std::filesystem::path problem;
  std::filesystem::path out;
  std::vector<std::string> overrides;  ///< "section.key=value"
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  bool force = false;
  bool quiet = false;
  bool no_plots = false;
};

/// `reluflow run`. Errors leave as exceptions.
[[nodiscard]] exit_code run(const run_arguments& arguments);

struct predict_arguments {
  std::filesystem::path problem;
  std::vector<std::string> overrides;  ///< "section.key=value"
  std::optional<std::uint64_t> seed;
};

/// `reluflow predict`.
[[nodiscard]] exit_code predict(const predict_arguments& arguments);

/// `reluflow plot`.
[[nodiscard]] exit_code plot(const std::filesystem::path& directory);

}  // namespace reluflow::app
