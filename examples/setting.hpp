#pragma once

#include "reluflow/io.hpp"
#include "reluflow/plots/render.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "reluflow/predictions/all.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reluflow::examples {

/// The command line that all examples share.
struct setting {
  std::filesystem::path out;
  std::uint64_t seed = 1;
  bool force = false;

  setting(CLI::App& app, const std::string& name) : out(std::filesystem::path("out") / name) {
    app.add_option("--out", out, "directory for tables and figures")->capture_default_str();
    app.add_option("--seed", seed, "seed of the initialisation")->capture_default_str();
    app.add_flag("--force", force, "overwrite what an earlier run left in the directory");
  }
};

inline void report(const plots::figure_result& figure) {
  if (figure.status != plots::figure_status::complete) {
    fmt::print(stderr, "figure {}: {}\n", figure.name, figure.message);
  }
}

/// Writes the run directory, with what the theory predicted, and its figures; a missing gnuplot is
/// said and is no failure.
/// @param look  what the figures show besides phases and half-fit times
inline void keep(const setting& set, const problem& task, const trajectory& run,
                 const plots::run_figure_options& look = {}) {
  const std::vector<phase_row> phases = phase_rows(run);
  write_run(set.out,
            {task, run, phases, prediction_rows(compare_all(task.data, run)),
             std::string(version_string)},
            set.force);
  plots::run_figure_options shown = plots::shown_with(phases);
  shown.neuron_times = look.neuron_times;
  shown.log_time = look.log_time;
  shown.window = look.window;
  for (const plots::figure_result& figure :
       plots::write_figures(set.out / "figures", task.data, run, shown)) {
    report(figure);
  }
}

/// Writes one more figure beside them.
inline void keep_figure(const setting& set, const plots::figure& fig,
                        const plots::render_options& options = {}) {
  report(plots::write_figure(set.out / "figures", fig, options));
}

/// What moves: the neurons as a GIF, and the loss with its phases as an SVG that shows coordinates
/// under the pointer.
inline void keep_animation(const setting& set, const problem& task, const trajectory& run) {
  keep_figure(set, plots::neurons_animation(task.data, run, plots::animation_times(run)));
  plots::figure loss = plots::loss_figure(run, plots::shown_with(phase_rows(run)));
  loss.name = "loss_interactive";
  plots::render_options interactive;
  interactive.png = false;
  interactive.interactive = true;
  keep_figure(set, loss, interactive);
}

}  // namespace reluflow::examples
