// Runs a problem file in quadruple precision and prints what happens.
//
//     quadruple problem.toml                switches as CSV, 25 digits
//     quadruple problem.toml --losses 11    the loss at 11 times
//     quadruple problem.toml --trace 3      what neuron 3 sees at every step and at the end

#include "reluflow/io/problem_file.hpp"
#include "support/quadruple_flow.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::test::quad;

struct request {
  std::string file;
  std::optional<double> until;
  reluflow::index losses = 0;
  std::optional<std::size_t> trace;
};

std::string digits(const quad& x) { return x.str(4, std::ios::scientific); }

/// Time, weights, |D_j|, and for every sample the side (inactive, active, sliding, resting), z_jk,
/// r_k, the rate of z_jk, and eta and 1 - eta while it slides.
void print_neuron(const test::quadruple_flow& flow, std::size_t j) {
  const auto& data = flow.data();
  const auto& state = flow.state();
  const auto series = test::taylor_series(data, state, 1);
  test::quad_vector force;
  for (const auto& coordinate : series->force[j]) force.push_back(coordinate[0]);
  fmt::print("{} a={} |w|={} |D|={}", flow.t().str(20), digits(state.a[j]),
             digits(test::norm(state.w[j])), digits(test::norm(force)));
  for (std::size_t k = 0; k < data.size(); ++k) {
    fmt::print(" [{}{} z={} r={} z'={}", k, "iasr"[static_cast<std::size_t>(state.sides[j][k])],
               digits(test::dot(state.w[j], data.x[k])), digits(series->r[k][0]),
               digits(state.a[j] * test::dot(force, data.x[k])));
    if (state.sides[j][k] == test::quad_side::sliding) {
      const quad whole = series->r[k][0] / data.size();
      fmt::print(" eta={} 1-eta={}", digits(series->gamma[j][k][0] / whole),
                 digits(series->slack(j, k)[0] / whole));
    }
    fmt::print("]");
  }
  fmt::print("\n");
}

void run(const request& wanted) {
  const problem task = read_problem(wanted.file);
  const double t_end = wanted.until.value_or(task.flow.t_end);
  test::quadruple_flow flow(task.data, task.initial);
  if (wanted.trace) {
    flow.on_step = [&](const test::quadruple_flow& now) { print_neuron(now, *wanted.trace); };
  }
  std::vector<double> times;
  if (wanted.losses > 1) times = linear_times(t_end, wanted.losses);
  const auto begin = std::chrono::steady_clock::now();
  std::string failure;
  try {
    flow.advance(t_end, times);
    if (wanted.trace) print_neuron(flow, *wanted.trace);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (wanted.losses > 1) {
    fmt::print("t,loss\n");
    for (std::size_t i = 0; i < flow.losses().size(); ++i) {
      fmt::print("{},{}\n", times[i], flow.losses()[i].str(25));
    }
  } else if (!wanted.trace) {
    fmt::print("t,neuron,sample,from,to\n");
    for (const test::quad_switch& one : flow.switches()) {
      fmt::print("{},{},{},{},{}\n", one.t.str(25), one.neuron, one.sample, to_string(one.from),
                 to_string(one.to));
    }
  }
  fmt::print(stderr,
             "t = {}, loss {}, {} switches, {} steps, {} ambiguous events, {} arrivals at w = 0, "
             "{:.1f} s\n",
             flow.t().str(20), flow.data().loss(flow.state()).str(25), flow.switches().size(),
             flow.steps(), flow.ambiguous(), flow.through_origin(), seconds.count());
  if (!failure.empty()) throw std::runtime_error(failure);
}

}  // namespace

int main(int argc, char** argv) {
  request wanted;
  CLI::App app{"The gradient flow in quadruple precision"};
  app.add_option("problem", wanted.file, "problem file")->required();
  app.add_option("--until", wanted.until, "end here instead of flow.t_end");
  app.add_option("--losses", wanted.losses, "print the loss at so many times, no switches");
  app.add_option("--trace", wanted.trace,
                 "print this neuron at every step and at the end, no switches");
  CLI11_PARSE(app, argc, argv);
  try {
    run(wanted);
  } catch (const std::exception& error) {
    fmt::print(stderr, "quadruple: {}\n", error.what());
    return 1;
  }
}
