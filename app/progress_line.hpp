#pragma once

#include "reluflow/solvers/flow.hpp"

#include <chrono>

namespace reluflow::app {

/// One line on the terminal that says where a run is, renewed in place a few times a second.
/// Nothing is printed when standard error is no terminal.
class progress_line {
 public:
  explicit progress_line(bool wanted);
  /// Clears the line.
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void show(const progress& state);

 private:
  std::chrono::steady_clock::time_point next_;
  bool active_;
  bool shown_ = false;
};

}  // namespace reluflow::app
