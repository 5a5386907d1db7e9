#include "predictions/orthogonal_setting.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace reluflow {
namespace {

using namespace weakly_interacting;

/// A perfect fit, for what is claimed of one: the loss relative to that of h = 0.
constexpr double fitted = 1e-3;
/// Below this share of it the residuals are rounding, and mu is a quotient of two of them.
constexpr double rounding = 1e-24;

struct measurement {
  std::optional<double> value{};
  std::string note{};
  double tolerance = 1e-7;  ///< error of the value relative to the prediction
};

/// Extreme quotients of mu and its bounds over the recorded states.
struct quotients {
  std::optional<double> state_lower;
  std::optional<double> state_upper;
  std::optional<double> outputs_lower;
  std::optional<double> outputs_upper;
};

void keep_least(std::optional<double>& least, double mu, double bound) {
  if (bound > 0.0) least = std::min(least.value_or(mu / bound), mu / bound);
}

void keep_largest(std::optional<double>& largest, double mu, double bound) {
  if (bound > 0.0) largest = std::max(largest.value_or(mu / bound), mu / bound);
}

bool has_wrong_signs(const dataset& data, const network& net, const activation_pattern& modes) {
  for (index j = 0; j < net.width(); ++j) {
    for (index k = 0; k < data.size(); ++k) {
      if (net.signs()[j] * data.labels()[k] < 0.0 && modes(j, k) == pair_mode::active) return true;
    }
  }
  return false;
}

quotients quotients_of(const dataset& data, const trajectory& run) {
  quotients found;
  if (run.states.size() != run.rows.size()) return found;
  const interaction plain = interaction_of(data);
  const interaction constants = antipodal_interaction_of(data);
  const double least_loss =
      rounding * 0.5 * data.labels().squaredNorm() / static_cast<double>(data.size());
  activation_pattern modes = run.initial_pattern;
  const std::vector<switch_event> switches = switches_without_noise(run);
  auto event = switches.begin();
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    for (; event != switches.end() && event->t <= run.rows[i].t; ++event) {
      modes.set(event->neuron, event->sample, event->to);
    }
    if (!(run.rows[i].loss > least_loss)) continue;
    const double mu = run.rows[i].mu;
    const network& net = run.states[i];
    const curvature_bounds bounds = state_bounds(plain, net, modes);
    const Eigen::VectorXd outputs = net(data);
    keep_least(found.state_lower, mu, bounds.lower);
    keep_largest(found.state_upper, mu, bounds.upper);
    keep_least(found.outputs_lower, mu, outputs_lower_bound(constants, outputs));
    if (!has_wrong_signs(data, net, modes)) {
      keep_largest(found.outputs_upper, mu,
                   outputs_upper_bound(constants, run.initial_network, outputs));
    }
  }
  return found;
}

/// When the loss is half of that of h = 0, between the recorded rows: linear in the logarithm of
/// the loss, as good as the rows are dense.
measurement half_time(const dataset& data, const trajectory& run) {
  const double target = 0.25 * data.labels().squaredNorm() / static_cast<double>(data.size());
  for (std::size_t i = 1; i < run.rows.size(); ++i) {
    const record_row& before = run.rows[i - 1];
    const record_row& after = run.rows[i];
    if (!(before.loss > target) || after.loss > target) continue;
    const double share = std::log(before.loss / target) / std::log(before.loss / after.loss);
    return {before.t + share * (after.t - before.t), "between recorded times", 1e-2};
  }
  return {};
}

measurement fitted_mean_mu(const dataset& data, const trajectory& run) {
  const double whole = 0.5 * data.labels().squaredNorm() / static_cast<double>(data.size());
  if (!(run.end.loss <= fitted * whole)) {
    return {std::nullopt, fmt::format("not fitted: the loss is {:.3g}", run.end.loss)};
  }
  return {run.end.mu_mean};
}

measurement extinction(const trajectory& run) {
  const stopping_event* end = run.reached("extinction");
  return end != nullptr ? measurement{end->t} : measurement{};
}

measurement measure(std::string_view name, const dataset& data, const trajectory& run,
                    const quotients& found) {
  if (name.starts_with("interaction_limit")) return {antipodal_interaction_of(data).strength};
  if (name == "missed_samples") {
    return {static_cast<double>(missed_samples(data, run.initial_network).size())};
  }
  if (name == "loss_floor" || name == "collapse_floor" || name == "group_loss") {
    return {run.end.loss};
  }
  if (name == "mean_mu_floor") return fitted_mean_mu(data, run);
  if (name == "state_bound_lower") return {found.state_lower};
  if (name == "state_bound_upper") return {found.state_upper};
  if (name == "outputs_bound_lower") return {found.outputs_lower};
  if (name == "outputs_bound_upper") return {found.outputs_upper};
  if (name == "extinction_bound") return extinction(run);
  if (name == "initial_mu") {
    return {local_curvature(data, run.initial_network, run.initial_pattern)};
  }
  if (name == "group_mu" || name == "group_limit_mu") return {run.end.mu};
  if (name == "group_half_time") return half_time(data, run);
  return {};
}

}  // namespace

std::vector<comparison> compare_weakly_interacting(const dataset& data, const trajectory& run) {
  if (!orthogonal::detail::has_neurons(run.initial_network)) return {};
  const quotients found = quotients_of(data, run);
  std::vector<comparison> rows;
  for (const prediction& one : weakly_interacting_predictions(data, run.initial_network, run.t)) {
    const measurement measured = measure(one.name, data, run, found);
    rows.push_back(compare(one, measured.value, measured.note, measured.tolerance));
  }
  return rows;
}

}  // namespace reluflow
