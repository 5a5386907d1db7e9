#include "run_support.hpp"

#include <algorithm>
#include <cmath>

namespace reluflow::plots {
namespace {

// The first recorded time at which a fraction of the fall of the loss is done.
double time_of_fall(const trajectory& run, double done) {
  const double first = run.rows.front().loss;
  const double level = first + done * (run.rows.back().loss - first);
  for (const record_row& row : run.rows) {
    if (row.loss <= level) return row.t;
  }
  return run.t;
}

std::vector<double> telling_times(const trajectory& run) {
  const bool falls = !run.rows.empty() && run.rows.front().loss > run.rows.back().loss;
  if (!falls) return {0.0, run.t / 3.0, 2.0 * run.t / 3.0, run.t};
  return {0.0, time_of_fall(run, 1.0 / 3.0), time_of_fall(run, 2.0 / 3.0), run.t};
}

}  // namespace

std::vector<moment> moments_at(const trajectory& run, std::vector<double> wanted) {
  std::sort(wanted.begin(), wanted.end());
  std::vector<moment> found;
  const auto add = [&](double t, const network& net) {
    if (found.empty() || t > found.back().t) found.push_back({t, net});
  };
  if (!run.dense.empty()) {
    const double last = run.dense.back().t1;
    for (const double t : wanted) add(std::min(t, last), run.at(std::min(t, last)));
    return found;
  }
  std::vector<double> known;
  visit_states(run, [&](double t, const network&) { known.push_back(t); });
  if (known.empty()) return found;
  for (double& t : wanted) {
    t = *std::min_element(known.begin(), known.end(),
                          [&](double a, double b) { return std::abs(a - t) < std::abs(b - t); });
  }
  visit_states(run, [&](double t, const network& net) {
    if (std::find(wanted.begin(), wanted.end(), t) != wanted.end()) add(t, net);
  });
  return found;
}

std::vector<moment> chosen_moments(const trajectory& run, const run_figure_options& options) {
  return moments_at(run, options.neuron_times.empty() ? telling_times(run) : options.neuron_times);
}

}  // namespace reluflow::plots
