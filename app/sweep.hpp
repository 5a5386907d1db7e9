#pragma once

#include "commands.hpp"
#include "reluflow/sweep.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace reluflow::app {

struct sweep_arguments {
  std::filesystem::path sweep;
  std::filesystem::path out;
  std::optional<std::string> shard;  ///< "i/n"
  std::optional<int> threads;
  bool merge = false;
  bool force = false;
  bool quiet = false;
  bool no_plots = false;
};

/// `reluflow sweep`. Errors leave as exceptions.
[[nodiscard]] exit_code sweep(const sweep_arguments& arguments);

/// One line on the terminal that says how far a sweep is and how long it will take.
class sweep_progress {
 public:
  sweep_progress(bool wanted, std::size_t total);
  ~sweep_progress();
  sweep_progress(const sweep_progress&) = delete;
  sweep_progress& operator=(const sweep_progress&) = delete;

  void show(std::size_t done);

 private:
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
  std::size_t total_;
  bool active_;
  bool shown_ = false;
};

/// Hands out the cells that are to be done and takes their results; from any thread.
class cell_desk {
 public:
  /// @param keep  receives every result, one at a time
  cell_desk(std::vector<std::int64_t> cells, std::function<void(const cell_result&)> keep)
      : cells_(std::move(cells)), keep_(std::move(keep)) {}

  /// The next cell; nothing when all are handed out, after an error, or after an interrupt.
  [[nodiscard]] std::optional<std::int64_t> next();
  /// Takes a result. One of an interrupted run is forgotten.
  void take(const cell_result& result);
  /// Ends the work: no cell is handed out any more. The first error is kept.
  void fail(std::exception_ptr error);
  /// @throws the first error
  void rethrow() const;

 private:
  std::mutex mutex_;
  std::vector<std::int64_t> cells_;
  std::size_t at_ = 0;
  std::function<void(const cell_result&)> keep_;
  std::exception_ptr error_;
};

/// Runs one cell on the calling thread.
[[nodiscard]] cell_result run_cell(const sweep_plan& plan, std::int64_t cell);

/// Works on cells with `threads` threads while `meanwhile` runs on this one.
void work_on(const sweep_plan& plan, cell_desk& desk, int threads,
             const std::function<void()>& meanwhile);

/// Figures of a finished sweep, in `directory`/figures: probability curves for indicators, power
/// laws for positive numbers, against the first axis. Returns false when one could not be made.
[[nodiscard]] bool write_sweep_figures(const std::filesystem::path& directory,
                                       const sweep_plan& plan,
                                       const std::vector<cell_result>& results);

}  // namespace reluflow::app
