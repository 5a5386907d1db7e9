#include "reluflow/solvers/flow.hpp"

#include "integrator.hpp"

namespace reluflow {

trajectory integrate(const dataset& data, const network& initial, const flow_options& flow,
                     const record_options& record, const observers& callbacks) {
  flow.validate();
  record.validate(flow.t_end);
  detail::integrator run(data, initial, flow, record, callbacks);
  run.start();
  while (!run.ending() && (!callbacks.on_step || callbacks.on_step(run.now()))) run.step();
  return run.finish();
}

trajectory integrate(const problem& task, const observers& callbacks) {
  return integrate(task.data, task.initial, task.flow, task.record, callbacks);
}

}  // namespace reluflow
