// Paper A, figure 4: five points on a line, not orthogonal. Neurons slide: their kinks stop at
// samples and stay there for a while, where every solver that only flips activations chatters. The
// flow is compared with plain gradient descent, which converges to it at first order in the step.

#include "claims.hpp"
#include "problems.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/laws.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

constexpr index width = 60;

/// Positions at which the learned function visibly bends: kinks -b/u of neurons that carry weight,
/// those closer than 1e-3 counted as one.
std::vector<double> kinks(const network& net) {
  std::vector<std::pair<double, double>> found;  // position, change of slope
  double largest = 0.0;
  for (index j = 0; j < net.width(); ++j) {
    const auto w = net.directions().col(j);
    const double bend = std::exp(2.0 * net.log_norms()[j]) * std::abs(w[0]);
    found.emplace_back(-w[1] / w[0], bend);
    largest = std::max(largest, bend);
  }
  std::sort(found.begin(), found.end());
  std::vector<double> positions;
  for (const auto& [position, bend] : found) {
    if (bend < 1e-3 * largest) continue;
    if (positions.empty() || position - positions.back() > 1e-3) positions.push_back(position);
  }
  return positions;
}

/// The largest distance of the loss curves of two runs recorded at the same times.
double distance(const trajectory& a, const trajectory& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    largest = std::max(largest, std::abs(a.rows[i].loss - b.rows[i].loss));
  }
  return largest;
}

void print_slides(const dataset& data, const trajectory& run) {
  fmt::print("sliding intervals, by sample\n{:>8} {:>6} {:>7} {:>12} {:>12} {:>9} {:>9}\n",
             "sample", "x", "neuron", "from", "to", "eta", "eta");
  std::vector<sliding_interval> slides = run.slides;
  std::stable_sort(slides.begin(), slides.end(), [](const auto& a, const auto& b) {
    return std::tie(a.sample, a.t_begin) < std::tie(b.sample, b.t_begin);
  });
  for (const sliding_interval& slide : slides) {
    fmt::print("{:>8} {:>6} {:>7} {:>12.6g} {:>12} {:>9.4f} {:>9.4f}\n", slide.sample,
               data.inputs()(0, slide.sample), slide.neuron, slide.t_begin,
               slide.open ? std::string("end") : fmt::format("{:.6g}", slide.t_end),
               slide.eta_begin, slide.eta_end);
  }
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Five points on a line (paper A, figure 4)");
  const examples::setting set(app, "five_point");
  double t_compare = 60.0;
  std::vector<double> steps{1e-3, 1e-4, 1e-5};
  app.add_option("--descent-steps", steps, "steps of gradient descent, decreasing")->delimiter(',');
  app.add_option("--descent-until", t_compare, "time until which gradient descent is compared");
  CLI11_PARSE(app, argc, argv);

  const dataset data = examples::five_points();
  const double log_scale = std::log(1e-4 / std::sqrt(static_cast<double>(width)));
  problem task{
      data, balanced_network(width, data.dimension(), log_scale, set.seed), {}, {}, set.seed};
  task.flow.t_end = 600.0;
  task.record.times = linear_times(task.flow.t_end, 601);
  task.record.stopping_times = all_stopping_times(data, task.initial);
  prepare_run_directory(set.out, set.force);
  const trajectory run = integrate(task);
  print_slides(data, run);

  examples::claim_table claims;
  for (const law_result& law : check_laws(data, run)) {
    claims.holds(law.law, fmt::format("<= {:.0e}", law.tolerance), fmt::format("{:.1e}", law.worst),
                 law.holds);
  }
  claims.holds("neurons slide", "> 0 intervals", fmt::format("{}", run.slides.size()),
               !run.slides.empty());

  // Gradient descent on the same problem, at the same times.
  record_options compared;
  compared.states = false;
  for (const double t : task.record.times) {
    if (t <= t_compare) compared.times.push_back(t);
  }
  trajectory flow_part = run;
  flow_part.rows.resize(compared.times.size());
  double last = 0.0;
  for (const double step : steps) {
    const trajectory descent = descend(data, task.initial, {step, compared.times.back()}, compared);
    const double gap = distance(flow_part, descent);
    const std::string what = fmt::format("gradient descent, step {:g}", step);
    claims.note(what, fmt::format("loss {:.6f} at t = {:g}, largest distance {:.2e}",
                                  descent.end.loss, descent.t, gap));
    const bool smallest = step == steps.back();
    // First order is what small steps show; between larger ones the ratio is only noted.
    if (last > 0.0 && smallest) claims.within("  falls with the step by", 5.0, 20.0, last / gap);
    if (last > 0.0 && !smallest)
      claims.note("  falls with the step by", fmt::format("{:.3g}", last / gap));
    last = gap;
  }

  const std::vector<double> bends = kinks(run.final_network);
  claims.note("loss of the flow at t = 300", fmt::format("{:.6f}", run.rows[300].loss));
  claims.note("loss of the flow at the end", fmt::format("{:.6g}", run.end.loss));
  claims.note("kinks of the final function",
              fmt::format("{}: {:.4f}", bends.size(), fmt::join(bends, ", ")));
  claims.note(
      "switches, slides, sliding at the end",
      fmt::format("{}, {}, {}", run.statistics.switches, run.statistics.slides, run.end.sliding));
  claims.note("time inside the integrator",
              fmt::format("{:.1f} ms", 1e3 * run.statistics.wall_seconds));
  examples::keep(set, task, run);
  examples::keep_animation(set, task, run);
  return claims.finish();
}
