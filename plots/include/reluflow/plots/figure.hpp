#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::plots {

/// Colours that mean the same in every figure, from the palette of Okabe and Ito (gnuplot's podo),
/// which readers with any colour vision can tell apart.
namespace colours {
inline constexpr std::string_view data = "#000000";      ///< samples and measured curves
inline constexpr std::string_view positive = "#d55e00";  ///< neurons with s_j = +1
inline constexpr std::string_view negative = "#0072b2";  ///< neurons with s_j = -1
inline constexpr std::string_view sliding = "#009e73";   ///< whatever slides on a surface
inline constexpr std::string_view inactive = "#ececec";  ///< pairs with z < 0
inline constexpr std::string_view active = "#9fadbc";    ///< pairs with z > 0
inline constexpr std::string_view function = "#555555";  ///< the learned function
inline constexpr std::string_view quiet = "#999999";     ///< what stands behind: leaders, levels
}  // namespace colours

/// A closed interval of an axis, low < high.
struct range {
  double low = 0.0;   ///< left or lower end
  double high = 1.0;  ///< right or upper end
};

/// One table of numbers and how it is drawn: one element of a gnuplot `plot` command.
///
///     layer measured{.label = "measured", .columns = {t, loss}, .with = "lines lw 1.5"};
///
/// A row that holds NaN breaks a line, so one layer can hold many separate lines. Rows that do not
/// fit the axes (infinite, or not positive on a logarithmic axis) are drawn as such a break.
///
/// Every member of these structs has an initialiser, so that designators may leave out any of them
/// without a warning.
struct layer {
  /// Key entry, enhanced text; empty: none. Layers that share a label share one entry.
  std::string label{};
  /// Column by column, all of one length: x first, y second, and what else the style reads.
  std::vector<std::vector<double>> columns{};
  std::string with = "lines";      ///< what follows `with`: style, width, colour
  std::string data_using = "1:2";  ///< what follows `using`; columns count from 1 there
  std::string key_with{};          ///< as `with`, for its key entry; empty: as drawn
  std::string heading{};           ///< what the columns are; a comment in the script
  bool matrix = false;             ///< rows and columns of a matrix, e.g. for `image`
  bool second_axis = false;        ///< y is measured on the right-hand axis
};

/// A line through (x_i, y_i), decimated to a few thousand points (decimate.hpp).
/// @param colour  any gnuplot colour, e.g. one of `colours` or "#80d55e00" with its alpha in front
/// @throws invalid_input when the sizes differ
[[nodiscard]] layer line(std::string label, std::vector<double> x, std::vector<double> y,
                         std::string_view colour = colours::data, double width = 1.5);
/// A filled circle at each (x_i, y_i); `size` 1 is about the height of a digit.
/// @throws invalid_input when the sizes differ
[[nodiscard]] layer points(std::string label, std::vector<double> x, std::vector<double> y,
                           std::string_view colour = colours::data, double size = 0.6);

/// A phase of a run, shaded behind the curves and named above the axes.
struct phase_band {
  std::string name{};    ///< plain text
  double t_begin = 0.0;  ///< left edge
  double t_end = 0.0;    ///< right edge
};

/// A moment of a run: a dashed vertical line, named above the axes.
struct time_mark {
  std::string name{};  ///< plain text; empty: the line alone
  double t = 0.0;      ///< its place on the axis
};

/// A horizontal dashed line, named to the right of the axes.
struct level {
  std::string name{};  ///< plain text; empty: the line alone
  double y = 0.0;      ///< on the left-hand axis
};

/// A tick with its own text.
struct tick {
  double at = 0.0;     ///< its place on the axis
  std::string text{};  ///< enhanced text
};

/// One pair of axes. Ranges that are not given are computed from the layers; names of bands and
/// marks are stacked so that no two collide, names of levels are moved apart.
struct panel {
  std::string title{};              ///< enhanced text, above the axes at the left
  std::string x_label{};            ///< enhanced text, below
  std::string y_label{};            ///< enhanced text, at the left
  std::string y2_label{};           ///< enhanced text, at the right
  bool log_x = false;               ///< logarithmic abscissae
  bool log_y = false;               ///< logarithmic ordinates
  std::optional<range> x_range{};   ///< empty: that of the layers
  std::optional<range> y_range{};   ///< empty: that of the layers
  std::optional<range> y2_range{};  ///< the right-hand axis; needed by layers with `second_axis`
  std::vector<layer> layers{};      ///< drawn in this order; those without a value are left out
  std::vector<phase_band> bands{};  ///< shaded spans of time
  std::vector<time_mark> marks{};   ///< vertical lines
  std::vector<level> levels{};      ///< horizontal lines
  std::vector<tick> x_ticks{};      ///< empty: round numbers that have room
  std::vector<tick> y_ticks{};      ///< empty: round numbers that have room
  double right_margin = 0.0;  ///< pixels kept free at the right for what `commands` draws there
  std::string commands{};     ///< further gnuplot commands, run just before this panel is drawn
};

/// A figure: panels row by row in a grid, and one key above them. A plain value, so what the
/// functions of run_figures.hpp return can be changed before it is written.
///
///     figure fig{.name = "decay", .panels = {{.x_label = "t", .y_label = "loss"}}};
///     fig.panels[0].log_y = true;
///     fig.panels[0].layers.push_back(line("flow", t, loss));
///     const figure_result result = write_figure("figures", fig);   // render.hpp
///
/// Labels and titles are gnuplot's enhanced text: `_` and `^` set indices, and `plain_text`
/// protects a string from that. Sizes are pixels of the SVG; the PNG has twice as many each way.
struct figure {
  std::string name{};           ///< stem of the files: letters, digits, '-' and '_'
  std::vector<panel> panels{};  ///< at least one
  int columns = 1;              ///< panels side by side, >= 1
  /// > 0: an animation. Panels are shown one after another, each for so many seconds, and the only
  /// image is name.gif; give the panels equal ranges, so that nothing jumps.
  double frame_seconds = 0.0;
  int width = 720;   ///< in [100, 5000]
  int height = 480;  ///< in [100, 5000]; grows where labels would leave too little to the axes

  /// @throws invalid_input when the name is not a stem, there is no panel, a size or a range is out
  /// of its bounds, or the columns of a layer differ in length
  void validate() const;
};

/// `text` with everything that enhanced text would interpret protected; control characters become
/// spaces.
[[nodiscard]] std::string plain_text(std::string_view text);

}  // namespace reluflow::plots
