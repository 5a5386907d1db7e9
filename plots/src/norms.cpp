#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace reluflow::plots {
namespace {

// Digits small enough to stand as an index: x₁₂.
std::string sample_name(index k) {
  std::string name = "x";
  for (const char digit : std::to_string(k)) {
    name += "\xe2\x82";
    name += static_cast<char>(0x80 + (digit - '0'));
  }
  return name;
}

// The two directions of the plane on whose border each sample lies.
std::vector<level> switching_angles(const dataset& data) {
  constexpr index most_names = 8;
  std::vector<level> levels;
  for (index k = 0; k < data.size(); ++k) {
    const double u = data.inputs()(0, k);
    const double v = data.inputs()(1, k);
    const std::string name = data.size() <= most_names ? "⟂ " + sample_name(k) : "";
    levels.push_back({name, angle_of(-v, u)});
    levels.push_back({name, angle_of(v, -u)});
  }
  return levels;
}

}  // namespace

figure norms_figure(const trajectory& run, const run_figure_options& options) {
  options.validate();
  panel axes = time_panel(run, options);
  axes.y_label = "ln |w_j|";
  const neuron_curves curves =
      trace(run, options, [](const network& net, index j) { return net.log_norms()[j]; });
  add_by_sign(axes, curves, run.final_network);
  figure fig;
  fig.name = "norms";
  fig.panels = {std::move(axes)};
  return fig;
}

figure directions_figure(const dataset& data, const trajectory& run,
                         const run_figure_options& options) {
  options.validate();
  require_same_dimension(data, run);
  panel axes = time_panel(run, options);
  neuron_curves curves;
  if (data.dimension() == 2) {
    axes.y_label = "angle of w_j, degrees";
    axes.y_range = range{-180.0, 180.0};
    axes.levels = switching_angles(data);
    axes.commands = "set ytics 45";
    curves = trace(run, options, [](const network& net, index j) {
      return angle_of(net.directions()(0, j), net.directions()(1, j));
    });
    curves.period = 360.0;
  } else {
    axes.y_label = "cosine of w_j to Σ y_k x_k";
    axes.y_range = range{-1.05, 1.05};
    const Eigen::VectorXd target = mean_direction(data);
    const bool defined = target.squaredNorm() > 0.0;
    curves = trace(run, options, [&](const network& net, index j) {
      return defined ? net.directions().col(j).dot(target)
                     : std::numeric_limits<double>::quiet_NaN();
    });
  }
  add_by_sign(axes, curves, run.final_network);
  // In many dimensions most neurons slide on something at most times: that would hide all else.
  if (data.dimension() == 2) add_sliding(axes, curves, run);
  figure fig;
  fig.name = "directions";
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
