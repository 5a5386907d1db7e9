// Paper C, Theorem 2 and Lemmas 3-7: inputs on a cylinder around the teacher. Neurons align with
// +beta or -beta, then each half of the samples is fitted by a linear network of its own, and the
// flow ends at one least-squares fit for each half. It does not interpolate, however many neurons
// there are.

#include "claims.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/decoupled.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr double lambda = 1e-3;
const simplicity::levels paper_levels{.lambda = lambda};

struct experiment {
  problem task;
  simplicity::halves parts;
  trajectory run;
};

Eigen::VectorXd teacher(index dimension) { return Eigen::VectorXd::Unit(dimension, 0); }

experiment train(index samples, index width, double noise, std::uint64_t seed) {
  const index dimension = 3;
  dataset data = cylinder_data(samples, teacher(dimension), 0.1, {noise}, seed);
  network start = ball_network(width, dimension, lambda, seed);
  // The theorem speaks of neurons of both signs.
  for (std::uint64_t other = seed; start.signs().cwiseAbs().sum() == std::abs(start.signs().sum());)
    start = ball_network(width, dimension, lambda, other += 1000);
  simplicity::halves parts = simplicity::halves_of(data, teacher(dimension));
  problem task{std::move(data), std::move(start), {}, {}, seed};
  task.flow.t_end = 150.0;
  task.flow.rtol = 1e-11;
  task.record.times = linear_times(task.flow.t_end, 601);
  task.record.stopping_times = usual_stopping_times(task.data, task.initial);
  for (stopping_time& one :
       simplicity::stopping_times(task.data, parts, teacher(dimension), paper_levels)) {
    task.record.stopping_times.push_back(std::move(one));
  }
  trajectory run = integrate(task);
  return {std::move(task), std::move(parts), std::move(run)};
}

double distance_to_least_squares(const network& net, const simplicity::halves& parts) {
  double largest = 0.0;
  for (const auto* part : {&parts.plus, &parts.minus}) {
    largest = std::max(largest, (simplicity::effective_weights(net, *part) - part->beta).norm());
  }
  return largest;
}

/// The largest distance of the decoupled systems to the run, from its last switch on.
double decoupling_error(const experiment& one) {
  const double last = one.run.switches.empty() ? 0.0 : one.run.switches.back().t;
  std::size_t first = 0;
  while (first + 1 < one.run.rows.size() && one.run.rows[first].t <= last) ++first;
  std::vector<double> times;
  for (std::size_t i = first; i < one.run.rows.size(); ++i) {
    times.push_back(one.run.rows[i].t - one.run.rows[first].t);
  }
  const auto decoupled = follow_decoupled(one.parts, one.run.states[first], times);
  double largest = 0.0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const network& net = one.run.states[first + i];
    largest = std::max({largest, (decoupled[i].weights() - net.weights()).norm(),
                        (decoupled[i].output_weights() - net.output_weights()).norm()});
  }
  return largest;
}

/// The alignment law (eq (22)) at tau: the largest error of <w/a, Sigma beta>/|Sigma beta|. The law
/// is that of the population, so it is off by O(sqrt(d^2 ln n / n)).
double alignment_error(const experiment& one) {
  const stopping_event* tau = one.run.reached("tau");
  const Eigen::MatrixXd& inputs = one.task.data.inputs();
  const Eigen::VectorXd target = inputs * (inputs.transpose() * teacher(inputs.rows())) /
                                 static_cast<double>(one.task.data.size());
  const double b = target.norm();
  const auto product = [&](const network& net, index j) {
    return net.weights().col(j).dot(target) / net.output_weights()[j];
  };
  double largest = 0.0;
  for (index j = 0; j < one.task.initial.width(); ++j) {
    const double law = simplicity::aligned_product(product(one.task.initial, j), b, tau->t);
    largest = std::max(largest, std::abs(product(tau->state, j) - law) / b);
  }
  return largest;
}

bool in_order(const trajectory& run) {
  const auto time = [&](const std::string& name) {
    const stopping_event* found = run.reached(name);
    return found != nullptr ? found->t : std::nan("");
  };
  bool ordered = time("tau") < time("t_1");
  for (const char* side : {"+", "-"}) {
    const std::string name(side);
    ordered = ordered && time("t_1") < time("tau_2" + name);
    ordered = ordered && time("tau_2" + name) < time("tau_3" + name);
  }
  return ordered;
}

plots::figure convergence_figure(const experiment& one) {
  plots::panel axes;
  axes.x_label = "time t";
  axes.y_label = "distance to least squares";
  axes.log_y = true;
  axes.x_range = plots::range{0.0, 90.0};
  for (const auto* part : {&one.parts.plus, &one.parts.minus}) {
    std::vector<double> t;
    std::vector<double> gap;
    for (std::size_t i = 0; i < one.run.rows.size(); ++i) {
      t.push_back(one.run.rows[i].t);
      gap.push_back((simplicity::effective_weights(one.run.states[i], *part) - part->beta).norm());
    }
    const bool plus = part->sign > 0.0;
    axes.layers.push_back(plots::line(plus ? "half +" : "half −", std::move(t), std::move(gap),
                                      plus ? plots::colours::positive : plots::colours::negative));
    for (const char* stem : {"tau_2", "tau_3"}) {
      const auto* found = one.run.reached(std::string(stem) + (plus ? "+" : "-"));
      if (found == nullptr) continue;
      axes.marks.push_back(
          {std::string(stem[4] == '2' ? "τ₂" : "τ₃") + (plus ? "₊" : "₋"), found->t});
    }
  }
  axes.marks.push_back({"τ", one.run.reached("tau")->t});
  return {.name = "least_squares", .panels = {std::move(axes)}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The limit is least squares on each half (paper C, Theorem 2)");
  const examples::setting set(app, "ols_limit");
  reluflow::index width = 6;
  std::vector<reluflow::index> sizes{60, 200, 600};
  std::uint64_t seeds = 3;
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--samples", sizes, "numbers of samples")->delimiter(',');
  app.add_option("--seeds", seeds, "runs of each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  std::vector<std::pair<reluflow::index, double>> cases;
  for (const reluflow::index n : sizes) cases.emplace_back(n, 0.3);
  cases.emplace_back(sizes[sizes.size() / 2], 1.0);
  double farthest = 0.0;
  double loss_error = 0.0;
  double decoupled = 0.0;
  std::vector<double> law_errors;
  std::uint64_t ordered = 0;
  std::uint64_t kept = 0;
  std::uint64_t runs = 0;
  std::optional<experiment> shown;
  fmt::print("{:>6} {:>6} {:>5} {:>12} {:>12} {:>12} {:>12} {:>9}\n", "n", "noise", "seed",
             "distance", "final loss", "OLS loss", "decoupled", "tau_3+");
  for (const auto& [n, noise] : cases) {
    for (std::uint64_t i = 0; i < seeds; ++i, ++runs) {
      experiment one = train(n, width, noise, set.seed + i);
      const double distance = distance_to_least_squares(one.run.final_network, one.parts);
      const double expected = one.parts.plus.loss + one.parts.minus.loss;
      const double apart = decoupling_error(one);
      const stopping_event* third = one.run.reached("tau_3+");
      fmt::print("{:>6} {:>6} {:>5} {:>12.2e} {:>12.8f} {:>12.8f} {:>12.2e} {:>9.3f}\n", n, noise,
                 set.seed + i, distance, one.run.end.loss,
                 simplicity::least_squares_of(one.task.data).loss, apart,
                 third != nullptr ? third->t : std::nan(""));
      farthest = std::max(farthest, distance);
      loss_error = std::max(loss_error, std::abs(one.run.end.loss - expected));
      decoupled = std::max(decoupled, apart);
      if (noise < 1.0) law_errors.push_back(alignment_error(one));
      ordered += in_order(one.run) ? 1 : 0;
      kept += one.run.slides.empty() && one.run.reached("tau_2+") != nullptr &&
                      one.run.switches.back().t < one.run.reached("tau_2+")->t
                  ? 1
                  : 0;
      if (n == sizes.back() && !shown) shown = std::move(one);
    }
  }
  fmt::print("\n");

  examples::claim_table claims;
  claims.at_most(fmt::format("largest distance to least squares on S+ and S-, {} runs", runs), 1e-8,
                 farthest);
  claims.at_most("  of the final loss from (RSS+ + RSS-)/(2n)", 1e-10, loss_error);
  claims.at_most("decoupled systems against the coupled one", 1e-9, decoupled);
  claims.holds("stopping times tau < t_1 < tau_2 < tau_3, both halves", fmt::format("{}", runs),
               fmt::format("{}", ordered), ordered == runs);
  claims.holds("no slide, and no switch after tau_2", fmt::format("{}", runs),
               fmt::format("{}", kept), kept == runs);
  claims.at_most(fmt::format("alignment law at tau, largest error at n = {}", sizes.front()), 0.5,
                 *std::max_element(law_errors.begin(), law_errors.begin() + std::ptrdiff_t(seeds)));
  claims.at_most(fmt::format("  at n = {}", sizes.back()), 0.15,
                 *std::max_element(law_errors.end() - std::ptrdiff_t(seeds), law_errors.end()));
  for (const auto* part : {&shown->parts.plus, &shown->parts.minus}) {
    const char* name = part->sign > 0.0 ? "+" : "-";
    claims.at_most(fmt::format("half {}: departure after tau_3 (tau_4 is never reached)", name),
                   2.0 * paper_levels.distance, *simplicity::departure(shown->run, *part));
    const auto law = simplicity::growth_law(shown->task.initial, *part);
    claims.note(fmt::format("half {}: sharp half-fit time", name),
                fmt::format("{:.3f}", orthogonal::half_fit_time(*law)));
  }
  for (const law_result& law : check_laws(shown->task.data, shown->run)) {
    claims.at_most(law.law, law.tolerance, law.worst);
  }
  plots::run_figure_options look;
  look.window = plots::range{0.0, 40.0};
  examples::keep(set, shown->task, shown->run, look);
  examples::keep_figure(set, convergence_figure(*shown));
  return claims.finish();
}
