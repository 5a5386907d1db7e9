// Two sequences of switches of one pair, made by hand, and how they are held against each other.

#include "reluflow/detail/switch_alignment.hpp"
#include "support/switches.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

namespace reluflow::test {
namespace {

using namespace reluflow::detail;
using events = std::vector<switch_event>;

constexpr double tolerance = 1e-6;
constexpr comparison_end end{10.0, 0.01};

std::ptrdiff_t count_off(const events& truth, const events& other) {
  const auto entries = aligned(truth, other, end);
  return std::count_if(entries.begin(), entries.end(),
                       [](const alignment_entry& entry) { return is_off(entry, tolerance); });
}

/// Either way around.
void check_off(const events& a, const events& b, std::ptrdiff_t expected) {
  BOOST_TEST(count_off(a, b) == expected);
  BOOST_TEST(count_off(b, a) == expected);
}

BOOST_AUTO_TEST_CASE(equal_sequences_agree) {
  check_off({}, {}, 0);
  check_off({on(1.0), off(2.0)}, {on(1.0), off(2.0)}, 0);
}

BOOST_AUTO_TEST_CASE(times_agree_relative_to_the_larger_of_one_and_t) {
  check_off({on(0.1)}, {on(0.1 + 0.9e-6)}, 0);
  check_off({on(0.1)}, {on(0.1 + 1.1e-6)}, 1);
  check_off({on(8.0)}, {on(8.0 + 7e-6)}, 0);
  check_off({on(8.0)}, {on(8.0 + 9e-6)}, 1);
}

BOOST_AUTO_TEST_CASE(certain_switches_need_partners) {
  check_off({on(1.0), off(2.0)}, {on(1.0)}, 1);
  check_off({on(1.0)}, {event(1.0, pair_mode::inactive, pair_mode::sliding)}, 2);
}

BOOST_AUTO_TEST_CASE(a_certain_switch_far_from_its_partner_is_off_once) {
  check_off({on(1.0)}, {on(5.0)}, 1);
}

BOOST_AUTO_TEST_CASE(uncertain_round_trips_are_left_out) {
  check_off({on(1.0), off(3.0)}, {on(1.0), off(2.0, false), on(2.1, false), off(3.0)}, 0);
  check_off({on(1.0), off(3.0)}, {on(1.0, false), off(1.1, false), on(1.0), off(3.0)}, 0);
}

BOOST_AUTO_TEST_CASE(uncertain_switches_may_change_the_modes_in_between) {
  const auto slide = event(2.0, pair_mode::active, pair_mode::sliding, false);
  const auto leave = event(2.1, pair_mode::sliding, pair_mode::inactive, false);
  check_off({on(1.0), off(2.05, false), on(3.0)}, {on(1.0), slide, leave, on(3.0)}, 0);
}

BOOST_AUTO_TEST_CASE(a_partner_may_be_uncertain_and_far) {
  check_off({on(1.0)}, {on(1.5, false)}, 0);
  BOOST_TEST(!is_certain_match(aligned({on(1.0)}, {on(1.5, false)}, end).front()));
}

BOOST_AUTO_TEST_CASE(an_uncertain_partner_does_not_hide_a_certain_one) {
  check_off({on(1.0)}, {on(1.0, false), off(1.2, false), on(1.5)}, 1);
}

BOOST_AUTO_TEST_CASE(of_several_partners_the_nearest_is_taken) {
  const events other{on(1.0, false), off(1.5, false), on(2.1, false), off(2.5, false),
                     on(4.0, false)};
  for (const alignment_entry& entry : aligned({on(2.0)}, other, end)) {
    if (entry.one) BOOST_TEST(entry.other.value().t == 2.1);
  }
}

BOOST_AUTO_TEST_CASE(the_first_of_several_is_no_partner_of_one_that_is_nearer_to_the_next) {
  check_off({on(5.0)}, {on(1.0), off(2.0), on(5.0)}, 2);
  for (const alignment_entry& entry : aligned({on(5.0)}, {on(1.0), off(2.0), on(5.0)}, end)) {
    if (entry.one) BOOST_TEST(entry.other.value().t == 5.0);
  }
}

BOOST_AUTO_TEST_CASE(next_to_the_end_no_partner_is_needed) {
  check_off({on(1.0), off(9.995)}, {on(1.0)}, 0);
  check_off({on(1.0), off(9.98)}, {on(1.0)}, 1);
  // Being excused does not free from the tolerance.
  check_off({on(9.995)}, {on(9.996)}, 1);
}

}  // namespace
}  // namespace reluflow::test
