#pragma once

#include "reluflow/plots/figure.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::plots {

/// How a figure is turned into files.
struct render_options {
  bool svg = true;                  ///< write an SVG
  bool png = true;                  ///< write a PNG
  bool interactive = false;         ///< the SVG shows coordinates and hides curves on a click
  std::string gnuplot = "gnuplot";  ///< a program on PATH, or a path
  double time_limit = 120.0;        ///< > 0: seconds after which gnuplot is stopped

  /// @throws invalid_input that names the option
  void validate() const;
};

/// What became of a figure. None of these is an exception.
enum class figure_status : std::uint8_t {
  complete,     ///< everything that was asked for is there
  no_data,      ///< a panel had no finite value to draw; nothing was touched
  not_written,  ///< the directory or the script could not be written
  no_gnuplot,   ///< the script is there, but gnuplot was not found
  failed,       ///< the script is there, but gnuplot ended with an error or made no image
};

[[nodiscard]] std::string_view to_string(figure_status value) noexcept;

/// What became of one figure, and where it is.
struct figure_result {
  std::string name{};                              ///< of the figure
  figure_status status = figure_status::complete;  ///< what became of it
  std::vector<std::filesystem::path> files{};      ///< files written: script, SVG, PNG
  std::string message{};  ///< one line that says what went wrong; empty when complete
};

/// Writes `directory/name.gp`, a script that holds its data and which a user can edit and run again
/// by itself, and lets gnuplot make name.svg and name.png from it. The directory is created when it
/// is missing. Files appear under their names only when they are whole; images of an older script
/// that could not be made anew are removed, because an image must not contradict the script beside
/// it.
///
/// gnuplot is started without a shell, reads no start-up file of the user, and prints nowhere.
/// @throws invalid_input when `fig` or `options` are malformed, and for nothing else
[[nodiscard]] figure_result write_figure(const std::filesystem::path& directory, const figure& fig,
                                         const render_options& options = {});

}  // namespace reluflow::plots
