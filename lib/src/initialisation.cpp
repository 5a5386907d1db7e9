#include "reluflow/initialisation.hpp"

#include "random.hpp"
#include "reluflow/errors.hpp"

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <fmt/format.h>

#include <cmath>

namespace reluflow {
namespace {

using detail::random_engine;

void check_shape(index width, index dimension) {
  if (width < 1) {
    throw invalid_input("width", fmt::format("{}", width), "at least 1");
  }
  if (dimension < 1) {
    throw invalid_input("dimension", fmt::format("{}", dimension), "at least 1");
  }
}

void check_scale(double scale) {
  if (!(scale > 0.0) || !std::isfinite(scale)) {
    throw invalid_input("scale", fmt::format("{}", scale), "a finite positive number");
  }
}

void check_log_scale(double log_scale) {
  if (!std::isfinite(log_scale)) {
    throw invalid_input("log_scale", fmt::format("{}", log_scale), "a finite number");
  }
}

random_engine network_engine(std::uint64_t seed) {
  return detail::make_engine(seed, detail::random_stream::network);
}

/// The sign that all labels of samples [first, first + count) share.
double common_sign(const dataset& data, index first, index count) {
  const auto labels = data.labels().segment(first, count).array();
  if ((labels > 0.0).all()) {
    return 1.0;
  }
  if ((labels < 0.0).all()) {
    return -1.0;
  }
  throw invalid_input(fmt::format("group of samples {} to {}", first, first + count - 1),
                      "labels of different signs or zero",
                      "labels of one sign, as group initialisation asks");
}

/// Paper B, eq 9: active on the group and nowhere else.
void check_group_activation(const dataset& data, const Eigen::VectorXd& direction, index first,
                            index count) {
  const Eigen::VectorXd z = data.inputs().transpose() * direction;
  for (index k = 0; k < data.size(); ++k) {
    const bool member = k >= first && k < first + count;
    if (member != (z[k] > 0.0)) {
      throw invalid_input(fmt::format("sample {}", k),
                          "an input that is not orthogonal to the other groups",
                          "orthogonal inputs, as group initialisation asks");
    }
  }
}

}  // namespace

double output_scale(output_scaling scaling, index width) {
  return scaling == output_scaling::mean ? 1.0 / static_cast<double>(width) : 1.0;
}

network balanced_network(index width, index dimension, double log_scale, std::uint64_t seed,
                         output_scaling scaling) {
  check_shape(width, dimension);
  check_log_scale(log_scale);
  auto engine = network_engine(seed);
  Eigen::VectorXd signs(width);
  Eigen::VectorXd log_norms(width);
  Eigen::MatrixXd directions(dimension, width);
  for (index j = 0; j < width; ++j) {
    signs[j] = detail::fair_sign(engine);
    directions.col(j) = detail::gaussian_vector(dimension, engine);
    log_norms[j] = log_scale + std::log(directions.col(j).norm());
  }
  return network::balanced(signs, std::move(log_norms), std::move(directions),
                           output_scale(scaling, width));
}

network dominated_network(index width, index dimension, double scale, std::uint64_t seed,
                          output_scaling scaling) {
  check_shape(width, dimension);
  check_scale(scale);
  auto engine = network_engine(seed);
  boost::random::exponential_distribution<double> excess(1.0);
  const double deviation = scale / std::sqrt(static_cast<double>(dimension));
  Eigen::VectorXd a(width);
  Eigen::MatrixXd w(dimension, width);
  for (index j = 0; j < width; ++j) {
    const double sign = detail::fair_sign(engine);
    w.col(j) = deviation * detail::gaussian_vector(dimension, engine);
    a[j] = sign * (w.col(j).stableNorm() + scale * excess(engine));
  }
  return network::cartesian(std::move(a), w, output_scale(scaling, width));
}

network ball_network(index width, index dimension, double scale, std::uint64_t seed,
                     output_scaling scaling) {
  check_shape(width, dimension);
  check_scale(scale);
  auto engine = network_engine(seed);
  boost::random::uniform_01<double> uniform;
  const double size = scale / std::sqrt(static_cast<double>(width));
  Eigen::VectorXd a(width);
  Eigen::MatrixXd w(dimension, width);
  for (index j = 0; j < width; ++j) {
    a[j] = detail::fair_sign(engine) * size;
    const Eigen::VectorXd direction = detail::gaussian_vector(dimension, engine).normalized();
    // In a ball of dimension d the radius has the distribution function r^d.
    const double radius = std::pow(uniform(engine), 1.0 / static_cast<double>(dimension));
    w.col(j) = (0.5 * size * radius) * direction;
  }
  return network::cartesian(std::move(a), w, output_scale(scaling, width));
}

network gaussian_network(index width, index dimension, double scale, std::uint64_t seed,
                         output_scaling scaling) {
  check_shape(width, dimension);
  check_scale(scale);
  auto engine = network_engine(seed);
  boost::random::normal_distribution<double> normal(0.0, scale);
  Eigen::VectorXd a(width);
  Eigen::MatrixXd w(dimension, width);
  for (index j = 0; j < width; ++j) {
    a[j] = normal(engine);
    w.col(j) = scale * detail::gaussian_vector(dimension, engine);
  }
  return network::cartesian(std::move(a), w, output_scale(scaling, width));
}

network group_network(const dataset& data, index width, double log_scale, std::uint64_t seed,
                      output_scaling scaling) {
  check_shape(width, data.dimension());
  check_log_scale(log_scale);
  if (data.size() % width != 0) {
    throw invalid_input("width", fmt::format("{}", width),
                        fmt::format("a divisor of {}, the number of samples", data.size()));
  }
  constexpr double lean = 1e-9;
  auto engine = network_engine(seed);
  const index count = data.size() / width;
  const Eigen::MatrixXd units = data.inputs() * data.norms().cwiseInverse().asDiagonal();
  const auto others = static_cast<double>(std::max<index>(1, data.size() - count));
  Eigen::VectorXd signs(width);
  Eigen::MatrixXd directions(data.dimension(), width);
  for (index j = 0; j < width; ++j) {
    const index first = j * count;
    signs[j] = common_sign(data, first, count);
    Eigen::VectorXd weights = Eigen::VectorXd::Constant(data.size(), -lean / std::sqrt(others));
    weights.segment(first, count) = detail::gaussian_vector(count, engine).cwiseAbs().normalized();
    directions.col(j) = units * weights;
    check_group_activation(data, directions.col(j), first, count);
  }
  return network::balanced(signs, Eigen::VectorXd::Constant(width, log_scale),
                           std::move(directions), output_scale(scaling, width));
}

}  // namespace reluflow
