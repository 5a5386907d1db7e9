#include "problems.hpp"

#include "../examples/problems.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"

#include <cmath>

namespace reluflow::bench {
namespace {

/// Paper A, figure 2: two orthogonal points.
problem two_point(index width) {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0, 1.0, 1.0;
  const double log_scale = std::log(1e-6) - 0.5 * std::log(static_cast<double>(width));
  problem task{
      {inputs, Eigen::Vector2d(-1.0, 1.0)}, balanced_network(width, 2, log_scale, 1), {}, {}, 1};
  task.flow.t_end = 40.0;
  return task;
}

/// Paper A, figure 4: neurons slide.
problem five_point() {
  const double log_scale = std::log(1e-4) - 0.5 * std::log(60.0);
  problem task{examples::five_points(), balanced_network(60, 2, log_scale, 1), {}, {}, 1};
  task.flow.t_end = 600.0;
  return task;
}

/// Paper A, figures 6 and 7: nearly orthogonal inputs, massive sliding.
problem high_dimension() {
  constexpr index samples = 75;
  constexpr index dimension = 150;
  constexpr index width = 200;
  const double log_scale = std::log(1e-20) - 0.5 * std::log(static_cast<double>(width * dimension));
  problem task{examples::teacher_data(samples, dimension, 1),
               balanced_network(width, dimension, log_scale, 1),
               {},
               {},
               1};
  task.flow.t_end = 200.0;
  return task;
}

}  // namespace

problem gaussian(index samples, index width, double t_end) {
  problem task{gaussian_data(samples, 5, 0.3, 1),
               gaussian_network(width, 5, 1e-5 / std::sqrt(static_cast<double>(width)), 1),
               {},
               {},
               1};
  task.flow.t_end = t_end;
  return task;
}

const std::vector<entry>& entries() {
  static const std::vector<entry> all{
      {.name = "two_point", .make = [] { return two_point(60); }},
      {.name = "two_point_1e4",
       .make = [] { return two_point(10'000); },
       .reference_rtol = 1e-10,
       .by_default = false,
       .with_global = false},
      {.name = "two_point_1e5",
       .make = [] { return two_point(100'000); },
       .reference_rtol = 1e-10,
       .by_default = false,
       .with_global = false},
      {.name = "two_point_1e6",
       .make = [] { return two_point(1'000'000); },
       .reference_rtol = 1e-10,
       .with_global = false},
      {.name = "five_point", .make = five_point},
      {.name = "high_dimension", .make = high_dimension, .reference_rtol = 1e-10},
      {.name = "gaussian_200", .make = [] { return gaussian(200, 200, 50.0); }},
      {.name = "gaussian_2000",
       .make = [] { return gaussian(2000, 2000, 50.0); },
       .reference_rtol = 1e-10,
       .with_global = false},
      {.name = "gaussian_5000_10000",
       .make = [] { return gaussian(5000, 10000, 50.0); },
       .reference_rtol = 1e-9,
       .by_default = false,
       .with_global = false,
       .with_descent = false,
       .with_roots = false}};
  return all;
}

}  // namespace reluflow::bench
