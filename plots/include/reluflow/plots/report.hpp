#pragma once

#include "reluflow/io/run_directory.hpp"
#include "reluflow/plots/render.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace reluflow::plots {

/// A run as one HTML page, and what became of its figures.
struct report {
  std::string html{};                    ///< the page, UTF-8
  std::vector<figure_result> figures{};  ///< one for each figure that was tried
};

/// One page that says everything of a finished run: how it ended, its phases, predictions against
/// what was measured, figures that show coordinates under the pointer, the neurons in motion, the
/// options and the version. The page needs nothing but itself: style, script and images are inside
/// it, and it forbids the browser to fetch anything. It is HTML that is well-formed XML, too.
///
///     const report page = make_report("DIR", read_run("DIR"));
///
/// The same run gives the same bytes. Figures are drawn anew in a temporary directory, by gnuplot;
/// one that could not be drawn is replaced by a line that says so. Nothing in `directory` changes.
///
/// @param directory  of the run: its name is the title, its problem.toml and summary.json are
///                   quoted, and images in its figures/ that are not those of any run are shown too
/// @param render     the program and its time limit; what kinds of image to write is ignored
/// @throws invalid_input when `render` is malformed or a quoted file is missing
/// @throws file_error when there is no room for temporary files
[[nodiscard]] report make_report(const std::filesystem::path& directory, const run_record& record,
                                 const render_options& render = {});

/// True when the file begins as pages of `make_report` do: it may be replaced by another one.
[[nodiscard]] bool is_report(const std::filesystem::path& file);

}  // namespace reluflow::plots
