#include "commands.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/memory.hpp"
#include "reluflow/version.hpp"
#include "sweep.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <limits>
#include <new>
#include <string>
#include <system_error>

namespace reluflow::app {
namespace {

/// The promise of the command line: an error is one line.
exit_code fail(exit_code code, std::string message) {
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  // Not fmt::print, which throws where standard error is full.
  (void)std::fputs(fmt::format("reluflow: {}\n", message).c_str(), stderr);
  return code;
}

/// Accepts whole numbers from `least` to `most`; CLI11's own checks print bounds nobody can read.
template <typename Integer>
CLI::Validator integer_in(Integer least, Integer most) {
  const auto check = [=](const std::string& text) -> std::string {
    Integer value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && stop == text.data() + text.size();
    if (whole && value >= least && value <= most) {
      return {};
    }
    return fmt::format("found \"{}\", expected an integer from {} to {}", text, least, most);
  };
  return CLI::Validator(check, "", "");
}

/// The whole text as a number; NaN when it is none.
double number_of(const std::string& text) {
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && stop == text.data() + text.size();
  return whole ? value : std::numeric_limits<double>::quiet_NaN();
}

std::string check_seconds(const std::string& text) {
  const double value = number_of(text);
  if (value >= 0.0 && value <= 1e9) return {};
  return fmt::format("found \"{}\", expected seconds from 0 to 1e9", text);
}

std::string check_gigabytes(const std::string& text) {
  const double value = number_of(text);
  // A byte at least: 0 stands for no limit of one's own.
  if (value >= 1e-9 && value <= 1e9) return {};
  return fmt::format("found \"{}\", expected gigabytes above 0", text);
}

/// How large a problem may be, or a run that is read, for every command that reads one.
void add_memory(CLI::App& command) {
  command
      .add_option_function<double>(
          "--memory",
          [](double gigabytes) { set_memory_limit(static_cast<std::uint64_t>(gigabytes * 1e9)); },
          "Gigabytes that a problem or a run may need; the physical memory unless given")
      ->check(CLI::Validator(&check_gigabytes, "", ""));
}

/// The problem file and what replaces parts of it.
template <typename Arguments>
void add_problem(CLI::App& command, Arguments& arguments) {
  command.add_option("PROBLEM", arguments.problem, "The problem file (TOML)")->required();
  command
      .add_option("--set", arguments.overrides,
                  "Replace a value of the problem file, e.g. flow.t_end=40")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--seed", arguments.seed, "Seed of the generated parts")
      ->check(integer_in<std::uint64_t>(0, std::numeric_limits<std::int64_t>::max()));
  add_memory(command);
}

/// How a run is conducted.
void add_course(CLI::App& command, course_arguments& arguments) {
  command.add_option("--threads", arguments.threads, "Number of threads")
      ->check(integer_in<int>(1, 4096));
  command
      .add_option("--checkpoint", arguments.checkpoint_seconds,
                  "Seconds from one checkpoint to the next")
      ->check(CLI::Validator(&check_seconds, "", ""))
      ->capture_default_str();
  command.add_flag("--progress", arguments.progress,
                   "Say where the run is, also where standard error is no terminal");
  command.add_flag("--quiet", arguments.quiet, "No progress and no summary");
  command.add_flag("--no-plots", arguments.no_plots, "Write no figures");
}

void add_run(CLI::App& app, run_arguments& arguments) {
  CLI::App* const command = app.add_subcommand("run", "Follow the flow of a problem");
  add_problem(*command, arguments);
  command->add_option("--out", arguments.out, "Directory for the results")->required();
  command->add_flag("--force", arguments.force, "Overwrite a run that is already there");
  add_course(*command, arguments.course);
}

void add_resume(CLI::App& app, resume_arguments& arguments) {
  CLI::App* const command =
      app.add_subcommand("resume", "Go on with a run that was interrupted or killed");
  command->add_option("DIR", arguments.directory, "The directory of the run")->required();
  add_memory(*command);
  add_course(*command, arguments.course);
}

void add_sweep(CLI::App& app, sweep_arguments& arguments) {
  CLI::App* const command = app.add_subcommand("sweep", "Run a problem many times");
  command->add_option("SWEEP", arguments.sweep, "The sweep file (TOML)")->required();
  command->add_option("--out", arguments.out, "Directory for the results; resumes what is there")
      ->required();
  command->add_option("--threads", arguments.threads, "Number of cells at a time in this process")
      ->check(integer_in<int>(1, 4096));
  auto* const shard =
      command->add_option("--shard", arguments.shard, "Only every n-th cell, from the i-th")
          ->type_name("I/N");
  command->add_flag("--merge", arguments.merge, "Put the cells of all shards together")
      ->excludes(shard);
  add_memory(*command);
  command->add_flag("--force", arguments.force, "Start anew where cells of a sweep are found");
  command->add_flag("--quiet", arguments.quiet, "No progress and no summary");
  command->add_flag("--no-plots", arguments.no_plots, "Write no figures");
}

void add_plot(CLI::App& app, std::filesystem::path& directory) {
  CLI::App* const command = app.add_subcommand("plot", "Make the figures of a finished run");
  command->add_option("DIR", directory, "The directory of the run")->required();
  add_memory(*command);
}

void add_report(CLI::App& app, report_arguments& arguments) {
  CLI::App* const command = app.add_subcommand("report", "Make one HTML page of a finished run");
  command->add_option("DIR", arguments.directory, "The directory of the run")->required();
  command->add_option("--out", arguments.out, "The page (default: report.html in DIR)")
      ->type_name("FILE");
  add_memory(*command);
}

void add_verify(CLI::App& app, verify_arguments& arguments) {
  CLI::App* const command = app.add_subcommand(
      "verify", "Run a problem again at another tolerance, chart and switching, and compare");
  add_problem(*command, arguments);
  command->add_option("--out", arguments.out,
                      "Directory for verify.csv; nothing is written without");
  command->add_flag("--force", arguments.force, "Overwrite a verify.csv that is already there");
  command->add_option("--threads", arguments.threads, "Number of threads")
      ->check(integer_in<int>(1, 4096));
  command->add_flag("--quiet", arguments.quiet, "No table: the exit code says it");
}

exit_code parse_and_dispatch(int argc, char** argv) {
  CLI::App app("The gradient flow of one-hidden-layer ReLU networks, event by event", "reluflow");
  app.set_version_flag("--version", fmt::format("reluflow {}", version_string));
  app.require_subcommand(1);
  run_arguments ran;
  add_run(app, ran);
  resume_arguments resumed;
  add_resume(app, resumed);
  predict_arguments predicted;
  add_problem(*app.add_subcommand("predict", "Print what the theory says of a problem"), predicted);
  sweep_arguments swept;
  add_sweep(app, swept);
  verify_arguments verified;
  add_verify(app, verified);
  std::filesystem::path plotted;
  add_plot(app, plotted);
  report_arguments reported;
  add_report(app, reported);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version arrive here too.
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return exit_success;
    }
    return fail(exit_bad_input, error.what());
  }
  if (app.got_subcommand("run")) return run(ran);
  if (app.got_subcommand("resume")) return resume(resumed);
  if (app.got_subcommand("sweep")) return sweep(swept);
  if (app.got_subcommand("report")) return report(reported);
  if (app.got_subcommand("verify")) return verify(verified);
  return app.got_subcommand("predict") ? predict(predicted) : plot(plotted);
}

exit_code guarded_main(int argc, char** argv) {
  try {
    return parse_and_dispatch(argc, argv);
  } catch (const invalid_input& error) {
    return fail(exit_bad_input, error.what());
  } catch (const file_error& error) {
    return fail(exit_bad_input, error.what());
  } catch (const std::system_error& error) {
    return fail(exit_bad_input, error.what());
  } catch (const std::bad_alloc&) {
    return fail(exit_failure, "out of memory");
  } catch (const std::exception& error) {
    return fail(exit_failure, error.what());
  }
}

}  // namespace
}  // namespace reluflow::app

int main(int argc, char** argv) { return reluflow::app::guarded_main(argc, argv); }
