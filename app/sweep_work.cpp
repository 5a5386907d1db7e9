#include "interrupt.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/threads.hpp"
#include "sweep.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>
#include <utility>

namespace reluflow::app {
namespace {

constexpr std::chrono::milliseconds interval(200);
/// Carriage return, then erase to the end of the line.
constexpr const char* clear_line = "\r\x1b[K";

std::string duration_text(double seconds) {
  if (seconds < 100.0) return fmt::format("{:.0f} s", seconds);
  if (seconds < 6000.0) return fmt::format("{:.0f} min", seconds / 60.0);
  return fmt::format("{:.1f} h", seconds / 3600.0);
}

}  // namespace

sweep_progress::sweep_progress(bool wanted, std::size_t total)
    : start_(std::chrono::steady_clock::now()),
      next_(start_ + interval),
      total_(total),
      active_(wanted && ::isatty(STDERR_FILENO) == 1) {}

sweep_progress::~sweep_progress() {
  if (!shown_) return;
  std::fputs(clear_line, stderr);
  std::fflush(stderr);
}

void sweep_progress::show(std::size_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!active_ || now < next_ || done == 0) return;
  next_ = now + interval;
  shown_ = true;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done) / elapsed;
  fmt::print(stderr, "{}cells {} of {}  {:.3g} a second  about {} left", clear_line, done, total_,
             rate, duration_text(static_cast<double>(total_ - done) / rate));
  std::fflush(stderr);
}

std::optional<std::int64_t> cell_desk::next() {
  const std::lock_guard lock(mutex_);
  if (error_ || interrupted() || at_ == cells_.size()) return std::nullopt;
  return cells_[at_++];
}

void cell_desk::take(const cell_result& result) {
  if (result.outcome == to_string(outcome::interrupted)) return;
  const std::lock_guard lock(mutex_);
  if (error_) return;
  try {
    keep_(result);
  } catch (...) {
    error_ = std::current_exception();
  }
}

void cell_desk::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
}

void cell_desk::rethrow() const {
  if (error_) std::rethrow_exception(error_);
}

cell_result run_cell(const sweep_plan& plan, std::int64_t cell) {
  // Cells run side by side; each has one thread to itself.
  set_thread_count(1);
  problem setup = plan.problem_of(cell);
  setup.record.states = false;
  observers callbacks;
  callbacks.on_step = [](const progress&) { return !interrupted(); };
  const trajectory run = integrate(setup, callbacks);
  return result_of(plan, cell, setup, run);
}

void work_on(const sweep_plan& plan, cell_desk& desk, int threads,
             const std::function<void()>& meanwhile) {
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      while (const auto cell = desk.next()) {
        try {
          desk.take(run_cell(plan, *cell));
        } catch (...) {
          desk.fail(std::current_exception());
        }
      }
    });
  }
  meanwhile();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace reluflow::app
