#include "reluflow/errors.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

namespace reluflow::simplicity {
namespace {

std::string name_with(const char* stem, const half& part) {
  return fmt::format("{}{}", stem, part.sign > 0.0 ? '+' : '-');
}

/// NaN, which counts as not reached, until the stopping time `before` is.
double once_reached(const flow_moment& now, const std::string& before, double value) {
  return now.reached.contains(before) ? value : std::numeric_limits<double>::quiet_NaN();
}

/// The smallest |<w_j, x_k>| / (|a_j||x_k|) over the neurons and samples of the half.
double smallest_cosine(const flow_moment& now, const half& part, const std::vector<index>& own) {
  double smallest = std::numeric_limits<double>::infinity();
  const Eigen::VectorXd a = now.net.is_balanced() ? Eigen::VectorXd() : now.net.output_weights();
  for (const index j : own) {
    const double share =
        now.net.is_balanced() ? 1.0 : std::exp(now.net.log_norms()[j]) / std::abs(a[j]);
    const Eigen::VectorXd w = share * now.net.directions().col(j);
    for (const index k : part.samples) {
      const double z = std::abs(w.dot(now.data.inputs().col(k))) / now.data.norms()[k];
      smallest = std::min(smallest, z);
    }
  }
  return smallest;
}

/// Pairs of the half's neurons that are not where <x_k, beta> says.
double strays(const flow_moment& now, const Eigen::VectorXd& along, double sign,
              const std::vector<index>& own) {
  double count = 0.0;
  for (const index j : own) {
    for (index k = 0; k < along.size(); ++k) {
      const bool active = now.modes(j, k) == pair_mode::active;
      count += active != (sign * along[k] > 0.0) ? 1.0 : 0.0;
    }
  }
  return count;
}

void add_half(std::vector<stopping_time>& list, const half& part, const Eigen::VectorXd& along,
              const levels& at, double tau) {
  const std::string second = name_with("tau_2", part);
  list.push_back(
      {.name = second,
       .value =
           [part](const flow_moment& now) { return log_mass(now.net, neurons_of(now.net, part)); },
       .level = std::log(at.mass),
       .start = tau,
       .note = fmt::format("sum a^2 of the half at {:.4g}", at.mass)});
  // min(distance over its level, cosine over its level) falls to 1: either will do.
  list.push_back({.name = name_with("tau_3", part),
                  .value =
                      [part, at, second](const flow_moment& now) {
                        const Eigen::VectorXd gap = effective_weights(now.net, part) - part.beta;
                        const double distance = covariance_norm(part.covariance, gap) / at.distance;
                        const double cone =
                            smallest_cosine(now, part, neurons_of(now.net, part)) / at.cone;
                        return once_reached(now, second, std::min(distance, cone));
                      },
                  .level = 1.0,
                  .direction = passage::falling,
                  .start = tau,
                  .note = fmt::format("distance to least squares at {:.4g}", at.distance)});
  list.push_back({.name = name_with("cone_", part),
                  .value =
                      [part, along](const flow_moment& now) {
                        return strays(now, along, part.sign, neurons_of(now.net, part));
                      },
                  .level = 0.5,
                  .start = tau,
                  .note = "a neuron of the half leaves its cone"});
}

}  // namespace

void levels::validate() const {
  const auto require = [](bool holds, const char* name, double found, const char* expected) {
    if (!holds) throw invalid_input(name, fmt::format("{}", found), expected);
  };
  require(lambda > 0.0 && lambda < 1.0, "lambda", lambda, "a number in (0, 1)");
  require(epsilon > 0.0 && epsilon < 0.25, "epsilon", epsilon, "a number in (0, 1/4)");
  require(mass > 0.0 && std::isfinite(mass), "mass", mass, "a number > 0");
  require(distance > 0.0 && std::isfinite(distance), "distance", distance, "a number > 0");
  require(cone >= 0.0 && std::isfinite(cone), "cone", cone, "a number >= 0");
}

std::vector<stopping_time> stopping_times(const dataset& data, const halves& parts,
                                          const Eigen::VectorXd& beta, const levels& at) {
  at.validate();
  if (beta.size() != data.dimension()) {
    throw invalid_input("beta", fmt::format("dimension {}", beta.size()),
                        fmt::format("{}", data.dimension()));
  }
  const auto n = static_cast<double>(data.size());
  const double length = (data.inputs() * (data.inputs().transpose() * beta)).norm() / n;
  const double tau = -at.epsilon * std::log(at.lambda) / length;
  std::vector<stopping_time> list;
  list.push_back(stopping::at("tau", tau));
  list.back().note = "epsilon ln(1/lambda) / |Sigma beta|";
  list.push_back({.name = "t_1",
                  .value =
                      [](const flow_moment& now) {
                        std::vector<index> all(static_cast<std::size_t>(now.net.width()));
                        for (std::size_t j = 0; j < all.size(); ++j) all[j] = static_cast<index>(j);
                        return log_mass(now.net, all);
                      },
                  .level = (2.0 - 4.0 * at.epsilon) * std::log(at.lambda),
                  .note = "sum a^2 at lambda^(2 - 4 epsilon)"});
  const Eigen::VectorXd along = data.inputs().transpose() * beta;
  for (const half* part : {&parts.plus, &parts.minus}) add_half(list, *part, along, at, tau);
  return list;
}

std::optional<double> departure(const trajectory& run, const half& part) {
  const stopping_event* third = run.reached(name_with("tau_3", part));
  if (third == nullptr || run.states.empty() || third->state.width() == 0) return std::nullopt;
  const Eigen::VectorXd there = effective_weights(third->state, part);
  const auto moved = [&](const network& net) {
    return covariance_norm(part.covariance, effective_weights(net, part) - there);
  };
  double largest = moved(run.final_network);
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    if (run.rows[i].t >= third->t) largest = std::max(largest, moved(run.states[i]));
  }
  return largest;
}

}  // namespace reluflow::simplicity
