#include "progress_line.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace reluflow::app {
namespace {

/// Carriage return, then erase to the end of the line.
constexpr const char* clear_line = "\r\x1b[K";

/// A line that wraps could not be cleared.
std::size_t terminal_width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

progress_line::progress_line(bool wanted, bool quiet)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      active_(!quiet && (wanted || terminal_)),
      interval_(terminal_ ? 200 : 1000),
      last_(clock::now()) {}

progress_line::~progress_line() {
  if (shown_ && terminal_) {
    std::fputs(clear_line, stderr);
    std::fflush(stderr);
  }
}

/// "t = 12.5 of 40 (31 %)  loss 1.2346e-03  after aligned_+  switches 56  steps 1234, 850/s"
std::string progress_line::text(const flow_solver& solver, clock::time_point now) {
  const progress state = solver.now();
  const auto& reached = solver.so_far().stopping_times;
  const double rate = static_cast<double>(state.steps - last_steps_) /
                      std::chrono::duration<double>(now - last_).count();
  return fmt::format(
      "t = {:.6g} of {:.6g} ({:.0f} %)  loss {:.4e}  {}switches {}  steps {}, {:.{}f}/s", state.t,
      state.t_end, 100.0 * state.t / state.t_end, state.loss,
      reached.empty() ? "" : fmt::format("after {}  ", reached.back().name), state.switches,
      state.steps, rate, rate < 10.0 ? 2 : 0);
}

void progress_line::show(const flow_solver& solver) {
  if (!active_) {
    return;
  }
  if (last_steps_ < 0) {
    last_steps_ = solver.now().steps;
  }
  const auto now = clock::now();
  if (now < last_ + interval_) {
    return;
  }
  std::string line = text(solver, now);
  if (terminal_) {
    line = clear_line + line.substr(0, terminal_width() - 1);
  } else {
    line += '\n';
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
  last_ = now;
  last_steps_ = solver.now().steps;
}

}  // namespace reluflow::app
