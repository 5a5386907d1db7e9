#include "reluflow/trajectory.hpp"

#include "reluflow/detail/bernstein.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>

namespace reluflow {

std::string_view to_string(outcome value) noexcept {
  switch (value) {
    case outcome::reached_end:
      return "reached_end";
    case outcome::converged:
      return "converged";
    case outcome::stopping_time:
      return "stopping_time";
    case outcome::accumulation:
      return "accumulation";
    case outcome::step_limit:
      return "step_limit";
    case outcome::not_finite:
      return "not_finite";
    case outcome::interrupted:
      return "interrupted";
  }
  return "unknown";
}

bool is_success(outcome value) noexcept {
  return value == outcome::reached_end || value == outcome::converged ||
         value == outcome::stopping_time;
}

network trajectory::at(double time) const {
  if (dense.empty() || !(time >= dense.front().t0 && time <= dense.back().t1)) {
    throw invalid_input("trajectory::at", fmt::format("t = {}", time),
                        dense.empty()
                            ? "a run that kept its dense output"
                            : fmt::format("a time in [{}, {}]", dense.front().t0, dense.back().t1));
  }
  const auto segment = std::lower_bound(dense.begin(), dense.end(), time,
                                        [](const dense_segment& s, double u) { return s.t1 < u; });
  const double fraction = (time - segment->t0) / (segment->t1 - segment->t0);
  const index m = initial_network.width();
  const index d = initial_network.dimension();
  const Eigen::VectorXd y = segment->control * bernstein_weights(fraction);
  const Eigen::Map<const Eigen::MatrixXd> vectors(y.data() + m, d, m);
  const double alpha = initial_network.output_scale();
  if (chart == chart_kind::cartesian) return network::cartesian(y.head(m), vectors, alpha);
  return network::balanced(initial_network.signs(), y.head(m), vectors, alpha);
}

const stopping_event* trajectory::reached(std::string_view name) const noexcept {
  const auto found = std::find_if(stopping_times.begin(), stopping_times.end(),
                                  [&](const stopping_event& one) { return one.name == name; });
  return found == stopping_times.end() ? nullptr : &*found;
}

std::vector<switch_event> switches_without_noise(const trajectory& run) {
  std::map<std::pair<index, index>, std::vector<std::size_t>>
      noise;  // of each pair, since its last
  std::vector<char> kept(run.switches.size(), 1);
  for (std::size_t i = 0; i < run.switches.size(); ++i) {
    const switch_event& event = run.switches[i];
    std::vector<std::size_t>& own = noise[{event.neuron, event.sample}];
    if (event.certain) {
      own.clear();
      continue;
    }
    own.push_back(i);
    // Back in a mode that it had: the way there and back goes.
    const auto left = std::find_if(own.begin(), own.end(), [&](std::size_t earlier) {
      return run.switches[earlier].from == event.to;
    });
    for (auto round = left; round != own.end(); ++round) kept[*round] = 0;
    own.erase(left, own.end());
  }
  std::vector<switch_event> result;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != 0) result.push_back(run.switches[i]);
  }
  return result;
}

activation_pattern pattern_at(const trajectory& run, double time) {
  activation_pattern pattern = run.initial_pattern;
  for (const switch_event& event : run.switches) {
    if (event.t > time) break;
    pattern.set(event.neuron, event.sample, event.to);
  }
  return pattern;
}

}  // namespace reluflow
