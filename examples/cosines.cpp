// Paper C, figure 2: the cosines of the trained neurons to the least-squares estimator, for few
// samples and for many.

#include "claims.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr std::size_t bins = 20;

/// Shares of the neurons, and of their mass sum |a_j||w_j|, by cosine.
struct histogram {
  std::array<double, bins> neurons{};
  std::array<double, bins> mass{};
  double aligned = 0.0;       ///< share of neurons with |cosine| >= 0.9
  double aligned_mass = 0.0;  ///< and their share of the mass
};

histogram histogram_of(const network& net, const Eigen::VectorXd& beta) {
  histogram result;
  const Eigen::VectorXd cosine = cosines(net, beta);
  const Eigen::VectorXd a = net.output_weights().cwiseAbs();
  const Eigen::VectorXd mass = a.array() * net.log_norms().array().exp();
  for (index j = 0; j < net.width(); ++j) {
    const auto bin = static_cast<std::size_t>(
        std::clamp(0.5 * (cosine[j] + 1.0) * double(bins), 0.0, double(bins) - 0.5));
    result.neurons[bin] += 1.0 / static_cast<double>(net.width());
    result.mass[bin] += mass[j] / mass.sum();
    if (std::abs(cosine[j]) < 0.9) continue;
    result.aligned += 1.0 / static_cast<double>(net.width());
    result.aligned_mass += mass[j] / mass.sum();
  }
  return result;
}

plots::panel panel_of(const histogram& found, index samples) {
  std::vector<double> at;
  std::vector<double> neurons;
  std::vector<double> mass;
  for (std::size_t i = 0; i < bins; ++i) {
    at.push_back(-1.0 + (double(i) + 0.5) * 2.0 / double(bins));
    neurons.push_back(100.0 * found.neurons[i]);
    mass.push_back(100.0 * found.mass[i]);
  }
  plots::layer bars = plots::line("share of the neurons", at, neurons);
  bars.with = fmt::format("boxes fs solid 0.45 noborder lc rgb '{}'",
                          std::string(plots::colours::negative));
  plots::layer steps = plots::line("share of Σ |a_j||w_j|", at, mass);
  steps.with = "histeps lw 1.6 lc rgb '#000000'";
  plots::panel axes;
  axes.title = fmt::format("n = {}", samples);
  axes.x_label = "cosine to least squares";
  axes.y_label = "%";
  axes.x_range = plots::range{-1.0, 1.0};
  axes.commands = fmt::format("set boxwidth {:.4f}", 0.94 * 2.0 / double(bins));
  axes.layers = {std::move(bars), std::move(steps)};
  return axes;
}

/// Positions of the values in increasing order.
std::vector<index> ranks(const Eigen::VectorXd& values) {
  std::vector<index> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), index{0});
  std::sort(order.begin(), order.end(), [&](index i, index j) { return values[i] < values[j]; });
  return order;
}

/// The final activation pattern: neurons by their cosine, samples by theirs. Neurons that share one
/// pattern make blocks.
plots::panel pattern_of(const dataset& data, const trajectory& run, const Eigen::VectorXd& beta) {
  const auto neurons = ranks(cosines(run.final_network, beta));
  const auto samples =
      ranks((data.inputs().transpose() * beta).cwiseQuotient(data.norms()) / beta.norm());
  plots::layer modes;
  modes.matrix = true;
  for (const index k : samples) {
    std::vector<double> column;
    for (const index j : neurons) {
      const pair_mode mode = run.final_pattern(j, k);
      column.push_back(mode == pair_mode::sliding ? 2.0 : mode == pair_mode::active ? 1.0 : 0.0);
    }
    modes.columns.push_back(std::move(column));
  }
  modes.data_using = "($1+0.5):($2+0.5):3";
  modes.with = "image";
  plots::panel axes;
  axes.title = fmt::format("n = {}", data.size());
  axes.x_label = "samples, by cosine to least squares";
  axes.y_label = "neurons, by cosine";
  axes.x_range = plots::range{0.0, static_cast<double>(data.size())};
  axes.y_range = plots::range{0.0, static_cast<double>(run.final_network.width())};
  axes.commands = fmt::format(
      "unset grid; unset colorbox; set cbrange [-0.5:2.5]; set palette maxcolors 3 defined "
      "(0 '{}', 1 '{}', 2 '{}')",
      plots::colours::inactive, plots::colours::active, plots::colours::sliding);
  axes.layers.push_back(std::move(modes));
  for (const auto& [label, colour] : {std::pair("inactive", plots::colours::inactive),
                                      {"active", plots::colours::active},
                                      {"sliding", plots::colours::sliding}}) {
    // Off the axes: for the key alone.
    plots::layer entry = plots::points(label, {-1.0}, {-1.0}, colour);
    entry.key_with = fmt::format("boxes fs solid 1 noborder lc rgb '{}'", colour);
    axes.layers.push_back(std::move(entry));
  }
  return axes;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Cosines to the least-squares estimator (paper C, figure 2)");
  const examples::setting set(app, "cosines");
  std::vector<reluflow::index> samples{50, 500};
  reluflow::index width = 100;
  double t_end = 200.0;
  app.add_option("--samples", samples, "numbers of samples, increasing")->delimiter(',');
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--until", t_end, "length of the runs")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  plots::figure figure{.name = "cosines", .columns = 2, .width = 900, .height = 400};
  plots::figure patterns{.name = "pattern", .columns = 2, .width = 900, .height = 400};
  std::vector<histogram> found;
  double top = 0.0;
  for (const reluflow::index n : samples) {
    const dataset data = gaussian_data(n, 5, 0.3, set.seed);
    const double scale = std::sqrt(1e-5 / static_cast<double>(width));
    flow_options flow;
    flow.t_end = t_end;
    flow.rtol = 1e-7;
    const trajectory run = integrate(data, gaussian_network(width, 5, scale, set.seed), flow);
    const Eigen::VectorXd beta = simplicity::least_squares_of(data).beta;
    found.push_back(histogram_of(run.final_network, beta));
    patterns.panels.push_back(pattern_of(data, run, beta));
    figure.panels.push_back(panel_of(found.back(), n));
    top =
        std::max({top, *std::max_element(found.back().neurons.begin(), found.back().neurons.end()),
                  *std::max_element(found.back().mass.begin(), found.back().mass.end())});
    claims.note(fmt::format("n = {}", n),
                fmt::format("|cosine| >= 0.9: {:.0f} % of the neurons, {:.0f} % of the mass; loss "
                            "{:.4f}, {:.1f} s",
                            100.0 * found.back().aligned, 100.0 * found.back().aligned_mass,
                            run.end.loss, run.statistics.wall_seconds));
  }
  for (plots::panel& one : figure.panels) one.y_range = plots::range{0.0, 105.0 * top};
  claims.holds("neurons with |cosine| >= 0.9, many samples against few",
               fmt::format("> {:.3f}", found.front().aligned),
               fmt::format("{:.3f}", found.back().aligned),
               found.back().aligned > found.front().aligned);
  claims.within("share of them with many samples", 0.6, 1.0, found.back().aligned);
  claims.within("  and of the mass", 0.85, 1.0, found.back().aligned_mass);
  examples::keep_figure(set, figure);
  examples::keep_figure(set, patterns);
  return claims.finish();
}
