#include "layout.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"
#include "stretches.hpp"
#include "ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace reluflow::plots {
namespace {

constexpr index most_panels = 6;
constexpr index most_lines = 480;
constexpr std::size_t most_boxes =
    10'000;  // beyond, an image: an SVG of boxes would grow too large
constexpr index image_columns = 480;

constexpr double inactive_value = 0.0;
constexpr double active_value = 1.0;
constexpr double sliding_value = 2.0;

double mode_value(pair_mode mode) {
  if (mode == pair_mode::sliding) return sliding_value;
  return mode == pair_mode::active ? active_value : inactive_value;
}

// Boxes from the stretches that are kept; the last column is the value.
layer boxes(const std::vector<stretch>& all, const std::function<bool(double)>& kept,
            double inset) {
  layer made;
  made.columns.resize(5);
  for (const stretch& s : all) {
    if (!kept(s.value)) continue;
    const auto lower = static_cast<double>(s.line);
    const std::array<double, 5> row{s.begin, lower + inset, s.end, lower + 1.0 - inset, s.value};
    for (std::size_t c = 0; c < row.size(); ++c) made.columns[c].push_back(row[c]);
  }
  made.heading = "begin, lower edge, end, upper edge, value";
  made.data_using = "(0.5*($1+$3)):(0.5*($2+$4)):1:3:2:4";
  return made;
}

layer coloured_boxes(const std::vector<stretch>& all, double value, double inset,
                     std::string_view colour, std::string label) {
  layer made = boxes(
      all, [value](double found) { return found == value; }, inset);
  made.label = std::move(label);
  made.with = fmt::format("boxxyerror fs solid 1 noborder lc rgb '{}'", colour);
  return made;
}

// The values at the middle of each cell of a grid of lines and times.
layer image(const std::vector<stretch>& all, index lines, const raster_axis& axis) {
  const double step = (axis.high() - axis.low()) / static_cast<double>(image_columns);
  const auto first_cell = [&](double place) {
    const auto cell = static_cast<index>(std::ceil((place - axis.low()) / step - 0.5));
    return std::clamp<index>(cell, 0, image_columns);
  };
  layer made;
  made.matrix = true;
  made.columns.assign(image_columns, std::vector<double>(static_cast<std::size_t>(lines), 0.0));
  for (const stretch& s : all) {
    for (index c = first_cell(s.begin); c < first_cell(s.end); ++c) {
      made.columns[static_cast<std::size_t>(c)][static_cast<std::size_t>(s.line)] = s.value;
    }
  }
  made.heading = "values at the middle of each cell; a row a neuron, a column a time";
  made.data_using = fmt::format("({:.9g}+($1+0.5)*{:.9g}):($2+0.5):3", axis.low(), step);
  made.with = "image";
  return made;
}

// What all panels of a raster share.
panel empty_raster(const trajectory& run, const run_figure_options& options,
                   const raster_axis& axis, const raster_lines& lines) {
  const auto count = static_cast<double>(lines.count);
  const auto negative = static_cast<double>(lines.negative);
  panel axes;
  axes.x_range = range{axis.low(), axis.high()};
  axes.y_range = range{0.0, count};
  axes.y_label = lines.count < run.final_network.width()
                     ? fmt::format("{} of {} neurons", lines.count, run.final_network.width())
                     : "neurons";
  if (axis.logarithmic) {
    const bool decades = axis.shown.high / axis.shown.low >= 100.0;
    for (const double t : log_ticks(axis.shown)) {
      axes.x_ticks.push_back(
          {axis.place(t),
           decades ? fmt::format("10^{{{}}}", number_text(axis.place(t))) : number_text(t)});
    }
  }
  for (time_mark mark : options.marks) {
    if (!(mark.t >= axis.shown.low && mark.t <= axis.shown.high)) continue;
    mark.t = axis.place(mark.t);
    axes.marks.push_back(std::move(mark));
  }
  axes.commands = "unset grid; set tics scale 0.5";
  if (negative > 0.0) axes.y_ticks.push_back({0.5 * negative, "s_j < 0"});
  if (negative < count) axes.y_ticks.push_back({0.5 * (negative + count), "s_j > 0"});
  if (negative > 0.0 && negative < count) {
    axes.commands += fmt::format(
        "\nset arrow from graph 0, first {0:g} to graph 1, first {0:g} nohead lw 1 "
        "lc rgb '#333333' front",
        negative);
  }
  return axes;
}

std::string sample_title(const dataset& data, index k) {
  std::string coordinates;
  if (data.dimension() <= 3) {
    for (index i = 0; i < data.dimension(); ++i) {
      coordinates += (i == 0 ? "" : ", ") + number_text(data.inputs()(i, k));
    }
    coordinates = fmt::format("x = ({}), ", coordinates);
  }
  return fmt::format("sample {}: {}y = {}", k, coordinates, number_text(data.labels()[k]));
}

void draw_modes(panel& axes, const std::vector<stretch>& all, bool sampled, index lines,
                const raster_axis& axis) {
  // Lines stand apart while they are few, on one box for all that is inactive.
  const double inset = lines <= 40 ? 0.08 : 0.0;
  double end = axis.low();
  for (const stretch& s : all) end = std::max(end, s.end);
  layer background = coloured_boxes({{0, axis.low(), end, inactive_value}}, inactive_value, 0.0,
                                    colours::inactive, "inactive");
  background.columns[3].front() = static_cast<double>(lines);
  axes.layers.push_back(std::move(background));
  // An image has no key of its own: boxes without width stand for its colours there.
  const std::vector<stretch> nothing{{0, axis.low(), axis.low(), active_value},
                                     {0, axis.low(), axis.low(), sliding_value}};
  const std::vector<stretch>& drawn = sampled ? nothing : all;
  axes.layers.push_back(coloured_boxes(drawn, active_value, inset, colours::active, "active"));
  axes.layers.push_back(coloured_boxes(drawn, sliding_value, inset, colours::sliding, "sliding"));
  if (!sampled) return;
  axes.layers.push_back(image(all, lines, axis));
  axes.commands += fmt::format(
      "\nset palette maxcolors 3 defined (0 '{}', 1 '{}', 2 '{}'); set cbrange [0:2]; "
      "unset colorbox",
      colours::inactive, colours::active, colours::sliding);
}

// A panel a sample.
void add_mode_panels(figure& fig, const dataset& data, const trajectory& run, const panel& blank,
                     const raster_axis& axis, const raster_lines& lines) {
  std::vector<std::vector<stretch>> by_sample;
  std::size_t most = 0;
  for (index k = 0; k < data.size(); ++k) {
    by_sample.push_back(stretches(run, lines, axis, [k](index sample, pair_mode mode) {
      return sample == k ? mode_value(mode) : 0.0;
    }));
    most = std::max(most, by_sample.back().size());
  }
  fig.columns = data.size() > 3 ? 2 : 1;
  for (index k = 0; k < data.size(); ++k) {
    panel axes = blank;
    axes.title = sample_title(data, k);
    if (k >= fig.columns) {
      for (time_mark& mark : axes.marks) mark.name.clear();
    }
    if (k + fig.columns >= data.size()) axes.x_label = "time t";
    draw_modes(axes, by_sample[static_cast<std::size_t>(k)], most > most_boxes, lines.count, axis);
    fig.panels.push_back(std::move(axes));
  }
}

// One number a neuron: on how many samples it is in `mode`. Left out where it never is.
void add_count_panel(figure& fig, const trajectory& run, const panel& blank,
                     const raster_axis& axis, const raster_lines& lines, pair_mode mode,
                     std::string title, std::string_view darkest) {
  const std::vector<stretch> all = stretches(
      run, lines, axis, [mode](index, pair_mode found) { return found == mode ? 1.0 : 0.0; });
  double most = 0.0;
  for (const stretch& s : all) most = std::max(most, s.value);
  if (most == 0.0) return;
  panel axes = blank;
  axes.title = std::move(title);
  // The colour box and the digits of its largest label.
  axes.right_margin = 64.0 + 10.0 * static_cast<double>(number_text(most).size());
  if (all.size() > most_boxes) {
    axes.layers.push_back(image(all, lines.count, axis));
  } else {
    axes.layers.push_back(boxes(
        all, [](double value) { return value > 0.0; }, 0.0));
    axes.layers.back().data_using += ":5";
    axes.layers.back().with = "boxxyerror fs solid 1 noborder lc palette";
  }
  axes.commands += fmt::format(
      "\nset palette defined (0 '#ffffff', 1 '{}'); set cbrange [0:{:g}]; set cbtics {:g}", darkest,
      most, std::max(1.0, tick_step({0.0, most}, 150.0, false)));
  fig.panels.push_back(std::move(axes));
}

}  // namespace

figure raster_figure(const dataset& data, const trajectory& run,
                     const run_figure_options& options) {
  options.validate();
  require_same_dimension(data, run);
  const activation_pattern& modes = run.initial_pattern;
  if (modes.samples() != data.size() || modes.neurons() != run.final_network.width()) {
    throw invalid_input(
        "trajectory, initial_pattern",
        fmt::format("{} x {} pairs", modes.neurons(), modes.samples()),
        fmt::format("{} neurons x {} samples", run.final_network.width(), data.size()));
  }
  const raster_axis axis{shown_times(run, options, true), options.log_time};
  const raster_lines lines = order_lines(data, run.final_network, most_lines);
  const panel blank = empty_raster(run, options, axis, lines);
  figure fig;
  fig.name = "raster";
  if (data.size() <= most_panels) {
    add_mode_panels(fig, data, run, blank, axis, lines);
  } else {
    add_count_panel(fig, run, blank, axis, lines, pair_mode::active,
                    "samples on which a neuron is active", "#33506e");
    add_count_panel(fig, run, blank, axis, lines, pair_mode::sliding,
                    "samples on which a neuron slides", colours::sliding);
    for (std::size_t i = 1; i < fig.panels.size(); ++i) {
      for (time_mark& mark : fig.panels[i].marks) mark.name.clear();
    }
    // Nothing was ever active: the writer says that there is nothing to draw.
    if (fig.panels.empty()) fig.panels.push_back(blank);
    fig.panels.back().x_label = "time t";
  }
  const std::size_t noise = run.switches.size() - switches_without_noise(run).size();
  if (noise > 0) {
    fig.panels.front().title += fmt::format(" ({} switches of noise left out)", noise);
  }
  const auto rows =
      static_cast<int>((fig.panels.size() + static_cast<std::size_t>(fig.columns) - 1) /
                       static_cast<std::size_t>(fig.columns));
  fig.height = 90 + (data.size() <= most_panels ? 190 : 260) * rows;
  return fig;
}

}  // namespace reluflow::plots
