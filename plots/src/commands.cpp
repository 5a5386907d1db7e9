#include "commands.hpp"

#include "ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace reluflow::plots {
namespace {

constexpr std::string_view style = R"(style = "set encoding utf8; set minussign; " . \
  "set border 3 lw 1.2 lc rgb '#333333' front; set tics nomirror out scale 0.6; " . \
  "set format x '%h'; set format y '%h'; set format y2 '%h'; " . \
  "set grid lc rgb '#dddddd' lw 0.8 lt 1 back; " . \
  "set key nobox noopaque Left reverse samplen 1.6 width 1"
)";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; }

// Single quotes: nothing is expanded or escaped in them but the quote itself, and gnuplot misreads
// that at the start of a string. Print has a sign of its own for it.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "’";
    } else {
      result += is_control(c) ? ' ' : c;
    }
  }
  return result + "'";
}

// The text of a tick is a format to gnuplot.
std::string tick_quotes(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? std::string("%%") : std::string(1, c);
  return in_quotes(doubled);
}

std::string number(double value) { return fmt::format("{:.12g}", value); }

// Lines of commands, indented as the body of the loop.
class command_list {
 public:
  explicit command_list(const figure& fig) : width_(fig.width), height_(fig.height) {}

  template <typename... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    text_ += fmt::format("  {}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  void add_blank() { text_ += '\n'; }

  void add_lines(std::string_view lines) {
    while (!lines.empty()) {
      const std::string_view first = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(lines.size(), first.size() + 1));
      add("{}", first);
    }
  }

  // Pixels from the left and from the bottom as gnuplot's fractions of the figure.
  [[nodiscard]] std::string screen_x(double pixels) const {
    return fmt::format("screen {:.5f}", pixels / width_);
  }
  [[nodiscard]] std::string screen_y(double pixels) const {
    return fmt::format("screen {:.5f}", pixels / height_);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  double width_;
  double height_;
  std::string text_;
};

void set_axes(command_list& out, const axes_box& box) {
  out.add("set lmargin at {}; set rmargin at {}", out.screen_x(box.left), out.screen_x(box.right));
  out.add("set bmargin at {}; set tmargin at {}", out.screen_y(box.bottom), out.screen_y(box.top));
}

void set_ticks(command_list& out, char axis, const std::vector<tick>& own, bool logarithmic,
               const range& shown, double length) {
  std::string list;
  for (const tick& t : own) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", tick_quotes(t.text), number(t.at));
  }
  if (own.empty() && logarithmic) {
    for (const double at : log_ticks(shown)) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", number(at));
    }
    if (shown.high / shown.low >= 100.0) out.add("set format {} '10^{{%T}}'", axis);
  }
  out.add("set {}tics {}", axis,
          list.empty() ? number(tick_step(shown, length, axis == 'x')) : "(" + list + ")");
}

void set_scales(command_list& out, const panel& axes, const axes_box& box) {
  if (!axes.x_label.empty()) out.add("set xlabel {}", in_quotes(axes.x_label));
  // Not `set ylabel`, which moves with the width of the ticks' labels: panels would not line up.
  if (!axes.y_label.empty()) {
    out.add("set label {} at {}, {} center rotate by 90", in_quotes(axes.y_label),
            out.screen_x(std::max(12.0, box.left - 68.0)),
            out.screen_y(0.5 * (box.bottom + box.top)));
  }
  if (axes.log_x) out.add("set logscale x");
  if (axes.log_y) out.add("set logscale y");
  out.add("set xrange [{}:{}]", number(axes.x_range->low), number(axes.x_range->high));
  out.add("set yrange [{}:{}]", number(axes.y_range->low), number(axes.y_range->high));
  set_ticks(out, 'x', axes.x_ticks, axes.log_x, *axes.x_range, box.width());
  set_ticks(out, 'y', axes.y_ticks, axes.log_y, *axes.y_range, box.height());
  if (!axes.y2_range) return;
  out.add("set border 11; set y2tics");
  out.add("set y2range [{}:{}]", number(axes.y2_range->low), number(axes.y2_range->high));
  if (!axes.y2_label.empty()) out.add("set y2label {}", in_quotes(axes.y2_label));
}

void draw_bands(command_list& out, const panel& axes) {
  bool darker = false;
  for (const phase_band& band : axes.bands) {
    const double begin = std::max(band.t_begin, axes.x_range->low);
    const double end = std::min(band.t_end, axes.x_range->high);
    if (!(begin < end)) continue;
    out.add(
        "set object rectangle from first {}, graph 0 to first {}, graph 1 behind "
        "fc rgb '{}' fs solid noborder  # {}",
        number(begin), number(end), darker ? "#e6e9ee" : "#f5f5f5", in_quotes(band.name));
    darker = !darker;
  }
}

void draw_marks(command_list& out, const panel& axes) {
  for (const time_mark& mark : axes.marks) {
    if (!(mark.t >= axes.x_range->low && mark.t <= axes.x_range->high)) continue;
    out.add(
        "set arrow from first {0}, graph 0 to first {0}, graph 1 nohead dt 2 lw 1 "
        "lc rgb '#666666' front  # {1}",
        number(mark.t), in_quotes(mark.name));
  }
}

// Title and names of phases and marks above the axes, each name on a leader where it is not in the
// lowest row.
void draw_names(command_list& out, const panel& axes, const axes_box& box) {
  int rows = 0;
  for (const time_label& label : time_labels(axes, box.width())) {
    const double x = box.left + label.fraction * box.width();
    const double y = box.top + 4.0 + text_height * (label.row + 0.5);
    rows = std::max(rows, label.row + 1);
    out.add("set label {} at {}, {} left tc rgb '#333333'", in_quotes(plain_text(label.text)),
            out.screen_x(x + 3.0), out.screen_y(y));
    out.add("set arrow from {0}, {1} to {0}, {2} nohead lw 0.8 lc rgb '{3}'", out.screen_x(x),
            out.screen_y(box.top), out.screen_y(y + 0.4 * text_height), colours::quiet);
  }
  if (axes.title.empty()) return;
  out.add("set label {} at {}, {} left", in_quotes(axes.title), out.screen_x(box.left),
          out.screen_y(box.top + 4.0 + text_height * (rows + 0.5)));
}

void draw_levels(command_list& out, const panel& axes, const axes_box& box) {
  std::vector<double> heights;
  std::vector<std::string> names;
  for (const level& line : axes.levels) {
    if (!(line.y >= axes.y_range->low && line.y <= axes.y_range->high)) continue;
    out.add(
        "set arrow from graph 0, first {0} to graph 1, first {0} nohead dt 3 lw 0.9 "
        "lc rgb '{1}' back  # {2}",
        number(line.y), colours::quiet, in_quotes(line.name));
    if (line.name.empty()) continue;
    heights.push_back(box.bottom + y_fraction(axes, line.y) * box.height());
    names.push_back(line.name);
  }
  constexpr double half = 0.5 * text_height;
  const std::vector<double> placed =
      spread(heights, text_height - 2.0, box.bottom - half, box.top + half);
  for (std::size_t i = 0; i < placed.size(); ++i) {
    out.add("set arrow from {}, {} to {}, {} nohead lw 0.8 lc rgb '{}'", out.screen_x(box.right),
            out.screen_y(heights[i]), out.screen_x(box.right + 9.0), out.screen_y(placed[i]),
            colours::quiet);
    out.add("set label {} at {}, {} left tc rgb '#333333'", in_quotes(plain_text(names[i])),
            out.screen_x(box.right + 11.0), out.screen_y(placed[i]));
  }
}

void set_key(command_list& out, const figure& fig, const axes_box& box) {
  const key_box key = place_key(fig);
  if (key.columns == 0) {
    out.add("unset key");
    return;
  }
  out.add("set key at {}, {} left top horizontal maxcols {}", out.screen_x(box.left - 8.0),
          out.screen_y(fig.height - 6.0), key.columns);
}

std::string plot_element(const layer& drawn, std::size_t block, bool titled) {
  return fmt::format("{}{} using {}{} with {} {}", block_name(block), drawn.matrix ? " matrix" : "",
                     drawn.data_using, drawn.second_axis ? " axes x1y2" : "", drawn.with,
                     titled ? "title " + in_quotes(drawn.label) : "notitle");
}

std::string key_element(const layer& drawn) {
  return fmt::format("keyentry with {} title {}",
                     drawn.key_with.empty() ? drawn.with : drawn.key_with, in_quotes(drawn.label));
}

}  // namespace

std::string block_name(std::size_t number) { return fmt::format("$data_{}", number); }

std::string comment_text(std::string text) {
  for (char& c : text) {
    if (is_control(c) || c == '\\') c = ' ';
  }
  return text;
}

std::string head_comment(const figure& fig) {
  return fmt::format(
      "# {0}.gp, written by reluflow. It holds its own data: edit it and run  gnuplot {0}.gp\n"
      "# to have the images of this figure made anew beside it.\n",
      fig.name);
}

std::string opening(const figure& fig, const render_options& options) {
  // The SVG terminal names JavaScript objects by it, so '-' is refused there.
  std::string identifier = fig.name;
  std::replace(identifier.begin(), identifier.end(), '-', '_');
  const std::string svg = fmt::format(
      "set terminal svg enhanced{} size {},{} font 'DejaVu Sans,10' fontscale 1.333 "
      "background '#ffffff' name '{}'",
      options.interactive ? " mouse standalone" : "", fig.width, fig.height, identifier);
  // Twice the pixels: the same picture as the SVG, fine enough for print.
  const std::string png = fmt::format(
      "set terminal pngcairo enhanced truecolor size {},{} font 'DejaVu Sans,10' fontscale 2 "
      "linewidth 2 pointscale 2.35 background '#ffffff'",
      2 * fig.width, 2 * fig.height);
  const std::string kinds = options.svg && !options.png   ? "svg"
                            : options.png && !options.svg ? "png"
                                                          : "svg png";
  const bool animated = fig.frame_seconds > 0.0;
  const std::string terminals =
      animated
          ? fmt::format(
                "  set terminal gif animate delay {} loop 0 enhanced size {},{} "
                "font 'DejaVu Sans,10' fontscale 0.95 background "
                "'#ffffff'",
                std::lround(100.0 * fig.frame_seconds), fig.width, fig.height)
          : fmt::format("  if (kind eq 'svg') {{\n    {}\n  }} else {{\n    {}\n  }}", svg, png);
  return fmt::format(
      R"({0}
# Images go beside the script, from wherever it is run.
folder = exists('ARG0') ? ARG0 : ''
while (strlen(folder) && folder[strlen(folder):*] ne '/') {{ folder = folder[1:strlen(folder)-1] }}
if (!exists('stem')) stem = folder.'{1}'
if (!exists('kinds')) kinds = '{2}'

do for [kind in kinds] {{
{3}
  set output stem.'.'.kind
{4})",
      style, fig.name, animated ? "gif" : kinds, terminals,
      fig.panels.size() > 1 && !animated ? "  set multiplot\n" : "");
}

std::string panel_commands(const figure& fig, std::size_t number, const axes_box& box,
                           std::size_t first_block) {
  const panel& axes = fig.panels[number];
  const bool alone = fig.panels.size() == 1;
  command_list out(fig);
  out.add_blank();
  if (!alone) out.add("# panel {}", number + 1);
  out.add("reset; eval style");
  set_axes(out, box);
  if (alone) {
    set_key(out, fig, box);
  } else {
    out.add("unset key");
  }
  set_scales(out, axes, box);
  draw_bands(out, axes);
  draw_marks(out, axes);
  draw_levels(out, axes, box);
  draw_names(out, axes, box);
  out.add_lines(axes.commands);

  const std::vector<const layer*> entries = alone ? key_entries(fig) : std::vector<const layer*>();
  std::string elements;
  for (std::size_t i = 0; i < axes.layers.size(); ++i) {
    const layer& drawn = axes.layers[i];
    const bool entry = std::find(entries.begin(), entries.end(), &drawn) != entries.end();
    if (i > 0) elements += ", \\\n       ";
    elements += plot_element(drawn, first_block + i, entry && drawn.key_with.empty());
    if (entry && !drawn.key_with.empty()) elements += ", \\\n       " + key_element(drawn);
  }
  out.add("plot {}", elements);
  return out.text();
}

std::string closing(const figure& fig, const axes_box& first) {
  command_list out(fig);
  if (fig.panels.size() > 1) {
    const std::vector<const layer*> entries = key_entries(fig);
    if (!entries.empty()) {
      // gnuplot breaks a key at the width of its axes: these have no ink and all the width.
      out.add_blank();
      out.add("# key");
      out.add("reset; eval style");
      set_axes(out, {.left = first.left,
                     .right = static_cast<double>(fig.width),
                     .bottom = 0.0,
                     .top = fig.height - 1.0});
      out.add("unset border; unset tics; unset grid; set xrange [0:1]; set yrange [0:1]");
      set_key(out, fig, first);
      std::string elements;
      for (const layer* entry : entries) {
        elements += key_element(*entry) + ", \\\n       ";
      }
      out.add("plot {}NaN notitle", elements);
    }
    out.add("unset multiplot");
  }
  out.add("unset output");
  return out.text() + "}\n";
}

}  // namespace reluflow::plots
