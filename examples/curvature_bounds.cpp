// Paper B, Lemmas 2, 6 and 7, Propositions 1 and 2, Theorem 1 (corrected, theory.md B1-B10): along
// runs the curvature stays within its bounds and is the exponent of the loss; wrong-signed
// activations die in time; and group initialisation gives any exponent of n between -1 and -1/2.

#include "claims.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace reluflow;
using namespace reluflow::weakly_interacting;
using reluflow::index;  // not the POSIX function

trajectory follow(const dataset& data, const network& start, double t_end) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-10;
  record_options record{linear_times(t_end, 401)};
  record.stopping_times = all_stopping_times(data, start);
  return integrate(data, start, flow, record);
}

const comparison& row_of(const std::vector<comparison>& rows, std::string_view name) {
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const comparison& one) { return one.name == name; });
}

/// The bounds that apply to a run, each as a claim.
void claim_bounds(examples::claim_table& claims, const std::string& what, const dataset& data,
                  const trajectory& run) {
  const law_result law = loss_follows_curvature(data, run, 1e-9);
  claims.at_most(what + ": loss against L(0) exp(-t mean mu), relative", law.tolerance, law.worst);
  const std::vector<comparison> rows = compare_weakly_interacting(data, run);
  for (const char* name : {"state_bound_lower", "state_bound_upper", "outputs_bound_lower",
                           "outputs_bound_upper", "mean_mu_floor", "extinction_bound"}) {
    const comparison& row = row_of(rows, name);
    if (!row.measured || !row.predicted || !row.assumptions_hold) continue;
    claims.holds(fmt::format("{}: {}", what, name), fmt::format("{:.6g}", *row.predicted),
                 fmt::format("{:.6g}", *row.measured), row.note.find("holds") != std::string::npos);
  }
}

/// mu and its bounds along a run.
plots::figure bounds_figure(const dataset& data, const trajectory& run) {
  const interaction constants = interaction_of(data);
  std::vector<double> t;
  std::vector<double> mu;
  std::vector<double> mean;
  std::vector<double> low;
  std::vector<double> high;
  std::vector<double> outputs;
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    const record_row& row = run.rows[i];
    const curvature_bounds bounds = state_bounds(constants, run.states[i], pattern_at(run, row.t));
    t.push_back(row.t);
    mu.push_back(row.mu);
    mean.push_back(row.mu_mean);
    low.push_back(bounds.lower);
    high.push_back(bounds.upper);
    outputs.push_back(outputs_lower_bound(constants, run.states[i](data)));
  }
  plots::panel axes;
  axes.x_label = "t";
  axes.y_label = "μ";
  axes.log_y = true;
  axes.layers = {plots::line("Lemma 6", t, low, plots::colours::quiet),
                 plots::line("Lemma 6", t, high, plots::colours::quiet),
                 plots::line("Theorem 1", t, outputs, plots::colours::positive),
                 plots::line("running mean", t, mean, plots::colours::negative),
                 plots::line("μ", t, mu, plots::colours::data, 2.0)};
  axes.y_range = plots::range{1e-3, 20.0};
  plots::figure fig;
  fig.name = "bounds";
  fig.panels = {axes};
  return fig;
}

/// p = n^(2a - 1) groups: the limit of mu falls like n^-a.
plots::power_law_series group_exponent(double a) {
  plots::power_law_series series;
  series.label = fmt::format("a = {}", a);
  for (const double decades : {2.0, 3.0, 4.0, 6.0, 8.0, 12.0}) {
    const double n = std::pow(10.0, decades);
    const double p = std::pow(n, 2.0 * a - 1.0);
    const group_law law = uniform_group_law(n, p, 1.5, 1.0, 0.8);
    // Long after the fit; k = n/p = 1 for a = 1.
    const double k = n / p;
    series.log_x.push_back(decades);
    series.log_y.push_back(std::log10(limit_curvature(law, k)));
  }
  series.fit = fit_line(series.log_x, series.log_y);
  return series;
}

/// mu at the end of an integrated run on k = n/p samples a group, times n^a/(2 rms y).
double integrated_limit(index samples, index groups, std::uint64_t seed) {
  Eigen::VectorXd labels = Eigen::VectorXd::Constant(samples, 1.5);
  const dataset data(Eigen::MatrixXd::Identity(samples, samples), labels);
  const network start = group_network(data, groups, -1.0, seed, output_scaling::mean);
  flow_options flow;
  const double rate = 1.5 / std::sqrt(static_cast<double>(samples * groups));
  flow.t_end = 14.0 / rate;
  flow.rtol = 1e-10;
  const trajectory run = integrate(data, start, flow);
  return run.end.mu / (2.0 * rate);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Bounds of the curvature (paper B)");
  const examples::setting set(app, "curvature_bounds");
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);
  examples::claim_table claims;

  const dataset orthogonal_data = axis_data(12, 16, {1.0, 2.0}, set.seed);
  const network large = dominated_network(30, 16, 1.0, set.seed, output_scaling::mean);
  const trajectory first = follow(orthogonal_data, large, 60.0);
  claim_bounds(claims, "orthogonal", orthogonal_data, first);
  const network small = dominated_network(30, 16, 0.01, set.seed, output_scaling::mean);
  claim_bounds(claims, "orthogonal, small", orthogonal_data, follow(orthogonal_data, small, 60.0));
  const dataset weak = sphere_data(6, 800, {1.0, 1.2}, set.seed);
  const network start = dominated_network(24, 800, 0.1, set.seed, output_scaling::mean);
  claim_bounds(claims, "sphere, d = 800", weak, follow(weak, start, 40.0));
  const dataset strong = sphere_data(20, 5, {1.0, 2.0}, set.seed);
  claim_bounds(claims, "sphere, d = 5", strong,
               follow(strong, dominated_network(30, 5, 1.0, set.seed, output_scaling::mean), 60.0));

  // Lemma 7: the printed time, without the square root, is too short.
  const dataset two(Eigen::MatrixXd::Identity(2, 2), Eigen::Vector2d(1.0, 1.0));
  const network wrong =
      network::cartesian(Eigen::VectorXd::Constant(1, -3.0), Eigen::MatrixXd::Constant(2, 1, 0.05));
  const double died = follow(two, wrong, 0.2).switches.front().t;
  claims.at_most("Lemma 7 (corrected): time of extinction", *extinction_bound(two, wrong), died);
  claims.holds("Lemma 7 as printed", "fails", fmt::format("{:.4f} > {:.4f}", died, 0.2 / 8.995),
               died > 0.2 / 8.995);

  std::vector<plots::power_law_series> series;
  for (const double a : {0.5, 0.625, 0.75, 0.875, 1.0}) {
    series.push_back(group_exponent(a));
    claims.near(fmt::format("Proposition 2: exponent of the limit of mu, a = {}", a), -a,
                series.back().fit->slope, 1e-9);
  }
  for (const reluflow::index groups : {2, 4, 16}) {
    claims.near(
        fmt::format("integrated, n = 64, p = {}: limit of mu over 2 rms(y)/sqrt(n p)", groups), 1.0,
        integrated_limit(64, groups, set.seed), 0.02);
  }

  examples::keep(set, {orthogonal_data, large, {}, {}, set.seed}, first);
  examples::keep_figure(set, bounds_figure(orthogonal_data, first));
  examples::keep_figure(set, plots::power_law_figure("groups", "n", "limit of μ", series));
  return claims.finish();
}
