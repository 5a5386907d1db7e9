#pragma once

#include "reluflow/laws.hpp"
#include "reluflow/solvers/flow.hpp"

#include <boost/test/unit_test.hpp>

namespace reluflow::test {

/// L(t) = L(0) exp(-t mean mu) at every row and at the end: to 1e-9, or to twice the tolerance of a
/// run that asked for less than that.
inline void check_mean_curvature(const dataset& data, const trajectory& run, double rtol) {
  const law_result law = loss_follows_curvature(data, run, rtol <= 1e-9 ? 1e-9 : 2.0 * rtol);
  BOOST_TEST(law.holds, describe(law));
}

/// `integrate`, with the mean of mu held against the loss: what tests use wherever they run a flow.
inline trajectory checked_run(const dataset& data, const network& initial, const flow_options& flow,
                              const record_options& record = {}, const observers& callbacks = {}) {
  trajectory run = integrate(data, initial, flow, record, callbacks);
  check_mean_curvature(data, run, flow.rtol);
  return run;
}

inline trajectory checked_run(const problem& task, const observers& callbacks = {}) {
  return checked_run(task.data, task.initial, task.flow, task.record, callbacks);
}

/// The run answers its request and obeys every law of the flow.
inline void check_lawful(const dataset& data, const trajectory& run) {
  BOOST_TEST(is_success(run.ending), "ended as " << to_string(run.ending) << " at t = " << run.t);
  for (const law_result& law : check_laws(data, run)) BOOST_TEST(law.holds, describe(law));
}

/// `integrate` with `count` equally spaced rows, held against every law.
inline trajectory lawful_run(const dataset& data, const network& initial, const flow_options& flow,
                             index count = 41) {
  record_options record;
  record.times = linear_times(flow.t_end, count);
  trajectory run = checked_run(data, initial, flow, record);
  check_lawful(data, run);
  return run;
}

}  // namespace reluflow::test
