#pragma once

#include "reluflow/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

namespace reluflow::bench {

/// The switches of one (neuron, sample) pair of two runs, side by side.
struct alignment_entry {
  std::optional<switch_event> truth;  ///< none: the other has no partner
  std::optional<switch_event> other;
  bool excused = false;  ///< alone, and uncertain or at the very end of what is compared
};

/// Where a comparison ends, and how near to it a switch may lack a partner.
struct comparison_end {
  double t = 0.0;
  double margin = 0.0;
};

namespace detail {

// Costs of an alignment. Certain switches without a partner count first, then those excused at the
// end, then gaps in time, each below one. Uncertain switches are left out for nothing.
inline constexpr double missing_cost = 1e6;
inline constexpr double end_cost = 2.0;

inline bool at_end(const switch_event& event, const comparison_end& end) {
  return event.t >= end.t - end.margin;
}

inline double skip_cost(const switch_event& event, const comparison_end& end) {
  if (!event.certain) return 0.0;
  return at_end(event, end) ? end_cost : missing_cost;
}

inline bool are_alike(const switch_event& a, const switch_event& b) {
  return a.from == b.from && a.to == b.to;
}

inline double relative_gap(const switch_event& a, const switch_event& b) {
  return std::abs(a.t - b.t) / std::max(1.0, a.t);
}

}  // namespace detail

/// Aligns two sequences in order of time so that as few certain switches as possible lack a partner
/// with the same modes before and after, and then so that partners are near in time.
inline std::vector<alignment_entry> aligned(const std::vector<switch_event>& truth,
                                            const std::vector<switch_event>& other,
                                            const comparison_end& end) {
  using namespace detail;
  const std::size_t rows = truth.size() + 1;
  const std::size_t columns = other.size() + 1;
  // cost[i, j]: the least for what follows truth[i] and other[j], both included.
  std::vector<double> cost(rows * columns, 0.0);
  const auto at = [&](std::size_t i, std::size_t j) -> double& { return cost[i * columns + j]; };
  const auto match = [&](std::size_t i, std::size_t j) {
    return at(i + 1, j + 1) + std::min(1.0, relative_gap(truth[i], other[j]));
  };
  const auto can_match = [&](std::size_t i, std::size_t j) {
    return i + 1 < rows && j + 1 < columns && are_alike(truth[i], other[j]);
  };
  const auto skip_truth = [&](std::size_t i, std::size_t j) {
    return at(i + 1, j) + skip_cost(truth[i], end);
  };
  const auto skip_other = [&](std::size_t i, std::size_t j) {
    return at(i, j + 1) + skip_cost(other[j], end);
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      if (i + 1 == rows && j + 1 == columns) continue;
      double least = INFINITY;
      if (i + 1 < rows) least = skip_truth(i, j);
      if (j + 1 < columns) least = std::min(least, skip_other(i, j));
      if (can_match(i, j)) least = std::min(least, match(i, j));
      at(i, j) = least;
    }
  }
  std::vector<alignment_entry> entries;
  for (std::size_t i = 0, j = 0; i + 1 < rows || j + 1 < columns;) {
    if (can_match(i, j) && match(i, j) <= at(i, j)) {
      entries.push_back({truth[i++], other[j++], false});
    } else if (i + 1 < rows && skip_truth(i, j) <= at(i, j)) {
      entries.push_back({truth[i], {}, skip_cost(truth[i], end) < missing_cost});
      ++i;
    } else {
      entries.push_back({{}, other[j], skip_cost(other[j], end) < missing_cost});
      ++j;
    }
  }
  return entries;
}

/// Both partners are there and certain: their times can be held against each other.
inline bool is_certain_match(const alignment_entry& entry) {
  return entry.truth && entry.other && entry.truth->certain && entry.other->certain;
}

/// Whether something certain has no partner, or one farther than tolerance * max(1, t).
inline bool is_off(const alignment_entry& entry, double tolerance) {
  if (!entry.truth || !entry.other) return !entry.excused;
  return is_certain_match(entry) && detail::relative_gap(*entry.truth, *entry.other) > tolerance;
}

}  // namespace reluflow::bench
