// Paper C, Definition 1, Theorem 1 and Proposition 1: while the outputs are negligible, neurons
// turn towards extremal vectors. All of them are enumerated and verified, alignment runs end at
// them, and as samples grow in number their fields concentrate around one.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/alignment_flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

double angle_of(const Eigen::VectorXd& v) { return std::atan2(v[1], v[0]); }

/// theory.md C2: angle of D, and |D| in a cell or the multiplier on a ray.
void check_five_points(examples::claim_table& claims, const std::vector<extremal_vector>& found) {
  struct row {
    double angle;
    double number;
    bool ray;
  };
  const row rows[] = {{0.54042, 0.116619, false}, {1.91382, 0.148661, false},
                      {2.48590, 0.164012, false}, {3.00904, 0.151327, false},
                      {0.98280, 0.52747, true},   {2.03444, 0.8, true},
                      {2.89661, 0.20588, true}};
  for (const row& one : rows) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const extremal_vector& v : found) {
      if (v.D.isZero(0.0) || (v.zero_set.size() == 1) != one.ray) continue;
      const double number = one.ray ? v.multipliers[0] : v.D.norm();
      nearest = std::min(nearest, std::hypot(angle_of(v.w) - one.angle, number - one.number));
    }
    claims.at_most(
        fmt::format("five points: {} at angle {:.5f}", one.ray ? "ray" : "cell", one.angle), 1e-5,
        nearest);
  }
  const auto moving = std::count_if(found.begin(), found.end(),
                                    [](const extremal_vector& v) { return !v.D.isZero(0.0); });
  claims.near("five points: extremal vectors with D != 0", 7.0, double(moving), 0.0);
}

void check_orthogonal(examples::claim_table& claims) {
  for (const auto& [plus, minus] :
       {std::pair<index, index>(3, 0), {2, 1}, {2, 2}, {4, 1}, {4, 0}}) {
    Eigen::VectorXd labels(plus + minus);
    for (index k = 0; k < labels.size(); ++k) {
      labels[k] = (k < plus ? 1.0 : -1.0) * (1.0 + 0.3 * double(k));
    }
    const dataset data(Eigen::MatrixXd::Identity(plus + minus, plus + minus), labels);
    const double expected = std::exp2(double(plus)) + std::exp2(double(minus)) - 1.0;
    claims.near(fmt::format("orthogonal, {} positive and {} negative labels", plus, minus),
                expected, double(extremal_vectors_by_faces(data).size()), 0.0);
  }
}

/// Runs whose neurons all end at an enumerated (or, in high dimension, verified) vector.
void check_alignment(examples::claim_table& claims, std::uint64_t runs, std::uint64_t seed) {
  std::uint64_t good = 0;
  std::size_t sliding = 0;
  std::size_t neurons = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const index d = 2 + static_cast<index>(i % 4);
    const index n = d <= 3 ? 4 + static_cast<index>(i % 5) : 60;
    const dataset data = gaussian_data(n, d, 1.0, seed + i);
    const alignment_run run = align(data, balanced_network(40, d, 0.0, seed + i));
    const auto all = d <= 3 ? extremal_vectors(data) : std::vector<extremal_vector>{};
    bool every = true;
    for (const aligned_neuron& one : run.neurons) {
      const bool listed =
          d > 3 || std::any_of(all.begin(), all.end(), [&](const extremal_vector& v) {
            return (v.D - one.limit.D).norm() < 1e-9;
          });
      every = every && listed && verify(data, one.limit).holds(1e-9);
      sliding += one.limit.zero_set.empty() ? 0 : 1;
      ++neurons;
    }
    good += every ? 1 : 0;
  }
  claims.holds("alignment runs whose neurons all end at an extremal vector",
               fmt::format("{}", runs), fmt::format("{}", good), good == runs);
  claims.note("neurons that end on surfaces", fmt::format("{} of {}", sliding, neurons));
}

/// Mean over seeds of sup |D_n - D| on the cylinder, over random directions.
plots::power_law_series concentration(index dimension, const std::vector<index>& sizes,
                                      std::uint64_t seeds) {
  const Eigen::VectorXd beta = Eigen::VectorXd::Unit(dimension, 0);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(dimension, dimension);
  covariance(0, 0) = 1.0 + 0.01 / 3.0;
  const Eigen::VectorXd D = simplicity::population_field(covariance, beta);
  const Eigen::MatrixXd directions = balanced_network(1000, dimension, 0.0, 99).directions();
  plots::power_law_series series;
  series.label = fmt::format("d = {}", dimension);
  for (const index n : sizes) {
    double mean = 0.0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const dataset data = cylinder_data(n, beta, 0.1, {0.3}, seed);
      mean += simplicity::field_deviation(data, D, directions) / double(seeds);
    }
    series.log_x.push_back(std::log10(double(n)));
    series.log_y.push_back(std::log10(mean));
  }
  series.fit = fit_line(series.log_x, series.log_y);
  return series;
}

plots::layer ray(std::string label, double angle, double from, double to, const char* style) {
  plots::layer made = plots::line(std::move(label), {from * std::cos(angle), to * std::cos(angle)},
                                  {from * std::sin(angle), to * std::sin(angle)});
  made.with = style;
  return made;
}

/// The circle of directions: sectors of constant activation, extremal vectors, and neurons on their
/// way, from the centre (t = 0) outwards; sliding in green.
plots::figure sectors_figure(const dataset& data, const alignment_run& run,
                             const std::vector<extremal_vector>& vectors) {
  plots::panel axes;
  axes.x_range = axes.y_range = plots::range{-1.3, 1.3};
  axes.commands = "unset border; unset tics; unset grid; set size ratio -1";
  axes.x_ticks = axes.y_ticks = {{0.0, ""}};
  for (index k = 0; k < data.size(); ++k) {
    const double angle = angle_of(data.inputs().col(k)) + 0.5 * std::numbers::pi;
    for (const double turn : {0.0, std::numbers::pi}) {
      axes.layers.push_back(
          ray("surfaces", angle + turn, 0.0, 1.1, "lines lw 0.8 lc rgb '#bbbbbb'"));
    }
  }
  constexpr int steps = 400;
  const double last = run.switches.empty() ? 10.0 : 1.3 * run.switches.back().t;
  for (std::size_t j = 0; j < run.neurons.size(); ++j) {
    std::vector<double> x[2];
    std::vector<double> y[2];
    for (int i = 0; i <= steps; ++i) {
      const double t = last * std::pow(double(i) / steps, 3.0);
      const Eigen::VectorXd w = run.at(t).directions().col(static_cast<index>(j));
      const double radius = 0.25 + 0.75 * double(i) / steps;
      bool held = false;
      for (index k = 0; k < data.size(); ++k) {
        held = held || std::abs(w.dot(data.inputs().col(k))) < 1e-12 * data.norms()[k];
      }
      for (const int kind : {0, 1}) {
        const bool drawn = held == (kind == 1);
        x[kind].push_back(drawn ? radius * w[0] : std::nan(""));
        y[kind].push_back(drawn ? radius * w[1] : std::nan(""));
      }
    }
    const bool positive = run.initial.signs()[static_cast<index>(j)] > 0.0;
    axes.layers.push_back(
        plots::line(positive ? "positive neurons" : "negative neurons", x[0], y[0],
                    positive ? plots::colours::positive : plots::colours::negative, 1.0));
    axes.layers.push_back(plots::line("sliding", x[1], y[1], plots::colours::sliding, 1.8));
  }
  for (const extremal_vector& v : vectors) {
    if (v.D.isZero(0.0)) continue;
    axes.layers.push_back(
        ray("extremal vectors D", angle_of(v.D), 1.08, 1.22, "lines lw 3 lc rgb '#000000'"));
    axes.layers.push_back(ray("and −D", angle_of(-v.D), 1.08, 1.22, "lines lw 3 lc rgb '#aaaaaa'"));
  }
  return {.name = "sectors", .panels = {std::move(axes)}, .width = 620, .height = 640};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Extremal vectors and where alignment ends (paper C, Definition 1, Theorem 1)");
  const examples::setting set(app, "extremal_vectors");
  std::uint64_t runs = 50;
  std::uint64_t seeds = 20;
  std::vector<reluflow::index> sizes{50, 100, 200, 400, 800, 1600, 3200, 6400};
  app.add_option("--runs", runs, "alignment runs")->capture_default_str();
  app.add_option("--seeds", seeds, "data sets of each size")->capture_default_str();
  app.add_option("--samples", sizes, "numbers of samples")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  const dataset five = examples::five_points();
  const auto found = extremal_vectors(five);
  check_five_points(claims, found);
  bool verified = true;
  for (const extremal_vector& one : found) verified = verified && verify(five, one).holds();
  claims.holds("five points: multipliers in [0, 1], signs agree", "all",
               verified ? "all" : "not all", verified);
  check_orthogonal(claims);
  check_alignment(claims, runs, set.seed);

  std::vector<plots::power_law_series> series;
  for (const reluflow::index d : {reluflow::index{3}, reluflow::index{10}}) {
    series.push_back(concentration(d, sizes, seeds));
    claims.near(fmt::format("d = {}: exponent of sup |D_n - D| in n, +- {:.1e}", d,
                            series.back().fit->slope_error),
                -0.5, series.back().fit->slope, 0.05);
  }
  examples::keep_figure(set,
                        plots::power_law_figure("concentration", "n", "sup |D_n − D|", series));
  const alignment_run shown = align(five, balanced_network(24, 2, 0.0, set.seed));
  examples::keep_figure(set, sectors_figure(five, shown, found));
  return claims.finish();
}
