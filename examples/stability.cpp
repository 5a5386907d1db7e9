// Paper C, figure 5: that training stops above zero is no matter of step sizes. From where SGD has
// ended, a warm restart with a rate that falls by eight decades hardly changes the loss, and the
// flow itself, which has no step size, stays too: what is there is a stationary point. Narrow
// networks show it to the end: their flow is followed until the minimal subgradient is 1e-9.

#include "claims.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/optimiser.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr double noise = 0.3;

/// Train errors that differ by a smaller share are taken for the same.
constexpr double same_error = 0.02;

plots::figure restart_figure(const optimiser_run& first, const optimiser_run& second,
                             double least_squares) {
  plots::panel axes;
  axes.x_label = "steps, thousands";
  axes.y_label = "mean square error on the samples";
  const auto add = [&](const char* label, const optimiser_run& run, double offset,
                       std::string_view colour) {
    std::vector<double> step;
    std::vector<double> error;
    for (const optimiser_row& row : run.rows) {
      step.push_back((offset + static_cast<double>(row.step)) / 1000.0);
      error.push_back(2.0 * row.loss);
    }
    axes.layers.push_back(plots::line(label, std::move(step), std::move(error), colour));
  };
  add("constant rate", first, 0.0, plots::colours::negative);
  add("restart with a falling rate", second, static_cast<double>(first.rows.back().step),
      plots::colours::positive);
  axes.levels = {{"noise", noise * noise}, {"least squares", least_squares}};
  axes.y_range = plots::range{0.0, 1.6 * noise * noise};
  return {.name = "restart", .panels = {std::move(axes)}};
}

/// Follows the flow of a narrow network from its small start until nothing moves any more.
trajectory to_the_limit(const dataset& data, index width, double t_end, std::uint64_t seed) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-6;
  flow.stop_gradient = 1e-9;
  record_options record;
  record.states = false;
  record.switches = false;
  const double scale = std::sqrt(1e-5 / static_cast<double>(width));
  return integrate(data, gaussian_network(width, data.dimension(), scale, seed), flow, record);
}

/// Half of the steps at a constant rate, then eighty falls by 0.85.
rate_schedule falling_late(std::int64_t steps) {
  const std::int64_t constant = steps / 2;
  const rate_schedule fall = step_decay(0.85, std::max<std::int64_t>(1, steps / 160));
  return
      [constant, fall](std::int64_t step) { return step < constant ? 1.0 : fall(step - constant); };
}

double rate_of(optimiser_method method) {
  if (method == optimiser_method::gradient_descent) return 0.1;
  return method == optimiser_method::adam ? 1e-3 : 0.02;
}

/// Discrete steps beside the limit of the flow: from the same start, where only small steps on all
/// samples are the flow, and only few neurons forgive what is left of their size; and from the
/// limit itself.
void compare_with_steps(examples::claim_table& claims, const dataset& data, const trajectory& run,
                        std::int64_t steps, bool narrowest, std::uint64_t seed) {
  const auto compare = [&](const char* name, optimiser_method method, bool from_limit,
                           bool expected) {
    optimiser_options options;
    options.method = method;
    options.rate = rate_of(method);
    options.steps = method == optimiser_method::gradient_descent
                        ? static_cast<std::int64_t>(run.t / options.rate)
                        : steps;
    options.seed = seed;
    if (method != optimiser_method::gradient_descent) options.schedule = falling_late(steps);
    const network& start = from_limit ? run.final_network : run.initial_network;
    const optimiser_row end = optimise(data, start, options).rows.back();
    const double ratio = end.loss / run.end.loss;
    const std::string what = fmt::format("  {}: train error over that of the flow", name);
    if (expected) {
      claims.near(what, 1.0, ratio, same_error);
    } else {
      claims.note(what,
                  fmt::format("{:.4f}, |grad| {:.1e}{}", ratio, end.gradient_norm,
                              std::abs(ratio - 1.0) < same_error ? "" : ", not where the flow is"));
    }
  };
  compare("gradient descent", optimiser_method::gradient_descent, false, narrowest);
  compare("SGD", optimiser_method::sgd, false, false);
  compare("Adam", optimiser_method::adam, false, false);
  compare("SGD from the limit", optimiser_method::sgd, true, true);
  compare("Adam from the limit", optimiser_method::adam, true, false);
}

/// The limit of the flow is a stationary point above zero, for every width.
void check_limits(examples::claim_table& claims, const std::vector<index>& widths, index samples,
                  double t_end, std::int64_t steps, std::uint64_t seed) {
  const dataset data = gaussian_data(samples, 5, noise, seed + static_cast<std::uint64_t>(samples));
  const double linear = 2.0 * simplicity::least_squares_of(data).loss;
  for (const index width : widths) {
    const trajectory run = to_the_limit(data, width, t_end, seed);
    const double train = 2.0 * run.end.loss;
    claims.at_most(fmt::format("flow of {} neurons on {} samples: minimal norm of the subgradient",
                               width, samples),
                   1e-8, run.end.gradient_norm);
    claims.within("  train error over the noise", 0.5, 1.05, train / (noise * noise));
    claims.at_most("  over that of least squares", 1.0, train / linear);
    claims.note("  time, switches, pairs that slide then",
                fmt::format("{:.4g}, {}, {}", run.t, run.statistics.switches, run.end.sliding));
    compare_with_steps(claims, data, run, steps, width == widths.front(), seed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The end of training is a stationary point (paper C, figure 5)");
  const examples::setting set(app, "stability");
  reluflow::index samples = 1000;
  reluflow::index width = 60;
  std::int64_t steps = 150'000;
  double t_flow = 60.0;
  app.add_option("--samples", samples, "number of samples")->capture_default_str();
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--steps", steps, "steps before the restart, and after it")->capture_default_str();
  app.add_option("--flow-until", t_flow, "how long the flow is followed from there")
      ->capture_default_str();
  std::vector<reluflow::index> limit_widths{5, 10, 20};
  reluflow::index limit_samples = 500;
  double t_limit = 50'000.0;
  app.add_option("--limit-widths", limit_widths, "numbers of neurons of the flows to the limit")
      ->delimiter(',');
  app.add_option("--limit-samples", limit_samples, "their number of samples")
      ->capture_default_str();
  app.add_option("--limit-until", t_limit, "how long they are followed at most")
      ->capture_default_str();
  std::int64_t limit_steps = 1'000'000;
  app.add_option("--limit-steps", limit_steps, "discrete steps from the same starts")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  const dataset data = gaussian_data(samples, 5, noise, set.seed);
  const network start =
      gaussian_network(width, 5, std::sqrt(1e-5 / static_cast<double>(width)), set.seed);
  optimiser_options options;
  options.rate = 0.02;
  options.steps = steps;
  options.seed = set.seed;
  options.record_every = std::max<std::int64_t>(1, steps / 400);
  const optimiser_run first = optimise(data, start, options);
  // As in the paper: eighty falls by 0.85.
  options.schedule = step_decay(0.85, std::max<std::int64_t>(1, steps / 80));
  const optimiser_run second = optimise(data, first.final_network, options);

  flow_options flow;
  flow.t_end = t_flow;
  flow.rtol = 1e-7;
  const trajectory run = integrate(data, second.final_network, flow, {linear_times(t_flow, 21)});

  const double before = 2.0 * first.rows.back().loss;
  const double after = 2.0 * second.rows.back().loss;
  const double flowed = 2.0 * run.end.loss;
  const double linear = 2.0 * simplicity::least_squares_of(data).loss;
  const double variance = noise * noise;
  examples::claim_table claims;
  claims.within("train error over the noise where SGD ends", 0.7, 1.05, before / variance);
  claims.near("train error after the restart over that before", 1.0, after / before, 0.06);
  claims.near("  after the flow from there over that before it", 1.0, flowed / after, 0.03);
  claims.holds("the loss stays above half of the noise", fmt::format("> {:.4f}", 0.5 * variance),
               fmt::format("{:.4f}", flowed), flowed > 0.5 * variance);
  claims.at_most("train error over that of least squares", 1.0, flowed / linear);
  claims.at_most("minimal norm of the subgradient at the end of the flow", 5e-3,
                 run.end.gradient_norm);
  claims.note("  at its start", fmt::format("{:.2e}", run.rows.front().gradient_norm));
  claims.note("rate at the end of the restart", fmt::format("{:.1e}", second.rows.back().rate));
  claims.note("pairs that slide at the end of the flow", fmt::format("{}", run.end.sliding));
  check_limits(claims, limit_widths, limit_samples, t_limit, limit_steps, set.seed);
  examples::keep_figure(set, restart_figure(first, second, linear));
  return claims.finish();
}
