#include "commands.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"
#include "reluflow/agreement.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "reluflow/threads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reluflow::app {
namespace {

/// The smallest tolerance that `flow_options` takes.
constexpr double least_rtol = 1e-13;

/// One run: the problem with something changed.
struct variant {
  std::string name;
  flow_options flow;
};

/// What became of it.
struct verdict {
  std::string name;
  std::string impossible;  ///< why there is no such run; empty where there is one
  std::optional<trajectory> run;
  agreement found;  ///< with the first run
  bool agrees = true;
};

/// Follows the flow to its end, or until the program is interrupted.
trajectory follow(const problem& setup, const flow_options& flow, const verify_arguments& given) {
  problem task = setup;
  task.flow = flow;
  flow_solver solver(std::move(task));
  progress_line line(false, given.quiet);
  while (!interrupted() && solver.step()) line.show(solver);
  return solver.finish();
}

std::vector<variant> variants_of(const flow_options& flow, chart_kind chart) {
  std::vector<variant> list;
  variant tighter{"", flow};
  tighter.flow.rtol = std::max(flow.rtol / 10.0, least_rtol);
  tighter.flow.atol = flow.atol / 10.0;
  tighter.name = fmt::format("rtol {:.3g}", tighter.flow.rtol);
  list.push_back(std::move(tighter));
  const bool spherical = chart == chart_kind::spherical;
  variant charted{fmt::format("chart {}", spherical ? "cartesian" : "spherical"), flow};
  charted.flow.chart = spherical ? chart_kind::cartesian : chart_kind::spherical;
  list.push_back(std::move(charted));
  const bool global = flow.switching == switching_method::global;
  variant switched{fmt::format("switching {}", global ? "asynchronous" : "global"), flow};
  switched.flow.switching = global ? switching_method::asynchronous : switching_method::global;
  list.push_back(std::move(switched));
  return list;
}

/// Runs one variant and holds it against the run as given.
verdict judge(const problem& setup, const variant& changed, const trajectory& given,
              const agreement_bounds& bounds, const verify_arguments& arguments) {
  verdict result;
  result.name = changed.name;
  if (changed.flow.rtol == setup.flow.rtol && changed.flow.chart == setup.flow.chart &&
      changed.flow.switching == setup.flow.switching) {
    result.impossible = "not possible: rtol is the smallest there is";
    return result;
  }
  try {
    result.run = follow(setup, changed.flow, arguments);
  } catch (const invalid_input& error) {
    // The problem is sound, as the run as given has shown: this chart is not for it.
    result.impossible = fmt::format("not possible: {}", error.what());
    return result;
  }
  result.found = compare(given, *result.run);
  result.agrees = result.found.within(bounds);
  return result;
}

// --- the table ----------------------------------------------------------------------------------

constexpr const char* row_format =
    "  {:<24} {:>12} {:>12} {:>9} {:>8} {:>10} {:>10}  {:<13} {:>9}  {}\n";

std::string small(double value) { return fmt::format("{:.2e}", value); }

std::string row_of(const verdict& one) {
  if (!one.impossible.empty()) return fmt::format("  {:<24} {}\n", one.name, one.impossible);
  const agreement& found = one.found;
  return fmt::format(row_format, one.name, small(found.loss_curve), small(found.final_loss),
                     found.matched, found.missed, small(found.switch_time),
                     small(found.switch_errors), to_string(one.run->ending),
                     fmt::format("{:.3g}", one.run->statistics.wall_seconds),
                     one.agrees ? "agrees" : "DIFFERS");
}

std::string table_of(const trajectory& given, const std::vector<verdict>& verdicts,
                     const agreement_bounds& bounds) {
  std::string text = fmt::format("final loss {:.10e} at t = {:.6g}, estimated error {:.2e}\n",
                                 given.end.loss, given.t, given.statistics.loss_error);
  text +=
      "largest differences from the run as given, of losses relative to the loss at the start:\n";
  text += fmt::format(row_format, "run", "loss curve", "final loss", "switches", "missed",
                      "in time", "in t_error", "outcome", "seconds", "");
  text += fmt::format(row_format, "as given", "", "", given.switches.size(), "", "", "",
                      to_string(given.ending), fmt::format("{:.3g}", given.statistics.wall_seconds),
                      "");
  for (const verdict& one : verdicts) text += row_of(one);
  return text + fmt::format(row_format, "allowed", small(bounds.loss), small(bounds.loss), "", 0,
                            small(bounds.switch_time),
                            fmt::format("or {:g}", agreement::allowed_errors),
                            to_string(given.ending), "", "");
}

std::string csv_of(const trajectory& given, const std::vector<verdict>& verdicts) {
  std::string text =
      "run,loss_curve,final_loss,matched,missed,switch_time,switch_errors,outcome,seconds,"
      "verdict\n";
  text += fmt::format("as given,,,{},,,,{},{},\n", given.switches.size(), to_string(given.ending),
                      given.statistics.wall_seconds);
  for (const verdict& one : verdicts) {
    if (!one.run) {
      text += fmt::format("{},,,,,,,,,not possible\n", one.name);
      continue;
    }
    const agreement& found = one.found;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", one.name, found.loss_curve,
                        found.final_loss, found.matched, found.missed, found.switch_time,
                        found.switch_errors, to_string(one.run->ending),
                        one.run->statistics.wall_seconds, one.agrees ? "agrees" : "differs");
  }
  return text;
}

constexpr const char* file_name = "verify.csv";

/// A directory that will not do is found before the work is done.
void prepare(const verify_arguments& arguments) {
  if (arguments.out.empty()) return;
  std::error_code error;
  const std::filesystem::path file = arguments.out / file_name;
  if (!arguments.force && std::filesystem::exists(file, error)) {
    throw invalid_input(arguments.out.string(), fmt::format("the file {}", file_name),
                        "a directory without it (--force overwrites)");
  }
  std::filesystem::create_directories(arguments.out, error);
  if (error || !std::filesystem::is_directory(arguments.out, error)) {
    throw file_error(arguments.out, error ? error.value() : ENOTDIR);
  }
}

}  // namespace

exit_code verify(const verify_arguments& arguments) {
  watch_for_interrupts();
  if (arguments.threads) set_thread_count(*arguments.threads);
  problem setup = read_problem(arguments.problem, arguments.overrides, arguments.seed);
  setup.record.states = false;
  setup.record.switches = true;
  prepare(arguments);
  const agreement_bounds bounds = agreement_bounds::at(setup.flow.rtol, setup.flow.t_end);
  const trajectory given = follow(setup, setup.flow, arguments);
  if (interrupted()) return exit_interrupted;
  if (!is_success(given.ending)) {
    fmt::print(stderr, "reluflow: {}: found a run that ends with {}, expected one with an answer\n",
               arguments.problem.string(), to_string(given.ending));
    return exit_no_answer;
  }
  std::vector<verdict> verdicts;
  for (const variant& changed : variants_of(setup.flow, given.chart)) {
    if (interrupted()) return exit_interrupted;
    verdicts.push_back(judge(setup, changed, given, bounds, arguments));
  }
  if (interrupted()) return exit_interrupted;
  if (!arguments.out.empty()) {
    detail::write_text(arguments.out / file_name, csv_of(given, verdicts));
  }
  const bool agree =
      std::all_of(verdicts.begin(), verdicts.end(), [](const verdict& one) { return one.agrees; });
  if (!arguments.quiet) {
    fmt::print("{}{}\n", table_of(given, verdicts, bounds),
               agree ? "all agree" : "they do not all agree");
    if (std::fflush(stdout) != 0) throw file_error("standard output", errno);
  }
  return agree ? exit_success : exit_failure;
}

}  // namespace reluflow::app
