// The part of io_config.hpp that needs the TOML library, which is large and header-only.

#include "io_config.hpp"
#include "io_text.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace reluflow::detail {

/// Thrown where the TOML library asserts something.
struct broken_assertion : std::exception {};

[[noreturn]] inline void break_assertion() { throw broken_assertion(); }

}  // namespace reluflow::detail

// The parser asserts what a malformed file can violate ("[=]"), and with NDEBUG even tells the
// compiler to assume it. Here such an assertion is an exception, and another name of the namespace
// keeps these functions apart from those of a program that uses the library itself.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : reluflow::detail::break_assertion())
#define toml reluflow_toml
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace reluflow::detail {
namespace {

constexpr std::string_view sections_expected = "TOML with the sections of a problem file";

/// Walks over a TOML document and knows whether it stands inside a string or a comment.
class toml_scanner {
 public:
  explicit toml_scanner(std::string_view text) : text_(text) {}

  /// The line of the first byte above 127 outside strings and comments; 0 when there is none.
  std::size_t line_of_bare_non_ascii() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_to_line_end();
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (static_cast<unsigned char>(c) > 0x7f) {
        return line_;
      } else {
        step();
      }
    }
    return 0;
  }

 private:
  void step() { line_ += text_[at_++] == '\n' ? 1U : 0U; }

  void skip_to_line_end() {
    while (at_ < text_.size() && text_[at_] != '\n') {
      ++at_;
    }
  }

  void skip_string(char quote) {
    const std::string fence(3, quote);
    const bool multiline = text_.substr(at_).starts_with(fence);
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        step();
        step();
      } else if (multiline ? text_.substr(at_).starts_with(fence) : text_[at_] == quote) {
        at_ += multiline ? 3 : 1;
        return;
      } else if (!multiline && text_[at_] == '\n') {
        return;  // an unterminated string, which the parser reports
      } else {
        step();
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

bool breaks_an_assertion(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const broken_assertion&) {
    return true;
  } catch (const toml::parse_error&) {
    // A part of a file may end in the middle of something.
  }
  return false;
}

/// The first line that the parser cannot bear, found by handing it one more line at a time.
std::size_t line_of_broken_assertion(std::string_view text) {
  std::size_t line = 1;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    if (breaks_an_assertion(text.substr(0, end + 1))) {
      break;
    }
    ++line;
  }
  return line;
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  // TOML forbids control characters everywhere. The parser's error for them may go on into what
  // follows and, like its error for letters outside strings, run into undefined behaviour.
  const auto control = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  if (control != text.end()) {
    throw invalid_input(
        fmt::format("{}, line {}", name, 1 + std::count(text.begin(), control, '\n')),
        "a control character", "text that is TOML");
  }
  // TOML forbids these, but the parser's error for them runs into undefined behaviour.
  if (const std::size_t line = toml_scanner(text).line_of_bare_non_ascii(); line != 0) {
    throw invalid_input(fmt::format("{}, line {}", name, line), "a character that is not ASCII",
                        "ASCII outside strings and comments");
  }
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    std::string description(error.description());
    std::replace_if(
        description.begin(), description.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    throw invalid_input(fmt::format("{}, line {}", name, error.source().begin.line),
                        fmt::format("text that is no TOML ({})", description), sections_expected);
  } catch (const broken_assertion&) {
    throw invalid_input(fmt::format("{}, line {}", name, line_of_broken_assertion(text)),
                        "text that is no TOML", sections_expected);
  }
}

config_value convert(const toml::node& node) {
  config_value value;
  value.line = node.source().begin.line;
  if (const auto* const flag = node.as_boolean()) {
    value.data = flag->get();
  } else if (const auto* const integer = node.as_integer()) {
    value.data = integer->get();
  } else if (const auto* const real = node.as_floating_point()) {
    value.data = real->get();
  } else if (const auto* const text = node.as_string()) {
    value.data = text->get();
  } else if (const auto* const array = node.as_array()) {
    config_value::array elements;
    for (const toml::node& element : *array) {
      elements.push_back(convert(element));
    }
    value.data = std::move(elements);
  } else {
    value.data = config_value::other{node.is_table() ? "a table" : "a date or time"};
  }
  return value;
}

}  // namespace

config_file config_file::read(const std::filesystem::path& file) {
  return parse(read_text(file, "a problem file"), file.string());
}

config_file config_file::parse(std::string_view text, std::string name) {
  const toml::table root = parse_toml(text, name);
  config_file file;
  file.name = std::move(name);
  for (const auto& [key, node] : root) {
    const auto line = static_cast<std::size_t>(node.source().begin.line);
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      throw invalid_input(fmt::format("{}, line {}", file.name, line),
                          fmt::format("the key {} outside sections", in_quotes(key.str())),
                          "a section such as [flow] before it");
    }
    config_section_data& section = file.sections[std::string(key.str())];
    section.line = line;
    for (const auto& [inner_key, inner] : *table) {
      section.values[std::string(inner_key.str())] = convert(inner);
    }
  }
  return file;
}

std::string config_file::assign(std::string_view assignment) {
  const auto equals = assignment.find('=');
  const std::string path(trimmed(assignment.substr(0, equals)));
  const auto dot = path.find('.');
  if (equals == std::string_view::npos || dot == std::string::npos || dot == 0 ||
      dot + 1 == path.size()) {
    throw invalid_input("--set", in_quotes(assignment), "section.key=value, e.g. flow.t_end=40");
  }
  const std::string_view text = assignment.substr(equals + 1);
  config_value value{std::string(trimmed(text)), 0};
  try {
    const toml::table table = parse_toml(fmt::format("value = {}", text), "--set");
    // A line break in the text could bring in more than the one value.
    if (table.size() == 1) {
      value = convert(*table.get("value"));
      const auto forget_line = [](auto& self, config_value& v) -> void {
        v.line = 0;
        if (auto* const array = std::get_if<config_value::array>(&v.data)) {
          for (config_value& element : *array) {
            self(self, element);
          }
        }
      };
      forget_line(forget_line, value);
    }
  } catch (const invalid_input&) {
    // Not TOML: the plain word stays, so that flow.chart=spherical needs no quotes.
  }
  sections[path.substr(0, dot)].values[path.substr(dot + 1)] = std::move(value);
  return path;
}

}  // namespace reluflow::detail
