// Whole runs, side by side in one process: reluflow, and solvers that know nothing of switching or
// meet it as best they can. Errors are the largest along the loss curve, relative to L(0), against
// reluflow at a tighter tolerance.
//
//     compare [--limit SECONDS] [--repeat TIMES] [--cpu] [--method WORD...] [--problem NAME...]

#include "peers.hpp"
#include "problems.hpp"
#include "reference.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using namespace reluflow::bench;
using reluflow::index;  // not the POSIX function

struct settings {
  double limit = 60.0;
  int repeat = 3;
  bool cpu = false;
  std::vector<std::string> methods;
  std::vector<std::string> problems;
  std::string cache = RELUFLOW_BENCH_CACHE;
};

/// One line of the table.
struct row {
  std::string method;
  measured run;
  double error = 0.0;
  double step = 0.0;  ///< of a method with fixed steps
};

struct method {
  std::string name;
  std::function<measured()> run;
  double step = 0.0;
};

/// One run, and whether it was stopped.
measured timed(const std::function<measured()>& run, double limit) {
  const stop_clock clock(limit);
  measured result = run();
  result.out_of_time = clock.is_over();
  return result;
}

/// The median by time of several runs, or the first where that one took long.
measured median(const std::function<measured()>& run, const settings& set) {
  std::vector<measured> runs{timed(run, set.limit)};
  while (static_cast<int>(runs.size()) < set.repeat && runs.front().seconds < 0.1 * set.limit) {
    runs.push_back(timed(run, set.limit));
  }
  const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
  std::nth_element(runs.begin(), middle, runs.end(),
                   [](const measured& a, const measured& b) { return a.seconds < b.seconds; });
  return *middle;
}

std::vector<method> methods_for(const entry& one, const problem& task, double limit) {
  std::vector<method> all;
  const auto add = [&](std::string name, std::function<measured()> run, double step = 0.0) {
    all.push_back({std::move(name), std::move(run), step});
  };
  // The first is what it takes for an error of 1e-6 on large problems.
  for (const double rtol : {5e-6, 1e-6, 1e-8}) {
    add(fmt::format("reluflow asynchronous, {:g}", rtol),
        [=, &task] { return by_reluflow(task, rtol, switching_method::asynchronous, limit); });
    if (!one.with_global || rtol > 1e-6) continue;
    add(fmt::format("reluflow global, {:g}", rtol),
        [=, &task] { return by_reluflow(task, rtol, switching_method::global, limit); });
  }
  for (const double step : {0.05, 0.01, 0.002}) {
    add(
        fmt::format("RK4 with sign masks, step {:g}", step),
        [=, &task] { return by_masked_rk4(task, step, limit); }, step);
  }
  if (one.with_descent) {
    add("gradient descent, step 0.001", [=, &task] { return by_descent(task, 1e-3, limit); });
  }
  for (const double rtol : {1e-6, 1e-8}) {
    add(fmt::format("Odeint dopri5, no events, {:g}", rtol),
        [=, &task] { return by_odeint(task, rtol, limit); });
#ifdef RELUFLOW_BENCH_CVODE
    add(fmt::format("CVODE Adams, no events, {:g}", rtol),
        [=, &task] { return by_cvode(task, rtol, limit); });
    if (!one.with_roots) continue;
    add(fmt::format("CVODE Adams with roots, {:g}", rtol),
        [=, &task] { return by_cvode_with_roots(task, rtol, limit); });
#endif
  }
  return all;
}

void print(const std::string& problem_name, const row& one, const problem& task, double limit) {
  std::string end = fmt::format("{:.1e}", one.error);
  if (!finished(one.run, task.flow.t_end)) {
    end = one.run.out_of_time
              ? fmt::format("did not finish in {:g} s: t = {:.4g}", limit, one.run.t)
              : fmt::format("gave up at t = {:.4g}", one.run.t);
  }
  fmt::print("{:<20} {:<30} {:>12} {:>9} {:>9.3f}  {}\n", problem_name, one.method,
             one.run.evaluations, one.run.switches, one.run.seconds, end);
  std::fflush(stdout);
}

/// Seconds to reach an error, and how they are known.
struct cost {
  double seconds = std::numeric_limits<double>::infinity();
  std::string how;
};

/// The fastest finished run of `rows` with at most this error whose method begins with `name`.
std::optional<cost> measured_cost(const std::vector<row>& rows, const std::string& name,
                                  double error, double t_end) {
  std::optional<cost> best;
  for (const row& one : rows) {
    const bool fits =
        one.method.starts_with(name) && finished(one.run, t_end) && one.error <= error;
    if (fits && (!best || one.run.seconds < best->seconds)) best = {one.run.seconds, "measured"};
  }
  return best;
}

/// RK4 carried on by its own convergence: error ~ step^p between its two finest finished runs, and
/// time ~ 1 / step.
std::optional<cost> extrapolated_cost(const std::vector<row>& rows, double error, double t_end) {
  std::vector<const row*> finest;
  for (const row& one : rows) {
    if (one.step > 0.0 && finished(one.run, t_end)) finest.push_back(&one);
  }
  if (finest.size() < 2) return {};
  const row& coarse = *finest[finest.size() - 2];
  const row& fine = *finest.back();
  const double order = std::log(coarse.error / fine.error) / std::log(coarse.step / fine.step);
  // Over more than four decades the law would be a guess.
  if (!(order > 0.1) || fine.error > 1e4 * error) return {};
  return cost{fine.run.seconds * std::pow(fine.error / error, 1.0 / order),
              fmt::format("extrapolated with its own order {:.2f}", order)};
}

/// What an error costs with RK4 and with reluflow.
void print_ratio(const std::string& problem_name, const std::vector<row>& rows, double error,
                 double t_end) {
  const auto own = measured_cost(rows, "reluflow asynchronous", error, t_end);
  auto peer = measured_cost(rows, "RK4", error, t_end);
  if (!peer) peer = extrapolated_cost(rows, error, t_end);
  const auto text = [](const std::optional<cost>& c) {
    return c ? fmt::format("{:.3g} s ({})", c->seconds, c->how) : std::string("does not come near");
  };
  fmt::print("{:<20} error {:g}: RK4 {}, reluflow {}", problem_name, error, text(peer), text(own));
  if (own && peer) fmt::print(": {:.3g} times as fast", peer->seconds / own->seconds);
  fmt::print("\n");
}

bool is_wanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
           return name.find(word) != std::string::npos;
         });
}

void compare(const entry& one, const settings& set) {
  const problem task = one.make();
  const double t_end = task.flow.t_end;
  fmt::print("# {}: n = {}, d = {}, m = {}, T = {}; errors against reluflow at rtol {:g}\n",
             one.name, task.data.size(), task.data.dimension(), task.initial.width(), t_end,
             one.reference_rtol);
  const std::vector<double> reference = reference_curve(one, task, set.cache);
  std::vector<row> rows;
  for (const method& way : methods_for(one, task, set.limit)) {
    if (!is_wanted(set.methods, way.name)) continue;
    const measured run = median(way.run, set);
    rows.push_back({way.name, run, error_of(run, reference), way.step});
    print(one.name, rows.back(), task, set.limit);
  }
  for (const double error : {1e-6, 1e-8}) print_ratio(one.name, rows, error, t_end);
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Whole runs of reluflow beside general solvers");
  settings set;
  std::string names;
  for (const entry& one : entries()) names += (names.empty() ? "" : ", ") + one.name;
  app.add_option("--limit", set.limit, "seconds after which a run is stopped")
      ->capture_default_str();
  app.add_option("--repeat", set.repeat, "runs of which the median is taken, when they are short")
      ->capture_default_str();
  app.add_flag("--cpu", set.cpu, "times of the processor instead of the clock");
  app.add_option("--method", set.methods, "only methods whose name holds one of these words");
  app.add_option("--problem", set.problems, "only these: " + names);
  app.add_option("--cache", set.cache, "where references are kept")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (set.cpu) stop_clock::count_processor_time();

  fmt::print("{:<20} {:<30} {:>12} {:>9} {:>9}  {}\n", "problem", "method", "evaluations",
             "switches", "seconds", "error of the loss curve");
  for (const entry& one : entries()) {
    const bool named =
        std::find(set.problems.begin(), set.problems.end(), one.name) != set.problems.end();
    if (named || (set.problems.empty() && one.by_default)) compare(one, set);
  }
}
