#include "interrupt.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/sweep_directory.hpp"
#include "sweep.hpp"
#include "sweep_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <thread>

namespace reluflow::app {
namespace {

/// Threads of this process: what was asked for, else one for each core; one for each rank, because
/// mpirun starts as many ranks as there are cores.
int threads_for(const sweep_arguments& arguments, const rank_session& ranks) {
  if (arguments.threads) return *arguments.threads;
  if (ranks.size() > 1) return 1;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void print_summary(const sweep_plan& plan, const std::vector<cell_result>& results,
                   const std::filesystem::path& directory) {
  std::int64_t unanswered = 0;
  for (const point_summary& one : summarise(plan, results)) unanswered += one.unanswered;
  fmt::print("{} cells at {} points", plan.cells(), plan.points());
  if (unanswered > 0) fmt::print(", {} without an answer", unanswered);
  fmt::print("\n  written   {}\n", directory.string());
  if (std::fflush(stdout) != 0) throw file_error("standard output", errno);
}

/// Writes what all cells together say.
void conclude(const sweep_arguments& arguments, const sweep_plan& plan) {
  const std::vector<cell_result> results = read_cells(arguments.out, plan);
  const auto missing = plan.cells() - static_cast<std::int64_t>(results.size());
  if (missing > 0) {
    throw invalid_input(arguments.out.string(),
                        fmt::format("{} of {} cells", results.size(), plan.cells()),
                        "all of them; the other shards, or `reluflow sweep` without --merge");
  }
  write_sweep_table(arguments.out / "sweep.csv", plan, results);
  write_sweep_summary(arguments.out / "summary.csv", plan, summarise(plan, results));
  if (!arguments.no_plots) (void)write_sweep_figures(arguments.out, plan, results);
  if (!arguments.quiet) print_summary(plan, results, arguments.out);
}

/// Rank 0: works on the missing cells, and lets the others do so.
void lead(const sweep_arguments& arguments, const sweep_plan& plan, const rank_session& ranks,
          sweep_directory& directory) {
  std::vector<std::int64_t> missing = directory.missing();
  sweep_progress line(!arguments.quiet, missing.size());
  std::size_t done = 0;
  cell_desk desk(std::move(missing), [&](const cell_result& result) {
    directory.append(result);
    line.show(++done);
  });
  work_on(plan, desk, threads_for(arguments, ranks), [&] { ranks.serve(desk); });
  desk.rethrow();
}

}  // namespace

namespace {

/// Everything that can be wrong before the first cell is done.
struct prepared_sweep {
  sweep_plan plan;
  std::optional<sweep_shard> shard;
  sweep_directory directory;

  explicit prepared_sweep(const sweep_arguments& arguments)
      : plan(checked_plan(arguments)),
        shard(arguments.shard ? std::optional(parse_shard(*arguments.shard)) : std::nullopt),
        directory(arguments.out, plan, shard, arguments.force) {}

 private:
  static sweep_plan checked_plan(const sweep_arguments& arguments) {
    sweep_plan plan = read_sweep(arguments.sweep);
    // What is wrong with the problem shows before anything is written.
    (void)plan.problem_of(0);
    return plan;
  }
};

}  // namespace

exit_code sweep(const sweep_arguments& arguments) {
  if (arguments.merge) {
    conclude(arguments, read_sweep(arguments.sweep));
    return exit_success;
  }
  watch_for_interrupts();
  const rank_session ranks;
  if (ranks.rank() > 0) {
    if (ranks.agree(true)) ranks.work(read_sweep(arguments.sweep));
    return exit_success;
  }
  std::optional<prepared_sweep> work;
  try {
    work.emplace(arguments);
  } catch (...) {
    (void)ranks.agree(false);
    throw;
  }
  (void)ranks.agree(true);
  lead(arguments, work->plan, ranks, work->directory);
  if (interrupted()) return exit_interrupted;
  if (!work->shard) conclude(arguments, work->plan);
  return exit_success;
}

}  // namespace reluflow::app
