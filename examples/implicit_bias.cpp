// Paper A, Theorem 1 and Proposition 1: from a vanishing initialisation the flow ends at the
// interpolator of least norm, |theta|^2 = 2 (|v_+| + |v_-|), for orthonormal inputs and, corrected
// for norms, for orthogonal ones. Without a neuron that is active on all samples of a sign it does
// not.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// The interpolator that the flow finds: |theta|^2 over the least possible, minus one.
struct limit {
  double excess = 0.0;
  double loss = 0.0;
};

limit follow(const dataset& data, const network& start) {
  const orthogonal::label_groups groups = orthogonal::groups_of(data);
  const double slowest = (data.labels().cwiseAbs().array() * data.norms().array()).minCoeff() /
                         static_cast<double>(data.size());
  flow_options flow;
  flow.t_end = (60.0 - 2.5 * start.log_norms().minCoeff()) / slowest;
  flow.rtol = 1e-10;
  flow.stop_loss = 1e-28;
  const trajectory run = integrate(data, start, flow);
  const network& end = run.final_network;
  const double norm = end.weights().squaredNorm() + end.output_weights().squaredNorm();
  return {norm / orthogonal::minimum_squared_norm(groups) - 1.0, run.end.loss};
}

/// Orthogonal inputs with norms from 0.6 to 1.6.
dataset unequal_norms(index samples) {
  Eigen::VectorXd norms(samples);
  for (index k = 0; k < samples; ++k) {
    norms[k] = 0.6 + 1.0 * static_cast<double>(k) / static_cast<double>(samples - 1);
  }
  return {Eigen::MatrixXd(norms.asDiagonal()), examples::alternating_labels(samples)};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The implicit bias towards least norm (paper A, Theorem 1)");
  const examples::setting set(app, "implicit_bias");
  reluflow::index samples = 6;
  std::vector<double> decades{-2, -3, -4, -6, -8, -10, -13, -16, -20, -25, -32, -64, -128, -300};
  app.add_option("--samples", samples, "number of samples, even")->capture_default_str();
  app.add_option("--decades", decades, "decimal logarithms of lambda")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  const dataset orthonormal(Eigen::MatrixXd::Identity(samples, samples),
                            examples::alternating_labels(samples));
  const dataset orthogonal_data = unequal_norms(samples);
  const reluflow::index enough = 12 * (reluflow::index{1} << (samples / 2));

  examples::claim_table claims;
  std::vector<plots::power_law_series> series;
  for (const auto& [name, data] :
       {std::pair("orthonormal", orthonormal), std::pair("orthogonal", orthogonal_data)}) {
    plots::power_law_series one;
    one.label = name;
    limit last;
    double largest_loss = 0.0;
    for (const double decade : decades) {
      last = follow(data, balanced_network(enough, samples, decade * std::numbers::ln10, set.seed));
      largest_loss = std::max(largest_loss, last.loss);
      fmt::print("{:<12} lambda = 1e{:<5} |theta|^2 above the least by {:.3e}, loss {:.1e}\n", name,
                 decade, last.excess, last.loss);
      // Larger ones are not asymptotic, smaller ones are rounding.
      if (!(last.excess > 1e-12) || !(last.excess < 0.05)) continue;
      one.log_x.push_back(decade);
      one.log_y.push_back(std::log10(last.excess));
    }
    claims.at_most(fmt::format("{}: largest loss at the end", name), 1e-20, largest_loss);
    claims.at_most(fmt::format("{}: |theta|^2 over its least value - 1, smallest lambda", name),
                   1e-10, std::abs(last.excess));
    // A sub-cluster that grows at a fraction rho of the rate of its cluster is left behind at
    // lambda^(1 - rho); its square is what the norm has too much.
    const network start = balanced_network(enough, samples, 0.0, set.seed);
    const orthogonal::label_groups groups = orthogonal::groups_of(data);
    const auto early = orthogonal::early_map(data, start);
    double exponent = 2.0;
    for (const auto* group : {groups.fast(), groups.slow()}) {
      const auto law = orthogonal::mass_law_of(data, start, *group, early);
      if (law && law->subcluster_ratio) {
        exponent = std::min(exponent, 2.0 * (1.0 - *law->subcluster_ratio));
      }
    }
    one.fit = fit_line(one.log_x, one.log_y);
    claims.near(fmt::format("{}: exponent of the excess, +- {:.1e}", name, one.fit->slope_error),
                exponent, one.fit->slope, 0.1 * exponent + one.fit->slope_error);
    series.push_back(std::move(one));
  }

  // Neurons each active on one sample alone: every sample is fitted, by a neuron of its own, and
  // |theta|^2 = 2 sum |y_k|/|x_k|.
  const Eigen::VectorXd signs = orthonormal.labels().cwiseSign();
  const Eigen::MatrixXd alone =
      2.0 * Eigen::MatrixXd::Identity(samples, samples) - Eigen::MatrixXd::Ones(samples, samples);
  const network few = network::balanced(
      signs, Eigen::VectorXd::Constant(samples, -16.0 * std::numbers::ln10), alone);
  const limit violated = follow(orthonormal, few);
  const double expected = 2.0 * orthonormal.labels().lpNorm<1>() /
                              orthogonal::minimum_squared_norm(orthogonal::groups_of(orthonormal)) -
                          1.0;
  claims.at_most("one neuron a sample: loss at the end", 1e-20, violated.loss);
  claims.near("one neuron a sample: |theta|^2 over its least value - 1", expected, violated.excess,
              1e-9);
  examples::keep_figure(set, plots::power_law_figure("excess", "λ", "|θ|^2 / least − 1", series));
  return claims.finish();
}
