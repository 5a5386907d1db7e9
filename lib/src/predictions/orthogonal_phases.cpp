#include "reluflow/predictions/orthogonal_phases.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace reluflow::orthogonal {
namespace {

void check_epsilon(double epsilon) {
  if (!(epsilon > 0.0) || !std::isfinite(epsilon)) {
    throw invalid_input("epsilon", fmt::format("{}", epsilon), "a finite number > 0");
  }
}

const label_group& fast_of(const label_groups& groups) {
  if (groups.fast() == nullptr) {
    throw invalid_input("labels", "zeros only", "a label that is not zero");
  }
  return *groups.fast();
}

// The phase of the slow group lasts r times as long, so there epsilon counts r times.
double stretched(const label_groups& groups, const label_group& group, double epsilon) {
  return epsilon * fast_of(groups).rate / group.rate;
}

// 4 m c^2 lambda^(2 (1 - epsilon)): what the outputs of the network may reach in the first phase.
double output_bound(index width, const initial_scale& scale, double epsilon) {
  return 4.0 * static_cast<double>(width) *
         std::exp(2.0 * (scale.log_c + (1.0 - epsilon) * scale.log_lambda));
}

assumption at_most(std::string text, double found, double limit) {
  return {std::move(text), found <= limit, fmt::format("{:.4g} against {:.4g}", found, limit)};
}

// min over the group of y_k^2 q_k^2 / (2 n^2 |D|^2), theory.md A9.
double smallest_share(const dataset& data, const label_group& group) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const index k : group.samples) {
    const double part =
        data.labels()[k] * data.norms()[k] / (static_cast<double>(data.size()) * group.rate);
    smallest = std::min(smallest, 0.5 * part * part);
  }
  return smallest;
}

double last_extinction(const std::vector<std::optional<early_path>>& early,
                       const std::vector<index>& cluster) {
  double last = 0.0;
  for (const index j : cluster) {
    const auto& path = early[static_cast<std::size_t>(j)];
    if (path && !path->extinctions.empty()) {
      last = std::max(last, path->extinctions.back().time);
    }
  }
  return last;
}

// The time at which u* - u(t) = exp(log_gap), not before `start`. In logs: the gap may underflow.
std::optional<double> time_to_gap(const std::optional<mass_law>& law, double log_gap,
                                  double start) {
  if (!law || !(log_gap < law->log_limit)) {
    return std::nullopt;
  }
  const double odds = law->log_limit + std::log1p(-std::exp(log_gap - law->log_limit)) - log_gap;
  return std::max(start, (law->log_limit - law->log_amplitude + odds) / (2.0 * law->rate));
}

}  // namespace

initial_scale scale_of(const network& net, std::optional<double> log_lambda) {
  if (log_lambda && !std::isfinite(*log_lambda)) {
    throw invalid_input("log_lambda", fmt::format("{}", *log_lambda), "a finite number");
  }
  if (net.width() == 0 || !std::isfinite(net.log_norms().maxCoeff())) {
    throw invalid_input("network", "no neuron with w != 0", "at least one");
  }
  initial_scale scale;
  scale.log_lambda = log_lambda.value_or(net.log_norms().maxCoeff());
  scale.log_c = net.log_norms().maxCoeff() - scale.log_lambda;
  scale.log_c_low = net.log_norms().minCoeff() - scale.log_lambda;
  return scale;
}

first_phase first_phase_bounds(const label_groups& groups, const label_group& group,
                               const initial_scale& scale, double epsilon) {
  check_epsilon(epsilon);
  const double own = stretched(groups, group, epsilon);
  first_phase bounds;
  bounds.end = -epsilon * scale.log_lambda / group.rate;
  bounds.log_norm_upper = std::log(2.0) + scale.log_c + (1.0 - own) * scale.log_lambda;
  bounds.log_norm_lower = scale.log_c_low + (1.0 + own) * scale.log_lambda - std::log(2.0);
  bounds.deficit = 2.0 * std::exp(epsilon * scale.log_lambda);
  return bounds;
}

std::optional<double> alignment_lower_bound(const label_groups& groups, const label_group& group,
                                            index width, const initial_scale& scale, double epsilon,
                                            double initial, double t) {
  check_epsilon(epsilon);
  if (!(initial >= 0.0) || !(initial <= group.rate * (1.0 + 1e-12))) {
    throw invalid_input("initial", fmt::format("{}", initial), "a number in [0, |D|]");
  }
  const double output = output_bound(width, scale, stretched(groups, group, epsilon));
  const double square = group.rate * (group.rate - output);
  if (!(square > 0.0)) {
    return std::nullopt;
  }
  const double level = std::sqrt(square);
  if (initial >= level) {
    return level;
  }
  return level * aligned_cosine(initial / level, level, t);
}

std::vector<assumption> first_phase_conditions(const dataset& data, const network& net,
                                               const label_groups& groups, const label_group& group,
                                               const initial_scale& scale, double epsilon) {
  check_epsilon(epsilon);
  const double own = stretched(groups, group, epsilon);
  const double output = output_bound(net.width(), scale, own);
  const double margin = std::exp(epsilon * scale.log_lambda);
  // The paper writes out the alignment condition squared away: c sqrt(m |D|) lambda^(1 - epsilon).
  const double loss = 0.5 * std::sqrt(output * group.rate);
  const first_phase phase = first_phase_bounds(groups, group, scale, epsilon);

  std::vector<assumption> list;
  list.push_back(
      {"lambda < 1", scale.log_lambda < 0.0, fmt::format("ln lambda = {:.6g}", scale.log_lambda)});
  list.push_back(at_most("4 m c^2 lambda^(2(1-eps)) <= min |y_k|", output,
                         data.labels().cwiseAbs().minCoeff()));
  list.push_back(at_most("4 m c^2 lambda^(2(1-eps)) <= 7/16 |D|", output, 7.0 / 16.0 * group.rate));
  list.push_back(at_most("4 eps m c^2 lambda^(2(1-eps)) |ln lambda| < |D_fast| ln 2",
                         own * output * std::abs(scale.log_lambda),
                         fast_of(groups).rate * std::log(2.0)));
  list.push_back(at_most("c sqrt(m |D|) lambda^(1-eps) < |D| (lambda^eps - lambda^(3 eps/2))", loss,
                         group.rate * margin * (1.0 - std::sqrt(margin))));
  list.push_back(at_most("wrong-signed activations of the first cluster die within the phase",
                         last_extinction(early_map(data, net), first_cluster(data, net, group)),
                         phase.end));
  return list;
}

std::optional<double> largest_epsilon(const dataset& data, const label_groups& groups) {
  if (groups.fast() == nullptr) {
    return std::nullopt;
  }
  const label_group* slow = groups.slow();
  const double r = slow != nullptr ? groups.fast()->rate / slow->rate : 0.0;
  double q = 1.0 - smallest_share(data, *groups.fast());
  if (slow != nullptr) {
    q = std::max(q, 1.0 / r);
  }
  double epsilon = (1.0 - q) / (1.0 + 3.0 * q);
  if (slow != nullptr) {
    const double share = smallest_share(data, *slow);
    epsilon = std::min(epsilon, share / (1.0 + 3.0 * r * (1.0 - share)));
  }
  return epsilon > 0.0 ? std::optional(epsilon) : std::nullopt;
}

stopping_rule second_phase_end(const label_groups& groups, const std::optional<mass_law>& law,
                               const initial_scale& scale, double epsilon) {
  check_epsilon(epsilon);
  const label_group& fast = fast_of(groups);
  const double log_lambda = scale.log_lambda;
  stopping_rule rule;
  rule.start = -epsilon * log_lambda / fast.rate;
  rule.log_outside_norm = std::log(2.0) + scale.log_c + epsilon * log_lambda;
  rule.mass = static_cast<double>(groups.samples) * fast.rate - std::exp(epsilon / 5 * log_lambda);
  rule.deficit = std::exp(epsilon / 2 * log_lambda);
  rule.product = fast.rate - rule.deficit;
  rule.bound = -(1.0 + 3.0 * epsilon) * log_lambda / fast.rate;
  rule.predicted = time_to_gap(law, epsilon / 5 * log_lambda, rule.start);
  return rule;
}

std::optional<stopping_rule> third_phase_end(const label_groups& groups,
                                             const std::optional<mass_law>& law,
                                             const initial_scale& scale, double epsilon) {
  check_epsilon(epsilon);
  if (groups.slow() == nullptr) {
    return std::nullopt;
  }
  const label_group& slow = *groups.slow();
  const double log_lambda = scale.log_lambda;
  const double own = stretched(groups, slow, epsilon);
  stopping_rule rule;
  rule.start = -epsilon * log_lambda / slow.rate;
  rule.log_outside_norm = std::log(3.0) + scale.log_c + epsilon * log_lambda;
  rule.mass = static_cast<double>(groups.samples) * slow.rate - std::exp(epsilon / 29 * log_lambda);
  rule.deficit = std::exp(epsilon / 14 * log_lambda);
  rule.product = slow.rate - rule.deficit;
  rule.residual = std::exp(epsilon / 14 * log_lambda);
  rule.bound = -(1.0 + 3.0 * own) * log_lambda / slow.rate;
  rule.predicted = time_to_gap(law, epsilon / 29 * log_lambda, rule.start);
  return rule;
}

std::optional<saddle_visit> saddle_visit_of(const label_groups& groups, const initial_scale& scale,
                                            double epsilon) {
  check_epsilon(epsilon);
  if (groups.slow() == nullptr) {
    return std::nullopt;
  }
  return saddle_visit{-(1.0 + 3.0 * epsilon) * scale.log_lambda / groups.fast()->rate,
                      -(1.0 - epsilon) * scale.log_lambda / groups.slow()->rate,
                      std::exp(epsilon / 5 * scale.log_lambda)};
}

std::vector<switch_event> reactivations(const trajectory& run) {
  std::vector<switch_event> found;
  std::copy_if(run.switches.begin(), run.switches.end(), std::back_inserter(found),
               [](const switch_event& one) {
                 return one.certain && one.from != pair_mode::active &&
                        (one.to == pair_mode::active || one.to == pair_mode::sliding);
               });
  return found;
}

std::vector<overshoot> overshoots(const dataset& data, const trajectory& run, double tolerance) {
  if (run.states.size() != run.rows.size()) {
    throw invalid_input("trajectory", "no states", "a run that kept its states");
  }
  std::vector<overshoot> worst(static_cast<std::size_t>(data.size()));
  for (std::size_t i = 0; i < run.states.size(); ++i) {
    const Eigen::VectorXd r = residuals(data, run.states[i]);
    for (index k = 0; k < data.size(); ++k) {
      auto& own = worst[static_cast<std::size_t>(k)];
      const double ratio = -r[k] / data.labels()[k];
      if (data.labels()[k] != 0.0 && ratio > std::max(tolerance, own.ratio)) {
        own = {k, run.rows[i].t, ratio};
      }
    }
  }
  std::erase_if(worst, [](const overshoot& one) { return one.ratio == 0.0; });
  return worst;
}

}  // namespace reluflow::orthogonal
