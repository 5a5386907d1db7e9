#pragma once

#include "reluflow/plots/figure.hpp"
#include "reluflow/plots/render.hpp"

#include <filesystem>
#include <string>

namespace reluflow::plots {

/// Writes the script of a figure with completed panels into `file`.
/// @return empty, or why it could not be written
[[nodiscard]] std::string write_script(const std::filesystem::path& file, const figure& fig,
                                       const render_options& options);

}  // namespace reluflow::plots
