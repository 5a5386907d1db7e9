#include "io_text.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/sweep_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

namespace reluflow {
namespace {

constexpr const char* plan_name = "sweep_plan.txt";

std::string header_of(const sweep_plan& plan) {
  std::string header = "cell,seed,outcome";
  for (const std::string& name : plan.kept) header += "," + name;
  return header + "\n";
}

std::string row_of(const cell_result& result) {
  std::string row = fmt::format("{},{},{}", result.cell, result.seed, result.outcome);
  for (const double value : result.values) row += "," + detail::number_text(value);
  return row + "\n";
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

template <typename Integer>
bool parse_integer(std::string_view field, Integer& value) {
  const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && stop == field.data() + field.size();
}

std::optional<cell_result> parse_row(std::string_view line, const sweep_plan& plan) {
  const std::vector<std::string_view> fields = fields_of(line);
  cell_result result;
  if (fields.size() != 3 + plan.kept.size() || !parse_integer(fields[0], result.cell) ||
      !parse_integer(fields[1], result.seed) || result.cell < 0 || result.cell >= plan.cells() ||
      result.seed != cell_seed(plan.seed, result.cell)) {
    return std::nullopt;
  }
  result.outcome = fields[2];
  for (std::size_t i = 3; i < fields.size(); ++i) {
    double value = 0.0;
    if (detail::parse_number(fields[i], value) == detail::number_status::malformed) {
      return std::nullopt;
    }
    result.values.push_back(value);
  }
  return result;
}

/// The part of the text that ends with a complete line.
std::string_view complete_part(std::string_view text) {
  return text.substr(0, text.rfind('\n') + 1);
}

/// Rows of a file of cells. A last line without its end was being written when the process died.
std::vector<cell_result> parse_cells(const std::filesystem::path& file, std::string_view text,
                                     const sweep_plan& plan) {
  std::string_view rest = complete_part(text);
  std::vector<cell_result> results;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const auto end = rest.find('\n');
    const std::string_view row = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line == 1) {
      const std::string header = header_of(plan);
      if (row != std::string_view(header).substr(0, header.size() - 1)) {
        throw invalid_input(fmt::format("{}, line 1", file.string()), detail::in_quotes(row),
                            "the header " + header.substr(0, header.size() - 1));
      }
      continue;
    }
    auto result = parse_row(row, plan);
    if (!result) {
      throw invalid_input(fmt::format("{}, line {}", file.string(), line), detail::in_quotes(row),
                          "a cell of this sweep");
    }
    results.push_back(std::move(*result));
  }
  return results;
}

std::vector<std::filesystem::path> cell_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
    const std::string name = entry.path().filename().string();
    if (name == "cells.csv" ||
        (name.starts_with("cells.") && name.ends_with(".csv") && name.find("-of-") != name.npos)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// @throws invalid_input when the directory holds cells of another plan
void check_plan(const std::filesystem::path& directory, const sweep_plan& plan) {
  const std::filesystem::path file = directory / plan_name;
  if (!std::filesystem::exists(file)) return;
  if (detail::read_text(file, "the plan of a sweep") != plan.description()) {
    throw invalid_input(directory.string(),
                        "cells of another sweep, problem or version (sweep_plan.txt)",
                        "a new directory, or --force to start anew");
  }
}

void remove_sweep(const std::filesystem::path& directory) {
  std::error_code none;
  for (const auto& file : cell_files(directory)) std::filesystem::remove(file, none);
  for (const char* name : {plan_name, "sweep.csv", "summary.csv"}) {
    std::filesystem::remove(directory / name, none);
  }
}

void write_all(int descriptor, const std::filesystem::path& file, std::string_view text) {
  // O_APPEND and one call: a row is never torn by another writer.
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw file_error(file, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw file_error(file, errno);
  }
}

}  // namespace

void sweep_shard::validate() const {
  if (!(number >= 0 && number < count)) {
    throw invalid_input("--shard", fmt::format("{}/{}", number, count), "i/n with 0 <= i < n");
  }
}

sweep_shard parse_shard(const std::string& text) {
  sweep_shard shard;
  const auto slash = text.find('/');
  const std::string_view view(text);
  if (slash == std::string::npos || !parse_integer(view.substr(0, slash), shard.number) ||
      !parse_integer(view.substr(slash + 1), shard.count)) {
    throw invalid_input("--shard", detail::in_quotes(text), "i/n with 0 <= i < n");
  }
  shard.validate();
  return shard;
}

std::vector<cell_result> read_cells(const std::filesystem::path& directory,
                                    const sweep_plan& plan) {
  check_plan(directory, plan);
  std::map<std::int64_t, cell_result> cells;
  for (const auto& file : cell_files(directory)) {
    for (cell_result& one : parse_cells(file, detail::read_text(file, "cells of a sweep"), plan)) {
      const auto [known, is_new] = cells.try_emplace(one.cell, one);
      if (!is_new && row_of(known->second) != row_of(one)) {
        throw invalid_input(file.string(),
                            fmt::format("cell {} with other values than in another file", one.cell),
                            "one result for each cell");
      }
    }
  }
  std::vector<cell_result> all;
  for (auto& [cell, result] : cells) all.push_back(std::move(result));
  return all;
}

sweep_directory::sweep_directory(std::filesystem::path directory, const sweep_plan& plan,
                                 std::optional<sweep_shard> shard, bool force)
    : plan_(&plan), shard_(shard) {
  if (shard_) shard_->validate();
  if (shard_ && force) {
    throw invalid_input("--force", "a shard",
                        "a sweep as a whole, because shards share a directory");
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw file_error(directory, error.value());
  if (force) remove_sweep(directory);
  check_plan(directory, plan);
  file_ = directory / (shard_ ? fmt::format("cells.{}-of-{}.csv", shard_->number, shard_->count)
                              : std::string("cells.csv"));
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw file_error(file_, errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(std::exchange(descriptor_, -1));
    throw invalid_input(file_.string(), "another process that works on it", "one at a time");
  }
  try {
    if (!std::filesystem::exists(directory / plan_name)) {
      detail::write_text(directory / plan_name, plan.description());
    }
    const std::string text = detail::read_text(file_, "cells of a sweep");
    const auto whole = static_cast<off_t>(complete_part(text).size());
    if (::ftruncate(descriptor_, whole) != 0) throw file_error(file_, errno);
    if (whole == 0) write_all(descriptor_, file_, header_of(plan));
    found_ = read_cells(directory, plan);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

sweep_directory::~sweep_directory() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::vector<std::int64_t> sweep_directory::missing() const {
  std::vector<std::int64_t> cells;
  auto known = found_.begin();
  for (std::int64_t cell = 0; cell < plan_->cells(); ++cell) {
    while (known != found_.end() && known->cell < cell) ++known;
    if (known != found_.end() && known->cell == cell) continue;
    if (!shard_ || cell % shard_->count == shard_->number) cells.push_back(cell);
  }
  return cells;
}

void sweep_directory::append(const cell_result& result) {
  write_all(descriptor_, file_, row_of(result));
}

}  // namespace reluflow
