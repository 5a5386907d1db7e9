#include "log_sum.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::orthogonal {
namespace {

using paths = std::vector<std::optional<early_path>>;

const std::optional<early_path>& path_of(const paths& early, index j) {
  return early[static_cast<std::size_t>(j)];
}

// ln A_j, -infinity for a neuron that does not grow.
double log_amplitude(const paths& early, index j) {
  const auto& path = path_of(early, j);
  return path && path->log_amplitude ? *path->log_amplitude
                                     : -std::numeric_limits<double>::infinity();
}

// Largest rate, relative to the group's, of neurons that grow on a part of the group only.
std::optional<double> subcluster_ratio(const network& net, const label_group& group,
                                       const paths& early, const std::vector<index>& cluster) {
  std::optional<double> largest;
  for (index j = 0; j < net.width(); ++j) {
    const auto& path = path_of(early, j);
    const bool inside = std::binary_search(cluster.begin(), cluster.end(), j);
    if (inside || net.signs()[j] != group.sign || !path || !path->log_amplitude) {
      continue;
    }
    largest = std::max(largest.value_or(0.0), path->rate / group.rate);
  }
  return largest;
}

// Adds the fitted first cluster of one group to (a, w): each neuron gets the share A_j/A of |v|.
bool fit_group(const dataset& data, const network& net, const label_group& group,
               const paths& early, Eigen::VectorXd& a, Eigen::MatrixXd& w) {
  const std::optional<mass_law> law = mass_law_of(data, net, group, early);
  if (!law) {
    return false;
  }
  for (const index j : first_cluster(data, net, group)) {
    const double share = std::exp(log_amplitude(early, j) - law->log_amplitude);
    const double norm = std::sqrt(group.mass * share);
    a[j] = group.sign * norm;
    w.col(j) = group.sign * norm / group.mass * group.v;
  }
  return true;
}

}  // namespace

std::optional<mass_law> mass_law_of(const dataset& data, const network& net,
                                    const label_group& group, const paths& early) {
  const std::vector<index> cluster = first_cluster(data, net, group);
  double total = -std::numeric_limits<double>::infinity();
  for (const index j : cluster) {
    total = detail::log_add(total, log_amplitude(early, j));
  }
  if (!std::isfinite(total)) {
    return std::nullopt;
  }
  return mass_law{group.rate, total, std::log(group.mass),
                  subcluster_ratio(net, group, early, cluster)};
}

double log_mass(const mass_law& law, double t) {
  const double missing = law.log_limit - law.log_amplitude - 2.0 * law.rate * t;
  return law.log_limit - detail::log_add(0.0, missing);
}

double time_to_fraction(const mass_law& law, double fraction) {
  if (!(fraction > 0.0) || !(fraction < 1.0)) {
    throw invalid_input("fraction", fmt::format("{}", fraction), "a number in (0, 1)");
  }
  const double odds = std::log(fraction) - std::log1p(-fraction);
  return (law.log_limit - law.log_amplitude + odds) / (2.0 * law.rate);
}

double half_fit_time(const mass_law& law) { return time_to_fraction(law, 0.5); }

double time_to_level(const mass_law& law, double log_level) {
  return (log_level - law.log_amplitude) / (2.0 * law.rate);
}

std::optional<network> saddle_state(const dataset& data, const network& net) {
  const label_groups groups = groups_of(data);
  if (groups.slow() == nullptr) {
    return std::nullopt;
  }
  Eigen::VectorXd a = Eigen::VectorXd::Zero(net.width());
  Eigen::MatrixXd w = Eigen::MatrixXd::Zero(net.dimension(), net.width());
  if (!fit_group(data, net, *groups.fast(), early_map(data, net), a, w)) {
    return std::nullopt;
  }
  return network::cartesian(std::move(a), w);
}

std::optional<double> saddle_loss(const dataset& data, const label_groups& groups) {
  if (groups.slow() == nullptr) {
    return std::nullopt;
  }
  const auto n = static_cast<double>(data.size());
  return data.labels()(groups.slow()->samples).squaredNorm() / (2.0 * n);
}

std::optional<network> limit_state(const dataset& data, const network& net) {
  const label_groups groups = groups_of(data);
  const paths early = early_map(data, net);
  Eigen::VectorXd a = Eigen::VectorXd::Zero(net.width());
  Eigen::MatrixXd w = Eigen::MatrixXd::Zero(net.dimension(), net.width());
  for (const auto* group : {groups.fast(), groups.slow()}) {
    if (group != nullptr && !fit_group(data, net, *group, early, a, w)) {
      return std::nullopt;
    }
  }
  return network::cartesian(std::move(a), w);
}

double minimum_squared_norm(const label_groups& groups) {
  return 2.0 * minimum_variation_norm(groups);
}

double minimum_variation_norm(const label_groups& groups) {
  return (groups.positive ? groups.positive->mass : 0.0) +
         (groups.negative ? groups.negative->mass : 0.0);
}

}  // namespace reluflow::orthogonal
