#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace reluflow::plots {

/// Chooses points of a line that draw the same picture: the axis is cut into equal parts, and of
/// each part the first, lowest, highest and last point are kept, and one NaN where the part has
/// any. So the end points and every extreme survive, and a line stays broken where it was.
///
/// Parts are equal in x when x never falls, else equal in the number of points. Pass what is drawn:
/// on a logarithmic axis, the logarithms.
/// @param x           abscissae
/// @param y           ordinates, as many
/// @param max_points  >= 5; a few thousand are more than a page resolves
/// @return increasing positions in x and y, at most `max_points`; all of them when they are no more
/// @throws invalid_input when the sizes differ or `max_points` is too small
[[nodiscard]] std::vector<std::size_t> decimate(std::span<const double> x,
                                                std::span<const double> y,
                                                std::size_t max_points = 4000);

}  // namespace reluflow::plots
