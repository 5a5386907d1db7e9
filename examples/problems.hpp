#pragma once

#include "reluflow/dataset.hpp"

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

}  // namespace reluflow::examples
