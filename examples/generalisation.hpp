#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/plots/figure.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

// Paper C's experiments: train and test errors against the number of samples.

namespace reluflow::examples {

/// Errors of one trained estimator as mean squares, twice the loss L, as the paper plots them.
struct errors_at {
  index samples = 0;
  double train = 0.0;
  double test = 0.0;
  double linear_train = 0.0;  ///< of least squares
  double linear_test = 0.0;
};

/// @param train_loss, test_loss  L of the trained estimator
inline errors_at errors_of(const dataset& data, const dataset& test, double train_loss,
                           double test_loss) {
  const simplicity::least_squares fit = simplicity::least_squares_of(data);
  return {data.size(), 2.0 * train_loss, 2.0 * test_loss, 2.0 * fit.loss,
          2.0 * simplicity::linear_loss(test, fit.beta)};
}

inline void print_errors(const std::string& who, const errors_at& one, const std::string& note) {
  fmt::print("{:<12} {:>6} {:>10.6f} {:>10.6f} {:>10.6f} {:>10.6f}  {}\n", who, one.samples,
             one.train, one.test, one.linear_train, one.linear_test, note);
  std::fflush(stdout);
}

inline void print_errors_heading() {
  fmt::print("{:<12} {:>6} {:>10} {:>10} {:>10} {:>10}  {}\n", "trained by", "n", "train", "test",
             "OLS train", "OLS test", "at the end");
}

/// Train and test errors against n, beside least squares and the noise.
inline plots::figure errors_figure(std::string name, const std::vector<errors_at>& list,
                                   double noise_variance) {
  plots::panel axes;
  axes.x_label = "samples n";
  axes.y_label = "mean square error";
  axes.log_x = true;
  const auto curve = [&](std::string label, double errors_at::*which, std::string_view colour,
                         const char* style) {
    std::vector<double> n;
    std::vector<double> error;
    for (const errors_at& one : list) {
      n.push_back(static_cast<double>(one.samples));
      error.push_back(one.*which);
    }
    plots::layer made = plots::line(std::move(label), std::move(n), std::move(error), colour);
    made.with = fmt::format("linespoints {} lc rgb '{}'", style, std::string(colour));
    axes.layers.push_back(std::move(made));
  };
  curve("train", &errors_at::train, plots::colours::positive, "pt 7 ps 0.7 lw 1.5");
  curve("test", &errors_at::test, plots::colours::negative, "pt 5 ps 0.7 lw 1.5");
  curve("least squares, train", &errors_at::linear_train, "#e0a080", "pt 6 ps 0.7 lw 1.2 dt 2");
  curve("least squares, test", &errors_at::linear_test, "#80b0d8", "pt 4 ps 0.7 lw 1.2 dt 2");
  axes.levels.push_back({"noise", noise_variance});
  double top = 0.0;
  for (const errors_at& one : list) top = std::max({top, one.train, one.test, one.linear_test});
  axes.y_range = plots::range{0.0, 1.08 * top};
  for (const errors_at& one : list) {
    axes.x_ticks.push_back({static_cast<double>(one.samples), std::to_string(one.samples)});
  }
  return {.name = std::move(name), .panels = {std::move(axes)}};
}

}  // namespace reluflow::examples
