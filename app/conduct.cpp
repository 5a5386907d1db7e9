#include "conduct.hpp"

#include "figures.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "reluflow/plots/report.hpp"
#include "reluflow/predictions/all.hpp"
#include "reluflow/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <utility>

namespace reluflow::app {
namespace {

/// Says when the next checkpoint is due: so many seconds after the last one, but never so often
/// that a run spends more than a fiftieth of its time on them.
class checkpoint_keeper {
 public:
  checkpoint_keeper(std::filesystem::path file, double seconds)
      : file_(std::move(file)), interval_(seconds), due_(clock::now() + interval_) {}

  void look_after(const flow_solver& solver) {
    const auto begin = clock::now();
    if (begin < due_) return;
    try {
      solver.save(file_);
    } catch (const file_error& error) {
      // The run is worth more than its checkpoint: the disk may have room again later.
      if (!std::exchange(warned_, true)) {
        fmt::print(stderr, "reluflow: warning: no checkpoint: {}\n", error.what());
      }
    }
    const auto end = clock::now();
    due_ =
        end + std::max(std::chrono::duration_cast<clock::duration>(interval_), 50 * (end - begin));
  }

 private:
  using clock = std::chrono::steady_clock;
  std::filesystem::path file_;
  std::chrono::duration<double> interval_;
  std::chrono::time_point<clock, std::chrono::duration<double>> due_;
  bool warned_ = false;
};

void follow(flow_solver& solver, const std::filesystem::path& checkpoint,
            const course_arguments& arguments) {
  progress_line line(arguments.progress, arguments.quiet);
  checkpoint_keeper keeper(checkpoint, arguments.checkpoint_seconds);
  while (!interrupted() && solver.step()) {
    line.show(solver);
    keeper.look_after(solver);
  }
  if (!solver.ending()) solver.save(checkpoint);
}

/// Removes the page of the run that was replaced; it would show the wrong run.
void remove_report(const std::filesystem::path& directory) {
  const std::filesystem::path page = directory / "report.html";
  std::error_code ignored;
  if (plots::is_report(page)) std::filesystem::remove(page, ignored);
}

exit_code code_of(outcome ending) {
  if (ending == outcome::interrupted) {
    return exit_interrupted;
  }
  return is_success(ending) ? exit_success : exit_no_answer;
}

/// "(3, 5), (7, 5), ..." with neuron and sample of the first few pairs.
std::string pairs_text(const std::vector<std::pair<index, index>>& pairs) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, pairs.size()); ++i) {
    text += fmt::format("{}({}, {})", i == 0 ? "" : ", ", pairs[i].first, pairs[i].second);
  }
  return text + (pairs.size() > most ? ", ..." : "");
}

void print_summary(const run_record& record, const std::filesystem::path& directory) {
  const trajectory& run = record.run;
  const run_statistics& s = run.statistics;
  const double initial_loss = loss(record.setup.data, record.setup.initial);
  fmt::print("{} at t = {:.6g}\n", to_string(run.ending), run.t);
  fmt::print("  loss      {:.6e}, from {:.6e}\n", run.end.loss, initial_loss);
  fmt::print("  mu        {:.6e}, mean {:.6e}\n", run.end.mu, run.end.mu_mean);
  fmt::print("  switches  {}, entries into sliding {}, pairs sliding at the end {}\n", s.switches,
             s.slides, run.end.sliding);
  if (const std::int64_t noise = s.switches - s.certain_switches; noise > 0) {
    fmt::print("            {} of the switches made of noise: their times mean nothing\n", noise);
  }
  fmt::print("  steps     {}, rejected {}, {:.3g} s\n", s.steps, s.rejected, s.wall_seconds);
  if (!run.stalled_pairs.empty()) {
    fmt::print("  stalled   {} (neuron, sample)\n", pairs_text(run.stalled_pairs));
  }
  fmt::print("  written   {}\n", directory.string());
  if (std::fflush(stdout) != 0) {
    throw file_error("standard output", errno);
  }
}

}  // namespace

exit_code conduct(flow_solver solver, unfinished_run kept, const std::filesystem::path& directory,
                  const course_arguments& arguments, bool replace) {
  follow(solver, checkpoint_file(directory), arguments);
  trajectory result = solver.finish();
  const std::vector<comparison> compared = compare_all(kept.setup.data, result);
  std::vector<phase_row> phases = phase_rows(result);
  const run_record record{std::move(kept.setup), std::move(result), std::move(phases),
                          prediction_rows(compared), std::string(version_string)};
  write_run(directory, record, replace);
  remove_report(directory);
  if (kept.figures && !interrupted()) {
    (void)write_run_figures(directory, record);
  }
  const exit_code code = code_of(record.run.ending);
  if (code != exit_interrupted) {
    end_run(directory);
  }
  if (!arguments.quiet) {
    print_summary(record, directory);
  }
  if (code == exit_no_answer) {
    fmt::print(stderr, "reluflow: the run ended with {} at t = {}\n", to_string(record.run.ending),
               record.run.t);
  } else if (code == exit_interrupted) {
    fmt::print(stderr, "reluflow: interrupted at t = {}; reluflow resume {} goes on from there\n",
               record.run.t, directory.string());
  }
  return code;
}

}  // namespace reluflow::app
