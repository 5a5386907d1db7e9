// Three points on a line whose early alignment decides the end: the flow from a small
// initialisation ends on the least-squares line and does not interpolate, although three neurons
// could.

#include "claims.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/alignment_flow.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

dataset three_points() {
  Eigen::MatrixXd inputs(1, 3);
  inputs << -0.75, -0.5, 0.125;
  return with_bias(inputs, Eigen::Vector3d(1.1, 0.1, 0.8));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Early alignment decides the end (three points)");
  const examples::setting set(app, "early_alignment");
  reluflow::index width = 60;
  double log10_scale = -4.0;
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--decade", log10_scale, "decimal logarithm of the initialisation scale")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const dataset data = three_points();
  const double log_scale = log10_scale * std::log(10.0) - 0.5 * std::log(double(width));
  problem task{
      data, balanced_network(width, data.dimension(), log_scale, set.seed), {}, {}, set.seed};
  task.flow.t_end = 400.0;
  task.flow.stop_gradient = 1e-10;
  task.record.times = linear_times(120.0, 481);
  task.record.stopping_times = all_stopping_times(data, task.initial);
  prepare_run_directory(set.out, set.force);
  const trajectory run = integrate(task);

  const simplicity::least_squares line = simplicity::least_squares_of(data);
  const Eigen::VectorXd fitted = run.final_network(data);
  examples::claim_table claims;
  claims.near("loss at the end: that of the least-squares line", line.loss, run.end.loss, 1e-8);
  claims.at_most("largest distance of the function from the line, at the samples", 1e-4,
                 (fitted - data.inputs().transpose() * line.beta).lpNorm<Eigen::Infinity>());
  claims.at_most("minimal norm of the subgradient at the end", 1e-8, run.end.gradient_norm);
  claims.holds("the samples are not interpolated", "loss > 1e-2",
               fmt::format("{:.4g}", run.end.loss), run.end.loss > 1e-2);

  const alignment_run early = align(data, task.initial);
  const auto vectors = extremal_vectors(data);
  std::vector<reluflow::index> followers(vectors.size(), 0);
  for (const aligned_neuron& one : early.neurons) {
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      if ((vectors[i].D - one.limit.D).norm() < 1e-9) ++followers[i];
    }
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    claims.note(fmt::format("extremal vector ({:.4f}, {:.4f})", vectors[i].D[0], vectors[i].D[1]),
                fmt::format("followed by {} neurons", followers[i]));
  }
  for (const law_result& law : check_laws(data, run)) {
    claims.at_most(law.law, law.tolerance, law.worst);
  }
  claims.note("switches, slides, time",
              fmt::format("{}, {}, {:.4g}", run.statistics.switches, run.statistics.slides, run.t));
  plots::run_figure_options look;
  look.window = plots::range{0.0, 60.0};
  examples::keep(set, task, run, look);
  return claims.finish();
}
