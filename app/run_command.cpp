#include "commands.hpp"
#include "conduct.hpp"
#include "interrupt.hpp"
#include "reluflow/io.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/threads.hpp"

#include <utility>

namespace reluflow::app {

exit_code run(const run_arguments& arguments) {
  watch_for_interrupts();
  if (arguments.course.threads) {
    set_thread_count(*arguments.course.threads);
  }
  unfinished_run kept{read_problem(arguments.problem, arguments.overrides, arguments.seed),
                      !arguments.course.no_plots};
  problem& setup = kept.setup;
  setup.record.stopping_times = all_stopping_times(setup.data, setup.initial);
  flow_solver solver(setup);
  // A directory that will not do is found before the work is done.
  begin_run(arguments.out, kept, arguments.force);
  return conduct(std::move(solver), std::move(kept), arguments.out, arguments.course,
                 arguments.force);
}

}  // namespace reluflow::app
