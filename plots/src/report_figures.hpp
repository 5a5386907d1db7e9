#pragma once

#include "reluflow/io/run_directory.hpp"
#include "reluflow/plots/render.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace reluflow::plots {

/// A part of the page, and what became of the figures in it.
struct figures_part {
  std::string html{};
  std::vector<figure_result> results{};
};

/// The figures of any run, each an element of the page.
[[nodiscard]] figures_part run_figures_part(const run_record& record, const render_options& render);

/// The neurons in motion: frames that a slider chooses. Empty when there is nothing to see: fewer
/// than three states are known, or the inputs have one coordinate.
[[nodiscard]] figures_part animation_part(const run_record& record, const render_options& render);

/// Images in `directory`/figures that are not those of any run; empty when there is none.
[[nodiscard]] std::string further_figures_part(const std::filesystem::path& directory);

}  // namespace reluflow::plots
