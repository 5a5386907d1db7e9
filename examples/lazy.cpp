// Paper A, figure 5: a large initialisation. Neurons hardly turn, the loss falls at once, and the
// learned function is close to the kernel interpolator of the tangent kernel at t = 0. The larger
// the initialisation, the closer.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// K(x, x') = sum_j relu(<w_j, x>) relu(<w_j, x'>) + a_j^2 [<w_j, x> > 0][<w_j, x'> > 0] <x, x'>,
/// between the columns of `left` and of `right`.
Eigen::MatrixXd tangent_kernel(const network& net, const Eigen::MatrixXd& left,
                               const Eigen::MatrixXd& right) {
  const Eigen::MatrixXd z_left = net.weights().transpose() * left;
  const Eigen::MatrixXd z_right = net.weights().transpose() * right;
  const auto active = [](const Eigen::MatrixXd& z) {
    return Eigen::MatrixXd((z.array() > 0.0).cast<double>());
  };
  const Eigen::VectorXd squares = net.output_weights().array().square();
  const Eigen::MatrixXd gates = active(z_left).transpose() * squares.asDiagonal() * active(z_right);
  return z_left.cwiseMax(0.0).transpose() * z_right.cwiseMax(0.0) +
         gates.cwiseProduct(left.transpose() * right);
}

/// The kernel interpolator: the function at t = 0 plus what the kernel adds to pass the samples.
Eigen::VectorXd kernel_interpolator(const dataset& data, const network& start,
                                    const Eigen::MatrixXd& at) {
  const Eigen::MatrixXd& inputs = data.inputs();
  const Eigen::VectorXd weights =
      tangent_kernel(start, inputs, inputs).ldlt().solve(residuals(data, start));
  return start(at) + tangent_kernel(start, at, inputs) * weights;
}

double median(Eigen::VectorXd values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Angles between directions at the start and at the end, in degrees.
Eigen::VectorXd turned(const trajectory& run) {
  const Eigen::MatrixXd move = run.final_network.directions() - run.initial_network.directions();
  return (2.0 * (0.5 * move.colwise().norm().array()).asin() * 180.0 / std::numbers::pi)
      .matrix()
      .transpose();
}

problem lazy_problem(const dataset& data, index width, std::uint64_t seed) {
  const double log_scale = std::log(10.0) - 0.5 * std::log(static_cast<double>(width));
  problem task{data, balanced_network(width, data.dimension(), log_scale, seed), {}, {}, seed};
  task.flow.t_end = 100.0;
  task.flow.stop_loss = 1e-20;
  task.record.times = log_times(task.flow.t_end, 401);
  // The loss falls from the start: something has to be known before 0.01.
  for (double t = 0.00125; t < 0.01; t *= 1.1) task.record.times.push_back(t);
  std::sort(task.record.times.begin(), task.record.times.end());
  task.record.stopping_times = all_stopping_times(data, task.initial);
  task.record.stopping_times.push_back(stopping::loss_falls_to("loss_1e-6", 1e-6));
  return task;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The lazy regime (paper A, figure 5)");
  const examples::setting set(app, "lazy");
  std::vector<reluflow::index> widths{60, 120, 240, 480, 960, 1920};
  std::uint64_t seeds = 8;
  app.add_option("--widths", widths, "numbers of neurons, increasing; the first run is kept")
      ->delimiter(',');
  app.add_option("--seeds", seeds, "seeds over which the logarithms are averaged")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  const dataset data = examples::five_points();
  Eigen::MatrixXd grid = Eigen::MatrixXd::Ones(2, 301);
  grid.row(0).setLinSpaced(-2.0, 2.5);
  examples::claim_table claims;
  plots::power_law_series angles{.label = "median angle, degrees"};
  plots::power_law_series gaps{.label = "relative distance to the kernel interpolator"};
  for (const reluflow::index width : widths) {
    double log_angle = 0.0;
    double log_gap = 0.0;
    for (std::uint64_t i = 0; i < seeds; ++i) {
      const problem task = lazy_problem(data, width, set.seed + i);
      const trajectory run = integrate(task);
      const Eigen::VectorXd kernel = kernel_interpolator(data, task.initial, grid);
      const double gap = (run.final_network(grid) - kernel).lpNorm<Eigen::Infinity>() /
                         kernel.lpNorm<Eigen::Infinity>();
      log_angle += std::log10(median(turned(run))) / static_cast<double>(seeds);
      log_gap += std::log10(gap) / static_cast<double>(seeds);
      if (i > 0 || width != widths.front()) continue;
      for (const law_result& law : check_laws(data, run)) {
        claims.at_most(law.law, law.tolerance, law.worst);
      }
      claims.at_most("median angle at the paper's scale, degrees", 10.0, median(turned(run)));
      const stopping_event* quick = run.reached("loss_1e-6");
      claims.at_most("time until the loss is 1e-6", 20.0,
                     quick != nullptr ? quick->t : std::numeric_limits<double>::infinity());
      plots::run_figure_options look;
      look.log_time = true;
      examples::keep(set, task, run, look);
    }
    angles.log_x.push_back(std::log10(static_cast<double>(width)));
    angles.log_y.push_back(log_angle);
    gaps.log_x.push_back(angles.log_x.back());
    gaps.log_y.push_back(log_gap);
    claims.note(fmt::format("m = {}", width),
                fmt::format("median angle {:.3g} degrees, relative distance to the kernel "
                            "interpolator {:.3g}",
                            std::pow(10.0, log_angle), std::pow(10.0, log_gap)));
  }
  // Outputs are of order 100/sqrt(m) at the start and the kernel of order 100, so both the angles
  // and what the kernel misses fall like 1/sqrt(m).
  angles.fit = fit_line(angles.log_x, angles.log_y);
  gaps.fit = fit_line(gaps.log_x, gaps.log_y);
  claims.near(fmt::format("exponent of the angle in m, +- {:.1e}", angles.fit->slope_error), -0.5,
              angles.fit->slope, 0.15);
  claims.near(fmt::format("exponent of the distance in m, +- {:.1e}", gaps.fit->slope_error), -0.5,
              gaps.fit->slope, 0.25);
  claims.at_most("distance to the kernel interpolator, widest over narrowest", 0.7,
                 std::pow(10.0, gaps.log_y.back() - gaps.log_y.front()));
  examples::keep_figure(set,
                        plots::power_law_figure("lazy", "m", "angle and distance", {angles, gaps}));
  return claims.finish();
}
