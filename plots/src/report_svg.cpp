#include "report_svg.hpp"

#include "html.hpp"
#include "layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace reluflow::plots {
namespace {

/// gnuplot's "NAME_plot_3b" is the third element of the second panel; one panel has no letter.
using curve_numbers = std::map<std::pair<std::size_t, std::size_t>, std::size_t>;

curve_numbers number_curves(const figure& fig, const std::vector<std::string>& labels) {
  curve_numbers numbers;
  const bool alone = fig.panels.size() == 1;
  const std::vector<const layer*> entries = key_entries(fig);
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    std::size_t element = 0;
    for (const layer& drawn : fig.panels[i].layers) {
      ++element;
      const auto found = std::find(labels.begin(), labels.end(), drawn.label);
      if (found != labels.end()) {
        numbers[{i, element}] = static_cast<std::size_t>(found - labels.begin());
      }
      // An entry that is drawn otherwise than its curve is an element of its own.
      const bool entry = std::find(entries.begin(), entries.end(), &drawn) != entries.end();
      if (alone && entry && !drawn.key_with.empty()) ++element;
    }
  }
  return numbers;
}

std::optional<std::pair<std::size_t, std::size_t>> curve_of(std::string_view id) {
  constexpr std::string_view word = "_plot_";
  const std::size_t at = id.rfind(word);
  if (at == std::string_view::npos) return std::nullopt;
  id.remove_prefix(at + word.size());
  std::size_t element = 0;
  while (!id.empty() && id.front() >= '0' && id.front() <= '9') {
    element = 10 * element + static_cast<std::size_t>(id.front() - '0');
    id.remove_prefix(1);
  }
  if (id.empty()) return std::pair{std::size_t{0}, element};
  if (id.size() != 1 || id.front() < 'a' || id.front() > 'z') return std::nullopt;
  return std::pair{static_cast<std::size_t>(id.front() - 'a'), element};
}

std::string replaced(std::string text, std::string_view from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Rewrites tag by tag what gnuplot wrote.
class svg_rewriter {
 public:
  svg_rewriter(const figure& fig, const svg_place& place, curve_numbers numbers)
      : fig_(fig), place_(place), numbers_(std::move(numbers)) {}

  std::string rewrite(std::string_view svg) {
    while (!svg.empty()) {
      const std::size_t open = std::min(svg.find('<'), svg.size());
      add_text(svg.substr(0, open));
      svg.remove_prefix(open);
      const std::string_view end = svg.starts_with("<!--") ? "-->" : ">";
      const std::size_t close = std::min(svg.find(end), svg.size());
      add_tag(svg.substr(0, close));
      svg.remove_prefix(std::min(close + end.size(), svg.size()));
    }
    return std::move(out_);
  }

 private:
  void add_text(std::string_view text) {
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!silent_ && started_) out_ += blank && !text.empty() ? std::string_view("\n") : text;
  }

  // `tag` without the closing bracket.
  void add_tag(std::string_view tag) {
    if (tag.empty() || tag.starts_with("<?") || tag.starts_with("<!")) return;
    const std::string_view name = tag.substr(1, tag.find_first_of(" \t\r\n/", 2) - 1);
    if (name == "title" || name == "desc") {
      silent_ = true;
    } else if (name == "/title" || name == "/desc") {
      silent_ = false;
    } else if (name == "svg") {
      started_ = true;
      // Letters stay readable: below three quarters of its size a figure scrolls.
      out_ += fmt::format(
          "<svg id=\"{}\" class=\"plot\" viewBox=\"0 0 {} {}\" style=\"min-width: {}px; "
          "max-width: {}px\" role=\"img\" aria-labelledby=\"{}\">",
          place_.id, fig_.width, fig_.height, fig_.width * 73 / 100, fig_.width * 4 / 3,
          place_.described);
    } else if (name == "/svg") {
      add_axes();
      out_ += "</svg>";
    } else if (!silent_) {
      add_element(name, tag.substr(1 + name.size()));
    }
  }

  void add_element(std::string_view name, std::string_view rest) {
    out_ += fmt::format("<{}", name);
    while (true) {
      const std::size_t begin = rest.find_first_not_of(" \t\r\n/");
      const std::size_t equals = rest.find('=');
      if (begin == std::string_view::npos || equals == std::string_view::npos) break;
      // gnuplot writes both key='value' and key = 'value'.
      const std::size_t key_end = std::min(rest.find_first_of(" \t\r\n=", begin), equals);
      const std::size_t quote = rest.find_first_of("'\"", equals);
      if (quote == std::string_view::npos) break;
      const std::size_t end = std::min(rest.find(rest[quote], quote + 1), rest.size());
      add_attribute(rest.substr(begin, key_end - begin), rest.substr(quote + 1, end - quote - 1));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out_ += rest.find('/') == std::string_view::npos ? ">" : "/>";
  }

  void add_attribute(std::string_view key, std::string_view value) {
    if (key.starts_with("on") || key.starts_with("xmlns")) return;
    const std::string own = place_.id + "-";
    if (key == "id") {
      if (const auto curve = curve_of(value)) {
        const auto found = numbers_.find(*curve);
        if (found != numbers_.end()) out_ += fmt::format(" data-curve=\"{}\"", found->second);
      } else if (value != "gnuplot_canvas") {
        out_ += fmt::format(" id=\"{}{}\"", own, value);
      }
      return;
    }
    std::string text = replaced(std::string(value), "url(#", "url(#" + own);
    if (key == "xlink:href") {
      key = "href";
      if (text.starts_with('#')) text = "#" + own + text.substr(1);
    }
    // What stood in single quotes may hold double ones.
    out_ += fmt::format(" {}=\"{}\"", key, replaced(std::move(text), "\"", "&quot;"));
  }

  void add_axes() {
    if (place_.shown == readout::none) return;
    const std::vector<axes_box> boxes = place_axes(fig_);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const panel& axes = fig_.panels[i];
      out_ += fmt::format(
          "<rect class=\"axes\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill=\"none\" pointer-events=\"all\" data-x=\"{} {} {}\"",
          boxes[i].left, fig_.height - boxes[i].top, boxes[i].width(), boxes[i].height(),
          axes.x_range->low, axes.x_range->high, axes.log_x ? "log" : "linear");
      if (place_.shown == readout::both) {
        out_ += fmt::format(" data-y=\"{} {} {}\"", axes.y_range->low, axes.y_range->high,
                            axes.log_y ? "log" : "linear");
      }
      out_ += "/>\n";
    }
  }

  const figure& fig_;
  const svg_place& place_;
  curve_numbers numbers_;
  std::string out_;
  bool started_ = false;
  bool silent_ = false;
};

std::vector<std::string> raw_labels(const figure& fig) {
  std::vector<std::string> labels;
  for (const layer* entry : key_entries(fig)) labels.push_back(entry->label);
  return labels.size() > 1 ? labels : std::vector<std::string>();
}

}  // namespace

std::string inline_svg(std::string_view svg, const figure& fig, const svg_place& place) {
  const figure whole = completed(fig);
  return svg_rewriter(whole, place, number_curves(whole, raw_labels(whole))).rewrite(svg);
}

std::vector<std::string> toggled_labels(const figure& fig) {
  std::vector<std::string> labels = raw_labels(completed(fig));
  for (std::string& label : labels) {
    std::erase_if(
        label, [](char c) { return std::string_view("{}\\").find(c) != std::string_view::npos; });
  }
  return labels;
}

}  // namespace reluflow::plots
