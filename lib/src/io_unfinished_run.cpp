#include "io_run_files.hpp"
#include "io_text.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/io/unfinished_run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace reluflow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view folder = "unfinished";
constexpr std::string_view marker = "run.json";
constexpr std::string_view checkpoint = "checkpoint";

/// The marker comes first: without it the rest means nothing.
constexpr std::array<std::string_view, 5> kept_files{marker, checkpoint, detail::problem_file,
                                                     "points.csv", "network_initial.csv"};

void remove_file(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) throw file_error(file, error.value());
}

/// Removes ".NAME.PROCESS.tmp" for all names: what a process that was killed was about to write.
template <typename Names>
void remove_leftovers(const fs::path& directory, const Names& names) {
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string file = it->path().filename().string();
    const bool is_leftover = std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return file.ends_with(".tmp") && file.starts_with(fmt::format(".{}.", name));
    });
    if (is_leftover) remove_file(it->path());
  }
}

/// Foreign files in the folder stay, and the folder with them.
void remove_folder(const fs::path& directory) {
  for (const std::string_view name : kept_files) remove_file(directory / folder / name);
  remove_leftovers(directory / folder, kept_files);
  remove_leftovers(directory, detail::run_files);
  std::error_code not_empty;
  fs::remove(directory / folder, not_empty);
}

std::string marker_text(const unfinished_run& run) {
  nlohmann::ordered_json object;
  object["seed"] = run.setup.seed ? nlohmann::json(*run.setup.seed) : nlohmann::json(nullptr);
  object["figures"] = run.figures;
  return object.dump(2) + "\n";
}

}  // namespace

bool is_unfinished(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / folder / marker, ignored);
}

fs::path checkpoint_file(const fs::path& directory) { return directory / folder / checkpoint; }

void begin_run(const fs::path& directory, const unfinished_run& run, bool force) {
  if (!force && is_unfinished(directory)) {
    throw invalid_input(directory.string(), "an unfinished run",
                        "a directory without the files of a run (reluflow resume continues it, "
                        "--force discards it)");
  }
  prepare_run_directory(directory, force);
  remove_folder(directory);
  std::error_code error;
  fs::create_directory(directory / folder, error);
  if (error) throw file_error(directory / folder, error.value());
  write_problem(directory / folder / detail::problem_file, run.setup);
  detail::write_text(directory / folder / marker, marker_text(run));
}

unfinished_run read_unfinished_run(const fs::path& directory) {
  if (!is_unfinished(directory)) {
    std::error_code ignored;
    const bool finished = fs::exists(directory / detail::summary_file, ignored);
    throw invalid_input(directory.string(), finished ? "a finished run" : "no unfinished run",
                        "the directory of an unfinished run");
  }
  const fs::path file = directory / folder / marker;
  const auto object =
      nlohmann::json::parse(detail::read_text(file, "an unfinished run"), nullptr, false);
  const bool sound = object.is_object() && object.contains("seed") && object.contains("figures") &&
                     object["figures"].is_boolean() &&
                     (object["seed"].is_null() || object["seed"].is_number_unsigned());
  if (!sound) {
    throw invalid_input(file.string(), "another text", "a JSON object with seed and figures");
  }
  unfinished_run run{read_problem(directory / folder / detail::problem_file),
                     object["figures"].get<bool>()};
  if (object["seed"].is_number_unsigned()) run.setup.seed = object["seed"].get<std::uint64_t>();
  return run;
}

void end_run(const fs::path& directory) { remove_folder(directory); }

}  // namespace reluflow
