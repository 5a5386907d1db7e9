// Paper C, figures 1, 6 and 7: the flow on noisy labels. With few samples it interpolates them and
// tests badly; with many it stops at a stationary point close to least squares, above zero and just
// below the noise, although neurons enough to interpolate are there.

#include "cells.hpp"
#include "claims.hpp"
#include "generalisation.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr double noise = 0.3;

struct sizes {
  std::vector<index> samples{20, 50, 100, 200, 500, 1000, 2000, 5000};
  /// One for all, or one for each. Few samples take long to interpolate; many cost more.
  std::vector<double> until{30000, 30000, 30000, 8000, 5000, 4000, 3000, 2000};
  index width = 500;
  index dimension = 5;
  double rtol = 1e-4;
  bool relu_teacher = false;
  bool wide_start = false;
};

dataset draw(const sizes& of, index samples, std::uint64_t seed) {
  if (!of.relu_teacher) return gaussian_data(samples, of.dimension, noise, seed);
  return taught_data(samples, relu_teacher(5, of.dimension, 1), {noise}, seed);
}

trajectory train(const sizes& of, const dataset& data, double t_end, std::uint64_t seed) {
  const double m = static_cast<double>(of.width);
  // The text of the paper has variance 1e-5/m, its appendix 1e-5/sqrt(m).
  const double variance = 1e-5 / (of.wide_start ? std::sqrt(m) : m);
  const network start = gaussian_network(of.width, of.dimension, std::sqrt(variance), seed);
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = of.rtol;
  flow.stop_loss = 1e-6;
  flow.stop_gradient = 1e-7;
  flow.max_steps = 100'000'000;
  record_options record;
  record.times = log_times(flow.t_end, 201);
  record.states = false;
  record.switches = false;
  return integrate(data, start, flow, record);
}

/// What one number of samples has led to.
struct trained {
  examples::errors_at errors;
  trajectory run;
};

/// The minimal norm of the subgradient at the end, relative to its largest along the run.
double stillness(const trajectory& run) {
  double largest = run.end.gradient_norm;
  for (const record_row& row : run.rows) largest = std::max(largest, row.gradient_norm);
  return run.end.gradient_norm / largest;
}

std::string how_it_ended(const trajectory& run) {
  return fmt::format(
      "{} at t = {:.4g}, |min subgradient| {:.1e} ({:.1e} of its largest), {} switches, {} "
      "sliding, {:.0f} s",
      to_string(run.ending), run.t, run.end.gradient_norm, stillness(run), run.statistics.switches,
      run.end.sliding, run.statistics.wall_seconds);
}

/// All of them, side by side, those that take longest first.
std::vector<trained> train_all(const sizes& of, const dataset& test, std::uint64_t seed) {
  const auto until = [&](std::size_t i) { return of.until[of.until.size() > 1 ? i : 0]; };
  std::vector<std::size_t> order(of.samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return static_cast<double>(of.samples[a]) * until(a) >
           static_cast<double>(of.samples[b]) * until(b);
  });
  std::vector<trained> all(order.size());
  examples::for_each_cell(static_cast<index>(order.size()), [&](index cell) {
    const std::size_t i = order[static_cast<std::size_t>(cell)];
    const index n = of.samples[i];
    const dataset data = draw(of, n, seed + static_cast<std::uint64_t>(n));
    all[i].run = train(of, data, until(i), seed);
    const trajectory& run = all[i].run;
    all[i].errors = examples::errors_of(data, test, run.end.loss, loss(test, run.final_network));
    fmt::print(stderr, "n = {}: {}\n", n, how_it_ended(run));
  });
  return all;
}

/// Until then all neurons are still tiny, and the runs have their first rows at different times.
constexpr double shown_from = 3.0;

plots::figure losses_figure(const std::vector<trained>& all) {
  plots::panel axes;
  axes.x_label = "time t";
  axes.y_label = "mean square error on the samples";
  axes.log_x = true;
  axes.log_y = true;
  constexpr std::string_view shades[] = {"#000000", "#0072b2", "#009e73", "#e69f00",
                                         "#d55e00", "#cc79a7", "#56b4e9", "#999999"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<double> t;
    std::vector<double> error;
    for (const record_row& row : all[i].run.rows) {
      if (row.t < shown_from) continue;
      t.push_back(row.t);
      error.push_back(2.0 * row.loss);
    }
    axes.layers.push_back(plots::line(fmt::format("n = {}", all[i].errors.samples), std::move(t),
                                      std::move(error), shades[i % std::size(shades)]));
  }
  axes.levels.push_back({"noise", noise * noise});
  return {.name = "losses", .panels = {std::move(axes)}};
}

examples::claim_table check(const sizes& of, const std::vector<trained>& all) {
  examples::claim_table claims;
  const examples::errors_at& few = all.front().errors;
  const examples::errors_at& many = all.back().errors;
  const double variance = noise * noise;
  const bool compares = all.size() > 1;
  if (compares) {
    claims.at_most(fmt::format("n = {}: train error over the noise", few.samples), 0.1,
                   few.train / variance);
  }
  if (of.relu_teacher) {
    claims.within(fmt::format("n = {}: train error over the noise", many.samples), 0.5, 1.1,
                  many.train / variance);
  } else {
    claims.within(fmt::format("n = {}: train error over that of least squares", many.samples), 0.5,
                  1.0, many.train / many.linear_train);
    claims.within("  test error over that of least squares", 1.0, 1.2,
                  many.test / many.linear_test);
  }
  // The data of different n are drawn anew, and so is their noise: least squares sees it too.
  const auto fitted = [](const trained& one) {
    const bool interpolates = one.run.ending == outcome::converged;
    return interpolates ? 0.0 : one.errors.train / one.errors.linear_train;
  };
  const bool rising = std::is_sorted(
      all.begin(), all.end(), [&](const auto& a, const auto& b) { return fitted(a) < fitted(b); });
  std::string shares;
  for (const trained& one : all) shares += fmt::format(" {:.3f}", fitted(one));
  claims.holds("train error over that of least squares, for each n", "rising", shares.substr(1),
               rising);
  if (compares) {
    claims.holds("test error, many samples against few", fmt::format("< {:.4f}", few.test),
                 fmt::format("{:.4f}", many.test), many.test < few.test);
  }
  claims.note(fmt::format("n = {}: train error over the noise", many.samples),
              fmt::format("{:.3f}", many.train / variance));
  claims.note(fmt::format("n = {}: test error over the noise", many.samples),
              fmt::format("{:.3f}", many.test / variance));
  double least_still = 0.0;
  bool answered = true;
  for (const auto& [errors, run] : all) {
    least_still = std::max(least_still, stillness(run));
    answered = answered && is_success(run.ending);
    if (run.ending != outcome::reached_end) continue;
    // -L'/L = mu.
    claims.note(fmt::format("n = {}: share of the loss that goes in e times the time, by its rate",
                            errors.samples),
                fmt::format("{:.2g}", run.t * run.end.mu));
  }
  claims.holds("every run answers", "yes", answered ? "yes" : "no", answered);
  claims.at_most("norm of the minimal subgradient at the end over its largest", 1e-2, least_still);
  return claims;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Where interpolation stops (paper C, figures 1, 6 and 7)");
  const examples::setting set(app, "threshold");
  sizes of;
  bool full = false;
  app.add_option("--samples", of.samples, "numbers of samples, increasing")->delimiter(',');
  app.add_option("--until", of.until, "length of the runs: one for all or one for each")
      ->delimiter(',');
  app.add_option("--width", of.width, "number of neurons")->capture_default_str();
  app.add_option("--dimension", of.dimension, "of the inputs")->capture_default_str();
  app.add_option("--rtol", of.rtol, "tolerance of the flow")->capture_default_str();
  app.add_flag("--relu-teacher", of.relu_teacher, "labels from five ReLU neurons (figure 7)");
  app.add_flag("--appendix-scale", of.wide_start, "variance 1e-5/sqrt(m) instead of 1e-5/m");
  app.add_flag(
      "--full", full,
      "the paper's size: 10000 neurons; unless given, up to 20000 samples until 10000; days");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    of.width = 10000;
    if (app.count("--samples") == 0) of.samples = {200, 500, 1000, 2000, 5000, 10000, 20000};
    if (app.count("--until") == 0) of.until = {1e4};
  }
  if (of.until.size() != 1 && of.until.size() != of.samples.size()) {
    fmt::print(stderr, "--until: {} times, expected 1 or {}, one for each number of samples\n",
               of.until.size(), of.samples.size());
    return 2;
  }
  prepare_run_directory(set.out, set.force);

  const dataset test = draw(of, 20000, set.seed + 500'000);
  const std::vector<trained> all = train_all(of, test, set.seed);
  std::vector<examples::errors_at> errors;
  examples::print_errors_heading();
  for (const trained& one : all) {
    errors.push_back(one.errors);
    examples::print_errors("flow", one.errors, how_it_ended(one.run));
  }
  fmt::print("\n");
  const double variance = noise * noise;
  examples::keep_figure(set, examples::errors_figure("threshold", errors, variance));
  examples::keep_figure(set, losses_figure(all));
  return check(of, all).finish();
}
