// Paper B, figure 1 and Theorem 2: two neurons, each on its half of n orthonormal inputs. In the
// time unit t_n = sqrt(n p) ln(n p)/4 the loss becomes a staircase as n grows, with steps at
// 1/|D_j| whose width falls like 1/ln(n p). The closed form is held against integration and then
// followed to 1e18 samples.

#include "claims.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/group_law.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace reluflow;
using namespace reluflow::weakly_interacting;
using reluflow::index;  // not the POSIX function

/// Identity inputs; labels around 1.6 on the first half, around -0.8 on the second.
dataset two_groups(index samples) {
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double share = static_cast<double>(k % (samples / 2)) / static_cast<double>(samples / 2);
    labels[k] = k < samples / 2 ? 1.3 + 0.6 * share : -0.6 - 0.4 * share;
  }
  return {Eigen::MatrixXd::Identity(samples, samples), labels};
}

/// Largest difference of the loss to the closed form, relative to the loss.
double difference(index samples, std::uint64_t seed) {
  const dataset data = two_groups(samples);
  const network start = group_network(data, 2, 0.0, seed, output_scaling::mean);
  flow_options flow;
  flow.t_end = 1.5 * cutoff_unit(static_cast<double>(samples), 2.0);
  flow.rtol = 1e-11;
  record_options record{linear_times(flow.t_end, 61)};
  record.states = false;
  const trajectory run = integrate(data, start, flow, record);
  const group_partition groups = *partition_of(data, start);
  double largest = 0.0;
  for (const record_row& row : run.rows) {
    largest = std::max(largest, std::abs(loss_at(groups, row.t) / row.loss - 1.0));
  }
  return largest;
}

/// Both groups of n samples with |D| and the same start.
std::vector<group_law> laws_of(double samples, const std::vector<double>& label_rms) {
  std::vector<group_law> laws;
  for (const double D : label_rms) {
    laws.push_back(uniform_group_law(samples, 2.0, D, 1.0, 0.8));
  }
  return laws;
}

/// L over L(h = 0) at `units` of t_n.
double relative_loss(double samples, const std::vector<double>& label_rms, double units) {
  double loss = 0.0;
  double whole = 0.0;
  const std::vector<group_law> laws = laws_of(samples, label_rms);
  for (std::size_t j = 0; j < laws.size(); ++j) {
    const double square = label_rms[j] * label_rms[j];
    loss += square * state_at(laws[j], units * cutoff_unit(samples, 2.0)).residual;
    whole += square;
  }
  return loss / whole;
}

plots::layer curve(double samples, const std::vector<double>& label_rms, std::string label,
                   std::string_view colour) {
  std::vector<double> x;
  std::vector<double> y;
  for (double units = 0.0; units <= 2.0; units += 0.005) {
    x.push_back(units);
    y.push_back(relative_loss(samples, label_rms, units));
  }
  return plots::line(std::move(label), x, y, colour);
}

plots::layer staircase(const std::vector<double>& label_rms) {
  std::vector<double> x{0.0};
  std::vector<double> y{1.0};
  const double whole = cutoff_limit_loss(label_rms, 0.0);
  for (const double D : label_rms) {  // largest first
    x.insert(x.end(), {1.0 / D, 1.0 / D});
    y.insert(y.end(), {y.back(), cutoff_limit_loss(label_rms, 1.0 / D + 1e-9) / whole});
  }
  x.push_back(2.0);
  y.push_back(0.0);
  plots::layer steps = plots::line("n to infinity", x, y, plots::colours::quiet, 1.2);
  steps.with += " dt 2";
  return steps;
}

plots::panel axes_for(const std::vector<double>& label_rms) {
  plots::panel axes;
  axes.x_label = "t/t_n";
  axes.y_label = "L/L_{h = 0}";
  axes.x_range = plots::range{0.0, 2.0};
  axes.y_range = plots::range{0.0, 1.05};
  axes.layers.push_back(staircase(label_rms));
  return axes;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The cut-off of the loss (paper B, figure 1 and Theorem 2)");
  const examples::setting set(app, "transition");
  bool full = false;
  app.add_flag("--full", full, "integrate up to n = 2000");
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  std::vector<reluflow::index> sizes{20, 100};
  if (full) sizes.insert(sizes.end(), {500, 2000});
  for (const reluflow::index n : sizes) {
    claims.at_most(fmt::format("n = {}: loss against closed form, relative", n), 1e-7,
                   difference(n, set.seed));
  }

  const std::vector<double> label_rms{1.6, 0.8};
  for (const double D : label_rms) {
    const double constant = 2.0 / D * std::log(cutoff_constant(0.1));
    for (const double n : {1e3, 1e6, 1e12, 1e18}) {
      const group_law law = uniform_group_law(n, 2.0, D, 1.0, 0.8);
      const double unit = cutoff_unit(n, 2.0);
      const double window = (time_to_residual(law, 0.1) - time_to_residual(law, 0.9)) / unit;
      const double half = time_to_residual(law, 0.5) / unit;
      fmt::print("|D| = {}, n = {:.0e}: half of the loss at {:.5f}, window {:.5f}\n", D, n, half,
                 window);
      if (n == 1e18) {
        claims.near(fmt::format("|D| = {}: window times ln(np), n = 1e18", D), constant,
                    window * std::log(2.0 * n), 1e-5 * constant);
        // ln(kappa p B)/(2c) with its constant: the step itself is reached like 1/ln(n).
        claims.near(fmt::format("|D| = {}: time of half the loss, n = 1e18", D),
                    asymptotic_time_to_residual(law, 0.5) / unit, half, 1e-6);
        claims.near(fmt::format("|D| = {}: its distance to 1/|D|, times ln(np)", D),
                    2.0 / D * std::log(D * (std::sqrt(2.0) - 1.0) / std::pow(0.9, 2)),
                    (half - 1.0 / D) * std::log(2.0 * n), 1e-3);
      }
    }
  }

  plots::figure fig;
  fig.name = "transition";
  plots::panel axes = axes_for(label_rms);
  const std::vector<std::pair<double, std::string_view>> shown{
      {1e2, "#56b4e9"}, {1e4, "#0072b2"}, {1e8, "#d55e00"}, {1e18, "#000000"}};
  for (const auto& [n, colour] : shown) {
    axes.layers.push_back(
        curve(n, label_rms, fmt::format("n = 10^{{{}}}", static_cast<int>(std::log10(n))), colour));
  }
  fig.panels = {axes};
  examples::keep_figure(set, fig);

  plots::figure film;
  film.name = "transition_animation";
  film.frame_seconds = 0.15;
  for (double decades = 1.0; decades <= 18.01; decades += 0.25) {
    plots::panel frame = axes_for(label_rms);
    frame.title = fmt::format("n = 10^{{{:.2f}}}", decades);
    frame.layers.push_back(
        curve(std::pow(10.0, decades), label_rms, "closed form", plots::colours::data));
    film.panels.push_back(std::move(frame));
  }
  examples::keep_figure(set, film);
  return claims.finish();
}
