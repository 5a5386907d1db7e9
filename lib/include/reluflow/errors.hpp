#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace reluflow {

/// Thrown for every misuse: a malformed file, an option out of range, arguments whose shapes
/// disagree. `what()` is one line that says what is wrong, where, what was found and what is
/// expected. Numerical endings are never exceptions; see `outcome` in trajectory.hpp.
class invalid_input : public std::invalid_argument {
 public:
  /// @param where     file, line, key or argument, e.g. "points.csv, line 3" or "flow.rtol"
  /// @param found     what stands there
  /// @param expected  what would be accepted
  invalid_input(std::string_view where, std::string_view found, std::string_view expected);
};

}  // namespace reluflow
