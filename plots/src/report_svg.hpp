#pragma once

#include "reluflow/plots/figure.hpp"

#include <string>
#include <string_view>

namespace reluflow::plots {

/// What the pointer can read off a figure.
enum class readout {
  none,        ///< its axes are no scales
  horizontal,  ///< the abscissa alone
  both,
};

/// What an SVG becomes inside a page.
struct svg_place {
  std::string id{};         ///< unique in the page; ids inside the SVG begin with it
  std::string described{};  ///< id of the element that says what is to be seen
  readout shown = readout::none;
};

/// The SVG that gnuplot made of `fig`, as an element of an HTML page that holds several: without
/// prolog, tooltips and event handlers, with ids and references that are its own, and an invisible
/// rectangle over each pair of axes that carries its ranges. Curves carry the position of
/// their label in `toggled_labels(fig)` as data-curve.
[[nodiscard]] std::string inline_svg(std::string_view svg, const figure& fig,
                                     const svg_place& place);

/// The labels of curves that a reader may hide, without mark-up: each once, none when there are
/// fewer than two.
[[nodiscard]] std::vector<std::string> toggled_labels(const figure& fig);

}  // namespace reluflow::plots
