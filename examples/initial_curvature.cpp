// Paper B, Lemma 4 (corrected, theory.md B12): the curvature at the start of p random neurons tends
// to a number that the data and the law of the neurons give, with fluctuations of size 1/sqrt(p).

#include "cells.hpp"
#include "claims.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

struct moments {
  double mean = 0.0;
  double deviation = 0.0;
};

/// Of mu(0) over networks of one width.
moments curvatures(const dataset& data, index width, index networks, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(networks));
  examples::for_each_cell(networks, [&](index cell) {
    const network net =
        dominated_network(width, data.dimension(), 1.0, seed + static_cast<std::uint64_t>(cell),
                          output_scaling::mean);
    values[static_cast<std::size_t>(cell)] =
        local_curvature(data, net, pattern_of_signs(data, net));
  });
  moments found;
  for (const double v : values) found.mean += v / static_cast<double>(networks);
  for (const double v : values) found.deviation += std::pow(v - found.mean, 2);
  found.deviation = std::sqrt(found.deviation / static_cast<double>(networks - 1));
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The curvature at the start (paper B, Lemma 4)");
  const examples::setting set(app, "initial_curvature");
  std::vector<reluflow::index> widths{10, 30, 100, 300, 1000, 3000};
  reluflow::index networks = 1000;
  app.add_option("--widths", widths, "numbers of neurons")->delimiter(',');
  app.add_option("--networks", networks, "networks of each width")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  constexpr reluflow::index dimension = 20;
  const std::vector<std::pair<std::string, dataset>> all{
      {"orthogonal", axis_data(6, dimension, {1.0, 2.0}, set.seed)},
      {"sphere", sphere_data(6, dimension, {1.0, 2.0}, set.seed)}};
  plots::figure fig;
  fig.name = "initial_curvature";
  fig.columns = 2;
  fig.width = 900;
  fig.height = 420;
  for (const auto& [name, data] : all) {
    // The moments of the paper's law: w ~ N(0, I/d), |a| - |w| ~ Exp(1).
    const network draws = dominated_network(100'000, dimension, 1.0, set.seed + 77);
    const double squared_output = draws.output_weights().squaredNorm() / 1e5;
    const double mean =
        weakly_interacting::initial_curvature(data, 1.0 / dimension, squared_output);
    const double deviation = weakly_interacting::initial_curvature_deviation(data, 1.0 / dimension,
                                                                             squared_output, draws);
    std::vector<std::vector<double>> columns(4);
    std::vector<double> low;
    std::vector<double> high;
    std::vector<double> widths_shown;
    for (const reluflow::index width : widths) {
      const moments found = curvatures(data, width, networks, 1000 * set.seed);
      const double root = std::sqrt(static_cast<double>(width));
      fmt::print("{:<11} p = {:<5} mean {:.5f} (limit {:.5f}), sqrt(p) deviation {:.4f} ({:.4f})\n",
                 name, width, found.mean, mean, root * found.deviation, deviation);
      columns[0].push_back(static_cast<double>(width));
      columns[1].push_back(found.mean);
      columns[2].push_back(found.mean - 2.0 * found.deviation);
      columns[3].push_back(found.mean + 2.0 * found.deviation);
      widths_shown.push_back(static_cast<double>(width));
      low.push_back(mean - 2.0 * deviation / root);
      high.push_back(mean + 2.0 * deviation / root);
      if (width != widths.back()) continue;
      // The mean is off by O(1/p), sampling by deviation/sqrt(p networks).
      const double error = 4.0 * deviation / root / std::sqrt(static_cast<double>(networks)) +
                           8.0 * mean / static_cast<double>(width);
      claims.near(fmt::format("{}: mean of mu(0), p = {}", name, width), mean, found.mean, error);
      claims.near(fmt::format("{}: sqrt(p) times its deviation", name), deviation,
                  root * found.deviation,
                  deviation * (4.0 / std::sqrt(2.0 * static_cast<double>(networks)) + 0.03));
    }
    plots::panel axes;
    axes.title = name;
    axes.x_label = "neurons p";
    axes.y_label = "μ(0)";
    axes.log_x = true;
    axes.x_range = plots::range{0.7 * widths_shown.front(), 1.4 * widths_shown.back()};
    axes.layers = {
        plots::line("limit ± 2 deviations", widths_shown, low, plots::colours::positive),
        plots::line("limit ± 2 deviations", widths_shown, high, plots::colours::positive)};
    plots::layer found;
    found.label = "networks: mean ± 2 deviations";
    found.columns = columns;
    found.data_using = "1:2:3:4";
    found.with = "yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000'";
    found.key_with = "points pt 7 ps 0.6 lc rgb '#000000'";
    axes.layers.push_back(std::move(found));
    const auto [least, most] = std::pair(std::min(columns[2].front(), low.front()),
                                         std::max(columns[3].front(), high.front()));
    axes.y_range = plots::range{least - 0.1 * mean, most + 0.1 * mean};
    axes.levels = {{"limit", mean}};
    fig.panels.push_back(std::move(axes));
  }
  examples::keep_figure(set, fig);
  return claims.finish();
}
