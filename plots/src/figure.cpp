#include "reluflow/plots/figure.hpp"

#include "reluflow/errors.hpp"
#include "reluflow/plots/decimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace reluflow::plots {
namespace {

bool is_stem(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

void check_range(const std::string& where, const std::optional<range>& axis, bool logarithmic) {
  if (!axis) return;
  const bool ordered =
      std::isfinite(axis->low) && std::isfinite(axis->high) && axis->low < axis->high;
  if (!ordered || (logarithmic && !(axis->low > 0.0))) {
    throw invalid_input(
        where, fmt::format("[{}, {}]", axis->low, axis->high),
        logarithmic ? "finite numbers, 0 < low < high" : "finite numbers, low < high");
  }
}

void check_same_length(const std::string& where, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw invalid_input(where, fmt::format("{} values", found),
                        fmt::format("{}, as in the first column", expected));
  }
}

layer two_columns(std::string label, std::vector<double> x, std::vector<double> y) {
  check_same_length("y", y.size(), x.size());
  layer made;
  made.label = std::move(label);
  made.columns = {std::move(x), std::move(y)};
  return made;
}

}  // namespace

layer line(std::string label, std::vector<double> x, std::vector<double> y, std::string_view colour,
           double width) {
  layer made = two_columns(std::move(label), std::move(x), std::move(y));
  const std::vector<std::size_t> kept = decimate(made.columns[0], made.columns[1]);
  if (kept.size() < made.columns[0].size()) {
    for (std::vector<double>& column : made.columns) {
      std::vector<double> chosen(kept.size());
      std::transform(kept.begin(), kept.end(), chosen.begin(),
                     [&](std::size_t i) { return column[i]; });
      column = std::move(chosen);
    }
  }
  made.with = fmt::format("lines lw {:g} lc rgb '{}'", width, colour);
  return made;
}

layer points(std::string label, std::vector<double> x, std::vector<double> y,
             std::string_view colour, double size) {
  layer made = two_columns(std::move(label), std::move(x), std::move(y));
  made.with = fmt::format("points pt 7 ps {:g} lc rgb '{}'", size, colour);
  return made;
}

void figure::validate() const {
  if (!is_stem(name)) {
    throw invalid_input("figure, name", fmt::format("\"{}\"", name),
                        "letters, digits, '-' and '_', at least one");
  }
  if (panels.empty()) throw invalid_input("figure " + name, "no panel", "at least one");
  if (columns < 1) {
    throw invalid_input("figure " + name + ", columns", fmt::format("{}", columns), "at least 1");
  }
  if (!(frame_seconds >= 0.0) || !std::isfinite(frame_seconds)) {
    throw invalid_input("figure " + name + ", frame_seconds", fmt::format("{}", frame_seconds),
                        "a finite number of seconds >= 0");
  }
  for (const int size : {width, height}) {
    if (size < 100 || size > 5000) {
      throw invalid_input("figure " + name + ", size", fmt::format("{}", size),
                          "pixels in [100, 5000]");
    }
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const panel& axes = panels[i];
    const std::string where = fmt::format("figure {}, panel {}", name, i);
    check_range(where + ", x_range", axes.x_range, axes.log_x);
    check_range(where + ", y_range", axes.y_range, axes.log_y);
    check_range(where + ", y2_range", axes.y2_range, false);
    for (const layer& drawn : axes.layers) {
      for (const std::vector<double>& column : drawn.columns) {
        check_same_length(where + ", a column", column.size(), drawn.columns.front().size());
      }
      if (drawn.second_axis && !axes.y2_range) {
        throw invalid_input(where + ", y2_range", "none", "a range, as a layer uses that axis");
      }
    }
  }
}

std::string plain_text(std::string_view text) {
  constexpr std::string_view special = "^_{}@&~\\";
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    const bool control = static_cast<unsigned char>(c) < 0x20U || c == 0x7f;
    result += control ? ' ' : c;
  }
  return result;
}

}  // namespace reluflow::plots
