#include "reluflow/solvers/alignment_flow.hpp"

#include "alignment_path.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/initialisation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reluflow {
namespace {

/// (a, w, ln of their common size) of one neuron, of order one.
struct scaled_neuron {
  double a = 0.0;
  Eigen::VectorXd w;
  double log_scale = 0.0;
};

scaled_neuron scaled(const network& net, const Eigen::VectorXd& output_weights, index j) {
  const double log_norm = net.log_norms()[j];
  if (net.is_balanced()) return {net.signs()[j], net.directions().col(j), log_norm};
  const double a = output_weights[j];
  const double log_scale = std::max(log_norm, std::log(std::abs(a)));
  return {a * std::exp(-log_scale), std::exp(log_norm - log_scale) * net.directions().col(j),
          log_scale};
}

void check(const dataset& data, const network& initial) {
  if (initial.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("weights of dimension {}", initial.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  for (index j = 0; j < initial.width(); ++j) {
    if (std::isfinite(initial.log_norms()[j])) continue;
    throw invalid_input(fmt::format("neuron {}", j), "w = 0", "a direction");
  }
}

/// The segment of a path that holds at t.
const alignment_segment& segment_at(const aligned_neuron& neuron, double t) {
  auto after = std::upper_bound(neuron.segments.begin(), neuron.segments.end(), t,
                                [](double value, const auto& one) { return value < one.t; });
  return after == neuron.segments.begin() ? *after : *(after - 1);
}

}  // namespace

void alignment_options::validate() const {
  if (!(t_end > 0.0)) throw invalid_input("t_end", fmt::format("{}", t_end), "a positive time");
  if (max_switches <= 0) {
    throw invalid_input("max_switches", fmt::format("{}", max_switches), "a number > 0");
  }
}

network alignment_run::at(double t) const {
  if (!(t >= 0.0)) throw invalid_input("t", fmt::format("{}", t), "a time >= 0");
  const auto m = static_cast<index>(neurons.size());
  Eigen::VectorXd a(m);
  Eigen::VectorXd log_norms(m);
  Eigen::MatrixXd directions(initial.dimension(), m);
  for (index j = 0; j < m; ++j) {
    const alignment_segment& from = segment_at(neurons[static_cast<std::size_t>(j)], t);
    const double length = from.D.norm();
    const Eigen::VectorXd unit = length > 0.0 ? Eigen::VectorXd(from.D / length) : from.D;
    const double tau = length * (t - from.t);
    const double decay = std::exp(-tau);
    const double cosh = 0.5 * (1.0 + decay * decay);
    const double sinh = -0.5 * std::expm1(-2.0 * tau);
    if (from.shrinks) {
      directions.col(j) = from.w.normalized();
      log_norms[j] = from.log_scale - tau;
      continue;
    }
    const double b = from.w.dot(unit);
    const Eigen::VectorXd w = decay * (from.w - b * unit) + (b * cosh + from.a * sinh) * unit;
    const double size = w.norm();
    const double log_scale = from.log_scale + tau;
    directions.col(j) = w / size;
    log_norms[j] = log_scale + std::log(size);
    a[j] = (from.a * cosh + b * sinh) * std::exp(log_scale);
  }
  if (initial.is_balanced()) {
    return network::balanced(initial.signs(), log_norms, directions, initial.output_scale());
  }
  for (index j = 0; j < m; ++j) directions.col(j) *= std::exp(log_norms[j]);
  return network::cartesian(a, directions, initial.output_scale());
}

alignment_run align(const dataset& data, const network& initial, const alignment_options& options) {
  options.validate();
  check(data, initial);
  const switching_surfaces surfaces(data);
  const detail::alignment_fields fields(data, surfaces, data.labels());
  const Eigen::VectorXd output_weights =
      initial.is_balanced() ? Eigen::VectorXd() : initial.output_weights();
  const index m = initial.width();
  alignment_run run;
  run.initial = initial;
  run.neurons.resize(static_cast<std::size_t>(m));
  std::vector<std::vector<switch_event>> switches(static_cast<std::size_t>(m));
#pragma omp parallel for schedule(dynamic)
  for (index j = 0; j < m; ++j) {
    scaled_neuron start = scaled(initial, output_weights, j);
    detail::alignment_path path(fields, j, start.a, std::move(start.w), start.log_scale,
                                initial.is_balanced());
    path.follow(options);
    switches[static_cast<std::size_t>(j)] = path.switches();
    run.neurons[static_cast<std::size_t>(j)] = std::move(path).result();
  }
  for (const auto& own : switches) {
    run.switches.insert(run.switches.end(), own.begin(), own.end());
  }
  std::stable_sort(
      run.switches.begin(), run.switches.end(),
      [](const switch_event& one, const switch_event& other) { return one.t < other.t; });
  return run;
}

std::vector<extremal_vector> extremal_vectors_by_flow(const dataset& data, index starts,
                                                      std::uint64_t seed) {
  const alignment_run run = align(data, balanced_network(starts, data.dimension(), 0.0, seed));
  const double scale =
      data.labels().cwiseAbs().dot(data.norms()) / static_cast<double>(data.size());
  std::vector<extremal_vector> list;
  for (const aligned_neuron& one : run.neurons) {
    const auto same = [&](const extremal_vector& other) {
      return (other.D - one.limit.D).norm() <= 1e-10 * scale;
    };
    if (one.ending != outcome::converged || std::any_of(list.begin(), list.end(), same)) continue;
    list.push_back(one.limit);
  }
  return list;
}

}  // namespace reluflow
