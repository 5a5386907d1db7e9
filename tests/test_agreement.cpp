// Runs made by hand, of nothing but switches, and what their comparison says.

#include "reluflow/agreement.hpp"
#include "support/switches.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <utility>
#include <vector>

namespace reluflow::test {
namespace {

constexpr agreement_bounds bounds{1e-9, 1e-6};
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Rows at 0, 1, ... 10, of which those from t = 9 on have hardly a gradient.
trajectory run_with(std::vector<switch_event> switches) {
  trajectory run;
  run.t = 10.0;
  for (int i = 0; i <= 10; ++i) {
    record_row row;
    row.t = i;
    row.loss = 1.0;
    row.gradient_norm = i < 9 ? 1.0 : 1e-6;
    run.rows.push_back(row);
  }
  run.end = run.rows.back();
  run.switches = std::move(switches);
  return run;
}

switch_event with_error(switch_event one, double t_error) {
  one.t_error = t_error;
  return one;
}

/// Two runs with one switch each, `apart` from each other and with these errors.
agreement pair_apart(double apart, double error, double other_error) {
  return compare(run_with({with_error(on(2.0), error)}),
                 run_with({with_error(on(2.0 + apart), other_error)}));
}

/// Either way around.
void check_missed(const std::vector<switch_event>& a, const std::vector<switch_event>& b,
                  int expected) {
  for (const agreement& found :
       {compare(run_with(a), run_with(b)), compare(run_with(b), run_with(a))}) {
    BOOST_TEST(found.missed == expected);
    BOOST_TEST(found.within(bounds) == (expected == 0));
  }
}

BOOST_AUTO_TEST_CASE(certain_switches_need_a_partner_with_the_same_modes) {
  check_missed({on(1.0), off(2.0)}, {on(1.0), off(2.0)}, 0);
  check_missed({on(1.0), off(2.0)}, {on(1.0)}, 1);
  check_missed({on(1.0)}, {event(1.0, pair_mode::inactive, pair_mode::sliding)}, 2);
}

BOOST_AUTO_TEST_CASE(a_round_trip_in_one_run_misses_two_and_no_more) {
  const std::vector<switch_event> plain{on(1.0), off(3.0), on(5.0)};
  check_missed(plain, {on(1.0), off(2.0), on(2.5), off(3.0), on(5.0)}, 2);
}

BOOST_AUTO_TEST_CASE(uncertain_switches_need_none) {
  check_missed({on(1.0), off(3.0)}, {on(1.0), off(2.0, false), on(2.5, false), off(3.0)}, 0);
  check_missed({on(1.0)}, {on(1.0), off(2.0, false)}, 0);
  check_missed({}, {on(2.0, false)}, 0);
}

BOOST_AUTO_TEST_CASE(switches_of_pairs_that_the_other_run_has_none_of_count) {
  switch_event elsewhere = on(2.0);
  elsewhere.sample = 1;
  check_missed({on(1.0)}, {on(1.0), elsewhere}, 1);
  elsewhere.certain = false;
  check_missed({on(1.0)}, {on(1.0), elsewhere}, 0);
}

BOOST_AUTO_TEST_CASE(what_happens_after_the_end_of_meaning_does_not_count) {
  check_missed({on(1.0)}, {on(1.0), off(9.5)}, 0);
  check_missed({on(1.0)}, {on(1.0), off(8.5)}, 1);
  BOOST_TEST(compare(run_with({on(9.5)}), run_with({on(9.6)})).matched == 0);
}

BOOST_AUTO_TEST_CASE(times_agree_within_the_bound_or_ten_errors) {
  BOOST_TEST(pair_apart(0.9e-6, 0.0, 0.0).within(bounds));
  BOOST_TEST(!pair_apart(1.1e-6, 0.0, 0.0).within(bounds));
  BOOST_TEST(pair_apart(0.99e-2, 0.6e-3, 0.4e-3).within(bounds));
  BOOST_TEST(!pair_apart(1.01e-2, 0.6e-3, 0.4e-3).within(bounds));
}

BOOST_AUTO_TEST_CASE(differences_are_told_in_time_and_in_errors) {
  const agreement found = pair_apart(0.5, 0.06, 0.04);
  BOOST_TEST(found.matched == 1);
  BOOST_TEST(found.switch_time == 0.5);
  BOOST_TEST(found.switch_errors == 5.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(found.unexplained_time == 0.0);
  BOOST_TEST(pair_apart(0.5, 0.01, 0.01).unexplained_time == 0.5);
}

BOOST_AUTO_TEST_CASE(a_large_difference_with_its_error_does_not_excuse_a_small_one) {
  const trajectory one = run_with({with_error(on(1.0), 0.1), off(2.0)});
  const trajectory other = run_with({with_error(on(1.5), 0.1), off(2.0 + 1e-4)});
  const agreement found = compare(one, other);
  BOOST_TEST(found.switch_time == 0.5);
  BOOST_TEST(found.unexplained_time == 1e-4, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(!found.within(bounds));
}

BOOST_AUTO_TEST_CASE(errors_that_are_not_known_explain_nothing) {
  for (const double other_error : {nan, 0.1}) {
    const agreement found = pair_apart(1.1e-6, nan, other_error);
    BOOST_TEST(found.switch_errors == 0.0);
    BOOST_TEST(!found.within(bounds));
    BOOST_TEST(pair_apart(0.9e-6, nan, other_error).within(bounds));
  }
}

BOOST_AUTO_TEST_CASE(times_of_uncertain_switches_are_not_compared) {
  const agreement found = compare(run_with({on(1.0)}), run_with({on(2.0, false)}));
  BOOST_TEST(found.matched == 1);
  BOOST_TEST(found.switch_time == 0.0);
  BOOST_TEST(found.within(bounds));
}

}  // namespace
}  // namespace reluflow::test
