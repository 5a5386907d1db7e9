#include "reluflow/predictions/orthogonal.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::orthogonal {

Eigen::VectorXd limit_kernel_eigenvalues(const dataset& data, const label_group& group) {
  const auto size = static_cast<index>(group.samples.size());
  const double scale = group.mass / static_cast<double>(data.size());
  if (has_common_norm(group)) {
    const double q = group.max_norm;
    Eigen::VectorXd values = Eigen::VectorXd::Constant(size, scale * q * q);
    values[size - 1] *= 2.0;  // along y
    return values;
  }
  const Eigen::VectorXd y = data.labels()(group.samples) / group.mass;
  const Eigen::VectorXd q = data.norms()(group.samples);
  Eigen::MatrixXd kernel = y * y.transpose();
  kernel.diagonal() += q.cwiseAbs2();
  return scale * Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(kernel, Eigen::EigenvaluesOnly)
                     .eigenvalues();
}

std::optional<loss_rates> limit_loss_rates(const label_group& group) {
  if (!has_common_norm(group)) {
    return std::nullopt;
  }
  loss_rates rates{4.0 * group.rate, std::nullopt};
  if (group.samples.size() > 1) {
    rates.transverse = 2.0 * group.rate;
  }
  return rates;
}

std::optional<double> limit_pl_constant(const dataset& data, const label_groups& groups) {
  std::optional<double> smallest;
  for (const auto* group : {groups.fast(), groups.slow()}) {
    if (group != nullptr) {
      const double own = 2.0 * limit_kernel_eigenvalues(data, *group)[0];
      smallest = std::min(smallest.value_or(own), own);
    }
  }
  return smallest;
}

std::optional<double> pl_lower_bound(const dataset& data, const network& net) {
  const label_groups groups = groups_of(data);
  if (!groups.zero_labels.empty()) {
    return std::nullopt;
  }
  const Eigen::VectorXd a = net.output_weights();
  double smallest = std::numeric_limits<double>::infinity();
  for (const auto* group : {groups.fast(), groups.slow()}) {
    if (group != nullptr) {
      // The clusters of the present state serve: the proof only asks for activity.
      smallest = std::min(smallest, a(first_cluster(data, net, *group)).squaredNorm());
    }
  }
  const double q = data.norms().minCoeff();
  return 2.0 * q * q * smallest / static_cast<double>(data.size());
}

}  // namespace reluflow::orthogonal
