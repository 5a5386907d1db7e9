#pragma once

#include "reluflow/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::bench {

/// A random problem and its kind in words.
struct hunted_problem {
  problem task;
  std::string words;
};

/// "small", "large", "unbalanced", "antipodal".
[[nodiscard]] const std::vector<std::string>& hunt_generators();

/// The problem of a seed: the same everywhere. @pre `generator` is one of hunt_generators()
[[nodiscard]] hunted_problem make_hunted(std::string_view generator, std::uint64_t seed);

}  // namespace reluflow::bench
