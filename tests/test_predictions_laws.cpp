// A17 and A18 of theory.md: what finished runs on orthogonal inputs must show.

#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"
#include "test_predictions_flow.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::orthogonal {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

// Rows and states of a run at equally spaced times.
trajectory recorded(const dataset& data, const network& start, double t_end, int rows) {
  trajectory run;
  orthogonal_flow flow(data, start, 0.01);
  for (int i = 0; i < rows; ++i) {
    flow.advance_to(t_end * i / (rows - 1));
    record_row row;
    row.t = flow.t();
    run.rows.push_back(row);
    run.states.push_back(flow.net());
  }
  return run;
}

}  // namespace

BOOST_AUTO_TEST_CASE(reactivations_are_found) {
  using enum pair_mode;
  trajectory run;
  run.switches = {{0.1, 0, 1, active, inactive}, {0.2, 1, 1, active, resting}};
  BOOST_TEST(reactivations(run).empty());
  run.switches.push_back({0.3, 0, 1, inactive, active});
  run.switches.push_back({0.4, 1, 1, resting, sliding});
  run.switches.push_back({0.5, 2, 1, active, sliding});
  const auto found = reactivations(run);
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].t == 0.3);
  BOOST_TEST(found[1].t == 0.4);
  run.switches[2].certain = false;
  BOOST_TEST(reactivations(run).size() == 1U);
}

BOOST_AUTO_TEST_CASE(residuals_overshoot_with_unequal_norms_only) {
  const network net = network::balanced(vec({1}), vec({std::log(1e-5)}), vec({1.0, 1.0}));
  const dataset unequal = axes(vec({1.0, 1.0}), vec({0.5, 2.0}));
  const auto found = overshoots(unequal, recorded(unequal, net, 120.0, 3001));
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found[0].sample == 1);
  BOOST_TEST(found[0].ratio == 0.0597, tolerance(1e-3));
  BOOST_TEST(found[0].t > 0.0);
  const dataset equal = axes(vec({1.0, 1.0}));
  BOOST_TEST(overshoots(equal, recorded(equal, net, 60.0, 301)).empty());
  trajectory stateless = recorded(equal, net, 1.0, 3);
  stateless.states.clear();
  BOOST_CHECK_THROW((void)overshoots(equal, stateless), invalid_input);
}

}  // namespace reluflow::orthogonal
