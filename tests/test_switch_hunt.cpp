// Random problems with fixed seeds: asynchronous switching finds the switches that global
// switching finds, at the times it finds them (bench/hunt.cpp has the rules).

#include "../bench/hunt_verdict.hpp"
#include "reluflow/threads.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace reluflow::test {
namespace {

using namespace reluflow::bench;
namespace data = boost::unit_test::data;

struct share {
  std::string generator;
  std::uint64_t first;
  std::uint64_t count;
};

std::ostream& operator<<(std::ostream& out, const share& one) { return out << one.generator; }

/// The second of "antipodal" ends slides at times that are known to a second at 1e-8, as their
/// t_error says: bench/hunt counts it as off.
const std::vector<share> shares{
    {"small", 1, 25}, {"large", 1, 3}, {"unbalanced", 1, 16}, {"antipodal", 3, 16}};

BOOST_DATA_TEST_CASE(asynchronous_switching_finds_the_switches_of_global, data::make(shares), one) {
  set_thread_count(1);
  for (std::uint64_t seed = one.first; seed < one.first + one.count; ++seed) {
    const hunted_problem made = make_hunted(one.generator, seed);
    const verdict found = judge(made.task, {1e-8, 1e-10}, 60.0);
    const std::string first = found.lines.empty() ? "" : found.lines.front();
    BOOST_TEST(found.lines.empty(),
               fmt::format("{} seed {} ({}): {}", one.generator, seed, made.words, first));
  }
}

}  // namespace
}  // namespace reluflow::test
