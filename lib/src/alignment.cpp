#include "reluflow/alignment.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace reluflow {
namespace {

void check_dimension(const char* what, index found, index expected) {
  if (found != expected) {
    throw invalid_input(what, fmt::format("dimension {}", found), fmt::format("{}", expected));
  }
}

void check_angle(double angle) {
  if (!(angle > 0.0) || !(angle <= std::numbers::pi)) {
    throw invalid_input("angle", fmt::format("{}", angle), "an angle in (0, pi]");
  }
}

// Neurons with w != 0, longest first; equal lengths by index.
std::vector<index> by_length(const network& net) {
  std::vector<index> order;
  for (index j = 0; j < net.width(); ++j) {
    if (std::isfinite(net.log_norms()[j])) {
      order.push_back(j);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](index i, index j) { return net.log_norms()[i] > net.log_norms()[j]; });
  return order;
}

// Lengths are taken relative to the founder, the longest, so that no square underflows to nothing.
void summarise(const network& net, index founder, direction_cluster& cluster) {
  double squares = 0.0;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(net.dimension());
  for (const index j : cluster.neurons) {
    const double square = std::exp(2.0 * (net.log_norms()[j] - net.log_norms()[founder]));
    squares += square;
    sum += square * net.directions().col(j);
  }
  cluster.log_norm = net.log_norms()[founder] + 0.5 * std::log(squares);
  const double length = sum.norm();
  // A cluster as wide as a half-circle may cancel; its founder then speaks for it.
  cluster.direction = length > 1e-8 * squares ? Eigen::VectorXd(sum / length)
                                              : Eigen::VectorXd(net.directions().col(founder));
}

}  // namespace

Eigen::VectorXd alignment_field(const dataset& data, const Eigen::VectorXd& w) {
  check_dimension("w", w.size(), data.dimension());
  const Eigen::ArrayXd z = data.inputs().transpose() * w;
  const Eigen::VectorXd active = (z > 0.0).select(data.labels().array(), 0.0);
  return data.inputs() * active / static_cast<double>(data.size());
}

double alignment_value(const dataset& data, const Eigen::VectorXd& w) {
  check_dimension("w", w.size(), data.dimension());
  const Eigen::VectorXd z = data.inputs().transpose() * w;
  return data.labels().dot(z.cwiseMax(0.0)) / static_cast<double>(data.size());
}

Eigen::VectorXd cosines(const network& net, const Eigen::VectorXd& target) {
  check_dimension("target", target.size(), net.dimension());
  const double length = target.stableNorm();
  if (!(length > 0.0) || !std::isfinite(length)) {
    throw invalid_input("target", "a zero or infinite vector", "a finite vector that is not zero");
  }
  Eigen::VectorXd result = net.directions().transpose() * (target / length);
  for (index j = 0; j < net.width(); ++j) {
    if (!std::isfinite(net.log_norms()[j])) {
      result[j] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return result.cwiseMax(-1.0).cwiseMin(1.0);
}

std::vector<direction_cluster> cluster_directions(const network& net, double angle) {
  check_angle(angle);
  // Chords, not cosines: the cosine of a small angle has no digits left.
  const double chord = 2.0 * std::sin(0.5 * angle);
  std::vector<direction_cluster> clusters;
  std::vector<index> founders;
  for (const index j : by_length(net)) {
    std::size_t c = 0;
    while (c < clusters.size() &&
           !(clusters[c].sign == net.signs()[j] &&
             (net.directions().col(j) - net.directions().col(founders[c])).norm() <= chord)) {
      ++c;
    }
    if (c == clusters.size()) {
      clusters.push_back({net.signs()[j], {}, {}, 0.0});
      founders.push_back(j);
    }
    clusters[c].neurons.push_back(j);
  }
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    summarise(net, founders[c], clusters[c]);
    std::sort(clusters[c].neurons.begin(), clusters[c].neurons.end());
  }
  return clusters;
}

std::vector<index> followed_vectors(const dataset& data, const std::vector<extremal_vector>& list,
                                    const network& net, double angle) {
  check_angle(angle);
  check_dimension("network", net.dimension(), data.dimension());
  for (const extremal_vector& one : list) {
    check_dimension("extremal vector", one.D.size(), data.dimension());
  }
  const double scale =
      data.labels().cwiseAbs().dot(data.norms()) / static_cast<double>(data.size());
  std::vector<index> followed(static_cast<std::size_t>(net.width()), -1);
  for (index j = 0; j < net.width(); ++j) {
    if (!std::isfinite(net.log_norms()[j])) continue;
    const Eigen::VectorXd w = net.directions().col(j);
    const bool still = alignment_field(data, w).norm() <= 1e-12 * scale;
    double nearest = 2.0 * std::sin(0.5 * angle);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const double length = list[i].D.norm();
      const double chord = length > 0.0 ? (net.signs()[j] * w - list[i].D / length).norm()
                           : still      ? 0.0
                                        : std::numeric_limits<double>::infinity();
      if (!(chord <= nearest)) continue;
      nearest = chord;
      followed[static_cast<std::size_t>(j)] = static_cast<index>(i);
    }
  }
  return followed;
}

}  // namespace reluflow
