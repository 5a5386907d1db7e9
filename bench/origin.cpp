// Neurons that pass w = 0: the flow beside gradient descent with ever smaller steps
// (docs/origin.md). Prints one line a problem.

#include "support/passages.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

namespace reluflow {
namespace {

using namespace reluflow::test;

struct settings {
  std::uint64_t first = 1;
  int count = 20;         // problems with a passage of each source
  int most_seeds = 2000;  // looked at for each source
  double t_end = 20.0;
  double step = 1e-3;  // the largest of descent
  int fan = 60;        // steps tried where descent does not come near
};

constexpr index rows = 11;

/// How many of many close steps lead descent to the losses of the flow.
int share_that_agrees(const passage_problem& task, const std::vector<double>& losses, double step,
                      double near, const settings& set) {
  int agree = 0;
  for (int i = 0; i < set.fan; ++i) {
    const double h = step * (1.0 + (i + 0.5) / set.fan);
    agree += distance(losses, descend_losses(task, h, set.t_end, rows)) <= near ? 1 : 0;
  }
  return agree;
}

/// How many of the neurons that stay at w = 0 have left it in descent by the end.
std::ptrdiff_t let_go(const passage_problem& task, const passage_run& run, const settings& set) {
  gradient_descent_options options;
  options.step = set.step / 16;
  options.t_end = set.t_end;
  const network end = descend(task.data, task.initial, options).final_network;
  return std::count_if(run.passages.begin(), run.passages.end(), [&](const origin_visit& one) {
    const double a = std::abs(end.output_weights()[one.neuron]);
    return !one.leaves && end.weights().col(one.neuron).norm() > 1e-3 * a;
  });
}

struct comparison {
  std::string line;
  bool passes = false;
  bool differs = false;
};

comparison compare(passage_source source, std::string_view name, std::uint64_t seed,
                   const settings& set) {
  const passage_problem task = passage_generator(seed).make(source);
  const passage_run run = follow_passages(task, switching_method::asynchronous, set.t_end, rows);
  comparison result;
  if (run.passages.empty()) return result;
  result.passes = true;
  const passage_run other = follow_passages(task, switching_method::global, set.t_end, rows);
  std::vector<std::vector<double>> descents;
  std::vector<double> errors;
  for (const double h : {set.step, set.step / 4, set.step / 16, set.step / 32}) {
    descents.push_back(descend_losses(task, h, set.t_end, rows));
    errors.push_back(distance(run.losses, descents.back()));
  }
  const double richardson = distance(run.losses, extrapolated(descents[2], descents[3]));
  // Of first order, passages included; a wrong branch keeps its distance.
  const bool near = errors[3] <= 0.25 * errors[0] || errors[3] <= 1e-7;
  result.differs = !near;
  const auto leaving = std::count_if(run.passages.begin(), run.passages.end(),
                                     [](const origin_visit& one) { return one.leaves; });
  result.line = fmt::format(
      "{:22} {:6} d {} n {} m {}  passages {} leave {}  ways {:.1e}  descent {:.1e} {:.1e} {:.1e} "
      "{:.1e}  "
      "extrapolated {:.1e}  {} {}",
      name, seed, task.data.dimension(), task.data.size(), task.initial.width(),
      run.passages.size(), leaving, distance(run.losses, other.losses), errors[0], errors[1],
      errors[2], errors[3], richardson, to_string(run.run.ending), near ? "" : "DIFFERS");
  if (!near) {
    result.line +=
        fmt::format(" {} of {} steps agree, {} let go later",
                    share_that_agrees(task, run.losses, set.step / 16, 0.25 * errors[3], set),
                    set.fan, let_go(task, run, set));
  }
  return result;
}

void run(const settings& set) {
  int all = 0;
  int differing = 0;
  for (const auto& [source, name] : passage_sources) {
    int found = 0;
    int seeds = 0;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < set.most_seeds; ++i) {
      bool enough = false;
#pragma omp critical
      enough = found >= set.count;
      if (enough) continue;
      const comparison one = compare(source, name, set.first + static_cast<std::uint64_t>(i), set);
#pragma omp critical
      {
        ++seeds;
        if (one.passes) {
          ++found;
          ++all;
          differing += one.differs ? 1 : 0;
          fmt::print("{}\n", one.line);
          std::fflush(stdout);
        }
      }
    }
    fmt::print("{}: {} of {} seeds with a passage\n", name, found, seeds);
  }
  fmt::print("{} problems, {} of them where descent does not come nearer\n", all, differing);
}

}  // namespace
}  // namespace reluflow

int main(int argc, char** argv) {
  reluflow::settings set;
  CLI::App app("The flow through w = 0 beside gradient descent");
  app.add_option("--first", set.first, "first seed");
  app.add_option("--count", set.count, "problems of each source");
  app.add_option("--most-seeds", set.most_seeds, "seeds tried for each source");
  app.add_option("--t-end", set.t_end, "length of a run");
  app.add_option("--step", set.step, "largest step of descent");
  app.add_option("--fan", set.fan, "steps tried where descent does not come near");
  CLI11_PARSE(app, argc, argv);
  reluflow::run(set);
}
