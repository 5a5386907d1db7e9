#pragma once

// What the tests of the figures of a run share.

#include "reluflow/plots/run_figures.hpp"
#include "test_plots_support.hpp"

#include <random>
#include <stdexcept>
#include <string>

namespace plots_test {

using Eigen::Index;
using reluflow::dataset;
using reluflow::network;
using reluflow::pair_mode;
using reluflow::trajectory;
using reluflow::plots::figure_result;
using reluflow::plots::layer;
using reluflow::plots::panel;

inline const layer& layer_named(const panel& axes, const std::string& label) {
  for (const layer& drawn : axes.layers) {
    if (drawn.label == label) return drawn;
  }
  throw std::runtime_error("no layer " + label);
}

/// A run of `neurons` on `samples` in dimension 3 whose pairs switch at random times.
struct random_run {
  dataset data;
  trajectory run;
};

inline random_run switching_run(Index neurons, Index samples, int switches, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  const auto fill = [&](Eigen::MatrixXd m) {
    for (Index i = 0; i < m.size(); ++i) m(i) = normal(engine);
    return m;
  };
  const dataset data(fill(Eigen::MatrixXd(3, samples)), fill(Eigen::MatrixXd(samples, 1)));
  trajectory run;
  run.t = 8.0;
  Eigen::VectorXd signs(neurons);
  for (Index j = 0; j < neurons; ++j) signs[j] = engine() % 2 == 0 ? 1.0 : -1.0;
  run.initial_network = network::balanced(signs, Eigen::VectorXd::Constant(neurons, -3.0),
                                          fill(Eigen::MatrixXd(3, neurons)));
  run.final_network = network::balanced(signs, Eigen::VectorXd::Constant(neurons, -1.0),
                                        fill(Eigen::MatrixXd(3, neurons)));
  for (const double t : {0.0, 4.0, 8.0}) {
    reluflow::record_row row;
    row.t = t;
    row.loss = 1.0 - 0.1 * t;
    run.rows.push_back(row);
  }
  run.end = run.rows.back();
  run.initial_pattern = reluflow::activation_pattern(neurons, samples);
  const auto mode = [&] { return static_cast<pair_mode>(engine() % 4); };
  for (Index j = 0; j < neurons; ++j) {
    for (Index k = 0; k < samples; ++k) run.initial_pattern.set(j, k, mode());
  }
  reluflow::activation_pattern now = run.initial_pattern;
  for (int i = 0; i < switches; ++i) {
    const Index j = static_cast<Index>(engine() % static_cast<unsigned>(neurons));
    const Index k = static_cast<Index>(engine() % static_cast<unsigned>(samples));
    const pair_mode to = mode();
    run.switches.push_back({8.0 * (i + 1) / (switches + 2), j, k, now(j, k), to, false});
    now.set(j, k, to);
  }
  run.final_pattern = now;
  return {data, run};
}

inline std::string status_of(const figure_result& result) {
  return result.name + ": " + std::string(to_string(result.status)) + " " + result.message;
}

}  // namespace plots_test
