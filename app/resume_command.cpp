#include "commands.hpp"
#include "conduct.hpp"
#include "interrupt.hpp"
#include "reluflow/io.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/threads.hpp"

#include <utility>

namespace reluflow::app {

exit_code resume(const resume_arguments& arguments) {
  watch_for_interrupts();
  if (arguments.course.threads) {
    set_thread_count(*arguments.course.threads);
  }
  unfinished_run kept = read_unfinished_run(arguments.directory);
  kept.figures = kept.figures && !arguments.course.no_plots;
  problem& setup = kept.setup;
  setup.record.stopping_times = all_stopping_times(setup.data, setup.initial);
  const std::filesystem::path checkpoint = checkpoint_file(arguments.directory);
  // A run that was killed before its first checkpoint starts again.
  flow_solver solver =
      std::filesystem::exists(checkpoint) ? flow_solver(setup, checkpoint) : flow_solver(setup);
  return conduct(std::move(solver), std::move(kept), arguments.directory, arguments.course, true);
}

}  // namespace reluflow::app
