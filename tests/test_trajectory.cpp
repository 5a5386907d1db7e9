// Switches made of noise, in runs made by hand.

#include "reluflow/io/run_directory.hpp"
#include "reluflow/trajectory.hpp"
#include "support/switches.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

namespace reluflow::test {
namespace {

using events = std::vector<switch_event>;

constexpr pair_mode inactive = pair_mode::inactive;
constexpr pair_mode active = pair_mode::active;
constexpr pair_mode sliding = pair_mode::sliding;

std::vector<double> times_without_noise(events switches) {
  trajectory run;
  run.switches = std::move(switches);
  std::vector<double> times;
  for (const switch_event& one : switches_without_noise(run)) times.push_back(one.t);
  return times;
}

void check(const events& switches, const std::vector<double>& expected) {
  BOOST_TEST(times_without_noise(switches) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(certain_switches_stay_even_in_round_trips) {
  check({}, {});
  check({on(1.0), off(2.0), on(3.0)}, {1.0, 2.0, 3.0});
}

BOOST_AUTO_TEST_CASE(round_trips_of_noise_go) {
  check({on(1.0, false), off(2.0, false)}, {});
  check({on(1.0), off(2.0, false), on(3.0, false), off(4.0)}, {1.0, 4.0});
  check({event(1.0, inactive, sliding, false), event(2.0, sliding, active, false),
         event(3.0, active, inactive, false)},
        {});
}

BOOST_AUTO_TEST_CASE(what_noise_has_changed_in_the_end_stays) {
  check({on(1.0, false)}, {1.0});
  check({on(1.0, false), off(2.0, false), on(3.0, false)}, {3.0});
  check({event(1.0, inactive, sliding, false), event(2.0, sliding, active, false),
         event(3.0, active, sliding, false)},
        {1.0});
}

BOOST_AUTO_TEST_CASE(a_certain_switch_ends_a_round_trip) {
  check({on(1.0, false), event(2.0, active, sliding), event(3.0, sliding, inactive, false)},
        {1.0, 2.0, 3.0});
}

BOOST_AUTO_TEST_CASE(pairs_have_their_noise_each_for_itself) {
  switch_event elsewhere = off(2.0, false);
  elsewhere.neuron = 1;
  check({on(1.0, false), elsewhere, off(3.0, false)}, {2.0});
}

/// The times of the rows `last_switch` in phases.csv.
std::vector<double> last_switches(events switches) {
  trajectory run;
  run.switches = std::move(switches);
  std::vector<double> times;
  for (const phase_row& row : phase_rows(run)) {
    if (row.name == "last_switch") times.push_back(row.t);
  }
  return times;
}

BOOST_AUTO_TEST_CASE(the_last_switch_is_the_last_certain_one) {
  BOOST_TEST(last_switches({on(1.0), off(2.0), on(3.0, false)}) == std::vector{2.0},
             boost::test_tools::per_element());
  BOOST_TEST(last_switches({on(3.0, false)}).empty());
}

}  // namespace
}  // namespace reluflow::test
