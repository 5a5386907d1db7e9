// Paper A's closed forms on orthonormal inputs against the flow, while the initialisation falls
// from 1e-2 to 1e-300: alignment, the times at which pairs die, growth of the fitted mass, half-fit
// times, the limit neuron by neuron and its norm, late rates. Each error falls as its own power of
// lambda until nothing is left but the error of the run; the exponents are fitted.

#include "claims.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// Errors of this size and below are those of the run.
constexpr double error_of_the_run = 1e-9;

/// A problem at any size of its initialisation.
struct family {
  std::string name;
  dataset data;
  network shape;  ///< at lambda = 1

  [[nodiscard]] network start(double decade) const {
    return network::balanced(shape.signs(),
                             (shape.log_norms().array() + decade * std::numbers::ln10).matrix(),
                             shape.directions());
  }
};

/// What is measured at one lambda: name of the closed form, distance from it.
using errors = std::map<std::string, double>;

/// The latest error of the times at which pairs die (A5), of the pairs that die.
double extinction_error(const dataset& data, const trajectory& run) {
  const auto early = orthogonal::early_map(data, run.initial_network);
  double worst = 0.0;
  for (index j = 0; j < run.initial_network.width(); ++j) {
    for (const orthogonal::extinction& one : early[static_cast<std::size_t>(j)]->extinctions) {
      const auto at = std::find_if(
          run.switches.begin(), run.switches.end(),
          [&](const switch_event& s) { return s.neuron == j && s.sample == one.sample; });
      if (at == run.switches.end()) return std::nan("");
      worst = std::max(worst, std::abs(at->t - one.time));
    }
  }
  return worst;
}

/// The time until which every field is constant: half of the first extinction.
double constant_until(const dataset& data, const network& start) {
  double first = 1.0;
  for (const auto& path : orthogonal::early_map(data, start)) {
    if (path && !path->extinctions.empty()) {
      first = std::min(first, path->extinctions.front().time);
    }
  }
  return 0.5 * first;
}

/// The tanh law (A4): largest error of s_j <v_j, D/|D|> at the end of a run that short.
double alignment_error(const dataset& data, const trajectory& run) {
  double worst = 0.0;
  for (index j = 0; j < run.initial_network.width(); ++j) {
    const Eigen::VectorXd D = alignment_field(data, run.initial_network.directions().col(j));
    if (!(D.norm() > 0.0)) continue;
    const auto cosine = [&](const network& net) {
      return std::clamp(net.signs()[j] * net.directions().col(j).dot(D) / D.norm(), -1.0, 1.0);
    };
    worst = std::max(
        worst, std::abs(cosine(run.final_network) -
                        orthogonal::aligned_cosine(cosine(run.initial_network), D.norm(), run.t)));
  }
  return worst;
}

/// The logistic curve (A6): largest error of sum |w_j|^2 over its limit, at recorded times.
double mass_error(const trajectory& run, const std::vector<index>& cluster,
                  const orthogonal::mass_law& law) {
  double worst = 0.0;
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    double mass = 0.0;
    for (const index j : cluster) mass += std::exp(2.0 * run.states[i].log_norms()[j]);
    const double predicted = std::exp(orthogonal::log_mass(law, run.rows[i].t));
    worst = std::max(worst, std::abs(mass - predicted) / std::exp(law.log_limit));
  }
  return worst;
}

/// The limit neuron by neuron (A12): |w_j| against theta*, relative to the largest.
double limit_error(const trajectory& run, const network& limit) {
  const Eigen::VectorXd found = run.final_network.weights().colwise().norm();
  const Eigen::VectorXd expected = limit.weights().colwise().norm();
  return (found - expected).cwiseAbs().maxCoeff() / expected.maxCoeff();
}

double squared_norm(const network& net) {
  return net.weights().squaredNorm() + net.output_weights().squaredNorm();
}

errors measure(const family& one, double decade) {
  const dataset& data = one.data;
  const network start = one.start(decade);
  const orthogonal::label_groups groups = orthogonal::groups_of(data);
  const double slow = groups.slow()->rate;
  errors found;
  flow_options flow;
  flow.rtol = 1e-12;
  flow.t_end = constant_until(data, start);
  found["alignment"] = alignment_error(data, integrate(data, start, flow));

  flow.t_end = (40.0 - 1.1 * decade * std::numbers::ln10) / slow;
  flow.stop_loss = 1e-26;
  record_options record{linear_times(flow.t_end, 801)};
  record.stopping_times = all_stopping_times(data, start);
  record.stopping_times.push_back(stopping::loss_falls_to("late", 1e-10));
  record.stopping_times.push_back(
      stopping::curvature_passes("turns", 3.0 * slow, passage::falling));
  record.stopping_times.back().start = 1.2 * -decade * std::numbers::ln10 / slow;
  const trajectory run = integrate(data, start, flow, record);
  found["extinction times"] = extinction_error(data, run);
  const auto early = orthogonal::early_map(data, start);
  for (const auto* group : {groups.fast(), groups.slow()}) {
    const auto law = orthogonal::mass_law_of(data, start, *group, early);
    const auto cluster = orthogonal::first_cluster(data, start, *group);
    const auto keep = [&](const std::string& name, double error) {
      found[name] = std::max(found[name], error);
    };
    if (orthogonal::has_common_norm(*group)) {
      keep("mass", mass_error(run, cluster, *law));
      const auto* half = run.reached(group->sign > 0.0 ? "T_+" : "T_-");
      keep("half-fit times", std::abs(half->t - orthogonal::half_fit_time(*law)));
    }
  }
  found["limit, neuron by neuron"] = limit_error(run, *orthogonal::limit_state(data, start));
  found["norm"] = squared_norm(run.final_network) / orthogonal::minimum_squared_norm(groups) - 1.0;
  if (const stopping_event* turns = run.reached("turns")) {
    found["loss at the turn"] = turns->row.loss;
  }
  if (const stopping_event* late = run.reached("late")) {
    const auto rates = orthogonal::limit_loss_rates(*groups.slow());
    if (rates) found["late rate"] = std::abs(late->row.mu / rates->parallel - 1.0);
  }
  return found;
}

/// The exponent that theory.md states, by closed form.
using exponents = std::map<std::string, double>;

/// rho of the sub-cluster that grows fastest beside its group: errors are O(lambda^(2(1 - rho))).
double left_behind(const family& one) {
  const auto groups = orthogonal::groups_of(one.data);
  const auto early = orthogonal::early_map(one.data, one.shape);
  double exponent = 2.0;
  for (const auto* group : {groups.fast(), groups.slow()}) {
    const auto law = orthogonal::mass_law_of(one.data, one.shape, *group, early);
    if (law && law->subcluster_ratio) {
      exponent = std::min(exponent, 2.0 * (1.0 - *law->subcluster_ratio));
    }
  }
  return exponent;
}

std::vector<family> families(std::uint64_t seed) {
  const auto positive = [&](const dataset& data) {
    const network any = balanced_network(12, data.dimension(), 0.0, seed);
    return network::balanced(any.signs(), any.log_norms(), any.directions().cwiseAbs());
  };
  const Eigen::Vector4d labels(1.5, 1.0, -0.8, -0.5);
  const dataset orthonormal(Eigen::MatrixXd::Identity(4, 4), labels);
  const Eigen::Vector4d norms(0.5, 2.0, 1.0, 1.0);
  const dataset unequal(Eigen::MatrixXd(norms.asDiagonal()), Eigen::Vector4d(1.0, 1.3, -0.8, -0.5));
  return {{"no sub-clusters", orthonormal, positive(orthonormal)},
          {"sub-clusters", orthonormal, balanced_network(60, 4, 0.0, seed)},
          {"unequal norms", unequal, positive(unequal)}};
}

exponents expected(const family& one) {
  if (one.name == "unequal norms")
    return {{"extinction times", 2.0}, {"limit, neuron by neuron", 1.0}};
  const double order = left_behind(one);
  if (order < 2.0) return {{"mass", order}, {"half-fit times", order}, {"norm", order}};
  return {{"alignment", 2.0},       {"extinction times", 2.0},        {"mass", 2.0},
          {"half-fit times", 2.0},  {"limit, neuron by neuron", 2.0}, {"norm", 2.0},
          {"loss at the turn", 4.0}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Closed forms on orthogonal inputs and the order of their errors (paper A)");
  const examples::setting set(app, "closed_forms");
  std::vector<double> decades{-2,  -2.5, -3,  -3.5, -4,  -4.5, -5,   -6,   -7,  -8,
                              -10, -13,  -16, -24,  -32, -64,  -128, -200, -300};
  app.add_option("--decades", decades, "decimal logarithms of lambda")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  for (const family& one : families(set.seed)) {
    std::map<std::string, plots::power_law_series> series;
    const exponents orders = expected(one);
    fmt::print("{}\n{:>8}", one.name, "lambda");
    for (const auto& [name, order] : orders) fmt::print(" {:>23}", name);
    errors last;
    for (const double decade : decades) {
      last = measure(one, decade);
      fmt::print("\n{:>8}", fmt::format("1e{}", decade));
      for (const auto& [name, order] : orders) {
        if (!last.contains(name)) {
          fmt::print(" {:>23}", "-");
          continue;
        }
        const double error = last.at(name);
        fmt::print(" {:>23.3e}", error);
        series[name].label = name;
        // Larger ones are not asymptotic yet, smaller ones are rounding.
        const bool loss = name == "loss at the turn";
        if (!(error > (loss ? 1e-21 : error_of_the_run)) || !(error < 0.1)) continue;
        series[name].log_x.push_back(decade);
        series[name].log_y.push_back(std::log10(error));
      }
    }
    fmt::print("\n\n");
    std::vector<plots::power_law_series> drawn;
    for (const auto& [name, order] : orders) {
      plots::power_law_series& points = series[name];
      if (points.log_x.size() < 3) {
        claims.note(fmt::format("{}: {}", one.name, name), "too few points for a fit");
        continue;
      }
      points.fit = fit_line(points.log_x, points.log_y);
      claims.near(
          fmt::format("{}: {}, exponent +- {:.1e}", one.name, name, points.fit->slope_error), order,
          points.fit->slope, 0.05 * order + points.fit->slope_error);
      const bool loss = name == "loss at the turn";
      if (!loss) {
        claims.at_most(fmt::format("{}: {}, error at 1e{}", one.name, name, decades.back()),
                       error_of_the_run, std::abs(last.at(name)));
      }
      if (loss) {
        examples::keep_figure(set,
                              plots::power_law_figure("turn", "λ", "loss at the turn", {points}));
      } else {
        drawn.push_back(points);
      }
    }
    if (last.contains("late rate")) {
      claims.at_most(fmt::format("{}: late rate of the loss over 4|D_slow| - 1", one.name), 1e-4,
                     last.at("late rate"));
    }
    std::string file = one.name;
    std::replace(file.begin(), file.end(), ' ', '_');
    examples::keep_figure(set, plots::power_law_figure(file, "λ", "error", drawn));
  }
  return claims.finish();
}
