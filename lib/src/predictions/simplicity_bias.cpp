#include "reluflow/predictions/simplicity_bias.hpp"

#include "predictions/log_sum.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/errors.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::simplicity {
namespace {

void check_dimension(const char* what, index found, index expected) {
  if (found != expected) {
    throw invalid_input(what, fmt::format("dimension {}", found), fmt::format("{}", expected));
  }
}

struct fit {
  Eigen::VectorXd beta;
  double residual_squares = 0.0;
  bool unique = false;
};

fit fitted(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& labels) {
  const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(inputs.transpose());
  fit result;
  result.beta = solver.solve(labels);
  result.residual_squares = (labels - inputs.transpose() * result.beta).squaredNorm();
  result.unique = solver.rank() == inputs.rows();
  return result;
}

half half_of(const dataset& data, double sign, std::vector<index> samples) {
  const auto n = static_cast<double>(data.size());
  const Eigen::MatrixXd inputs = data.inputs()(Eigen::all, samples);
  const Eigen::VectorXd labels = data.labels()(samples);
  half part;
  part.sign = sign;
  part.samples = std::move(samples);
  part.covariance = inputs * inputs.transpose() / n;
  part.D = inputs * labels / n;
  part.beta = Eigen::VectorXd::Zero(data.dimension());
  if (part.samples.empty()) return part;
  fit own = fitted(inputs, labels);
  part.beta = std::move(own.beta);
  part.loss = own.residual_squares / (2.0 * n);
  part.unique = own.unique;
  part.smallest_eigenvalue =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(part.covariance).eigenvalues()[0];
  return part;
}

int sign_of(double x) { return (x > 0.0) - (x < 0.0); }

}  // namespace

least_squares least_squares_of(const dataset& data) {
  fit all = fitted(data.inputs(), data.labels());
  return {std::move(all.beta), all.residual_squares / (2.0 * static_cast<double>(data.size())),
          all.unique};
}

double linear_loss(const dataset& data, const Eigen::VectorXd& beta) {
  check_dimension("beta", beta.size(), data.dimension());
  return (data.labels() - data.inputs().transpose() * beta).squaredNorm() /
         (2.0 * static_cast<double>(data.size()));
}

double noise_loss(double deviation) { return 0.5 * deviation * deviation; }

halves halves_of(const dataset& data, const Eigen::VectorXd& beta) {
  check_dimension("beta", beta.size(), data.dimension());
  if (!(beta.norm() > 0.0)) throw invalid_input("beta", "a zero vector", "a direction");
  const Eigen::VectorXd along = data.inputs().transpose() * beta;
  std::vector<index> plus;
  std::vector<index> minus;
  for (index k = 0; k < data.size(); ++k) (along[k] >= 0.0 ? plus : minus).push_back(k);
  return {half_of(data, 1.0, std::move(plus)), half_of(data, -1.0, std::move(minus))};
}

network limit_network(const halves& parts) {
  Eigen::Vector2d a;
  Eigen::MatrixXd w(parts.plus.beta.size(), 2);
  index j = 0;
  for (const half* part : {&parts.plus, &parts.minus}) {
    const double root = std::sqrt(part->beta.norm());
    a[j] = part->sign * root;
    w.col(j) = root > 0.0 ? Eigen::VectorXd(part->sign / root * part->beta) : part->beta;
    ++j;
  }
  return network::cartesian(a, w);
}

std::vector<index> neurons_of(const network& net, const half& part) {
  std::vector<index> neurons;
  for (index j = 0; j < net.width(); ++j) {
    if (net.signs()[j] == part.sign) neurons.push_back(j);
  }
  return neurons;
}

Eigen::VectorXd effective_weights(const network& net, const half& part) {
  const Eigen::VectorXd a = net.output_weights();
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(net.dimension());
  for (const index j : neurons_of(net, part)) {
    sum += a[j] * std::exp(net.log_norms()[j]) * net.directions().col(j);
  }
  return net.output_scale() * sum;
}

double covariance_norm(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& v) {
  return std::sqrt(std::max(0.0, v.dot(covariance * v)));
}

Eigen::VectorXd population_field(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& beta) {
  return 0.5 * covariance * beta;
}

double aligned_product(double initial, double b, double t) {
  if (!(b > 0.0)) throw invalid_input("b", fmt::format("{}", b), "a number > 0");
  return b * orthogonal::aligned_cosine(initial / b, 0.5 * b, t);
}

index cone_violations(const dataset& data, const Eigen::VectorXd& beta,
                      const Eigen::MatrixXd& directions) {
  const Eigen::VectorXd along = data.inputs().transpose() * beta;
  index violations = 0;
  for (index i = 0; i < directions.cols(); ++i) {
    const Eigen::VectorXd pushed =
        data.inputs().transpose() * alignment_field(data, directions.col(i));
    for (index k = 0; k < data.size(); ++k) {
      violations += sign_of(pushed[k]) != sign_of(along[k]) ? 1 : 0;
    }
  }
  return violations;
}

double field_deviation(const dataset& data, const Eigen::VectorXd& D,
                       const Eigen::MatrixXd& directions) {
  double largest = 0.0;
  for (index i = 0; i < directions.cols(); ++i) {
    largest = std::max(largest, (alignment_field(data, directions.col(i)) - D).norm());
  }
  return largest;
}

double log_mass(const network& net, const std::vector<index>& neurons) {
  const Eigen::VectorXd a = net.is_balanced() ? Eigen::VectorXd() : net.output_weights();
  double sum = -std::numeric_limits<double>::infinity();
  for (const index j : neurons) {
    const double log_a = net.is_balanced() ? net.log_norms()[j] : std::log(std::abs(a[j]));
    sum = detail::log_add(sum, 2.0 * log_a);
  }
  return sum;
}

std::optional<orthogonal::mass_law> growth_law(const network& net, const half& part) {
  const double rate = part.D.norm();
  const auto neurons = neurons_of(net, part);
  if (neurons.empty() || !(rate > 0.0) || !(part.beta.norm() > 0.0)) return std::nullopt;
  const Eigen::VectorXd unit = part.D / rate;
  const Eigen::VectorXd a = net.is_balanced() ? Eigen::VectorXd() : net.output_weights();
  orthogonal::mass_law law;
  law.rate = rate;
  law.log_limit = std::log(part.beta.norm());
  law.log_amplitude = -std::numeric_limits<double>::infinity();
  for (const index j : neurons) {
    // ln |(a + <w, D>/|D|)/2|, with the size of the neuron taken out.
    const double size = net.log_norms()[j];
    const double along = net.directions().col(j).dot(unit);
    const double own = net.is_balanced() ? net.signs()[j] : a[j] * std::exp(-size);
    const double log_part = std::isfinite(size) ? size + std::log(std::abs(0.5 * (own + along)))
                                                : std::log(0.5 * std::abs(a[j]));
    law.log_amplitude = detail::log_add(law.log_amplitude, 2.0 * log_part);
  }
  return law;
}

double pl_constant(const half& part, double mass) { return 2.0 * part.smallest_eigenvalue * mass; }

double limit_rate(const half& part) {
  const double length = part.beta.norm();
  if (!(length > 0.0)) return 0.0;
  const Eigen::VectorXd b = part.beta / length;
  const Eigen::MatrixXd root =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(part.covariance).operatorSqrt();
  const Eigen::MatrixXd inner =
      Eigen::MatrixXd::Identity(b.size(), b.size()) + Eigen::MatrixXd(b * b.transpose());
  const Eigen::MatrixXd kernel = length * root * inner * root;
  return 2.0 * Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(kernel).eigenvalues()[0];
}

double endpoint_mass(double beta_norm, double imbalance) {
  return 0.5 * (imbalance + std::hypot(imbalance, 2.0 * beta_norm));
}

}  // namespace reluflow::simplicity
