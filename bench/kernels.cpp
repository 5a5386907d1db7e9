// Single kernels, and what a step of the flow costs in units of one bare evaluation of the field.
//
//     kernels [--benchmark_filter=REGEX]
//
// Counters of `step`: `per_field` is the time of an accepted step divided by that of one bare
// evaluation (two products of matrices with sign masks, masked_field); `field`, `certificates`,
// `local`, `recording` are shares of the time; `x_field`, `x_certificates`, `x_local` say how many
// times what its count of operations predicts each part takes, and `local_ns` is the time a switch
// takes.

#include "masked_field.hpp"
#include "measured.hpp"
#include "problems.hpp"
#include "reluflow/detail/bernstein.hpp"
#include "reluflow/detail/pattern_product.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"
#include "switch_search.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace {

using namespace reluflow;
using bench::masked_field;
using reluflow::index;  // not the POSIX function

/// A Gaussian problem with modes by the signs at the start, in the Cartesian chart.
struct moment {
  problem task;
  vector_field field;
  Eigen::VectorXd state;
  flow_modes modes;

  moment(index samples, index width)
      : task(bench::gaussian(samples, width, 1.0)),
        field(task.data, task.initial, chart_kind::cartesian),
        state(field.pack(task.initial)) {
    modes.pattern = activation_pattern(width, samples);
    for (index j = 0; j < width; ++j) {
      const Eigen::VectorXd z = task.data.inputs().transpose() * field.vectors(state).col(j);
      for (index k = 0; k < samples; ++k) {
        modes.pattern.set(j, k, z[k] > 0.0 ? pair_mode::active : pair_mode::inactive);
      }
    }
  }
};

void count_pairs(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

/// Two products of matrices with sign masks: what everything else is measured by.
void bare_field(benchmark::State& state) {
  masked_field field(bench::gaussian(state.range(0), state.range(1), 1.0));
  Eigen::VectorXd rate(field.size());
  for (auto _ : state) {
    field(field.start().data(), rate.data());
    benchmark::DoNotOptimize(rate.data());
  }
  count_pairs(state);
}

/// The field with modes held fixed.
void field(benchmark::State& state) {
  const moment now(state.range(0), state.range(1));
  Eigen::VectorXd rate;
  field_values values;
  for (auto _ : state) {
    now.field.derivative(now.state, now.modes, rate, values);
    benchmark::DoNotOptimize(rate.data());
  }
  count_pairs(state);
}

/// Residuals alone.
void residuals(benchmark::State& state) {
  const moment now(state.range(0), state.range(1));
  field_values values;
  for (auto _ : state) {
    now.field.residuals(now.state, now.modes.pattern, values);
    benchmark::DoNotOptimize(values.residuals.data());
  }
  count_pairs(state);
}

/// Sums over the pattern, with columns of `range(2)` coordinates.
void pattern_sum_over_samples(benchmark::State& state) {
  const moment now(state.range(0), state.range(1));
  const Eigen::MatrixXd values = Eigen::MatrixXd::Random(state.range(2), state.range(0));
  Eigen::MatrixXd sums;
  for (auto _ : state) {
    detail::sum_over_samples(now.modes.pattern, values, sums);
    benchmark::DoNotOptimize(sums.data());
  }
  count_pairs(state);
}

void pattern_sum_over_neurons(benchmark::State& state) {
  const moment now(state.range(0), state.range(1));
  const Eigen::MatrixXd values = Eigen::MatrixXd::Random(state.range(2), state.range(1));
  Eigen::MatrixXd sums;
  (void)now.modes.pattern.active_by_sample();  // made once for all steps with these modes
  for (auto _ : state) {
    detail::sum_over_neurons(now.modes.pattern, values, sums);
    benchmark::DoNotOptimize(sums.data());
  }
  count_pairs(state);
}

/// The certificate of all pairs on a step of `range(2)` thousandths in which every neuron moves
/// along its rate.
void certificate(benchmark::State& state) {
  const moment now(state.range(0), state.range(1));
  const switching_surfaces surfaces(now.task.data);
  const detail::settler settler(now.task.data, surfaces, surface_rule::filippov);
  const detail::switch_search search(now.field, surfaces, settler);
  Eigen::VectorXd rate;
  field_values values;
  now.field.derivative(now.state, now.modes, rate, values);
  const double h = 1e-3 * static_cast<double>(state.range(2));
  Eigen::MatrixXd control(now.state.size(), 6);
  for (int i = 0; i < 6; ++i) control.col(i) = now.state + (h * i / 5.0) * rate;
  const Eigen::MatrixXd no_residuals;
  const detail::contact_set no_contacts;
  std::size_t found = 0;
  for (auto _ : state) {
    std::vector<std::pair<index, index>> at_rest;
    found = search
                .find({control, no_residuals, h, 1e-15, now.field.neurons()}, now.modes,
                      no_contacts, 1.0, at_rest)
                .size();
    benchmark::DoNotOptimize(found);
  }
  state.counters["found"] = static_cast<double>(found);
  count_pairs(state);
}

/// Seconds of one bare evaluation: the mean over some time, so that whoever shares the machine
/// slows it down as much as the run that is measured by it.
double bare_seconds(const problem& task) {
  masked_field field(task);
  Eigen::VectorXd rate(field.size());
  const bench::stop_clock clock(0.3);
  int count = 0;
  do {
    field(field.start().data(), rate.data());
    ++count;
  } while (!clock.is_over());
  return clock.seconds() / count;
}

/// Seconds of a scalar product of two vectors of this dimension, one after the other.
double product_seconds(index dimension) {
  constexpr index vectors = 64;
  const Eigen::MatrixXd all = Eigen::MatrixXd::Random(dimension, vectors);
  Eigen::VectorXd w = all.col(0);
  const bench::stop_clock clock(0.1);
  double count = 0.0;
  do {
    for (index i = 0; i < vectors; ++i) w[i % dimension] = 0.5 * w.dot(all.col(i));
    count += vectors;
  } while (!clock.is_over());
  benchmark::DoNotOptimize(w.data());
  return clock.seconds() / count;
}

// Counts of what cannot be done for many at once, in scalar products of dimension d = 5
// (docs/asynchronous.md).

/// For each neuron the certificate makes six Bernstein coefficients of two surfaces near its way.
constexpr double products_of_a_certificate = 2 * 6;

/// On 1.3 pieces 8 surfaces of a window are looked at, by two products each; on every third switch
/// a new window is chosen among some 50 surfaces of the outlook; a piece takes the products of D_0
/// and D_1 with each other and w, a series of 6 terms and two nodes of a quadrature, 10 products
/// together; D has 6 coefficients in two forms. The pass over all surfaces once in 14 switches is
/// left out.
constexpr double products_of_a_switch = 1.3 * 8 * 2 + 50.0 * 2 / 3 + 1.3 * (5 + 10) + 6 * 2;

/// A step that is corrected follows every neuron three times on one piece at least: 21 products of
/// its 6 coefficients with each other, 6 with w, a series of 10 terms and 4 nodes of moments, about
/// 30 more.
constexpr double products_of_a_correction = 3 * (21 + 6 + 30);

/// A run of the flow with asynchronous switching until `range(2)`, and its parts.
void step(benchmark::State& state) {
  problem task = bench::gaussian(state.range(0), state.range(1), 1.0);
  task.flow.t_end = static_cast<double>(state.range(2));
  task.flow.rtol = 1e-6;
  task.flow.switching = switching_method::asynchronous;
  task.record.states = false;
  const double bare = bare_seconds(task);
  const double product = product_seconds(task.data.dimension());
  run_statistics s;
  for (auto _ : state) s = integrate(task).statistics;
  const auto tried = static_cast<double>(s.steps + s.rejected);
  const run_profile& p = s.profile;
  state.counters["steps"] = static_cast<double>(s.steps);
  state.counters["rejected"] = static_cast<double>(s.rejected);
  state.counters["switches"] = static_cast<double>(s.switches);
  state.counters["per_field"] = s.wall_seconds / static_cast<double>(s.steps) / bare;
  state.counters["field"] = p.field / s.wall_seconds;
  state.counters["certificates"] = p.certificates / s.wall_seconds;
  state.counters["local"] = (p.local + p.corrections) / s.wall_seconds;
  state.counters["recording"] = p.recording / s.wall_seconds;
  // A step that is tried evaluates the field six times and the residuals, half a field, once for
  // the error and four times for their path; a step that is taken evaluates once more.
  state.counters["x_field"] =
      p.field / bare / (tried * (6.0 + 5.0 * 0.5) + static_cast<double>(s.steps));
  // The certificate takes the distances of every pair from both ends of the neuron's way: two
  // products of matrices, as many operations as a field.
  const double neurons = tried * static_cast<double>(task.initial.width());
  state.counters["x_certificates"] =
      p.certificates / (tried * bare + neurons * products_of_a_certificate * product);
  const double local = p.local + p.corrections;
  const auto switches = static_cast<double>(s.switches);
  state.counters["local_ns"] = 1e9 * local / std::max(1.0, switches);
  state.counters["x_local"] =
      local / (product * (switches * products_of_a_switch + neurons * products_of_a_correction));
}

void sizes(benchmark::internal::Benchmark* one) {
  one->ArgNames({"n", "m"})
      ->Args({200, 200})
      ->Args({2000, 2000})
      ->Args({5000, 10000})
      ->Unit(benchmark::kMicrosecond);
}

void sizes_and(benchmark::internal::Benchmark* one, const char* third,
               const std::vector<std::int64_t>& values) {
  one->ArgNames({"n", "m", third})->Unit(benchmark::kMicrosecond);
  for (const std::int64_t value : values) {
    one->Args({200, 200, value})->Args({2000, 2000, value});
  }
}

BENCHMARK(bare_field)->Apply(sizes);
BENCHMARK(field)->Apply(sizes);
BENCHMARK(residuals)->Apply(sizes);
BENCHMARK(pattern_sum_over_samples)->Apply([](auto* one) { sizes_and(one, "columns", {5, 30}); });
BENCHMARK(pattern_sum_over_neurons)->Apply([](auto* one) { sizes_and(one, "columns", {5, 30}); });
BENCHMARK(certificate)->Apply([](auto* one) { sizes_and(one, "h/1000", {1, 100}); });
BENCHMARK(step)
    ->ArgNames({"n", "m", "T"})
    ->Args({50, 50, 50})
    ->Args({200, 200, 20})
    ->Args({1000, 1000, 5})
    ->Args({2000, 2000, 5})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
