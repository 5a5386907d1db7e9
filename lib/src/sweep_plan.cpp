#include "io_config.hpp"
#include "io_text.hpp"
#include "random.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/memory.hpp"
#include "reluflow/sweep.hpp"
#include "reluflow/version.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

namespace reluflow {
namespace {

using detail::config_file;
using detail::config_section;
using detail::config_value;

/// More cells than this is a slip of the keyboard.
constexpr std::int64_t most_cells = 100'000'000;

[[noreturn]] void fail(const config_file& file, const std::string& key, const config_value& value,
                       std::string_view expected) {
  throw invalid_input(fmt::format("{}, line {}, {}", file.name, value.line, key),
                      detail::describe(value), expected);
}

/// The most values of one axis: so many as there may be cells, and as fit into memory.
std::int64_t most_values() {
  constexpr std::uint64_t bytes = 2 * (sizeof(std::string) + sizeof(double));
  return static_cast<std::int64_t>(std::min<std::uint64_t>(memory_limit() / bytes, most_cells));
}

/// The value as it would stand in a problem file; nothing for arrays and tables.
std::optional<std::string> text_of(const config_value& value) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    return fmt::format("{}", *integer);
  }
  if (const auto* real = std::get_if<double>(&value.data)) return detail::real_text(*real);
  if (const auto* text = std::get_if<std::string>(&value.data)) return fmt::format("\"{}\"", *text);
  return std::nullopt;
}

double number_of(const config_value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    return static_cast<double>(*integer);
  }
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

/// "linear 10 100 7" or "log 10 1000 5": seven or five numbers from the first to the second, whole
/// ones when both ends are written as such.
std::optional<sweep_axis> parse_range(const std::string& text) {
  std::istringstream words(text);
  std::string kind;
  std::string first;
  std::string last;
  std::int64_t count = 0;
  std::string rest;
  if (!(words >> kind >> first >> last >> count) || words >> rest) return std::nullopt;
  double low = 0.0;
  double high = 0.0;
  const bool numbers = detail::parse_number(first, low) == detail::number_status::fine &&
                       detail::parse_number(last, high) == detail::number_status::fine;
  const bool logarithmic = kind == "log";
  if (!numbers || (kind != "linear" && !logarithmic) || count < 2 || count > most_values() ||
      !std::isfinite(high - low) ||
      (logarithmic && !(low > 0.0 && high > 0.0 && std::isfinite(high / low)))) {
    return std::nullopt;
  }
  // Beyond 2^53 not every integer is a double.
  const bool whole = (first + last).find_first_of(".eE") == std::string::npos &&
                     std::max(std::abs(low), std::abs(high)) <= 9007199254740992.0;
  sweep_axis axis;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    double value = logarithmic ? low * std::pow(high / low, share) : low + share * (high - low);
    if (i == count - 1) value = high;
    if (whole) value = std::round(value);
    if (!axis.numbers.empty() && value == axis.numbers.back()) continue;
    axis.numbers.push_back(value);
    axis.values.push_back(whole ? fmt::format("{}", static_cast<std::int64_t>(value))
                                : detail::real_text(value));
  }
  return axis;
}

std::vector<std::string> keys_of(const std::string& text) {
  std::vector<std::string> keys;
  std::istringstream parts(text);
  for (std::string key; std::getline(parts, key, ',');) {
    keys.emplace_back(detail::trimmed(key));
  }
  return keys;
}

sweep_axis read_axis(const config_file& file, const std::string& key, const config_value& value) {
  constexpr std::string_view expected =
      "an array of values, or \"linear FIRST LAST COUNT\", or \"log FIRST LAST COUNT\"";
  sweep_axis axis;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    auto range = parse_range(*text);
    if (!range) fail(file, key, value, expected);
    axis = std::move(*range);
  } else if (const auto* array = std::get_if<config_value::array>(&value.data)) {
    for (const config_value& element : *array) {
      const auto one = text_of(element);
      if (!one) fail(file, key, element, "numbers, strings or booleans");
      axis.values.push_back(*one);
      axis.numbers.push_back(number_of(element));
    }
  } else {
    fail(file, key, value, expected);
  }
  if (axis.values.empty()) fail(file, key, value, expected);
  axis.keys = keys_of(key);
  for (const std::string& one : axis.keys) {
    if (one.find('.') == std::string::npos) {
      fail(file, key, value, "a quoted name such as \"data.samples\" before it");
    }
  }
  return axis;
}

/// The entries of a section whose keys are not known beforehand, in the order of the file.
std::vector<std::pair<std::string, config_value>> entries_of(const config_file& file,
                                                             const std::string& section) {
  std::vector<std::pair<std::string, config_value>> entries;
  const auto found = file.sections.find(section);
  if (found == file.sections.end()) return entries;
  entries.assign(found->second.values.begin(), found->second.values.end());
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.second.line < b.second.line; });
  return entries;
}

void read_kept(config_section& section, std::vector<std::string>& kept) {
  std::vector<std::string_view> known;
  for (const sweep_measure& one : sweep_measures()) known.push_back(one.name);
  const auto positions = section.choices("keep", known);
  if (!positions) return;
  kept.clear();
  for (const std::size_t at : *positions) kept.emplace_back(known[at]);
}

void check_sections(const config_file& file) {
  constexpr std::array<std::string_view, 3> known{"sweep", "set", "axes"};
  for (const auto& [name, section] : file.sections) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw invalid_input(fmt::format("{}, line {}", file.name, section.line),
                          fmt::format("the unknown section [{}]", name),
                          "one of [sweep], [set], [axes]");
    }
  }
}

void check_size(const config_file& file, const sweep_plan& plan) {
  double cells = static_cast<double>(plan.repetitions);
  for (const sweep_axis& axis : plan.axes) {
    if (plan.grid) cells *= static_cast<double>(axis.values.size());
    if (!plan.grid && axis.values.size() != plan.axes.front().values.size()) {
      throw invalid_input(
          fmt::format("{}, axes", file.name),
          fmt::format("{} values of {} and {} of {}", axis.values.size(), axis.name(),
                      plan.axes.front().values.size(), plan.axes.front().name()),
          "axes of one length for combine = \"list\"");
    }
  }
  if (cells > static_cast<double>(most_cells)) {
    throw invalid_input(file.name, fmt::format("{:.3g} cells", cells),
                        fmt::format("at most {}", most_cells));
  }
}

std::string assignments_at(const sweep_plan& plan, std::int64_t point) {
  std::vector<std::string> texts;
  const std::vector<std::size_t> at = plan.values_at(point);
  for (std::size_t i = 0; i < plan.axes.size(); ++i) {
    texts.push_back(fmt::format("{} = {}", plan.axes[i].name(), plan.axes[i].values[at[i]]));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

std::string sweep_axis::name() const { return fmt::format("{}", fmt::join(keys, " ")); }

std::int64_t sweep_plan::points() const {
  std::int64_t count = 1;
  for (const sweep_axis& axis : axes) {
    const auto own = static_cast<std::int64_t>(axis.values.size());
    count = grid ? count * own : own;
  }
  return count;
}

std::int64_t sweep_plan::cells() const { return points() * repetitions; }

std::vector<std::size_t> sweep_plan::values_at(std::int64_t point) const {
  std::vector<std::size_t> at(axes.size(), static_cast<std::size_t>(point));
  if (!grid) return at;
  auto rest = static_cast<std::size_t>(point);
  for (std::size_t i = axes.size(); i-- > 0;) {
    at[i] = rest % axes[i].values.size();
    rest /= axes[i].values.size();
  }
  return at;
}

problem sweep_plan::problem_of(std::int64_t cell) const {
  const std::int64_t point = cell / repetitions;
  std::vector<std::string> assignments = overrides;
  const std::vector<std::size_t> at = values_at(point);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (const std::string& key : axes[i].keys) {
      assignments.push_back(fmt::format("{}={}", key, axes[i].values[at[i]]));
    }
  }
  try {
    return read_problem(problem, assignments, cell_seed(seed, cell));
  } catch (const invalid_input& error) {
    if (axes.empty()) throw;
    detail::rethrow_at(fmt::format("cell {} ({})", cell, assignments_at(*this, point)), error);
  }
}

std::string sweep_plan::description() const {
  std::string text =
      fmt::format("reluflow {}\nproblem {:016x}\nseed {}\nrepetitions {}\nfitted {}\nkeep {}\n",
                  version_string, hash_of(detail::read_text(problem, "a problem file")), seed,
                  repetitions, detail::number_text(fitted), fmt::join(kept, " "));
  for (const std::string& one : overrides) text += fmt::format("set {}\n", one);
  text += grid ? "grid\n" : "list\n";
  for (const sweep_axis& axis : axes) {
    text += fmt::format("axis {}: {}\n", axis.name(), fmt::join(axis.values, " "));
  }
  return text;
}

sweep_plan read_sweep(const std::filesystem::path& file) {
  const config_file config = config_file::read(file);
  check_sections(config);
  config_section section(config, "sweep", false);
  sweep_plan plan;
  const auto problem = section.string("problem");
  if (!problem) section.fail("problem", "nothing", "the name of a problem file");
  plan.problem = file.parent_path() / *problem;
  plan.repetitions = section.count("repetitions", 1).value_or(1);
  plan.seed = static_cast<std::uint64_t>(section.count("seed", 0).value_or(1));
  plan.fitted = section.real("fitted").value_or(plan.fitted);
  if (!(plan.fitted > 0.0)) section.fail("fitted", "a positive number");
  plan.grid = section.choice("combine", {"grid", "list"}).value_or(0) == 0;
  read_kept(section, plan.kept);
  section.finish();
  for (const auto& [key, value] : entries_of(config, "set")) {
    const auto text = text_of(value);
    if (!text || key.find('.') == std::string::npos) {
      fail(config, key, value, "\"section.key\" = a number, a string or a boolean");
    }
    plan.overrides.push_back(fmt::format("{}={}", key, *text));
  }
  for (const auto& [key, value] : entries_of(config, "axes")) {
    plan.axes.push_back(read_axis(config, key, value));
  }
  check_size(config, plan);
  return plan;
}

std::uint64_t cell_seed(std::uint64_t root, std::int64_t cell) {
  // Problem files hold seeds as signed integers.
  return detail::mix_numbers(root, static_cast<std::uint64_t>(cell)) >> 1U;
}

}  // namespace reluflow
