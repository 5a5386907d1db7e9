#include "io_config.hpp"

#include "io_text.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace reluflow::detail {
namespace {

constexpr std::string_view override_name = "--set";

std::string place_of(const std::string& file, std::size_t line) {
  return line == 0 ? std::string(override_name) : fmt::format("{}, line {}", file, line);
}

}  // namespace

std::string describe(const config_value& value) {
  struct visitor {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return fmt::format("{}", integer); }
    std::string operator()(double real) const { return real_text(real); }
    std::string operator()(const std::string& text) const { return in_quotes(text); }
    std::string operator()(const config_value::array& array) const {
      return array.empty() ? "an empty array" : "an array";
    }
    std::string operator()(const config_value::other& other) const { return other.description; }
  };
  return std::visit(visitor{}, value.data);
}

void config_file::discard(const std::string& path) {
  const auto dot = path.find('.');
  const auto section = sections.find(path.substr(0, dot));
  if (section != sections.end()) {
    section->second.values.erase(path.substr(dot + 1));
  }
}

config_section::config_section(const config_file& file, std::string name, bool optional)
    : file_(&file), data_(nullptr), name_(std::move(name)) {
  const auto found = file.sections.find(name_);
  if (found != file.sections.end()) {
    data_ = &found->second;
  } else if (!optional) {
    throw invalid_input(file.name, fmt::format("no section [{}]", name_),
                        fmt::format("a section [{}]", name_));
  }
}

bool config_section::has(const std::string& key) const {
  return data_ != nullptr && data_->values.contains(key);
}

const config_value* config_section::find(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.push_back(key);
  }
  return has(key) ? &data_->values.at(key) : nullptr;
}

std::optional<double> config_section::real(const std::string& key) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (const auto* const integer = std::get_if<std::int64_t>(&value->data)) {
    return static_cast<double>(*integer);
  }
  const auto* const real = std::get_if<double>(&value->data);
  if (real == nullptr || !std::isfinite(*real)) {
    fail(key, "a finite number");
  }
  return *real;
}

std::optional<std::int64_t> config_section::integer(const std::string& key) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* const integer = std::get_if<std::int64_t>(&value->data);
  if (integer == nullptr) {
    fail(key, "an integer");
  }
  return *integer;
}

std::optional<bool> config_section::boolean(const std::string& key) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* const flag = std::get_if<bool>(&value->data);
  if (flag == nullptr) {
    fail(key, "true or false");
  }
  return *flag;
}

std::optional<std::string> config_section::string(const std::string& key) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* const text = std::get_if<std::string>(&value->data);
  if (text == nullptr) {
    fail(key, "a string");
  }
  return *text;
}

std::optional<std::vector<double>> config_section::reals(const std::string& key) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* const array = std::get_if<config_value::array>(&value->data);
  if (array == nullptr) {
    fail(key, "an array of numbers");
  }
  std::vector<double> numbers;
  for (const config_value& element : *array) {
    const auto* const integer = std::get_if<std::int64_t>(&element.data);
    const auto* const real = std::get_if<double>(&element.data);
    if (integer == nullptr && (real == nullptr || !std::isfinite(*real))) {
      throw invalid_input(fmt::format("{}, {}.{}[{}]", place_of(file_->name, element.line), name_,
                                      key, numbers.size()),
                          describe(element), "a finite number");
    }
    numbers.push_back(integer != nullptr ? static_cast<double>(*integer) : *real);
  }
  return numbers;
}

std::optional<std::vector<std::size_t>> config_section::choices(
    const std::string& key, const std::vector<std::string_view>& words) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const std::string expected = fmt::format("an array of some of {}", fmt::join(words, ", "));
  const auto* const array = std::get_if<config_value::array>(&value->data);
  if (array == nullptr || array->empty()) {
    fail(key, expected);
  }
  std::vector<std::size_t> positions;
  for (const config_value& element : *array) {
    const auto* const text = std::get_if<std::string>(&element.data);
    const auto found = text == nullptr ? words.end() : std::find(words.begin(), words.end(), *text);
    if (found == words.end()) {
      fail(key, describe(element), expected);
    }
    positions.push_back(static_cast<std::size_t>(found - words.begin()));
  }
  return positions;
}

std::optional<std::int64_t> config_section::count(const std::string& key, std::int64_t least) {
  const auto value = integer(key);
  if (value && *value < least) {
    fail(key, fmt::format("an integer that is at least {}", least));
  }
  return value;
}

double config_section::required_real(const std::string& key, std::string_view expected) {
  const auto value = real(key);
  if (!value) {
    fail(key, "nothing", expected);
  }
  return *value;
}

std::int64_t config_section::required_count(const std::string& key, std::int64_t least) {
  const auto value = count(key, least);
  if (!value) {
    fail(key, "nothing", fmt::format("an integer that is at least {}", least));
  }
  return *value;
}

std::optional<std::size_t> config_section::choice(const std::string& key,
                                                  const std::vector<std::string_view>& words) {
  const config_value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto* const text = std::get_if<std::string>(&value->data);
  const auto word = text == nullptr ? words.end() : std::find(words.begin(), words.end(), *text);
  if (word == words.end()) {
    fail(key, fmt::format("one of \"{}\"", fmt::join(words, "\", \"")));
  }
  return static_cast<std::size_t>(word - words.begin());
}

void config_section::finish() const {
  if (data_ == nullptr) {
    return;
  }
  for (const auto& [key, value] : data_->values) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      throw invalid_input(place_of(file_->name, value.line),
                          fmt::format("the unknown key {} in [{}]", in_quotes(key), name_),
                          fmt::format("one of {}", fmt::join(known_, ", ")));
    }
  }
}

std::string config_section::place(const std::string& key) const {
  if (has(key)) {
    return place_of(file_->name, data_->values.at(key).line);
  }
  // A section that exists only through an override has no line.
  return data_ == nullptr || data_->line == 0 ? file_->name : place_of(file_->name, data_->line);
}

void config_section::fail(const std::string& key, std::string_view expected) const {
  fail(key, describe(data_->values.at(key)), expected);
}

void config_section::fail(const std::string& key, std::string_view found,
                          std::string_view expected) const {
  throw invalid_input(fmt::format("{}, {}.{}", place(key), name_, key), found, expected);
}

}  // namespace reluflow::detail
