#include "io_polar.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

/// |a| and exp(log_norm) agree as far as the rounding of log_norm lets one say: one unit in the
/// last place of log_norm moves exp(log_norm) by |log_norm| eps.
bool agrees(double a, double log_norm) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  constexpr double tiny = std::numeric_limits<double>::min();
  const double norm = std::exp(log_norm);
  const double tolerance = 4.0 * eps * std::max(1.0, std::abs(log_norm));
  return std::abs(std::abs(a) - norm) <= tolerance * norm + tiny;
}

bool is_balanced(const polar_neurons& neurons) {
  for (index j = 0; j < neurons.signs.size(); ++j) {
    // ln|w_j| = -infinity is a neuron that is zero, not one that underflows.
    if (!std::isfinite(neurons.log_norms[j]) || neurons.signs[j] == 0.0 ||
        !agrees(neurons.output_weights[j], neurons.log_norms[j])) {
      return false;
    }
  }
  return true;
}

/// Entry by entry: Eigen's vectorised exp stops at exp(-708) instead of going on to zero.
Eigen::VectorXd exponentials(const Eigen::VectorXd& logarithms) {
  return logarithms.unaryExpr([](double x) { return std::exp(x); });
}

}  // namespace

polar_neurons to_polar(const network& net) {
  polar_neurons neurons{net.signs(), net.log_norms(), net.output_weights(), net.directions()};
  if (net.is_balanced()) {
    neurons.output_weights = neurons.signs.cwiseProduct(exponentials(neurons.log_norms));
  }
  return neurons;
}

network from_polar(polar_neurons neurons, double output_scale) {
  if (is_balanced(neurons)) {
    return network::balanced(neurons.signs, std::move(neurons.log_norms),
                             std::move(neurons.directions), output_scale);
  }
  Eigen::MatrixXd weights = neurons.directions * exponentials(neurons.log_norms).asDiagonal();
  return network::cartesian(std::move(neurons.output_weights), weights, output_scale);
}

}  // namespace reluflow::detail
