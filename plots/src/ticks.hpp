#pragma once

#include "reluflow/plots/figure.hpp"

#include <vector>

namespace reluflow::plots {

/// Values at which a logarithmic axis is labelled: powers of ten, thinned to at most eight; 1, 2
/// and 5 within less than two decades; 1 to 9 within less than one.
[[nodiscard]] std::vector<double> log_ticks(const range& axis);

/// The distance of the ticks of a linear axis: 1, 2 or 5 times a power of ten, the smallest at
/// which labels of an axis of `length` pixels do not crowd.
/// @param along  true where labels stand side by side, false where they stand above one another
[[nodiscard]] double tick_step(const range& axis, double length, bool along);

/// Ticks of an axis that holds decimal logarithms, of numbers that need not be doubles: powers of
/// ten; on shorter axes multiples of them, as few as leave three; round numbers on the shortest.
[[nodiscard]] std::vector<tick> decimal_ticks(const range& axis);

}  // namespace reluflow::plots
