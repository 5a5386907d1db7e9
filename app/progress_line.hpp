#pragma once

#include "reluflow/solvers/flow_solver.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace reluflow::app {

/// One line that says where a run is: on a terminal renewed in place a few times a second,
/// elsewhere, when it is asked for, a new line every second. It goes to standard error.
class progress_line {
 public:
  /// @param wanted  also where standard error is no terminal
  /// @param quiet   nothing is printed
  progress_line(bool wanted, bool quiet);
  /// Clears the line on a terminal.
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void show(const flow_solver& solver);

 private:
  using clock = std::chrono::steady_clock;
  [[nodiscard]] std::string text(const flow_solver& solver, clock::time_point now);

  bool terminal_;
  bool active_;
  bool shown_ = false;
  std::chrono::milliseconds interval_;
  clock::time_point last_;
  std::int64_t last_steps_ = -1;
};

}  // namespace reluflow::app
