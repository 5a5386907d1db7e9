#pragma once

#include "reluflow/network.hpp"
#include "reluflow/vector_field.hpp"

#include <cmath>

namespace reluflow::test {

/// |grad L|^2 written out, neuron by neuron; no neuron on a surface.
inline double squared_gradient(const dataset& data, const network& net) {
  const Eigen::VectorXd r = residuals(data, net) / static_cast<double>(data.size());
  const Eigen::MatrixXd w = net.weights();
  const Eigen::VectorXd a = net.output_weights();
  double sum = 0.0;
  for (index j = 0; j < net.width(); ++j) {
    const Eigen::ArrayXd z = data.inputs().transpose() * w.col(j);
    const Eigen::VectorXd D = data.inputs() * (z > 0.0).select(r.array(), 0.0).matrix();
    sum += std::pow(D.dot(w.col(j)), 2) + a[j] * a[j] * D.squaredNorm();
  }
  return std::pow(net.output_scale(), 2) * sum;
}

}  // namespace reluflow::test
