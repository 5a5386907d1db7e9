#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"

#include <cmath>
#include <cstdint>

namespace reluflow::examples {

/// The data of paper A, figures 4 and 5, with their bias coordinate.
inline dataset five_points() {
  Eigen::MatrixXd inputs(1, 5);
  inputs << -1.5, -1.0, 0.0, 0.25, 2.0;
  Eigen::VectorXd labels(5);
  labels << 0.7, -0.3, -0.3, 0.4, 0.2;
  return with_bias(inputs, labels);
}

/// Labels of both signs in turn, the positive ones about twice as large: 1, -0.5, 1.1, -0.55, ...
inline Eigen::VectorXd alternating_labels(index samples) {
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double size = 1.0 + 0.1 * static_cast<double>(k / 2);
    labels[k] = k % 2 == 0 ? size : -0.5 * size;
  }
  return labels;
}

/// Standard Gaussian inputs, labels from six Gaussian neurons: w ~ N(0, 1/900), a ~ N(0, 1/6).
inline dataset teacher_data(index samples, index dimension, std::uint64_t seed) {
  constexpr index neurons = 6;
  const Eigen::MatrixXd inputs = gaussian_data(samples, dimension, 0.0, seed).inputs();
  // Another seed than the student's, who would start from the same numbers.
  const network unit = gaussian_network(neurons, dimension, 1.0, seed + 1'000'000);
  const network teacher =
      network::cartesian(unit.output_weights() / std::sqrt(6.0), unit.weights() / 30.0);
  return {inputs, teacher(inputs)};
}

}  // namespace reluflow::examples
