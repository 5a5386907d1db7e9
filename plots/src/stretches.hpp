#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/plots/figure.hpp"
#include "reluflow/trajectory.hpp"

#include <functional>
#include <vector>

namespace reluflow::plots {

/// The lines of a raster, from the bottom: neurons by final sign, then by final direction (the
/// angle for d = 2, else the cosine to sum_k y_k x_k).
struct raster_lines {
  std::vector<index> line_of;  ///< line of each neuron; -1 for one that is not drawn
  index count = 0;
  index negative = 0;  ///< the lowest lines: s_j < 0
};

/// @param limit  at most so many lines; of more neurons, evenly spaced ones in that order are drawn
[[nodiscard]] raster_lines order_lines(const dataset& data, const network& last, index limit);

/// Times as they are drawn. An image needs a uniform axis, so a logarithmic time axis is drawn as a
/// linear axis of decimal logarithms.
struct raster_axis {
  range shown;
  bool logarithmic = false;

  [[nodiscard]] double place(double t) const;
  [[nodiscard]] double low() const { return place(shown.low); }
  [[nodiscard]] double high() const { return place(shown.high); }
};

/// A stretch of time in which one line shows one value; begin < end, as places on the axis.
struct stretch {
  index line = 0;
  double begin = 0.0;
  double end = 0.0;
  double value = 0.0;
};

/// What a pair in this mode adds to the value of its neuron's line.
using pair_weight = std::function<double(index sample, pair_mode)>;

/// The value of every line over the times shown: the sum of the weights of the neuron's pairs, with
/// every change at its exact time.
[[nodiscard]] std::vector<stretch> stretches(const trajectory& run, const raster_lines& lines,
                                             const raster_axis& axis, const pair_weight& weight);

}  // namespace reluflow::plots
