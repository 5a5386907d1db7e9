#include "reluflow/activation.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace reluflow {
namespace {

constexpr std::array modes{pair_mode::inactive, pair_mode::active, pair_mode::resting,
                           pair_mode::sliding};

/// A pattern drawn at random beside the same as plain rows.
struct drawn_pattern {
  activation_pattern packed;
  std::vector<std::vector<pair_mode>> plain;
};

drawn_pattern draw(index neurons) {
  const index samples = *rc::gen::inRange<index>(1, 140);
  drawn_pattern drawn{activation_pattern(neurons, samples), {}};
  for (index j = 0; j < neurons; ++j) {
    drawn.plain.push_back(*rc::gen::container<std::vector<pair_mode>>(
        static_cast<std::size_t>(samples), rc::gen::elementOf(modes)));
    for (index k = 0; k < samples; ++k) {
      drawn.packed.set(j, k, drawn.plain.back()[static_cast<std::size_t>(k)]);
    }
  }
  return drawn;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_pattern_is_inactive_everywhere) {
  const activation_pattern pattern(3, 65);
  BOOST_TEST(pattern.neurons() == 3);
  BOOST_TEST(pattern.samples() == 65);
  BOOST_TEST(pattern.words() == 2);
  BOOST_TEST(pattern.count(pair_mode::inactive) == 195);
  BOOST_TEST(pattern(2, 64) == pair_mode::inactive);
  BOOST_TEST(activation_pattern(1, 64).words() == 1);
  BOOST_TEST(activation_pattern().count(pair_mode::inactive) == 0);
}

BOOST_AUTO_TEST_CASE(setting_a_pair_touches_no_other) {
  for (const index samples : {1, 63, 64, 65, 128, 129}) {
    activation_pattern pattern(3, samples);
    for (const pair_mode mode : modes) {
      for (const index k : {index{0}, samples / 2, samples - 1}) {
        pattern.set(1, k, mode);
        BOOST_TEST(pattern(1, k) == mode);
        BOOST_TEST(pattern.count(pair_mode::inactive) >= 3 * samples - 1);
        pattern.set(1, k, pair_mode::inactive);
        BOOST_TEST((pattern == activation_pattern(3, samples)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(modes_are_written_as_in_switches_csv) {
  BOOST_TEST(to_string(pair_mode::inactive) == "inactive");
  BOOST_TEST(to_string(pair_mode::active) == "active");
  BOOST_TEST(to_string(pair_mode::sliding) == "sliding");
  BOOST_TEST(to_string(pair_mode::resting) == "inactive");
}

RC_BOOST_PROP(what_was_set_is_read, ()) {
  const drawn_pattern drawn = draw(3);
  for (index j = 0; j < 3; ++j) {
    for (index k = 0; k < drawn.packed.samples(); ++k) {
      RC_ASSERT(drawn.packed(j, k) ==
                drawn.plain[static_cast<std::size_t>(j)][static_cast<std::size_t>(k)]);
    }
  }
}

RC_BOOST_PROP(words_hold_a_bit_for_each_sample_and_no_other, ()) {
  const drawn_pattern drawn = draw(2);
  const activation_pattern& pattern = drawn.packed;
  for (index j = 0; j < 2; ++j) {
    for (index k = 0; k < 64 * pattern.words(); ++k) {
      const auto bit = [&](std::uint64_t word) { return ((word >> (k % 64)) & 1U) != 0; };
      const pair_mode mode = k < pattern.samples() ? pattern(j, k) : pair_mode::inactive;
      RC_ASSERT(bit(pattern.active_word(j, k / 64)) == (mode == pair_mode::active));
      RC_ASSERT(bit(pattern.surface_word(j, k / 64)) ==
                (mode == pair_mode::resting || mode == pair_mode::sliding));
    }
  }
}

RC_BOOST_PROP(counts_are_those_of_a_plain_loop, ()) {
  const drawn_pattern drawn = draw(3);
  for (const pair_mode mode : modes) {
    index expected = 0;
    for (const auto& row : drawn.plain) expected += std::count(row.begin(), row.end(), mode);
    RC_ASSERT(drawn.packed.count(mode) == expected);
  }
}

RC_BOOST_PROP(a_row_is_a_pattern_of_its_own_and_can_be_put_back, ()) {
  const drawn_pattern drawn = draw(3);
  const activation_pattern& pattern = drawn.packed;
  const activation_pattern row = pattern.row(1);
  RC_ASSERT(row.neurons() == 1);
  for (index k = 0; k < pattern.samples(); ++k) RC_ASSERT(row(0, k) == pattern(1, k));
  activation_pattern copy(3, pattern.samples());
  for (index j = 0; j < 3; ++j) copy.set_row(j, pattern.row(j));
  RC_ASSERT(copy == pattern);
}

RC_BOOST_PROP(rows_are_the_same_exactly_when_all_modes_are, ()) {
  activation_pattern pattern = draw(3).packed;
  pattern.set_row(2, pattern.row(0));
  RC_ASSERT(pattern.same_row(0, 2));
  RC_ASSERT(pattern.row_hash(0) == pattern.row_hash(2));
  RC_ASSERT(pattern.row(0).row_hash(0) == pattern.row_hash(0));
  const index k = *rc::gen::inRange<index>(0, pattern.samples());
  const pair_mode other = *rc::gen::elementOf(modes);
  RC_PRE(other != pattern(0, k));
  pattern.set(2, k, other);
  RC_ASSERT(!pattern.same_row(0, 2));
  RC_ASSERT(pattern.row_hash(0) != pattern.row_hash(2));
}

BOOST_AUTO_TEST_CASE(rows_that_differ_in_one_pair_hash_apart) {
  std::set<std::size_t> hashes;
  for (index k = 0; k < 130; ++k) {
    for (const pair_mode mode : {pair_mode::active, pair_mode::resting, pair_mode::sliding}) {
      activation_pattern pattern(1, 130);
      pattern.set(0, k, mode);
      hashes.insert(pattern.row_hash(0));
    }
  }
  BOOST_TEST(hashes.size() == 390U);
}

}  // namespace reluflow
