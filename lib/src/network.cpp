#include "reluflow/network.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow {
namespace {

void check_output_scale(double alpha) {
  if (!(alpha > 0.0) || !std::isfinite(alpha)) {
    throw invalid_input("output_scale", fmt::format("{}", alpha), "a finite positive number");
  }
}

void check_width(std::string_view what, index found, index expected) {
  if (found != expected) {
    throw invalid_input(what, fmt::format("{} entries", found),
                        fmt::format("{}, one for each neuron", expected));
  }
}

double sign_of(double x) { return static_cast<double>((x > 0.0) - (x < 0.0)); }

// Eigen's vectorised exponential does not reach zero: it gives 6e-309 at -1e5.
Eigen::VectorXd exponentials(const Eigen::VectorXd& logarithms) {
  return logarithms.unaryExpr([](double x) { return std::exp(x); });
}

}  // namespace

network network::balanced(const Eigen::VectorXd& signs, Eigen::VectorXd log_norms,
                          Eigen::MatrixXd directions, double output_scale) {
  check_output_scale(output_scale);
  check_width("signs", signs.size(), directions.cols());
  check_width("log_norms", log_norms.size(), directions.cols());
  for (index j = 0; j < directions.cols(); ++j) {
    if (signs[j] != 1.0 && signs[j] != -1.0) {
      throw invalid_input(fmt::format("sign of neuron {}", j), fmt::format("{}", signs[j]),
                          "+1 or -1");
    }
    if (!std::isfinite(log_norms[j])) {
      throw invalid_input(fmt::format("log norm of neuron {}", j), fmt::format("{}", log_norms[j]),
                          "a finite number");
    }
    constexpr double rounding = 2e-15;
    // A unit vector to within rounding is kept as it is, so that what was written reads back the
    // same.
    if (std::abs(directions.col(j).squaredNorm() - 1.0) <= rounding) continue;
    const double norm = directions.col(j).stableNorm();
    if (!(norm > 0.0) || !std::isfinite(norm)) {
      throw invalid_input(fmt::format("direction of neuron {}", j), "a zero or infinite vector",
                          "a finite vector that is not zero");
    }
    if (std::abs(norm - 1.0) > rounding) directions.col(j) /= norm;
  }
  network net;
  net.signs_ = signs;
  net.log_norms_ = std::move(log_norms);
  net.directions_ = std::move(directions);
  net.output_scale_ = output_scale;
  net.balanced_ = true;
  return net;
}

network network::cartesian(Eigen::VectorXd output_weights, const Eigen::MatrixXd& weights,
                           double output_scale) {
  check_output_scale(output_scale);
  check_width("output weights", output_weights.size(), weights.cols());
  if (!output_weights.allFinite() || !weights.allFinite()) {
    throw invalid_input("weights", "a value that is not finite", "finite numbers");
  }
  network net;
  net.log_norms_.resize(weights.cols());
  net.directions_ = weights;
  for (index j = 0; j < weights.cols(); ++j) {
    const double norm = weights.col(j).stableNorm();
    net.log_norms_[j] = std::log(norm);
    if (norm > 0.0) net.directions_.col(j) /= norm;
  }
  net.signs_ = output_weights.unaryExpr(&sign_of);
  net.output_weights_ = std::move(output_weights);
  net.weights_ = weights;
  net.output_scale_ = output_scale;
  net.balanced_ = false;
  return net;
}

Eigen::VectorXd network::output_weights() const {
  if (!balanced_) return output_weights_;
  return signs_.cwiseProduct(exponentials(log_norms_));
}

Eigen::MatrixXd network::weights() const {
  if (!balanced_) return weights_;
  Eigen::MatrixXd w = directions_;
  for (index j = 0; j < width(); ++j) w.col(j) *= std::exp(log_norms_[j]);
  return w;
}

Eigen::VectorXd network::invariants() const {
  if (balanced_) return Eigen::VectorXd::Zero(width());
  const Eigen::ArrayXd norms = weights_.colwise().stableNorm().transpose();
  return (output_weights_.array() - norms) * (output_weights_.array() + norms);
}

Eigen::VectorXd network::operator()(const dataset& data) const { return (*this)(data.inputs()); }

Eigen::VectorXd network::operator()(const Eigen::MatrixXd& inputs) const {
  if (inputs.rows() != dimension()) {
    throw invalid_input("inputs", fmt::format("dimension {}", inputs.rows()),
                        fmt::format("{}, the dimension of the network", dimension()));
  }
  const Eigen::ArrayXd sizes = log_norms_.array().exp();
  const Eigen::ArrayXd outer =
      balanced_ ? Eigen::ArrayXd(signs_.array() * sizes) : Eigen::ArrayXd(output_weights_.array());
  const Eigen::VectorXd factors = output_scale_ * outer * sizes;
  // Block by block: all pre-activations at once may not fit into memory.
  constexpr index neurons_at_once = 64;
  Eigen::VectorXd h = Eigen::VectorXd::Zero(inputs.cols());
  Eigen::MatrixXd activations;
  for (index first = 0; first < width(); first += neurons_at_once) {
    const index count = std::min(neurons_at_once, width() - first);
    activations.noalias() = inputs.transpose() * directions_.middleCols(first, count);
    h.noalias() += activations.cwiseMax(0.0) * factors.segment(first, count);
  }
  return h;
}

Eigen::VectorXd residuals(const dataset& data, const network& net) {
  return data.labels() - net(data);
}

double loss(const dataset& data, const network& net) {
  return residuals(data, net).squaredNorm() / (2.0 * static_cast<double>(data.size()));
}

}  // namespace reluflow
