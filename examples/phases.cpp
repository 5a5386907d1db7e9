// Paper A, Lemmas 2-5 and Fact 1: orthonormal inputs, and an initialisation that falls from 1e-2 to
// 1e-300. Every stopping time grows like -ln(lambda) with its own constant, and the distances to
// the saddle and to the limit fall as powers of lambda. Exponents are fitted and held against
// theory.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// |theta - theta'| of two balanced networks with the same neurons.
double distance(const network& one, const network& other) {
  return std::hypot((one.weights() - other.weights()).norm(),
                    (one.output_weights() - other.output_weights()).norm());
}

/// What the sweep measures for one number of samples, along lambda.
struct sweep {
  std::map<std::string, std::vector<double>> times;  // by stopping time, one for each lambda
  std::vector<double> log_lambda;                    // decimal
  std::vector<double> log_saddle;                    // decimal logarithm of the distance
  std::vector<double> log_limit;
};

/// The constants of theory.md A7, A8, A10: stopping time over -ln(lambda).
std::map<std::string, double> constants(const orthogonal::label_groups& groups, double epsilon) {
  const double fast = groups.fast()->rate;
  const double slow = groups.slow()->rate;
  return {{"t_+1", epsilon / fast},
          {"t_-1", epsilon / slow},
          {"T_+", 1.0 / fast},
          {"T_-", 1.0 / slow},
          {"t_2", (1.0 + epsilon / 10.0) / fast},
          {"t_3", (1.0 + epsilon / 58.0) / slow}};
}

/// Exponents of the two distances (theory.md A6, A11, A12): midway between the half-fit times the
/// slow group has grown to lambda^((1 - 1/r)/2); a sub-cluster that grows at a fraction rho of its
/// group's rate is left at lambda^(1 - rho); the part of w across D stays at lambda.
std::pair<double, double> exponents(const dataset& data, const network& net,
                                    const orthogonal::label_groups& groups) {
  const auto early = orthogonal::early_map(data, net);
  const auto left_behind = [&](const orthogonal::label_group& group) {
    const auto law = orthogonal::mass_law_of(data, net, group, early);
    return law && law->subcluster_ratio ? 1.0 - *law->subcluster_ratio : 1.0;
  };
  const double fast = left_behind(*groups.fast());
  const double slow = left_behind(*groups.slow());
  const double r = groups.fast()->rate / groups.slow()->rate;
  return {std::min(0.5 * (1.0 - 1.0 / r), fast), std::min(fast, slow)};
}

sweep follow(const dataset& data, index width, double epsilon, const std::vector<double>& decades,
             std::uint64_t seed) {
  const orthogonal::label_groups groups = orthogonal::groups_of(data);
  sweep found;
  for (const double decade : decades) {
    const double log_lambda = decade * std::numbers::ln10;
    const network start = balanced_network(width, data.dimension(), log_lambda, seed);
    orthogonal_options options;
    options.epsilon = epsilon;
    options.log_lambda = log_lambda;
    flow_options flow;
    flow.t_end = (30.0 - 1.1 * log_lambda) / groups.slow()->rate;
    flow.rtol = 1e-10;
    flow.stop_loss = 1e-28;
    record_options record;
    record.stopping_times = all_stopping_times(data, start, options);
    const trajectory run = integrate(data, start, flow, record);
    found.log_lambda.push_back(decade);
    for (const auto& [name, constant] : constants(groups, epsilon)) {
      const stopping_event* one = run.reached(name);
      found.times[name].push_back(one != nullptr ? one->t : std::nan(""));
    }
    const network saddle = *orthogonal::saddle_state(data, start);
    const network limit = *orthogonal::limit_state(data, start);
    found.log_saddle.push_back(std::log10(distance(run.reached("saddle_middle")->state, saddle)));
    found.log_limit.push_back(std::log10(distance(run.final_network, limit)));
  }
  return found;
}

/// The points that asymptotics may speak of and rounding has not reached, as a fitted series.
plots::power_law_series fitted(std::string label, const std::vector<double>& log_lambda,
                               const std::vector<double>& log_distance) {
  plots::power_law_series series;
  series.label = std::move(label);
  for (std::size_t i = 0; i < log_lambda.size(); ++i) {
    if (!(log_distance[i] > -9.0) || !(log_distance[i] < -0.5)) continue;
    series.log_x.push_back(log_lambda[i]);
    series.log_y.push_back(log_distance[i]);
  }
  if (series.log_x.size() > 2) series.fit = fit_line(series.log_x, series.log_y);
  return series;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Phases on orthonormal inputs (paper A, Lemmas 2-5 and Fact 1)");
  const examples::setting set(app, "phases");
  std::vector<reluflow::index> sizes{2, 4, 6, 8};
  std::vector<double> decades{-2,  -3,  -4,  -5,  -6,  -8,   -10,  -13,  -16, -20,
                              -25, -32, -40, -64, -90, -128, -180, -250, -300};
  app.add_option("--samples", sizes, "numbers of samples, even")->delimiter(',');
  app.add_option("--decades", decades, "decimal logarithms of lambda")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  std::vector<plots::power_law_series> to_saddle;
  std::vector<plots::power_law_series> to_limit;
  for (const reluflow::index n : sizes) {
    const reluflow::index width = 12 * (reluflow::index{1} << (n / 2));
    const dataset data(Eigen::MatrixXd::Identity(n, n), examples::alternating_labels(n));
    const orthogonal::label_groups groups = orthogonal::groups_of(data);
    const double epsilon = 0.9 * *orthogonal::largest_epsilon(data, groups);
    const sweep found = follow(data, width, epsilon, decades, set.seed);

    fmt::print("n = {}, {} neurons, epsilon = {:.4g}: stopping times over -ln(lambda)\n{:>8}", n,
               width, epsilon, "lambda");
    for (const auto& [name, times] : found.times) fmt::print(" {:>9}", name);
    for (std::size_t i = 0; i < decades.size(); ++i) {
      fmt::print("\n{:>8}", fmt::format("1e{}", decades[i]));
      for (const auto& [name, times] : found.times) {
        fmt::print(" {:>9.5f}", times[i] / (-decades[i] * std::numbers::ln10));
      }
    }
    fmt::print("\n\n");

    for (const auto& [name, constant] : constants(groups, epsilon)) {
      std::vector<double> x;
      std::vector<double> y;
      for (std::size_t i = 0; i < decades.size(); ++i) {
        if (decades[i] > -16.0 || std::isnan(found.times.at(name)[i])) continue;
        x.push_back(-decades[i] * std::numbers::ln10);
        y.push_back(found.times.at(name)[i]);
      }
      if (x.size() < 3) continue;
      const line_fit fit = fit_line(x, y);
      claims.near(fmt::format("n = {}: d {} / d(-ln lambda), +- {:.1e}", n, name, fit.slope_error),
                  constant, fit.slope, 2e-3 * constant + fit.slope_error);
    }
    const network start = balanced_network(width, n, 0.0, set.seed);
    const auto [saddle, limit] = exponents(data, start, groups);
    const auto compare = [&](std::string_view what, double expected,
                             std::vector<plots::power_law_series>& list,
                             const std::vector<double>& log_distance) {
      list.push_back(fitted(fmt::format("n = {}", n), found.log_lambda, log_distance));
      if (!list.back().fit) {
        claims.note(fmt::format("n = {}: {}", n, what), "too few points for a fit");
        return;
      }
      const line_fit& fit = *list.back().fit;
      claims.near(fmt::format("n = {}: {}, +- {:.1e}", n, what, fit.slope_error), expected,
                  fit.slope, 0.05 * expected + fit.slope_error);
    };
    compare("exponent of the distance to the saddle", saddle, to_saddle, found.log_saddle);
    compare("exponent of the distance to theta*", limit, to_limit, found.log_limit);
  }
  examples::keep_figure(
      set, plots::power_law_figure("saddle", "λ", "distance to the saddle", to_saddle));
  examples::keep_figure(set, plots::power_law_figure("limit", "λ", "distance to θ*", to_limit));
  return claims.finish();
}
