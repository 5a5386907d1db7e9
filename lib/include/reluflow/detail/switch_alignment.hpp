#pragma once

#include "reluflow/trajectory.hpp"

#include <optional>
#include <vector>

namespace reluflow::detail {

/// The switches of one (neuron, sample) pair of two runs, side by side.
struct alignment_entry {
  std::optional<switch_event> one;  ///< none: the other has no partner
  std::optional<switch_event> other;
  bool excused = false;  ///< alone, and uncertain or at the very end of what is compared
};

/// Where a comparison ends, and how near to it a switch may lack a partner.
struct comparison_end {
  double t = 0.0;
  double margin = 0.0;
};

/// Aligns two sequences in order of time so that as few certain switches as possible lack a partner
/// with the same modes before and after, and then so that partners are near in time. Switches that
/// are not certain are left out for nothing, on either side.
[[nodiscard]] std::vector<alignment_entry> aligned(const std::vector<switch_event>& one,
                                                   const std::vector<switch_event>& other,
                                                   const comparison_end& end);

/// Both partners are there and certain: their times can be held against each other.
[[nodiscard]] bool is_certain_match(const alignment_entry& entry) noexcept;

/// Whether something certain has no partner, or one farther than tolerance * max(1, t).
[[nodiscard]] bool is_off(const alignment_entry& entry, double tolerance) noexcept;

}  // namespace reluflow::detail
