#pragma once

#include "reluflow/network.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <numeric>
#include <vector>

namespace reluflow::test {

/// A change of a network, neuron by neuron.
struct network_change {
  double sign = 1.0;                ///< of all output weights
  Eigen::VectorXd scales = {};      ///< of (a_j, w_j), positive; one by default
  Eigen::MatrixXd linear_map = {};  ///< of w_j / |w_j|, orthogonal; the identity by default
  std::vector<index> order = {};    ///< neurons taken, repeats allowed; all by default
  double output_scale = 1.0;        ///< factor of alpha
};

/// The network that it makes of `net`.
inline network changed(const network& net, network_change change) {
  if (change.order.empty()) {
    change.order.resize(static_cast<std::size_t>(net.width()));
    std::iota(change.order.begin(), change.order.end(), index{0});
  }
  const auto m = static_cast<index>(change.order.size());
  if (change.scales.size() == 0) change.scales = Eigen::VectorXd::Ones(m);
  if (change.linear_map.size() == 0) {
    change.linear_map = Eigen::MatrixXd::Identity(net.dimension(), net.dimension());
  }
  const double alpha = net.output_scale() * change.output_scale;
  const Eigen::MatrixXd directions = change.linear_map * net.directions()(Eigen::all, change.order);
  if (net.is_balanced()) {
    const Eigen::VectorXd log_norms =
        net.log_norms()(change.order).array() + change.scales.array().log();
    return network::balanced(change.sign * net.signs()(change.order), log_norms, directions, alpha);
  }
  const Eigen::VectorXd norms = net.log_norms()(change.order).array().exp() * change.scales.array();
  const Eigen::VectorXd a =
      change.sign * net.output_weights()(change.order).cwiseProduct(change.scales);
  return network::cartesian(a, directions * norms.asDiagonal(), alpha);
}

}  // namespace reluflow::test
