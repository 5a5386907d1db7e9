#include "reluflow/plots/render.hpp"

#include "layout.hpp"
#include "process.hpp"
#include "reluflow/errors.hpp"
#include "script.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace reluflow::plots {
namespace {

namespace fs = std::filesystem;

// A name that no other file has: "." keeps it out of listings should the program be killed.
std::string temporary_stem(const std::string& name) {
  static std::atomic<unsigned> counter{0};
  return fmt::format(".{}-{}-{}", name, ::getpid(), counter++);
}

// A file that is removed unless it was moved to its final name.
class temporary_file {
 public:
  explicit temporary_file(fs::path path) : path_(std::move(path)) {}

  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  temporary_file(temporary_file&&) = delete;
  temporary_file& operator=(temporary_file&&) = delete;

  ~temporary_file() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }

  [[nodiscard]] bool has_content() const {
    std::error_code error;
    const auto size = fs::file_size(path_, error);
    return !error && size > 0;
  }

  [[nodiscard]] std::error_code move_to(const fs::path& target) const {
    std::error_code error;
    fs::rename(path_, target, error);
    return error;
  }

 private:
  fs::path path_;
};

// gnuplot repeats the offending command before it says what is wrong, in a line that starts with
// the name of the script. Without such a line the first one has to do.
std::string complaint(const std::string& output) {
  std::string first;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    std::string text = output.substr(begin, end - begin);
    begin = end + 1;
    if (text.find(" line ") != std::string::npos && text.front() == '"') return text;
    if (first.empty() && text.find_first_not_of(" \t\r^") != std::string::npos) first = text;
  }
  return first;
}

std::optional<std::size_t> empty_panel(const figure& fig) {
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    if (fig.panels[i].layers.empty()) return i;
  }
  return std::nullopt;
}

// The message is one line, whatever gnuplot or a path put into it.
figure_result& stop(figure_result& result, figure_status status, const std::string& message) {
  constexpr std::size_t longest = 500;
  result.status = status;
  result.message = fmt::format("{}: {}", result.name, message).substr(0, longest);
  std::replace_if(
      result.message.begin(), result.message.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; }, ' ');
  return result;
}

// Puts the script at its place; images of the script that stood there go with it.
bool place_script(const fs::path& directory, const figure& fig, const render_options& options,
                  figure_result& result) {
  const fs::path target = directory / (fig.name + ".gp");
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    stop(result, figure_status::not_written,
         fmt::format("cannot create {}: {}", directory.string(), error.message()));
    return false;
  }
  const temporary_file script(directory / (temporary_stem(fig.name) + ".gp"));
  const std::string trouble = write_script(script.path(), fig, options);
  if (!trouble.empty()) {
    stop(result, figure_status::not_written,
         fmt::format("cannot write {}: {}", target.string(), trouble));
    return false;
  }
  error = script.move_to(target);
  if (error) {
    stop(result, figure_status::not_written,
         fmt::format("cannot write {}: {}", target.string(), error.message()));
    return false;
  }
  result.files.push_back(target);
  for (const char* kind : {".svg", ".png", ".gif"}) {
    fs::remove(directory / (fig.name + kind), error);
  }
  return true;
}

void render(const fs::path& directory, const figure& fig, const render_options& options,
            figure_result& result) {
  const std::optional<fs::path> gnuplot = find_program(options.gnuplot);
  if (!gnuplot) {
    stop(result, figure_status::no_gnuplot,
         fmt::format("gnuplot was not found ({}); {}.gp is written, run it where gnuplot is",
                     options.gnuplot.find('/') == std::string::npos
                         ? "no \"" + options.gnuplot + "\" on PATH"
                         : "no program " + options.gnuplot,
                     fig.name));
    return;
  }
  std::vector<std::string> kinds;
  if (fig.frame_seconds > 0.0) {
    kinds.emplace_back("gif");
  } else {
    if (options.svg) kinds.emplace_back("svg");
    if (options.png) kinds.emplace_back("png");
  }

  // gnuplot runs inside the directory and is told nothing but names that we made: no path of the
  // user's is ever quoted for it.
  const std::string stem = temporary_stem(fig.name);
  std::string settings = "stem='" + stem + "'; kinds='";
  for (const std::string& kind : kinds) settings += kind + " ";
  std::map<std::string, temporary_file> images;
  for (const std::string& kind : kinds) images.try_emplace(kind, directory / (stem + "." + kind));
  const process_result run = run_program(*gnuplot, {"-d", "-e", settings + "'", fig.name + ".gp"},
                                         directory, options.time_limit);
  if (!run.succeeded) {
    const std::string said = complaint(run.error_output);
    stop(result, figure_status::failed,
         fmt::format("gnuplot failed ({}){}{}", run.ending, said.empty() ? "" : ": ", said));
    return;
  }
  for (const std::string& kind : kinds) {
    const temporary_file& image = images.at(kind);
    const fs::path target = directory / (fig.name + "." + kind);
    if (!image.has_content() || image.move_to(target)) {
      const std::string said = complaint(run.error_output);
      stop(result, figure_status::failed,
           fmt::format("gnuplot made no {}{}{}", kind, said.empty() ? "" : ": ", said));
      return;
    }
    result.files.push_back(target);
  }
}

}  // namespace

std::string_view to_string(figure_status value) noexcept {
  switch (value) {
    case figure_status::complete:
      return "complete";
    case figure_status::no_data:
      return "no_data";
    case figure_status::not_written:
      return "not_written";
    case figure_status::no_gnuplot:
      return "no_gnuplot";
    case figure_status::failed:
      return "failed";
  }
  return "unknown";
}

void render_options::validate() const {
  if (!(time_limit > 0.0) || !std::isfinite(time_limit)) {
    throw invalid_input("plots.time_limit", fmt::format("{}", time_limit),
                        "a finite number of seconds > 0");
  }
  if (gnuplot.empty()) throw invalid_input("plots.gnuplot", "nothing", "a program");
}

figure_result write_figure(const fs::path& directory, const figure& fig,
                           const render_options& options) {
  fig.validate();
  options.validate();
  figure_result result;
  result.name = fig.name;

  const figure whole = completed(fig);
  if (const auto empty = empty_panel(whole)) {
    const std::string& title = fig.panels[*empty].title;
    return stop(result, figure_status::no_data,
                fmt::format("panel {}{} has no finite value to draw", *empty + 1,
                            title.empty() ? "" : " (" + title + ")"));
  }
  const fs::path folder = directory.empty() ? fs::path(".") : directory;
  if (!place_script(folder, whole, options, result)) return result;
  if (options.svg || options.png) render(folder, fig, options, result);
  return result;
}

}  // namespace reluflow::plots
