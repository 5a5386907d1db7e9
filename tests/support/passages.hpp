#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/network.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace reluflow::test {

/// Where the data and the network of a problem come from.
enum class passage_source : std::uint8_t {
  line_with_bias,
  plane,
  space,
  repeated,             ///< some inputs twice, in dimension 2 or 3
  antipodal,            ///< some inputs with their negatives, in dimension 2 or 3
  sphere_dominated,     ///< paper B: sphere_data, dominated_network
  sphere_gaussian,      ///< paper B's inputs, neurons that are neither balanced nor dominated
  sphere_ball,          ///< paper B's inputs, paper C's eq 8
  antipodal_dominated,  ///< paper B: antipodal_data, dominated_network
  axis_dominated,       ///< paper B: axis_data, dominated_network
};

constexpr std::array<std::pair<passage_source, std::string_view>, 10> passage_sources{{
    {passage_source::line_with_bias, "line with bias"},
    {passage_source::plane, "plane"},
    {passage_source::space, "space"},
    {passage_source::repeated, "repeated inputs"},
    {passage_source::antipodal, "antipodal inputs"},
    {passage_source::sphere_dominated, "sphere, dominated"},
    {passage_source::sphere_gaussian, "sphere, Gaussian"},
    {passage_source::sphere_ball, "sphere, ball"},
    {passage_source::antipodal_dominated, "antipodal, dominated"},
    {passage_source::axis_dominated, "axes, dominated"},
}};

struct passage_problem {
  dataset data;
  network initial;
};

/// A small problem with unbalanced neurons: n in 3..8, m in 2..6, |a|/|w| in 1..6.
class passage_generator {
 public:
  explicit passage_generator(std::uint64_t seed) : seed_(seed), random_(seed) {}

  [[nodiscard]] passage_problem make(passage_source source) {
    const index n = whole(3, 8);
    const index m = whole(2, 6);
    const double scale = std::pow(10.0, uniform(-2.0, 0.0));
    const index d = source == passage_source::space ? 3 : 2;
    switch (source) {
      case passage_source::line_with_bias:
        return {with_bias(gaussian(1, n), gaussian(n, 1)), neurons(m, 2, scale)};
      case passage_source::plane:
      case passage_source::space:
        return {dataset(gaussian(d, n), gaussian(n, 1)), neurons(m, d, scale)};
      case passage_source::repeated:
      case passage_source::antipodal: {
        const index dimension = whole(2, 3);
        Eigen::MatrixXd inputs = gaussian(dimension, n);
        const double side = source == passage_source::repeated ? 1.0 : -1.0;
        for (index k = 0; k < std::max<index>(n / 3, 1); ++k) {
          inputs.col(n - 1 - k) = side * inputs.col(k);
        }
        return {dataset(inputs, gaussian(n, 1)), neurons(m, dimension, scale)};
      }
      default:
        return of_paper_b(source, n, m, scale);
    }
  }

 private:
  [[nodiscard]] passage_problem of_paper_b(passage_source source, index n, index m, double scale) {
    const index d = whole(2, 3);
    const norm_interval norms{1.0, 2.0};
    constexpr auto mean = output_scaling::mean;
    switch (source) {
      case passage_source::antipodal_dominated:
        return {antipodal_data(2 * d, d, 0.3, norms, seed_),
                dominated_network(m, d, 0.3, seed_, mean)};
      case passage_source::axis_dominated:
        return {axis_data(3, 3, norms, seed_), dominated_network(m, 3, 1.0, seed_, mean)};
      case passage_source::sphere_gaussian:
        return {sphere_data(n, d, norms, seed_), gaussian_network(m, d, scale, seed_, mean)};
      case passage_source::sphere_ball:
        return {sphere_data(n, d, norms, seed_), ball_network(m, d, scale, seed_)};
      default:
        return {sphere_data(n, d, norms, seed_), dominated_network(m, d, 1.0, seed_, mean)};
    }
  }

  [[nodiscard]] index whole(index least, index most) {
    return std::uniform_int_distribution<index>(least, most)(random_);
  }
  [[nodiscard]] double uniform(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }
  [[nodiscard]] Eigen::MatrixXd gaussian(index rows, index columns) {
    std::normal_distribution<double> draw;
    Eigen::MatrixXd result(rows, columns);
    for (double& value : result.reshaped()) value = draw(random_);
    return result;
  }
  [[nodiscard]] network neurons(index m, index d, double scale) {
    const Eigen::MatrixXd w = scale * gaussian(d, m);
    Eigen::VectorXd a(m);
    for (index j = 0; j < m; ++j) {
      const double sign = whole(0, 1) == 0 ? -1.0 : 1.0;
      a[j] = sign * uniform(1.0, 6.0) * w.col(j).norm();
    }
    return network::cartesian(a, w);
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
};

/// A neuron that reached w = 0.
struct origin_visit {
  double t = 0.0;
  index neuron = 0;
  bool leaves = false;
};

/// A run, its losses at equally spaced times and its passages.
struct passage_run {
  trajectory run;
  std::vector<double> losses;
  std::vector<origin_visit> passages;
};

inline std::vector<double> losses_of(const trajectory& run) {
  std::vector<double> result;
  for (const record_row& row : run.rows) result.push_back(row.loss);
  return result;
}

/// Below this share of |a| |w| is rounding.
constexpr double origin_size = 1e-12;

/// The passages of a run among its switches: |w| is rounding there.
inline std::vector<origin_visit> passages_of(const dataset& data, const network& initial,
                                             const flow_options& flow, const trajectory& run) {
  std::vector<origin_visit> result;
  record_options record;
  for (const switch_event& event : run.switches) {
    if (record.times.empty() || event.t > record.times.back()) record.times.push_back(event.t);
  }
  if (record.times.empty()) return result;
  const trajectory again = integrate(data, initial, flow, record);
  std::size_t row = 0;
  for (const switch_event& event : run.switches) {
    while (row < again.states.size() && again.rows[row].t < event.t) ++row;
    if (row == again.states.size()) break;
    const network& state = again.states[row];
    const double a = state.output_weights()[event.neuron];
    const double size = state.weights().col(event.neuron).norm();
    const auto known = [&](const origin_visit& one) {
      return one.neuron == event.neuron && one.t == event.t;
    };
    if (!(size < origin_size * std::abs(a)) || std::any_of(result.begin(), result.end(), known))
      continue;
    result.push_back({event.t, event.neuron, true});
  }
  // Who stays does so for good.
  const Eigen::VectorXd a = run.final_network.output_weights();
  for (auto one = result.begin(); one != result.end(); ++one) {
    const bool last = std::none_of(one + 1, result.end(), [&](const origin_visit& later) {
      return later.neuron == one->neuron;
    });
    const double size = run.final_network.weights().col(one->neuron).norm();
    one->leaves = !last || size > origin_size * std::abs(a[one->neuron]);
  }
  return result;
}

inline passage_run follow_passages(const passage_problem& task, switching_method method,
                                   double t_end, index count) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-10;
  flow.chart = chart_kind::cartesian;
  flow.switching = method;
  record_options record;
  record.times = linear_times(t_end, count);
  record.states = false;
  passage_run result{integrate(task.data, task.initial, flow, record), {}, {}};
  result.losses = losses_of(result.run);
  result.passages = passages_of(task.data, task.initial, flow, result.run);
  return result;
}

/// The losses of gradient descent at the same times.
inline std::vector<double> descend_losses(const passage_problem& task, double step, double t_end,
                                          index count) {
  record_options record;
  record.times = linear_times(t_end, count);
  record.states = false;
  gradient_descent_options options;
  options.step = step;
  options.t_end = t_end;
  return losses_of(descend(task.data, task.initial, options, record));
}

/// The largest difference of two lists of losses, relative to the loss at t = 0.
inline double distance(const std::vector<double>& one, const std::vector<double>& other) {
  double largest = one.size() == other.size() ? 0.0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
    largest = std::max(largest, std::abs(one[i] - other[i]) / one[0]);
  }
  return largest;
}

/// 2 L(h/2) - L(h): descent extrapolated in its step.
inline std::vector<double> extrapolated(const std::vector<double>& coarse,
                                        const std::vector<double>& fine) {
  std::vector<double> result;
  for (std::size_t i = 0; i < std::min(coarse.size(), fine.size()); ++i) {
    result.push_back(2.0 * fine[i] - coarse[i]);
  }
  return result;
}

}  // namespace reluflow::test
