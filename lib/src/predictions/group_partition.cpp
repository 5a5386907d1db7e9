#include "predictions/orthogonal_setting.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/predictions/group_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reluflow::weakly_interacting {
namespace {

constexpr double norm_tolerance = 1e-12;

/// Samples by the neuron that is active on them.
struct reach {
  std::vector<std::vector<index>> samples;  // by neuron
  index shared = -1;                        // a sample that two neurons reach
  index wrong_sign = -1;                    // a sample reached by a neuron of the other sign
  index unequal = -1;                       // a neuron whose samples differ in norm
};

reach reach_of(const dataset& data, const network& net) {
  const activation_pattern modes = pattern_of_signs(data, net);
  reach found;
  found.samples.resize(static_cast<std::size_t>(net.width()));
  std::vector<index> owner(static_cast<std::size_t>(data.size()), -1);
  for (index j = 0; j < net.width(); ++j) {
    for (index k = 0; k < data.size(); ++k) {
      if (modes(j, k) != pair_mode::active) continue;
      auto& own = found.samples[static_cast<std::size_t>(j)];
      if (!own.empty() &&
          std::abs(data.norms()[k] / data.norms()[own.front()] - 1.0) > norm_tolerance) {
        found.unequal = j;
      }
      own.push_back(k);
      if (owner[static_cast<std::size_t>(k)] >= 0) found.shared = k;
      owner[static_cast<std::size_t>(k)] = j;
      if (!(net.signs()[j] * data.labels()[k] > 0.0)) found.wrong_sign = k;
    }
  }
  return found;
}

sample_group group_of(const dataset& data, const network& net, index neuron,
                      const std::vector<index>& samples) {
  const auto n = static_cast<double>(data.size());
  const double q = data.norms()[samples.front()];
  const Eigen::VectorXd labels = data.labels()(samples) * net.signs()[neuron];
  const Eigen::VectorXd target = labels.normalized();
  // In units of |w|, so that any size will do.
  const Eigen::VectorXd z =
      data.inputs()(Eigen::all, samples).transpose() * net.directions().col(neuron) / q;
  const double along = z.dot(target);
  const double weight = net.is_balanced() ? 1.0
                                          : std::abs(net.output_weights()[neuron]) /
                                                std::exp(net.log_norms()[neuron]);
  const double B = q * labels.norm();
  return {neuron,
          samples,
          labels.squaredNorm(),
          {B / n, B / (net.output_scale() * q * q), net.log_norms()[neuron], weight, along,
           (z - along * target).norm()}};
}

}  // namespace

std::vector<assumption> group_hypotheses(const dataset& data, const network& net) {
  std::vector<assumption> all{orthogonal::detail::orthogonal_inputs(data)};
  const reach found = reach_of(data, net);
  all.push_back({"each sample is reached by at most one neuron", found.shared < 0,
                 found.shared < 0 ? "all are"
                                  : fmt::format("sample {} is reached by several", found.shared)});
  all.push_back(
      {"labels have the sign of the neuron that reaches them", found.wrong_sign < 0,
       found.wrong_sign < 0 ? "all have" : fmt::format("sample {} has not", found.wrong_sign)});
  all.push_back(
      {"the inputs of a group have one norm", found.unequal < 0,
       found.unequal < 0 ? "all have" : fmt::format("those of neuron {} differ", found.unequal)});
  return all;
}

std::optional<group_partition> partition_of(const dataset& data, const network& net) {
  const std::vector<assumption> hypotheses = group_hypotheses(data, net);
  if (!std::all_of(hypotheses.begin(), hypotheses.end(),
                   [](const assumption& one) { return one.holds; })) {
    return std::nullopt;
  }
  const reach found = reach_of(data, net);
  group_partition partition;
  partition.samples = data.size();
  std::vector<bool> reached(static_cast<std::size_t>(data.size()), false);
  for (index j = 0; j < net.width(); ++j) {
    const auto& samples = found.samples[static_cast<std::size_t>(j)];
    if (samples.empty()) continue;
    partition.groups.push_back(group_of(data, net, j, samples));
    for (const index k : samples) reached[static_cast<std::size_t>(k)] = true;
  }
  partition.unreached = 0.0;
  for (index k = 0; k < data.size(); ++k) {
    if (!reached[static_cast<std::size_t>(k)]) partition.unreached += std::pow(data.labels()[k], 2);
  }
  return partition;
}

double loss_at(const group_partition& groups, double t) {
  double sum = groups.unreached;
  for (const sample_group& one : groups.groups) {
    sum += one.squared_labels * state_at(one.law, t).residual;
  }
  return 0.5 * sum / static_cast<double>(groups.samples);
}

double curvature_at(const group_partition& groups, double t) {
  double squares = groups.unreached;
  double weighted = 0.0;
  for (const sample_group& one : groups.groups) {
    const group_state now = state_at(one.law, t);
    squares += one.squared_labels * now.residual;
    weighted += one.squared_labels * now.residual * now.mu;
  }
  return squares > 0.0 ? weighted / squares : 0.0;
}

}  // namespace reluflow::weakly_interacting
