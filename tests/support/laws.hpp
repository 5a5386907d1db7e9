#pragma once

#include "reluflow/laws.hpp"
#include "reluflow/solvers/flow.hpp"

#include <boost/test/unit_test.hpp>

namespace reluflow::test {

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
  trajectory run = integrate(data, initial, flow, record);
  check_lawful(data, run);
  return run;
}

}  // namespace reluflow::test
