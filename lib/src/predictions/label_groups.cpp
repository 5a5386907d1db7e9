#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reluflow::orthogonal {
namespace {

std::optional<label_group> group_of(const dataset& data, double sign) {
  label_group group;
  group.sign = sign;
  const Eigen::VectorXd& y = data.labels();
  const Eigen::VectorXd& q = data.norms();
  for (index k = 0; k < data.size(); ++k) {
    if (sign * y[k] > 0.0) {
      group.samples.push_back(k);
    }
  }
  if (group.samples.empty()) {
    return std::nullopt;
  }
  const auto n = static_cast<double>(data.size());
  const Eigen::VectorXd labels = y(group.samples);
  const Eigen::VectorXd norms = q(group.samples);
  const Eigen::VectorXd weights = labels.array() / norms.array().square();
  group.D = data.inputs()(Eigen::all, group.samples) * labels / n;
  group.v = data.inputs()(Eigen::all, group.samples) * weights;
  // From the labels and norms, not from D and v: exact for orthogonal inputs, free of their
  // rounding.
  group.rate = labels.cwiseProduct(norms).stableNorm() / n;
  group.mass = labels.cwiseQuotient(norms).stableNorm();
  group.min_norm = norms.minCoeff();
  group.max_norm = norms.maxCoeff();
  return group;
}

}  // namespace

std::optional<double> label_groups::ratio() const {
  if (!positive || !negative) {
    return std::nullopt;
  }
  return positive->rate / negative->rate;
}

const label_group* label_groups::fast() const noexcept {
  if (!positive || !negative) {
    return positive ? &*positive : negative ? &*negative : nullptr;
  }
  return positive->rate >= negative->rate ? &*positive : &*negative;
}

const label_group* label_groups::slow() const noexcept {
  if (!positive || !negative) {
    return nullptr;
  }
  return positive->rate >= negative->rate ? &*negative : &*positive;
}

label_groups groups_of(const dataset& data) {
  if (!has_orthogonal_inputs(data)) {
    throw invalid_input("inputs", "inputs that are not pairwise orthogonal",
                        "orthogonal inputs, which these closed forms need");
  }
  label_groups groups;
  groups.positive = group_of(data, 1.0);
  groups.negative = group_of(data, -1.0);
  groups.samples = data.size();
  for (index k = 0; k < data.size(); ++k) {
    if (data.labels()[k] == 0.0) {
      groups.zero_labels.push_back(k);
    }
  }
  return groups;
}

bool has_common_norm(const label_group& group, double tolerance) {
  return group.max_norm - group.min_norm <= tolerance * group.max_norm;
}

std::vector<index> first_cluster(const dataset& data, const network& net,
                                 const label_group& group) {
  if (net.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("dimension {}", net.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  std::vector<index> cluster;
  for (index j = 0; j < net.width(); ++j) {
    const bool whole = std::all_of(group.samples.begin(), group.samples.end(), [&](index k) {
      return net.directions().col(j).dot(data.inputs().col(k)) > 0.0;
    });
    if (net.signs()[j] == group.sign && whole) {
      cluster.push_back(j);
    }
  }
  return cluster;
}

}  // namespace reluflow::orthogonal
