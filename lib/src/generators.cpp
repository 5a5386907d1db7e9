#include "reluflow/generators.hpp"

#include "random.hpp"
#include "reluflow/errors.hpp"

#include <Eigen/QR>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include <cmath>

namespace reluflow {
namespace {

void check_count(std::string_view what, index found, index least) {
  if (found < least) {
    throw invalid_input(what, fmt::format("{}", found), fmt::format("at least {}", least));
  }
}

void check_finite(std::string_view what, const Eigen::VectorXd& values) {
  if (!values.allFinite())
    throw invalid_input(what, "a value that is not finite", "finite numbers");
}

void check(const label_noise& noise) {
  if (!(noise.deviation >= 0.0) || !std::isfinite(noise.deviation)) {
    throw invalid_input("noise", fmt::format("{}", noise.deviation), "a finite number >= 0");
  }
}

/// Numbers with the law and deviation of the noise, one after another.
class noise_source {
 public:
  explicit noise_source(const label_noise& noise) : noise_(noise) {}

  double operator()(detail::random_engine& engine) {
    switch (noise_.law) {
      case noise_law::gaussian:
        return noise_.deviation * normal_(engine);
      case noise_law::uniform:
        return noise_.deviation * std::sqrt(3.0) * unit_(engine);
      case noise_law::sign:
        return noise_.deviation * detail::fair_sign(engine);
      case noise_law::laplace:
        break;
    }
    const double sign = detail::fair_sign(engine);
    return sign * noise_.deviation / std::sqrt(2.0) * exponential_(engine);
  }

 private:
  label_noise noise_;
  boost::random::normal_distribution<double> normal_;
  boost::random::uniform_real_distribution<double> unit_{-1.0, 1.0};
  boost::random::exponential_distribution<double> exponential_{1.0};
};

}  // namespace

dataset linear_data(index samples, const Eigen::VectorXd& beta, const label_noise& noise,
                    std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", beta.size(), 1);
  check_finite("beta", beta);
  check(noise);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  noise_source draw(noise);
  Eigen::MatrixXd inputs(beta.size(), samples);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    inputs.col(k) = detail::gaussian_vector(beta.size(), engine);
    labels[k] = beta.dot(inputs.col(k)) + draw(engine);
  }
  return {std::move(inputs), std::move(labels)};
}

dataset gaussian_data(index samples, index dimension, double noise, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, 1);
  return linear_data(samples, Eigen::VectorXd::Unit(dimension, 0), {noise, noise_law::gaussian},
                     seed);
}

dataset taught_data(index samples, const network& teacher, const label_noise& noise,
                    std::uint64_t seed) {
  const dataset silent =
      linear_data(samples, Eigen::VectorXd::Zero(teacher.dimension()), noise, seed);
  return {silent.inputs(), silent.labels() + teacher(silent)};
}

network relu_teacher(index width, index dimension, std::uint64_t seed) {
  check_count("width", width, 1);
  check_count("dimension", dimension, 1);
  auto engine = detail::make_engine(seed, detail::random_stream::teacher);
  Eigen::MatrixXd weights(dimension, width);
  for (index j = 0; j < width; ++j) weights.col(j) = detail::gaussian_vector(dimension, engine);
  const double share = 1.0 / static_cast<double>(width);
  return network::cartesian(Eigen::VectorXd::Constant(width, share), weights);
}

dataset cylinder_data(index samples, const Eigen::VectorXd& beta, double spread,
                      const label_noise& noise, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", beta.size(), 2);
  check_finite("beta", beta);
  check(noise);
  if (!(beta.norm() > 0.0)) throw invalid_input("beta", "a zero vector", "a vector");
  if (!(spread >= 0.0) || !(spread < 1.0)) {
    throw invalid_input("spread", fmt::format("{}", spread), "a number in [0, 1)");
  }
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  noise_source draw(noise);
  boost::random::uniform_real_distribution<double> size(1.0 - spread, 1.0 + spread);
  const Eigen::VectorXd axis = beta.normalized();
  const double radius = std::sqrt(static_cast<double>(beta.size() - 1));
  Eigen::MatrixXd inputs(beta.size(), samples);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double sign = detail::fair_sign(engine);
    const double along = spread > 0.0 ? sign * size(engine) : sign;
    Eigen::VectorXd across = detail::gaussian_vector(beta.size(), engine);
    across -= axis.dot(across) * axis;
    inputs.col(k) = along * axis + radius * across.normalized();
    labels[k] = beta.dot(inputs.col(k)) + draw(engine);
  }
  return {std::move(inputs), std::move(labels)};
}

dataset orthonormal_data(index samples, index dimension, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, samples);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  Eigen::MatrixXd gaussian(dimension, samples);
  for (index k = 0; k < samples; ++k) {
    gaussian.col(k) = detail::gaussian_vector(dimension, engine);
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
  Eigen::MatrixXd inputs = qr.householderQ() * Eigen::MatrixXd::Identity(dimension, samples);
  // The rotation is uniform only when R has a positive diagonal.
  for (index k = 0; k < samples; ++k) {
    if (qr.matrixQR()(k, k) < 0.0) {
      inputs.col(k) = -inputs.col(k);
    }
  }
  boost::random::uniform_real_distribution<double> size(1.0, 2.0);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double sign = detail::fair_sign(engine);
    labels[k] = sign * size(engine);
  }
  return {std::move(inputs), std::move(labels)};
}

}  // namespace reluflow
