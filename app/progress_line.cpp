#include "progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace reluflow::app {
namespace {

constexpr std::chrono::milliseconds interval(100);
/// Carriage return, then erase to the end of the line.
constexpr const char* clear_line = "\r\x1b[K";

}  // namespace

progress_line::progress_line(bool wanted)
    : next_(std::chrono::steady_clock::now() + interval),
      active_(wanted && ::isatty(STDERR_FILENO) == 1) {}

progress_line::~progress_line() {
  if (shown_) {
    std::fputs(clear_line, stderr);
    std::fflush(stderr);
  }
}

void progress_line::show(const progress& state) {
  if (!active_) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) {
    return;
  }
  next_ = now + interval;
  shown_ = true;
  const std::string line =
      fmt::format("{}t = {:.6g} of {:.6g}  loss {:.4e}  steps {}  switches {}", clear_line, state.t,
                  state.t_end, state.loss, state.steps, state.switches);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace reluflow::app
