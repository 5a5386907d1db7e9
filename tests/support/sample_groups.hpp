#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <Eigen/Core>

#include <cmath>
#include <random>

/// Groups of samples of one sign with a neuron of its own each (theory.md B8).
namespace reluflow::test {

struct group_options {
  index groups = 1;
  index members = 4;
  bool in_span = true;  ///< w has no component outside its group
  bool balanced = true;
  double norm = 1.0;  ///< q
  double alpha = 1.0;
  double log_scale = 0.0;
};

struct group_problem {
  dataset data;
  network net;
};

/// Inputs along the axes of a space with two dimensions more than samples.
inline group_problem random_groups(std::mt19937_64& engine, const group_options& options) {
  std::uniform_real_distribution<double> uniform(0.05, 1.0);
  const index n = options.groups * options.members;
  const index d = n + 2;
  Eigen::VectorXd labels(n);
  Eigen::VectorXd signs(options.groups);
  Eigen::VectorXd log_norms(options.groups);
  Eigen::VectorXd a(options.groups);
  Eigen::MatrixXd w(d, options.groups);
  for (index j = 0; j < options.groups; ++j) {
    signs[j] = j % 2 == 0 ? 1.0 : -1.0;
    for (index i = 0; i < d; ++i) {
      const bool own = i / options.members == j && i < n;
      w(i, j) = own ? uniform(engine) : options.in_span ? 0.0 : -0.4 * uniform(engine);
      if (own) labels[i] = signs[j] * (0.2 + 2.0 * uniform(engine));
    }
    log_norms[j] = options.log_scale + std::log(w.col(j).norm());
    a[j] = signs[j] * std::exp(options.log_scale) * w.col(j).norm() *
           (j % 3 == 0 ? 1.0 + uniform(engine) : 0.5 + 0.4 * uniform(engine));
  }
  const Eigen::MatrixXd inputs = options.norm * Eigen::MatrixXd::Identity(d, n);
  return {{inputs, labels},
          options.balanced ? network::balanced(signs, log_norms, w, options.alpha)
                           : network::cartesian(a, std::exp(options.log_scale) * w, options.alpha)};
}

}  // namespace reluflow::test
