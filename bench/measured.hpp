#pragma once

#include "reluflow/problem.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <vector>

namespace reluflow::bench {

/// What one method has made of one problem.
struct measured {
  std::int64_t evaluations = 0;  ///< of the whole field
  std::int64_t switches = 0;     ///< located; 0 where a method knows of none
  double t = 0.0;                ///< reached
  std::vector<double> loss{};    ///< at curve_times of the problem, as far as it came
  double seconds = 0.0;          ///< of the run, without preparations
  bool out_of_time = false;
};

/// Says how long a run has taken, and when that is too long. On a machine that is shared the time
/// of the processor says more than that of the clock.
class stop_clock {
 public:
  explicit stop_clock(double limit) : limit_(limit) {}
  [[nodiscard]] double seconds() const { return now() - begin_; }
  [[nodiscard]] bool is_over() const { return seconds() > limit_; }

  /// From here on all clocks count the time of the processor, over all threads.
  static void count_processor_time() { processor_time_ = true; }

 private:
  static double now() {
    if (processor_time_) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    using seconds = std::chrono::duration<double>;
    return seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  static inline bool processor_time_ = false;
  double begin_ = now();
  double limit_;
};

/// Where loss curves are compared.
inline std::vector<double> curve_times(const problem& task) {
  return linear_times(task.flow.t_end, 101);
}

inline bool finished(const measured& run, double t_end) { return run.t >= t_end * (1.0 - 1e-9); }

/// Largest distance of two loss curves where both have a value, relative to L(0).
inline double error_of(const measured& run, const std::vector<double>& reference) {
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(run.loss.size(), reference.size()); ++i) {
    // A value that is not a number is not close to anything.
    const double distance = std::abs(run.loss[i] - reference[i]);
    if (!(distance <= largest)) largest = distance;
  }
  return largest / reference.front();
}

}  // namespace reluflow::bench
