#include "extreme_eigenvalues.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"

#include <fmt/format.h>

#include <utility>

namespace reluflow {
namespace {

/// Up to here a decomposition takes less than a second.
constexpr index dense_size = 600;

std::vector<index> sliding_surfaces(const switching_surfaces& surfaces,
                                    const activation_pattern& modes, index neuron) {
  std::vector<index> held;
  for (index s = 0; s < surfaces.size(); ++s) {
    if (modes(neuron, surfaces.representative(s)) == pair_mode::sliding) held.push_back(s);
  }
  return held;
}

void check_shapes(const dataset& data, const network& net, const activation_pattern& modes) {
  if (net.dimension() != data.dimension() || modes.samples() != data.size() ||
      modes.neurons() != net.width()) {
    throw invalid_input("modes",
                        fmt::format("{} neurons in dimension {}, modes of {} neurons on {} samples",
                                    net.width(), net.dimension(), modes.neurons(), modes.samples()),
                        fmt::format("neurons in dimension {} and their modes on {} samples",
                                    data.dimension(), data.size()));
  }
}

/// 1 where the neuron is active (n x m).
Eigen::MatrixXd active_matrix(const activation_pattern& modes) {
  Eigen::MatrixXd active(modes.samples(), modes.neurons());
  for (index j = 0; j < modes.neurons(); ++j) {
    for (index k = 0; k < modes.samples(); ++k) {
      active(k, j) = modes(j, k) == pair_mode::active ? 1.0 : 0.0;
    }
  }
  return active;
}

}  // namespace

residual_kernel::residual_kernel(const dataset& data, const network& net,
                                 const activation_pattern& modes)
    : data_(&data),
      products_(data),
      modes_(&modes),
      output_weights_(net.output_weights()),
      weights_(net.weights()),
      factor_(net.output_scale() / static_cast<double>(data.size())) {
  check_shapes(data, net, modes);
  if (modes.count(pair_mode::sliding) == 0) return;
  const switching_surfaces surfaces(data);
  for (index j = 0; j < net.width(); ++j) {
    const std::vector<index> held = sliding_surfaces(surfaces, modes, j);
    if (held.empty()) continue;
    sliding_.push_back(j);
    bases_.push_back(make_sliding_frame(surfaces, held).basis);
  }
}

Eigen::VectorXd residual_kernel::operator*(const Eigen::VectorXd& v) const {
  Eigen::MatrixXd forces;
  Eigen::MatrixXd scratch;
  products_.forces(*modes_, v, scratch, forces);
  const Eigen::VectorXd growth = weights_.cwiseProduct(forces).colwise().sum();
  for (std::size_t i = 0; i < sliding_.size(); ++i) {
    const Eigen::VectorXd along = bases_[i].transpose() * forces.col(sliding_[i]);
    forces.col(sliding_[i]) -= bases_[i] * along;
  }
  forces = forces * output_weights_.cwiseAbs2().asDiagonal();
  forces += weights_ * growth.asDiagonal();
  Eigen::MatrixXd outputs;
  products_.outputs(*modes_, forces, scratch, outputs);
  // The forces have a factor 1/n of their own.
  return factor_ * static_cast<double>(size()) * outputs.transpose();
}

Eigen::MatrixXd residual_kernel::matrix() const {
  const Eigen::MatrixXd& inputs = data_->inputs();
  const Eigen::MatrixXd active = active_matrix(*modes_);
  const Eigen::MatrixXd outputs = (inputs.transpose() * weights_).cwiseProduct(active);
  const Eigen::MatrixXd scaled = active * output_weights_.asDiagonal();
  Eigen::MatrixXd kernel = (inputs.transpose() * inputs).cwiseProduct(scaled * scaled.transpose());
  kernel += outputs * outputs.transpose();
  for (std::size_t i = 0; i < sliding_.size(); ++i) {
    const index j = sliding_[i];
    const Eigen::MatrixXd along =
        scaled.col(j).asDiagonal() * (inputs.transpose() * bases_[i]);  // n x surfaces
    kernel -= along * along.transpose();
  }
  return factor_ * kernel;
}

eigenvalue_range residual_kernel::extremes() const {
  if (size() <= dense_size) return detail::extreme_eigenvalues(matrix());
  return detail::extreme_eigenvalues(
      size(), [this](const Eigen::VectorXd& v, Eigen::VectorXd& result) { result = *this * v; });
}

double limit_rate(const dataset& data, const trajectory& run) {
  return 2.0 * residual_kernel(data, run.final_network, run.final_pattern).extremes().smallest;
}

}  // namespace reluflow
