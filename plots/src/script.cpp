#include "script.hpp"

#include "commands.hpp"
#include "layout.hpp"

#include <gnuplot-iostream.h>

#include <cmath>
#include <exception>
#include <iomanip>
#include <limits>
#include <locale>
#include <vector>

namespace reluflow::plots {
namespace {

// gnuplot reads "nan" as a break of the line and has no word for infinity.
std::vector<std::vector<double>> breaks_for_infinities(const layer& drawn) {
  std::vector<std::vector<double>> columns = drawn.columns;
  for (std::vector<double>& column : columns) {
    for (double& value : column) {
      if (!std::isfinite(value)) value = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return columns;
}

void write_data(Gnuplot& script, const figure& fig) {
  std::size_t block = 0;
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    for (const layer& drawn : fig.panels[i].layers) {
      script << "\n# panel " << i + 1;
      if (!drawn.label.empty()) script << ", " << comment_text(drawn.label);
      if (!drawn.heading.empty()) script << ": " << comment_text(drawn.heading);
      script << '\n' << block_name(++block) << " << e\n";
      script.send1d_colmajor(breaks_for_infinities(drawn));
    }
  }
}

// Every frame is a figure of its own, with the same axes and a key.
void write_frames(Gnuplot& script, const figure& fig, const render_options& options) {
  script << '\n' << opening(fig, options);
  figure frame = first_frame(fig);
  const axes_box box = place_axes(frame).front();
  std::size_t block = 1;
  for (const panel& axes : fig.panels) {
    frame.panels = {axes};
    script << panel_commands(frame, 0, box, block);
    block += axes.layers.size();
  }
  script << closing(frame, box);
}

void write_panels(Gnuplot& script, const figure& fig, const render_options& options) {
  if (fig.frame_seconds > 0.0) return write_frames(script, fig, options);
  const std::vector<axes_box> boxes = place_axes(fig);
  script << '\n' << opening(fig, options);
  std::size_t block = 1;
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    script << panel_commands(fig, i, boxes[i], block);
    block += fig.panels[i].layers.size();
  }
  script << closing(fig, boxes.front());
}

}  // namespace

std::string write_script(const std::filesystem::path& file, const figure& fig,
                         const render_options& options) {
  try {
    // The '>' makes it a plain file: no pipe, no shell.
    Gnuplot script(">" + file.string());
    script.imbue(std::locale::classic());
    script << std::defaultfloat << std::setprecision(9);
    script << head_comment(fig);
    write_data(script, fig);
    write_panels(script, fig, options);
    script.flush();
    if (!script) return "the disk did not take all of it";
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace reluflow::plots
