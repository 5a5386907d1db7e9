#pragma once

#include "layout.hpp"
#include "reluflow/plots/figure.hpp"
#include "reluflow/plots/render.hpp"

#include <cstddef>
#include <string>

namespace reluflow::plots {

/// Name of the data block that holds a layer, e.g. "$data_3"; layers count through all panels,
/// from 1.
[[nodiscard]] std::string block_name(std::size_t number);

/// `text` on one line; a backslash, which could join the next line to a comment, becomes a space.
[[nodiscard]] std::string comment_text(std::string text);
/// The comment at the head of a script.
[[nodiscard]] std::string head_comment(const figure& fig);
/// What comes between the data and the panels: style, where to write, terminals; opens the loop
/// over the kinds of image.
[[nodiscard]] std::string opening(const figure& fig, const render_options& options);
/// One panel: settings and its plot command.
/// @param first_block  number of the panel's first layer
[[nodiscard]] std::string panel_commands(const figure& fig, std::size_t number, const axes_box& box,
                                         std::size_t first_block);
/// Closes the loop; a figure of several panels first draws its key.
[[nodiscard]] std::string closing(const figure& fig, const axes_box& first);

}  // namespace reluflow::plots
