#pragma once

#include "reluflow/initialisation.hpp"
#include "reluflow/network.hpp"

#include <cstdint>
#include <random>

namespace reluflow::test {

/// Inputs of norm 0.4 to 1.6 in directions that interact weakly, and neurons of any kind.
struct random_state {
  dataset data;
  network net;

  explicit random_state(std::uint64_t seed) : data(points(seed)), net(neurons(seed)) {}

 private:
  static dataset points(std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> gaussian;
    std::uniform_real_distribution<double> size(0.4, 1.6);
    const index n = 2 + static_cast<index>(seed % 5);
    const double mixing = 0.05 * static_cast<double>(seed % 4);
    Eigen::MatrixXd inputs(n + 2, n);
    for (index k = 0; k < n; ++k) {
      for (index i = 0; i < n + 2; ++i)
        inputs(i, k) = (i == k ? 1.0 : 0.0) + mixing * gaussian(engine);
      inputs.col(k) *= size(engine) / inputs.col(k).norm();
    }
    return {inputs, Eigen::VectorXd::NullaryExpr(n, [&] { return gaussian(engine); })};
  }
  static network neurons(std::uint64_t seed) {
    const index d = 4 + static_cast<index>(seed % 5);
    if (seed % 3 == 0) return gaussian_network(5, d, 1.0, seed);
    return seed % 3 == 1 ? dominated_network(8, d, 1.0, seed, output_scaling::mean)
                         : balanced_network(6, d, 0.0, seed, output_scaling::mean);
  }
};

}  // namespace reluflow::test
