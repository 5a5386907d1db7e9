#include "layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace reluflow::plots {
namespace {

constexpr double letter_width = 7.2;  // a little more than the mean of DejaVu Sans at this size
// gnuplot's own measures of a key: an entry's letters, each as wide as a digit, and what stands
// beside them ("set key width 1" is one more). They decide how many entries it puts side by side.
constexpr double key_letter_width = 8.5;
constexpr double key_sample_width = 45.5;
constexpr double edge = 14.0;        // between the outermost ink and the edge of the figure
constexpr double around_key = 14.0;  // above and below its rows

bool on_axis(double value, bool logarithmic) {
  return std::isfinite(value) && (!logarithmic || value > 0.0);
}

bool row_is_drawn(const layer& drawn, const panel& axes, std::size_t row) {
  for (std::size_t c = 0; c < drawn.columns.size(); ++c) {
    const bool logarithmic = (c == 0 && axes.log_x) || (c == 1 && axes.log_y && !drawn.second_axis);
    if (!on_axis(drawn.columns[c][row], logarithmic)) return false;
  }
  return true;
}

// Only what stands within the abscissae shown counts for the height of the axes.
bool is_shown(const panel& axes, double x) {
  return !axes.x_range || (x >= axes.x_range->low && x <= axes.x_range->high);
}

std::vector<std::size_t> order_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  return order;
}

range widened(double low, double high, bool logarithmic) {
  constexpr double room = 0.04;
  if (logarithmic) {
    const double factor = low < high ? std::pow(high / low, room) : 2.0;
    return {low / factor, high * factor};
  }
  double margin = room * (high - low);
  // Axes of no height, or of one lost in rounding, would draw noise.
  const double size = std::max(std::abs(low), std::abs(high));
  if (!(margin > 1e-12 * size)) margin = size > 0.0 ? 0.1 * size : 1.0;
  return {low - margin, high + margin};
}

double fraction(const range& axis, bool logarithmic, double value) {
  if (logarithmic) return std::log(value / axis.low) / std::log(axis.high / axis.low);
  return (value - axis.low) / (axis.high - axis.low);
}

double widest_level(const panel& axes) {
  double widest = 0.0;
  for (const level& line : axes.levels) {
    if (!line.name.empty()) widest = std::max(widest, 22.0 + text_width(line.name));
  }
  return widest;
}

double left_margin(const panel& axes) {
  double ticks = 48.0;
  if (!axes.y_ticks.empty()) {
    ticks = 0.0;
    for (const tick& t : axes.y_ticks) ticks = std::max(ticks, 12.0 + text_width(t.text));
  }
  return edge + ticks + (axes.y_label.empty() ? 0.0 : 20.0);
}

double right_margin(const panel& axes, double width) {
  double margin = std::max(edge, axes.right_margin);
  if (axes.y2_range) margin = std::max(margin, 42.0 + (axes.y2_label.empty() ? 0.0 : 24.0));
  margin = std::max(margin, widest_level(axes));
  for (const time_label& label : time_labels(axes, width)) {
    margin = std::max(margin, label.fraction * width + text_width(label.text) + 8.0 - width);
  }
  return margin;
}

double top_margin(const panel& axes, double width) {
  double margin = 10.0;
  int rows = 0;
  for (const time_label& label : time_labels(axes, width)) rows = std::max(rows, label.row + 1);
  margin += text_height * rows;
  if (!axes.title.empty()) margin += text_height;
  return margin;
}

double bottom_margin(const panel& axes) { return axes.x_label.empty() ? 28.0 : 54.0; }

// Margins of every row and column of the grid, and the width that they leave to each panel's axes.
struct grid_margins {
  std::vector<double> left;
  std::vector<double> right;
  std::vector<double> top;
  std::vector<double> bottom;
  double axes_width = 0.0;

  [[nodiscard]] double vertical() const {
    return std::accumulate(top.begin(), top.end(), 0.0) +
           std::accumulate(bottom.begin(), bottom.end(), 0.0);
  }
};

grid_margins margins_of(const figure& fig) {
  const auto columns = static_cast<std::size_t>(fig.columns);
  const std::size_t rows = (fig.panels.size() + columns - 1) / columns;
  grid_margins grid;
  // Names above the axes are stacked by the width of the axes, which depends on the margins that
  // they need: a second pass with the first one's widths settles it.
  grid.axes_width = 0.8 * fig.width / fig.columns;
  for (int pass = 0; pass < 2; ++pass) {
    grid.left.assign(columns, 0.0);
    grid.right.assign(columns, 0.0);
    for (std::size_t i = 0; i < fig.panels.size(); ++i) {
      double& left = grid.left[i % columns];
      double& right = grid.right[i % columns];
      left = std::max(left, left_margin(fig.panels[i]));
      right = std::max(right, right_margin(fig.panels[i], grid.axes_width));
    }
    const double margins = std::accumulate(grid.left.begin(), grid.left.end(), 0.0) +
                           std::accumulate(grid.right.begin(), grid.right.end(), 0.0);
    grid.axes_width = std::max(40.0, (fig.width - margins) / fig.columns);
  }
  grid.top.assign(rows, 0.0);
  grid.bottom.assign(rows, 0.0);
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    double& top = grid.top[i / columns];
    double& bottom = grid.bottom[i / columns];
    top = std::max(top, top_margin(fig.panels[i], grid.axes_width));
    bottom = std::max(bottom, bottom_margin(fig.panels[i]));
  }
  return grid;
}

// Characters, not bytes, and no mark-up.
double letters(std::string_view text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    const bool markup = c == '{' || c == '}' || c == '^' || c == '_' || c == '\\';
    return !continues && !markup;
  }));
}

// gnuplot breaks a key at the width of its axes; that of several panels has axes of its own, from
// those of the first panel to the edge of the figure.
double key_width(const figure& fig) {
  const grid_margins margins = margins_of(fig);
  return fig.panels.size() == 1 ? margins.axes_width : fig.width - edge - margins.left.front();
}

}  // namespace

double text_width(std::string_view text) { return letter_width * letters(text); }

std::vector<int> stack_rows(const std::vector<placed_text>& texts) {
  constexpr double gap = 12.0;
  std::vector<double> starts(texts.size());
  std::transform(texts.begin(), texts.end(), starts.begin(),
                 [](const placed_text& text) { return text.x; });
  const std::vector<std::size_t> order = order_of(starts);

  // From right to left: a text has to clear, by going above, all those to its right that it
  // reaches. Their leaders then end below it, and its own leader stands left of all of them.
  std::vector<int> rows(texts.size(), 0);
  for (std::size_t i = order.size(); i-- > 0;) {
    const placed_text& text = texts[order[i]];
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (text.x + text.width + gap > texts[order[j]].x) {
        rows[order[i]] = std::max(rows[order[i]], rows[order[j]] + 1);
      }
    }
  }
  return rows;
}

std::vector<double> spread(const std::vector<double>& wanted, double gap, double low, double high) {
  const auto count = static_cast<double>(wanted.size());
  if (wanted.empty() || gap * (count - 1.0) > high - low) return {};
  const std::vector<std::size_t> order = order_of(wanted);
  std::vector<double> placed(wanted.size());
  double floor = low;
  for (const std::size_t i : order) {
    placed[i] = floor = std::max(wanted[i], floor);
    floor += gap;
  }
  double ceiling = high;
  for (std::size_t i = order.size(); i-- > 0;) {
    placed[order[i]] = ceiling = std::min(placed[order[i]], ceiling);
    ceiling -= gap;
  }
  return placed;
}

bool has_values(const layer& drawn, const panel& axes) {
  if (drawn.columns.empty()) return false;
  if (drawn.matrix) {
    for (const std::vector<double>& column : drawn.columns) {
      for (const double value : column) {
        if (std::isfinite(value)) return true;
      }
    }
    return false;
  }
  for (std::size_t row = 0; row < drawn.columns.front().size(); ++row) {
    if (row_is_drawn(drawn, axes, row)) return true;
  }
  return false;
}

range data_range(const panel& axes, std::size_t column) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const layer& drawn : axes.layers) {
    if (drawn.matrix || drawn.columns.size() <= column || (column == 1 && drawn.second_axis)) {
      continue;
    }
    for (std::size_t row = 0; row < drawn.columns[column].size(); ++row) {
      if (!row_is_drawn(drawn, axes, row) || !is_shown(axes, drawn.columns[0][row])) continue;
      low = std::min(low, drawn.columns[column][row]);
      high = std::max(high, drawn.columns[column][row]);
    }
  }
  const bool logarithmic = column == 0 ? axes.log_x : axes.log_y;
  if (!(low <= high)) return logarithmic ? range{1.0, 10.0} : range{0.0, 1.0};
  // Time and other abscissae fill their axis from end to end.
  if (column == 0 && low < high) return {low, high};
  return widened(low, high, logarithmic);
}

panel completed(panel axes) {
  std::erase_if(axes.layers, [&](const layer& drawn) { return !has_values(drawn, axes); });
  if (!axes.x_range) axes.x_range = data_range(axes, 0);
  if (!axes.y_range) axes.y_range = data_range(axes, 1);
  return axes;
}

std::vector<const layer*> key_entries(const figure& fig) {
  std::vector<const layer*> entries;
  for (const panel& axes : fig.panels) {
    for (const layer& drawn : axes.layers) {
      const bool known = std::any_of(entries.begin(), entries.end(), [&](const layer* entry) {
        return entry->label == drawn.label;
      });
      if (!drawn.label.empty() && !known) entries.push_back(&drawn);
    }
  }
  return entries;
}

key_box place_key(const figure& fig) {
  const std::vector<const layer*> entries = key_entries(fig);
  if (entries.empty()) return {};
  double longest = 0.0;
  for (const layer* entry : entries) longest = std::max(longest, letters(entry->label));
  const double entry_width = key_sample_width + key_letter_width * longest;
  const auto count = static_cast<double>(entries.size());
  const double columns = std::clamp(std::floor(key_width(fig) / entry_width), 1.0, count);
  return {.columns = static_cast<int>(columns),
          .height = around_key + text_height * std::ceil(count / columns)};
}

std::vector<axes_box> place_axes(const figure& fig) {
  const auto columns = static_cast<std::size_t>(fig.columns);
  const grid_margins margins = margins_of(fig);
  const double key = place_key(fig).height;
  const double axes_height =
      (fig.height - key - margins.vertical()) / static_cast<double>(margins.top.size());

  std::vector<axes_box> boxes;
  double upper = fig.height - key;
  for (std::size_t r = 0; r < margins.top.size(); ++r) {
    double x = 0.0;
    for (std::size_t c = 0; c < columns && boxes.size() < fig.panels.size(); ++c) {
      axes_box box;
      box.left = x + margins.left[c];
      box.right = box.left + margins.axes_width;
      box.top = upper - margins.top[r];
      box.bottom = box.top - axes_height;
      boxes.push_back(box);
      x = box.right + margins.right[c];
    }
    upper -= margins.top[r] + axes_height + margins.bottom[r];
  }
  return boxes;
}

figure first_frame(const figure& fig) {
  figure frame = fig;
  if (fig.frame_seconds > 0.0) frame.panels.resize(1);
  return frame;
}

int needed_height(const figure& fig) {
  constexpr double least_axes = 110.0;
  const grid_margins margins = margins_of(fig);
  const auto rows = static_cast<double>(margins.top.size());
  return static_cast<int>(
      std::ceil(place_key(fig).height + margins.vertical() + least_axes * rows));
}

figure completed(figure fig) {
  for (panel& axes : fig.panels) axes = completed(std::move(axes));
  fig.height = std::max(fig.height, needed_height(first_frame(fig)));
  return fig;
}

double x_fraction(const panel& axes, double x) { return fraction(*axes.x_range, axes.log_x, x); }

double y_fraction(const panel& axes, double y) { return fraction(*axes.y_range, axes.log_y, y); }

std::vector<time_label> time_labels(const panel& axes, double width) {
  std::vector<time_label> labels;
  const range& shown = *axes.x_range;
  const auto add = [&](const std::string& name, double t) {
    if (!name.empty()) labels.push_back({name, x_fraction(axes, t), 0});
  };
  for (const phase_band& band : axes.bands) {
    if (band.t_end > shown.low && band.t_begin < shown.high && band.t_begin < band.t_end) {
      add(band.name, std::max(band.t_begin, shown.low));
    }
  }
  for (const time_mark& mark : axes.marks) {
    if (mark.t >= shown.low && mark.t <= shown.high) add(mark.name, mark.t);
  }
  std::vector<placed_text> texts(labels.size());
  std::transform(labels.begin(), labels.end(), texts.begin(), [width](const time_label& label) {
    return placed_text{label.fraction * width, text_width(label.text)};
  });
  const std::vector<int> rows = stack_rows(texts);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i].row = rows[i];
  return labels;
}

}  // namespace reluflow::plots
