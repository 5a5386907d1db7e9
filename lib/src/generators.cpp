#include "reluflow/generators.hpp"

#include "random.hpp"
#include "reluflow/errors.hpp"

#include <Eigen/QR>
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

}  // namespace

dataset gaussian_data(index samples, index dimension, double noise, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, 1);
  if (!(noise >= 0.0) || !std::isfinite(noise)) {
    throw invalid_input("noise", fmt::format("{}", noise), "a finite number >= 0");
  }
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  boost::random::normal_distribution<double> normal;
  Eigen::MatrixXd inputs(dimension, samples);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    inputs.col(k) = detail::gaussian_vector(dimension, engine);
    labels[k] = inputs(0, k) + noise * normal(engine);
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
