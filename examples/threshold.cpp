// Paper C, figures 1, 6 and 7: the flow on noisy labels. With few samples it interpolates them and
// tests badly; with many it stops at a stationary point close to least squares, above zero and just
// below the noise, although neurons enough to interpolate are there.

#include "claims.hpp"
#include "generalisation.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr double noise = 0.3;

struct sizes {
  std::vector<index> samples{20, 50, 100, 200, 500};
  index width = 60;
  index dimension = 5;
  double t_end = 2000.0;
  bool relu_teacher = false;
  bool wide_start = false;
};

dataset draw(const sizes& of, index samples, std::uint64_t seed) {
  if (!of.relu_teacher) return gaussian_data(samples, of.dimension, noise, seed);
  return taught_data(samples, relu_teacher(5, of.dimension, 1), {noise}, seed);
}

trajectory train(const sizes& of, const dataset& data, std::uint64_t seed) {
  const double m = static_cast<double>(of.width);
  // The text of the paper has variance 1e-5/m, its appendix 1e-5/sqrt(m).
  const double variance = 1e-5 / (of.wide_start ? std::sqrt(m) : m);
  const network start = gaussian_network(of.width, of.dimension, std::sqrt(variance), seed);
  flow_options flow;
  flow.t_end = of.t_end;
  flow.rtol = 1e-7;
  flow.switching = switching_method::asynchronous;
  flow.stop_loss = 1e-6;
  flow.stop_gradient = 1e-7;
  record_options record;
  record.times = log_times(flow.t_end, 201);
  record.states = false;
  return integrate(data, start, flow, record);
}

plots::figure losses_figure(const std::vector<std::pair<index, trajectory>>& runs) {
  plots::panel axes;
  axes.x_label = "time t";
  axes.y_label = "mean square error on the samples";
  axes.log_x = true;
  axes.log_y = true;
  constexpr std::string_view shades[] = {"#000000", "#0072b2", "#009e73", "#e69f00",
                                         "#d55e00", "#cc79a7", "#56b4e9", "#999999"};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<double> t;
    std::vector<double> error;
    for (const record_row& row : runs[i].second.rows) {
      if (!(row.t > 0.0)) continue;
      t.push_back(row.t);
      error.push_back(2.0 * row.loss);
    }
    axes.layers.push_back(plots::line(fmt::format("n = {}", runs[i].first), std::move(t),
                                      std::move(error), shades[i % std::size(shades)]));
  }
  axes.levels.push_back({"noise", noise * noise});
  return {.name = "losses", .panels = {std::move(axes)}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Where interpolation stops (paper C, figures 1, 6 and 7)");
  const examples::setting set(app, "threshold");
  sizes of;
  bool full = false;
  app.add_option("--samples", of.samples, "numbers of samples, increasing")->delimiter(',');
  app.add_option("--width", of.width, "number of neurons")->capture_default_str();
  app.add_option("--dimension", of.dimension, "of the inputs")->capture_default_str();
  app.add_option("--until", of.t_end, "length of the runs")->capture_default_str();
  app.add_flag("--relu-teacher", of.relu_teacher, "labels from five ReLU neurons (figure 7)");
  app.add_flag("--appendix-scale", of.wide_start, "variance 1e-5/sqrt(m) instead of 1e-5/m");
  app.add_flag("--full", full, "the paper's size: 10000 neurons, up to 20000 samples; days");
  CLI11_PARSE(app, argc, argv);
  if (full) {
    of.width = 10000;
    of.samples = {200, 500, 1000, 2000, 5000, 10000, 20000};
    of.t_end = 1e5;
  }
  prepare_run_directory(set.out, set.force);

  const dataset test = draw(of, 20000, set.seed + 500'000);
  std::vector<examples::errors_at> errors;
  std::vector<std::pair<reluflow::index, trajectory>> runs;
  examples::print_errors_heading();
  for (const reluflow::index n : of.samples) {
    const dataset data = draw(of, n, set.seed + static_cast<std::uint64_t>(n));
    trajectory run = train(of, data, set.seed);
    errors.push_back(examples::errors_of(data, test, run.end.loss, loss(test, run.final_network)));
    examples::print_errors(
        "flow", errors.back(),
        fmt::format("{} at t = {:.4g}, |min subgradient| {:.1e}, {} switches, {} sliding, {:.1f} s",
                    to_string(run.ending), run.t, run.end.gradient_norm, run.statistics.switches,
                    run.end.sliding, run.statistics.wall_seconds));
    runs.emplace_back(n, std::move(run));
  }
  fmt::print("\n");

  examples::claim_table claims;
  const examples::errors_at& few = errors.front();
  const examples::errors_at& many = errors.back();
  const double variance = noise * noise;
  claims.at_most(fmt::format("n = {}: train error over the noise", few.samples), 0.1,
                 few.train / variance);
  if (of.relu_teacher) {
    claims.within(fmt::format("n = {}: train error over the noise", many.samples), 0.5, 1.1,
                  many.train / variance);
  } else {
    claims.within(fmt::format("n = {}: train error over that of least squares", many.samples), 0.5,
                  1.0, many.train / many.linear_train);
  }
  claims.holds("test error, many samples against few", fmt::format("< {:.4f}", few.test),
               fmt::format("{:.4f}", many.test), many.test < few.test);
  claims.note(fmt::format("n = {}: train error over the noise", many.samples),
              fmt::format("{:.3f}", many.train / variance));
  claims.note(fmt::format("n = {}: test error over the noise", many.samples),
              fmt::format("{:.3f}", many.test / variance));
  double last_gradient = 0.0;
  bool stationary = true;
  for (const auto& [n, run] : runs) {
    last_gradient = std::max(last_gradient, run.end.gradient_norm);
    stationary = stationary && is_success(run.ending);
  }
  claims.holds("every run answers", "yes", stationary ? "yes" : "no", stationary);
  claims.at_most("largest minimal norm of the subgradient at the end", 1e-2, last_gradient);
  examples::keep_figure(set, examples::errors_figure("threshold", errors, variance));
  examples::keep_figure(set, losses_figure(runs));
  return claims.finish();
}
