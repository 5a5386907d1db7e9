#include "reluflow/generators.hpp"

#include "random.hpp"
#include "reluflow/errors.hpp"

#include <Eigen/QR>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <utility>

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
  // A spread below rounding is none.
  const double least = 1.0 - spread;
  const double most = 1.0 + spread;
  const Eigen::VectorXd axis = beta.normalized();
  const double radius = std::sqrt(static_cast<double>(beta.size() - 1));
  Eigen::MatrixXd inputs(beta.size(), samples);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double sign = detail::fair_sign(engine);
    const double size =
        least < most ? boost::random::uniform_real_distribution<double>(least, most)(engine) : 1.0;
    const double along = sign * size;
    Eigen::VectorXd across = detail::gaussian_vector(beta.size(), engine);
    across -= axis.dot(across) * axis;
    inputs.col(k) = along * axis + radius * across.normalized();
    labels[k] = beta.dot(inputs.col(k)) + draw(engine);
  }
  return {std::move(inputs), std::move(labels)};
}

namespace {

/// The first columns of a uniformly random rotation.
Eigen::MatrixXd random_frame(index samples, index dimension, detail::random_engine& engine) {
  Eigen::MatrixXd gaussian(dimension, samples);
  for (index k = 0; k < samples; ++k) {
    gaussian.col(k) = detail::gaussian_vector(dimension, engine);
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
  Eigen::MatrixXd frame = qr.householderQ() * Eigen::MatrixXd::Identity(dimension, samples);
  // The rotation is uniform only when R has a positive diagonal.
  for (index k = 0; k < samples; ++k) {
    if (qr.matrixQR()(k, k) < 0.0) {
      frame.col(k) = -frame.col(k);
    }
  }
  return frame;
}

/// Uniform on [-2, -1] u [1, 2].
Eigen::VectorXd two_sided_labels(index samples, detail::random_engine& engine) {
  boost::random::uniform_real_distribution<double> size(1.0, 2.0);
  Eigen::VectorXd labels(samples);
  for (index k = 0; k < samples; ++k) {
    const double sign = detail::fair_sign(engine);
    labels[k] = sign * size(engine);
  }
  return labels;
}

void check_norms(const norm_interval& norms) {
  if (!(norms.least > 0.0 && norms.least <= norms.largest) || !std::isfinite(norms.largest)) {
    throw invalid_input("least_norm",
                        fmt::format("norms from {} to {}", norms.least, norms.largest),
                        "0 < least_norm <= largest_norm, finite");
  }
}

/// Gives the columns, of norm 1, their sizes.
void scale_columns(Eigen::MatrixXd& inputs, const norm_interval& norms,
                   detail::random_engine& engine) {
  boost::random::uniform_01<double> uniform;
  for (index k = 0; k < inputs.cols(); ++k) {
    inputs.col(k) *= norms.least + (norms.largest - norms.least) * uniform(engine);
  }
}

dataset with_labels(Eigen::MatrixXd directions, const norm_interval& norms,
                    detail::random_engine& engine) {
  scale_columns(directions, norms, engine);
  Eigen::VectorXd labels = two_sided_labels(directions.cols(), engine);
  return {std::move(directions), std::move(labels)};
}

}  // namespace

dataset orthonormal_data(index samples, index dimension, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, samples);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  Eigen::MatrixXd inputs = random_frame(samples, dimension, engine);
  Eigen::VectorXd labels = two_sided_labels(samples, engine);
  return {std::move(inputs), std::move(labels)};
}

dataset axis_data(index samples, index dimension, norm_interval norms, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, samples);
  check_norms(norms);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  return with_labels(Eigen::MatrixXd::Identity(dimension, samples), norms, engine);
}

dataset orthogonal_data(index samples, index dimension, norm_interval norms, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, samples);
  check_norms(norms);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  return with_labels(random_frame(samples, dimension, engine), norms, engine);
}

dataset sphere_data(index samples, index dimension, norm_interval norms, std::uint64_t seed) {
  check_count("samples", samples, 1);
  check_count("dimension", dimension, 1);
  check_norms(norms);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  Eigen::MatrixXd directions(dimension, samples);
  for (index k = 0; k < samples; ++k) {
    directions.col(k) = detail::gaussian_vector(dimension, engine).normalized();
  }
  return with_labels(std::move(directions), norms, engine);
}

dataset antipodal_data(index samples, index dimension, double angle, norm_interval norms,
                       std::uint64_t seed) {
  check_count("samples", samples, 2);
  if (samples % 2 != 0) {
    throw invalid_input("samples", fmt::format("{}", samples), "an even number");
  }
  check_count("dimension", dimension, samples / 2);
  if (!(angle >= 0.0 && angle < std::numbers::pi)) {
    throw invalid_input("angle", fmt::format("{}", angle), "an angle in [0, pi)");
  }
  if (angle > 0.0) check_count("dimension", dimension, 2);
  check_norms(norms);
  auto engine = detail::make_engine(seed, detail::random_stream::data);
  const index pairs = samples / 2;
  Eigen::MatrixXd directions(dimension, samples);
  directions.leftCols(pairs).setIdentity();
  directions.rightCols(pairs) = -directions.leftCols(pairs);
  for (index k = 0; k < pairs && angle > 0.0; ++k) {
    Eigen::VectorXd aside = detail::gaussian_vector(dimension, engine);
    aside[k] = 0.0;
    directions.col(pairs + k) =
        -std::cos(angle) * directions.col(k) + std::sin(angle) * aside.normalized();
  }
  return with_labels(std::move(directions), norms, engine);
}

}  // namespace reluflow
