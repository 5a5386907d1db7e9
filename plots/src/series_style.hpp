#pragma once

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace reluflow::plots {

/// How several series of one figure differ: Okabe and Ito, without the yellow that fades on white;
/// dark and light in turn.
inline constexpr std::array<std::string_view, 6> series_colours{"#0072b2", "#d55e00", "#009e73",
                                                                "#cc79a7", "#000000", "#56b4e9"};
inline constexpr std::array<int, 6> series_shapes{7, 5, 9, 11, 13, 6};

[[nodiscard]] inline std::string_view series_colour(std::size_t which) {
  return series_colours[which % series_colours.size()];
}
[[nodiscard]] inline int series_shape(std::size_t which) {
  return series_shapes[which % series_shapes.size()];
}

/// @throws invalid_input unless there is a series and a style for each
inline void check_series_count(std::string_view figure, std::size_t count) {
  if (count == 0 || count > series_colours.size()) {
    throw invalid_input(figure, fmt::format("{} series", count),
                        fmt::format("1 to {}", series_colours.size()));
  }
}

}  // namespace reluflow::plots
