#pragma once

#include <chrono>

namespace reluflow::detail {

/// Adds the seconds of its life to a sum.
class stopwatch {
 public:
  explicit stopwatch(double& sum) : sum_(&sum), begin_(clock::now()) {}
  ~stopwatch() { *sum_ += std::chrono::duration<double>(clock::now() - begin_).count(); }
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;

 private:
  using clock = std::chrono::steady_clock;
  double* sum_;
  clock::time_point begin_;
};

}  // namespace reluflow::detail
