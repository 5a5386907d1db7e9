#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/network.hpp"
#include "support/matrices.hpp"

#include <cmath>
#include <cstdint>

namespace reluflow::test {

/// The data of paper A's figure 4: five points on a line, with a bias.
inline dataset five_points() {
  return with_bias(columns({{-1.5}, {-1.0}, {0.0}, {0.25}, {2.0}}),
                   vec({0.7, -0.3, -0.3, 0.4, 0.2}));
}

/// Noisy data in dimension 2 to 5 and fifteen neurons that are, in turn, balanced, Gaussian and
/// dominating. In t = 60 such a network sees about a hundred switches and thirty slides.
struct small_problem {
  explicit small_problem(std::uint64_t seed)
      : data(gaussian_data(15, dimension(seed), 1.0, seed)), initial(neurons(seed)) {}

  dataset data;
  network initial;

 private:
  static index dimension(std::uint64_t seed) { return 2 + static_cast<index>(seed % 4); }
  static network neurons(std::uint64_t seed) {
    const index d = dimension(seed);
    if (seed % 3 == 0) return balanced_network(15, d, -2.0, seed);
    if (seed % 3 == 1) return gaussian_network(15, d, 0.2, seed);
    return dominated_network(15, d, 0.1, seed, output_scaling::mean);
  }
};

/// Every neuron so many times, each as large as leaves h as it is: neuron j becomes j, j + m, ...
inline network copies(const network& one, index times) {
  const Eigen::VectorXd log_norms =
      one.log_norms().array() - 0.5 * std::log(static_cast<double>(times));
  return network::balanced(one.signs().replicate(times, 1), log_norms.replicate(times, 1),
                           one.directions().replicate(1, times), one.output_scale());
}

}  // namespace reluflow::test
