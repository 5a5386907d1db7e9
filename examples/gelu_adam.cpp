// Paper C, figures 3 and 4: what people train with, on the data of figure 1. SGD with ReLU, SGD
// with GeLU and Adam with GeLU in discrete steps, beside least squares.

#include "claims.hpp"
#include "generalisation.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/optimiser.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr double noise = 0.3;
constexpr index dimension = 5;

struct way {
  const char* name;
  const char* file;
  optimiser_method method;
  activation_function activation;
  double rate;
};

// 0.01 of a library whose loss is the mean square is 0.02 of L; Adam does not feel the factor.
constexpr way ways[] = {
    {"SGD, ReLU", "sgd_relu", optimiser_method::sgd, activation_function::relu, 0.02},
    {"SGD, GeLU", "sgd_gelu", optimiser_method::sgd, activation_function::gelu, 0.02},
    {"Adam, GeLU", "adam_gelu", optimiser_method::adam, activation_function::gelu, 1e-3}};

dataset draw(index samples, std::uint64_t seed) {
  return gaussian_data(samples, dimension, noise, seed + static_cast<std::uint64_t>(samples));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("GeLU and Adam (paper C, figures 3 and 4)");
  const examples::setting set(app, "gelu_adam");
  std::vector<reluflow::index> samples{20, 50, 100, 200, 500, 1000, 2000};
  reluflow::index width = 100;
  std::int64_t steps = 40'000;
  reluflow::index flow_samples = 200;
  app.add_option("--samples", samples, "numbers of samples, increasing")->delimiter(',');
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--steps", steps, "steps of each run; the paper has 8 million")
      ->capture_default_str();
  app.add_option("--flow-samples", flow_samples, "the flow is followed up to this many samples")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  const dataset test = gaussian_data(5000, dimension, noise, set.seed + 500'000);
  const double scale = std::sqrt(1e-5 / static_cast<double>(width));
  const network start = gaussian_network(width, dimension, scale, set.seed);
  const double variance = noise * noise;
  examples::claim_table claims;
  examples::print_errors_heading();
  // The flow for as long as the steps of SGD are in its time.
  const double t_flow = static_cast<double>(steps) * ways[0].rate;
  std::map<reluflow::index, double> flow_train;
  for (const reluflow::index n : samples) {
    if (n > flow_samples) continue;
    const dataset data = draw(n, set.seed);
    flow_options flow;
    flow.t_end = t_flow;
    flow.rtol = 1e-7;
    flow.stop_loss = 1e-6;
    const trajectory run = integrate(data, start, flow);
    const auto errors =
        examples::errors_of(data, test, run.end.loss, loss(test, run.final_network));
    examples::print_errors(
        "flow, ReLU", errors,
        fmt::format("t = {:.4g}, |min subgradient| {:.1e}", run.t, run.end.gradient_norm));
    flow_train[n] = errors.train;
  }
  for (const way& by : ways) {
    std::vector<examples::errors_at> errors;
    for (const reluflow::index n : samples) {
      const dataset data = draw(n, set.seed);
      optimiser_options options;
      options.method = by.method;
      options.activation = by.activation;
      options.rate = by.rate;
      options.steps = steps;
      options.seed = set.seed;
      const optimiser_run run = optimise(data, start, options);
      errors.push_back(examples::errors_of(data, test, run.rows.back().loss,
                                           loss(test, run.final_network, by.activation)));
      examples::print_errors(by.name, errors.back(),
                             fmt::format("|grad| {:.1e}", run.rows.back().gradient_norm));
    }
    const examples::errors_at& many = errors.back();
    claims.within(
        fmt::format("{}: train error over that of least squares, n = {}", by.name, many.samples),
        0.85, 1.01, many.train / many.linear_train);
    claims.within(fmt::format("{}: test error over that of least squares", by.name), 0.95, 1.15,
                  many.test / many.linear_test);
    claims.holds(fmt::format("{}: train error, few samples against many", by.name),
                 fmt::format("< {:.4f}", many.train), fmt::format("{:.4f}", errors.front().train),
                 errors.front().train < many.train);
    for (const examples::errors_at& one : errors) {
      if (!flow_train.contains(one.samples)) continue;
      const double ratio = one.train / flow_train.at(one.samples);
      const std::string what =
          fmt::format("{}: train error over that of the flow, n = {}", by.name, one.samples);
      const bool same =
          by.activation == activation_function::relu && one.samples == flow_train.rbegin()->first;
      if (same) {
        claims.within(what, 0.85, 1.15, ratio);
      } else {
        claims.note(what,
                    fmt::format("{:.3f}{}", ratio,
                                std::abs(ratio - 1.0) < 0.1 ? "" : ", not where the flow is"));
      }
    }
    examples::keep_figure(set, examples::errors_figure(by.file, errors, variance));
  }
  fmt::print("\n");
  return claims.finish();
}
