#include "commands.hpp"
#include "figures.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "reluflow/io.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/threads.hpp"
#include "reluflow/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace reluflow::app {
namespace {

trajectory follow(const problem& setup, bool quiet) {
  progress_line line(!quiet);
  observers callbacks;
  callbacks.on_step = [&](const progress& state) {
    line.show(state);
    return !interrupted();
  };
  return integrate(setup.data, setup.initial, setup.flow, setup.record, callbacks);
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

exit_code run(const run_arguments& arguments) {
  watch_for_interrupts();
  if (arguments.threads) {
    set_thread_count(*arguments.threads);
  }
  problem setup = read_problem(arguments.problem, arguments.overrides, arguments.seed);
  setup.record.stopping_times = all_stopping_times(setup.data, setup.initial);
  // A directory that will not do is found before the work is done.
  prepare_run_directory(arguments.out, arguments.force);
  trajectory result = follow(setup, arguments.quiet);
  std::vector<comparison> compared = compare_orthogonal(setup.data, result);
  const std::vector<comparison> weak = compare_weakly_interacting(setup.data, result);
  compared.insert(compared.end(), weak.begin(), weak.end());
  std::vector<phase_row> phases = phase_rows(result);
  const run_record record{std::move(setup), std::move(result), std::move(phases),
                          prediction_rows(compared), std::string(version_string)};
  write_run(arguments.out, record, arguments.force);
  if (!arguments.no_plots && !interrupted()) {
    (void)write_run_figures(arguments.out, record);
  }
  if (!arguments.quiet) {
    print_summary(record, arguments.out);
  }
  const exit_code code = code_of(record.run.ending);
  if (code == exit_no_answer) {
    fmt::print(stderr, "reluflow: the run ended with {} at t = {}\n", to_string(record.run.ending),
               record.run.t);
  }
  return code;
}

}  // namespace reluflow::app
