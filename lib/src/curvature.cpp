#include "reluflow/curvature.hpp"

#include "extreme_eigenvalues.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/surfaces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reluflow {
namespace {

/// X^T X without its diagonal, as a product. With `antipodal` also without the products of
/// antipodal samples.
class off_diagonal {
 public:
  off_diagonal(const dataset& data, bool antipodal) : data_(&data) {
    if (!antipodal) return;
    const switching_surfaces surfaces(data);
    for (index s = 0; s < surfaces.size(); ++s) {
      for (const index k : surfaces.members(s)) {
        for (const index l : surfaces.members(s)) {
          if (surfaces.orientation(k) * surfaces.orientation(l) < 0.0) pairs_.emplace_back(k, l);
        }
      }
    }
  }

  void operator()(const Eigen::VectorXd& v, Eigen::VectorXd& result) const {
    const Eigen::MatrixXd& inputs = data_->inputs();
    const Eigen::VectorXd combined = inputs * v;
    result.noalias() = inputs.transpose() * combined;
    result -= data_->norms().cwiseAbs2().cwiseProduct(v);
    for (const auto& [k, l] : pairs_) result[k] -= inputs.col(k).dot(inputs.col(l)) * v[l];
  }

 private:
  const dataset* data_;
  std::vector<std::pair<index, index>> pairs_;
};

double operator_norm(const dataset& data, bool antipodal) {
  constexpr index dense_size = 200;
  const index n = data.size();
  if (n == 1 || (!antipodal && has_orthogonal_inputs(data))) return 0.0;
  const off_diagonal product(data, antipodal);
  eigenvalue_range range;
  if (n > dense_size) {
    range = detail::extreme_eigenvalues(n, product);
  } else {
    Eigen::MatrixXd matrix(n, n);
    Eigen::VectorXd column(n);
    for (index k = 0; k < n; ++k) {
      product(Eigen::VectorXd::Unit(n, k), column);
      matrix.col(k) = column;
    }
    range = detail::extreme_eigenvalues(matrix);
  }
  return std::max(-range.smallest, range.largest);
}

interaction constants_of(const dataset& data, bool antipodal) {
  const Eigen::ArrayXd labels = data.labels().cwiseAbs();
  return {data.norms().minCoeff(), data.norms().maxCoeff(),        labels.minCoeff(),
          labels.maxCoeff(),       operator_norm(data, antipodal), data.size()};
}

bool slides(const activation_pattern& modes, index neuron) {
  for (index k = 0; k < modes.samples(); ++k) {
    if (modes(neuron, k) == pair_mode::sliding) return true;
  }
  return false;
}

}  // namespace

activation_pattern pattern_of_signs(const dataset& data, const network& net) {
  if (net.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("neurons in dimension {}", net.dimension()),
                        fmt::format("{}, the dimension of the data", data.dimension()));
  }
  activation_pattern pattern(net.width(), data.size());
  for (index j = 0; j < net.width(); ++j) {
    const Eigen::VectorXd z = data.inputs().transpose() * net.directions().col(j);
    for (index k = 0; k < data.size(); ++k) {
      if (z[k] > 0.0) pattern.set(j, k, pair_mode::active);
    }
  }
  return pattern;
}

double local_curvature(const dataset& data, const network& net, const activation_pattern& modes) {
  const residual_kernel kernel(data, net, modes);
  const Eigen::VectorXd r = residuals(data, net);
  const double squared = r.squaredNorm();
  return squared > 0.0 ? 2.0 * r.dot(kernel * r) / squared : 0.0;
}

double mean_curvature(double initial_loss, double loss, double t) {
  if (!(initial_loss > 0.0 && loss > 0.0 && t > 0.0)) {
    throw invalid_input("mean curvature",
                        fmt::format("losses {} and {}, t = {}", initial_loss, loss, t),
                        "positive numbers");
  }
  return (std::log(initial_loss) - std::log(loss)) / t;
}

interaction interaction_of(const dataset& data) { return constants_of(data, false); }

interaction antipodal_interaction_of(const dataset& data) { return constants_of(data, true); }

curvature_bounds state_bounds(const interaction& constants, const network& net,
                              const activation_pattern& modes) {
  if (modes.neurons() != net.width() || modes.samples() != constants.samples) {
    throw invalid_input("modes",
                        fmt::format("{} neurons on {} samples", modes.neurons(), modes.samples()),
                        fmt::format("{} neurons on {} samples", net.width(), constants.samples));
  }
  const Eigen::VectorXd output_squares = net.output_weights().cwiseAbs2();
  const Eigen::VectorXd squares =
      output_squares + net.weights().colwise().squaredNorm().transpose();
  Eigen::VectorXd low = Eigen::VectorXd::Zero(constants.samples);
  Eigen::VectorXd high = low;
  for (index j = 0; j < net.width(); ++j) {
    const double counted = slides(modes, j) ? 0.0 : output_squares[j];
    for (index k = 0; k < constants.samples; ++k) {
      if (modes(j, k) != pair_mode::active) continue;
      low[k] += counted;
      high[k] += squares[j];
    }
  }
  const double scale = 2.0 * net.output_scale() / static_cast<double>(constants.samples);
  const double least = std::pow(constants.least_norm, 2) - constants.strength;
  const double most = std::pow(constants.largest_norm, 2) + constants.strength;
  return {scale * std::max(least, 0.0) * low.minCoeff(), scale * most * high.maxCoeff()};
}

double outputs_lower_bound(const interaction& constants, const Eigen::VectorXd& outputs) {
  const double least = std::pow(constants.least_norm, 2) - constants.strength;
  return 2.0 / static_cast<double>(constants.samples) * std::max(least, 0.0) /
         constants.largest_norm * outputs.cwiseAbs().minCoeff();
}

double mean_curvature_floor(const interaction& constants) {
  const double factor = constants.strength == 0.0 ? 2.0 : 2.0 - std::numbers::sqrt2;
  return factor / static_cast<double>(constants.samples) * std::pow(constants.least_norm, 2) /
         constants.largest_norm * constants.least_label;
}

double outputs_upper_bound(const interaction& constants, const network& initial,
                           const Eigen::VectorXd& outputs) {
  const auto n = static_cast<double>(constants.samples);
  const auto m = static_cast<double>(initial.width());
  const double mean_square = initial.output_scale() * (initial.output_weights().squaredNorm() +
                                                       initial.weights().squaredNorm());
  const double square = std::pow(constants.largest_norm, 2);
  return 2.0 * square / n * mean_square + 4.0 * std::numbers::pi / std::sqrt(6.0) * square /
                                              constants.least_norm * std::sqrt(m / n) *
                                              outputs.cwiseAbs().maxCoeff();
}

double interaction_limit(const interaction& constants, const Eigen::VectorXd& initial_residuals) {
  return std::pow(constants.least_norm, 2) * constants.least_label / initial_residuals.norm();
}

double printed_interaction_limit(const interaction& constants) {
  return std::pow(constants.least_norm, 2) * constants.least_label /
         (std::sqrt(static_cast<double>(constants.samples)) * constants.largest_label);
}

}  // namespace reluflow
