#include "stretches.hpp"

#include "run_support.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace reluflow::plots {

raster_lines order_lines(const dataset& data, const network& last, index limit) {
  const Eigen::VectorXd target = mean_direction(data);
  std::vector<double> direction;
  for (index j = 0; j < last.width(); ++j) {
    const auto v = last.directions().col(j);
    direction.push_back(data.dimension() == 2 ? angle_of(v[0], v[1]) : v.dot(target));
  }
  std::vector<index> order(direction.size());
  std::iota(order.begin(), order.end(), index{0});
  std::stable_sort(order.begin(), order.end(), [&](index i, index j) {
    return std::pair(last.signs()[i], direction[static_cast<std::size_t>(i)]) <
           std::pair(last.signs()[j], direction[static_cast<std::size_t>(j)]);
  });

  raster_lines lines;
  lines.line_of.assign(order.size(), -1);
  lines.count = std::min(limit, last.width());
  for (index line = 0; line < lines.count; ++line) {
    const index j = order[static_cast<std::size_t>(line * last.width() / lines.count)];
    lines.line_of[static_cast<std::size_t>(j)] = line;
    if (last.signs()[j] < 0.0) ++lines.negative;
  }
  return lines;
}

double raster_axis::place(double t) const { return logarithmic ? std::log10(t) : t; }

std::vector<stretch> stretches(const trajectory& run, const raster_lines& lines,
                               const raster_axis& axis, const pair_weight& weight) {
  activation_pattern modes = run.initial_pattern;
  const auto neurons = static_cast<std::size_t>(modes.neurons());
  std::vector<double> value(neurons, 0.0);
  std::vector<double> since(neurons, axis.shown.low);
  for (std::size_t j = 0; j < neurons; ++j) {
    if (lines.line_of[j] < 0) continue;
    for (index k = 0; k < modes.samples(); ++k) {
      value[j] += weight(k, modes(static_cast<index>(j), k));
    }
  }

  std::vector<stretch> found;
  const auto close = [&](std::size_t j, double t) {
    const double end = std::min(t, axis.shown.high);
    if (!(end > since[j])) return;
    found.push_back({lines.line_of[j], axis.place(since[j]), axis.place(end), value[j]});
    since[j] = end;
  };
  for (const switch_event& event : switches_without_noise(run)) {
    const auto j = static_cast<std::size_t>(event.neuron);
    if (lines.line_of[j] < 0) continue;
    const double before = weight(event.sample, modes(event.neuron, event.sample));
    const double after = weight(event.sample, event.to);
    modes.set(event.neuron, event.sample, event.to);
    if (before == after) continue;
    close(j, event.t);
    value[j] += after - before;
  }
  for (std::size_t j = 0; j < neurons; ++j) {
    if (lines.line_of[j] >= 0) close(j, run.t);
  }
  return found;
}

}  // namespace reluflow::plots
