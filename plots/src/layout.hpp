#pragma once

#include "reluflow/plots/figure.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::plots {

/// Height of a line of text in pixels.
inline constexpr double text_height = 17.0;

/// Width of `text` in pixels, from above: counts characters, not bytes, and no mark-up.
[[nodiscard]] double text_width(std::string_view text);

/// A text that starts at `x` and takes `width` pixels.
struct placed_text {
  double x = 0.0;
  double width = 0.0;
};

/// Rows (0 is the lowest) for texts that each hang on a leader rising from the axis at their own x,
/// such that no text meets another text or another's leader.
/// @param texts  in any order
[[nodiscard]] std::vector<int> stack_rows(const std::vector<placed_text>& texts);

/// Positions closest to `wanted`, in the same order, at least `gap` apart and inside [low, high].
/// Empty when they do not fit.
[[nodiscard]] std::vector<double> spread(const std::vector<double>& wanted, double gap, double low,
                                         double high);

/// The finite values that a panel draws on one axis, with a little room around them.
/// @param column  0 for x, 1 for y
[[nodiscard]] range data_range(const panel& axes, std::size_t column);

/// True when the layer draws anything on these axes: one row at least is finite, and positive where
/// the axis is logarithmic.
[[nodiscard]] bool has_values(const layer& drawn, const panel& axes);

/// A panel with everything decided that was left open: layers that draw something, ranges, ticks.
[[nodiscard]] panel completed(panel axes);
/// A figure of completed panels, high enough for its labels.
[[nodiscard]] figure completed(figure fig);

/// Where a panel's axes stand, in pixels from the left and from the bottom of the figure.
struct axes_box {
  double left = 0.0;
  double right = 0.0;
  double bottom = 0.0;
  double top = 0.0;

  [[nodiscard]] double width() const { return right - left; }
  [[nodiscard]] double height() const { return top - bottom; }
};

/// The key's place: entries in `columns` columns, `height` pixels at the top of the figure.
struct key_box {
  int columns = 0;  ///< 0: no key
  double height = 0.0;
};

/// One entry for each label, as the first layer that has it is drawn.
[[nodiscard]] std::vector<const layer*> key_entries(const figure& fig);
[[nodiscard]] key_box place_key(const figure& fig);

/// An animation's first frame as a figure of one panel; any other figure as it is.
[[nodiscard]] figure first_frame(const figure& fig);

/// Pixels below which the labels of the figure would leave too little to its axes.
/// @param fig  with completed panels
[[nodiscard]] int needed_height(const figure& fig);

/// The axes of every panel; margins hold the labels, and axes of one row or column are aligned.
/// @param fig  with completed panels
[[nodiscard]] std::vector<axes_box> place_axes(const figure& fig);

/// Position of x on an axis of the panel as a fraction of its length, logarithms taken.
[[nodiscard]] double x_fraction(const panel& axes, double x);
[[nodiscard]] double y_fraction(const panel& axes, double y);

/// A band's or mark's name above the axes: where its leader stands (a fraction of the axis) and its
/// row.
struct time_label {
  std::string text;
  double fraction = 0.0;
  int row = 0;
};

/// The names above axes that are `width` pixels wide.
[[nodiscard]] std::vector<time_label> time_labels(const panel& axes, double width);

}  // namespace reluflow::plots
