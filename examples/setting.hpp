#pragma once

#include "reluflow/io.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "reluflow/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>

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

/// Writes the run directory and its figures; a missing gnuplot is said and is no failure.
inline void keep(const setting& set, const problem& task, const trajectory& run,
                 const plots::run_figure_options& look = {}) {
  std::vector<phase_row> phases;
  for (const plots::phase_band& band : look.phases) {
    phases.push_back({band.name, band.t_begin, fmt::format("until t = {:.6g}", band.t_end)});
  }
  for (const plots::time_mark& mark : look.marks) phases.push_back({mark.name, mark.t, ""});
  write_run(set.out, {task, run, phases, {}, std::string(version_string)}, set.force);
  for (const plots::figure_result& figure :
       plots::write_figures(set.out / "figures", task.data, run, look)) {
    if (figure.status != plots::figure_status::complete) {
      fmt::print(stderr, "figure {}: {}\n", figure.name, figure.message);
    }
  }
}

}  // namespace reluflow::examples
