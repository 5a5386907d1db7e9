#include "io_csv_reader.hpp"

#include "io_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace reluflow::detail {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The end of the field that starts `line`: the next comma that is not inside quotes.
std::size_t field_end(std::string_view line) {
  const auto start = line.find_first_not_of(" \t");
  const bool may_quote = start != std::string_view::npos && line[start] == '"';
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (may_quote && line[i] == '"') {
      inside = !inside;
    } else if (line[i] == ',' && !inside) {
      return i;
    }
  }
  return line.size();
}

}  // namespace

csv_reader::csv_reader(const std::filesystem::path& file, std::string_view expected)
    : file_(file.string()),
      expected_(expected),
      text_(read_text(file, fmt::format("a CSV file with the header {}", expected))),
      rest_(text_) {
  if (rest_.starts_with(byte_order_mark)) {
    rest_.remove_prefix(byte_order_mark.size());
  }
  std::string_view line;
  if (!read_line(line)) {
    line_ = 1;
    throw invalid_input(where(), "an empty file", fmt::format("the header {}", expected_));
  }
  split(line);
  for (const std::string_view name : fields_) {
    header_.emplace_back(name);
  }
}

bool csv_reader::read_line(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  const auto end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  ++line_;
  return true;
}

void csv_reader::split(std::string_view line) {
  fields_.clear();
  while (true) {
    const auto end = field_end(line);
    fields_.push_back(trimmed(line.substr(0, end)));
    if (end == line.size()) {
      return;
    }
    line.remove_prefix(end + 1);
  }
}

bool csv_reader::has_header(std::string_view header) const {
  return fmt::format("{}", fmt::join(header_, ",")) == header;
}

void csv_reader::require_header() const {
  if (!has_header(expected_)) fail_header();
}

void csv_reader::fail_header() const {
  throw invalid_input(fmt::format("{}, line 1", file_),
                      in_quotes(fmt::format("{}", fmt::join(header_, ","))),
                      fmt::format("the header {}", expected_));
}

bool csv_reader::next() {
  std::string_view line;
  if (!read_line(line)) {
    return false;
  }
  if (trimmed(line).empty() &&
      trimmed(rest_).find_first_not_of("\r\n \t") == std::string_view::npos) {
    rest_ = {};
    return false;
  }
  split(line);
  if (fields_.size() != header_.size()) {
    const bool blank = trimmed(line).empty();
    throw invalid_input(
        where(),
        blank ? "a blank line"
              : fmt::format("{} field{}", fields_.size(), fields_.size() == 1 ? "" : "s"),
        fmt::format("{} fields as in the header", header_.size()));
  }
  return true;
}

std::string csv_reader::where() const { return fmt::format("{}, line {}", file_, line_); }

void csv_reader::fail_without_rows(std::string_view expected) const {
  throw invalid_input(fmt::format("{}, line 2", file_), "the end of the file", expected);
}

double csv_reader::any_number(std::size_t column) const {
  double value = 0.0;
  switch (parse_number(fields_[column], value)) {
    case number_status::fine:
      return value;
    case number_status::out_of_range:
      fail_field(column, "a number within the range of doubles");
    case number_status::malformed:
      break;
  }
  fail_field(column, "a finite number");
}

double csv_reader::number(std::size_t column) const {
  const double value = any_number(column);
  if (!std::isfinite(value)) {
    fail_field(column, "a finite number");
  }
  return value;
}

index csv_reader::index_below(std::size_t column, index end) const {
  const double value = number(column);
  if (!(value >= 0.0 && value < static_cast<double>(end)) || value != std::floor(value)) {
    fail_field(column, fmt::format("an integer from 0 to {}", end - 1));
  }
  return static_cast<index>(value);
}

std::string csv_reader::text(std::size_t column) const {
  std::string_view field = fields_[column];
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') {
    return std::string(field);
  }
  field = field.substr(1, field.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    out += field[i];
    if (field[i] == '"' && i + 1 < field.size() && field[i + 1] == '"') {
      ++i;
    }
  }
  return out;
}

void csv_reader::fail_field(std::size_t column, std::string_view expected) const {
  const std::string found =
      fields_[column].empty() ? std::string("an empty field") : in_quotes(fields_[column]);
  throw invalid_input(where(), fmt::format("{} in column {}", found, header_[column]), expected);
}

std::string csv_field(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"') {
      out += '"';
    }
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  const bool plain = text.find_first_of(",\"") == std::string_view::npos && trimmed(text) == text;
  return plain ? out : fmt::format("\"{}\"", out);
}

}  // namespace reluflow::detail
