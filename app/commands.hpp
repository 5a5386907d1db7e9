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
  exit_failure = 1,       ///< no memory; figures that gnuplot did not make; runs that disagree
  exit_bad_input = 2,     ///< usage, something wrong in the input, a place that cannot be written
  exit_no_answer = 3,     ///< a numerical outcome that does not answer the request
  exit_interrupted = 130  ///< SIGINT or SIGTERM; what was computed is written, with a checkpoint
};

/// How a run is conducted, which does not change what it computes.
struct course_arguments {
  std::optional<int> threads;
  double checkpoint_seconds = 60.0;
  bool quiet = false;
  bool progress = false;  ///< also where standard error is no terminal
  bool no_plots = false;
};

struct run_arguments {
  std::filesystem::path problem;
  std::filesystem::path out;
  std::vector<std::string> overrides;  ///< "section.key=value"
  std::optional<std::uint64_t> seed;
  bool force = false;
  course_arguments course;
};

/// `reluflow run`. Errors leave as exceptions.
[[nodiscard]] exit_code run(const run_arguments& arguments);

struct resume_arguments {
  std::filesystem::path directory;
  course_arguments course;
};

/// `reluflow resume`: the rest of a run that was interrupted or killed.
[[nodiscard]] exit_code resume(const resume_arguments& arguments);

struct predict_arguments {
  std::filesystem::path problem;
  std::vector<std::string> overrides;  ///< "section.key=value"
  std::optional<std::uint64_t> seed;
};

/// `reluflow predict`.
[[nodiscard]] exit_code predict(const predict_arguments& arguments);

struct verify_arguments {
  std::filesystem::path problem;
  std::vector<std::string> overrides;  ///< "section.key=value"
  std::optional<std::uint64_t> seed;
  std::filesystem::path out;  ///< empty: nothing is written
  bool force = false;
  bool quiet = false;
  std::optional<int> threads;
};

/// `reluflow verify`: the run again with a smaller tolerance, in the other chart and with the other
/// switching (docs/verify.md).
[[nodiscard]] exit_code verify(const verify_arguments& arguments);

/// `reluflow plot`.
[[nodiscard]] exit_code plot(const std::filesystem::path& directory);

}  // namespace reluflow::app
