#include "reluflow/errors.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::plots {
namespace {

range window_of(const dataset& data) {
  const auto x = data.inputs().row(0);
  const double span = x.maxCoeff() - x.minCoeff();
  const double room = span > 0.0 ? 0.3 * span : 1.0;
  return {x.minCoeff() - room, x.maxCoeff() + room};
}

// Where neuron j bends the function; infinite for a constant one.
double kink(const network& net, index j) {
  return -net.directions()(1, j) / net.directions()(0, j);
}

// h is linear between kinks: they, the samples and the ends of the window are all that is needed.
layer learned_function(const network& net, const dataset& data, const range& window) {
  std::vector<double> x{window.low, window.high};
  for (index k = 0; k < data.size(); ++k) x.push_back(data.inputs()(0, k));
  for (index j = 0; j < net.width(); ++j) {
    const double at = kink(net, j);
    if (at > window.low && at < window.high) x.push_back(at);
  }
  std::sort(x.begin(), x.end());
  Eigen::MatrixXd inputs = Eigen::MatrixXd::Ones(2, static_cast<index>(x.size()));
  inputs.row(0) = Eigen::Map<const Eigen::RowVectorXd>(x.data(), static_cast<index>(x.size()));
  const Eigen::VectorXd h = net(inputs);
  layer made = line("learned function", x, {h.begin(), h.end()}, colours::function, 1.8);
  made.heading = "x, h(x)";
  return made;
}

struct cloud {
  std::vector<double> x;
  std::vector<double> y;

  void add(double kink_at, double height) {
    x.push_back(kink_at);
    y.push_back(height);
  }

  layer on_second_axis(std::string label, std::string with) && {
    layer made;
    made.label = std::move(label);
    made.columns = {std::move(x), std::move(y)};
    made.with = std::move(with);
    made.heading = "kink, s_j |w_j| / max |w|";
    made.second_axis = true;
    return made;
  }
};

// Neurons of one sign: inside the window, and on its border those that lie beyond.
struct neuron_clouds {
  cloud inside;
  cloud left;
  cloud right;
};

void add_neurons(panel& axes, const moment& at, const activation_pattern& modes, double scale) {
  constexpr index most = 2000;
  const range window = *axes.x_range;
  const double largest = at.net.log_norms().maxCoeff();
  neuron_clouds positive;
  neuron_clouds negative;
  cloud sliding;
  for (const index j : drawn_neurons(at.net, most)) {
    const double sign = at.net.signs()[j];
    const double height = sign * std::exp(at.net.log_norms()[j] - largest);
    const double bend = kink(at.net, j);
    if (!std::isfinite(height) || std::isnan(bend)) continue;
    neuron_clouds& own = sign < 0.0 ? negative : positive;
    cloud& place = bend < window.low ? own.left : bend > window.high ? own.right : own.inside;
    const double x = std::clamp(bend, window.low, window.high);
    place.add(x, height);
    for (index k = 0; k < modes.samples(); ++k) {
      if (modes(j, k) != pair_mode::sliding) continue;
      sliding.add(x, height);
      break;
    }
  }
  for (const double sign : {1.0, -1.0}) {
    neuron_clouds& own = sign > 0.0 ? positive : negative;
    axes.layers.push_back(
        std::move(own.inside)
            .on_second_axis(sign_label(sign),
                            fmt::format("points pt 7 ps {:.3g} lc rgb '{}'", 0.55 * scale,
                                        translucent(sign_colour(sign), 0.7))));
  }
  for (const double sign : {1.0, -1.0}) {
    neuron_clouds& own = sign > 0.0 ? positive : negative;
    const std::string colour = translucent(sign_colour(sign), 0.7);
    axes.layers.push_back(std::move(own.left).on_second_axis(
        "kink beyond the axes", fmt::format("points pt '◀' lc rgb '{}'", colour)));
    axes.layers.push_back(std::move(own.right).on_second_axis(
        "kink beyond the axes", fmt::format("points pt '▶' lc rgb '{}'", colour)));
  }
  axes.layers.push_back(std::move(sliding).on_second_axis(
      "sliding", fmt::format("points pt 6 ps {:.3g} lw 1.4 lc rgb '{}'", scale, colours::sliding)));
}

std::string size_text(double log_norm) {
  if (!std::isfinite(log_norm)) return "0";
  const double decimal = log_norm / std::log(10.0);
  if (decimal < -2.0 || decimal > 4.0) {
    return fmt::format("10^{{{}}}", number_text(std::round(10.0 * decimal) / 10.0, 9));
  }
  return number_text(std::exp(log_norm));
}

/// @param scale  of the sizes of points
panel neurons_panel(const dataset& data, const trajectory& run, const moment& at,
                    double scale = 1.0) {
  panel axes;
  axes.x_range = window_of(data);
  axes.y2_range = range{-1.2, 1.2};
  axes.title = fmt::format("t = {},  max |w_j| = {}", number_text(at.t, 4),
                           size_text(at.net.log_norms().maxCoeff()));
  axes.commands = "set xzeroaxis lw 0.8 lc rgb '#999999'; set y2tics -1, 1, 1";
  add_neurons(axes, at, pattern_at(run, at.t), scale);
  axes.layers.push_back(learned_function(at.net, data, *axes.x_range));
  const Eigen::VectorXd x = data.inputs().row(0).transpose();
  axes.layers.push_back(points("samples", {x.begin(), x.end()},
                               {data.labels().begin(), data.labels().end()}, colours::data,
                               0.8 * scale));
  axes.layers.back().heading = "x, y";
  return axes;
}

// Zero stands at one height on both axes, and all panels have the same axes. They hold the samples
// and the function between them; beyond, it may leave.
void share_heights(figure& fig, const dataset& data) {
  const auto samples = data.inputs().row(0);
  double most = 0.0;
  for (const panel& axes : fig.panels) {
    for (const layer& drawn : axes.layers) {
      if (drawn.second_axis) continue;
      for (std::size_t i = 0; i < drawn.columns[0].size(); ++i) {
        const double x = drawn.columns[0][i];
        const double y = drawn.columns[1][i];
        const bool between = x >= samples.minCoeff() && x <= samples.maxCoeff();
        if (between && std::isfinite(y)) most = std::max(most, std::abs(y));
      }
    }
  }
  if (most == 0.0) most = 1.0;
  for (panel& axes : fig.panels) axes.y_range = range{-1.3 * most, 1.3 * most};
}

void require_kinks(const dataset& data) {
  if (has_kinks(data)) return;
  throw invalid_input("neurons figure", fmt::format("samples of dimension {}", data.dimension()),
                      "one coordinate and a bias equal to 1");
}

}  // namespace

bool has_kinks(const dataset& data) {
  return data.dimension() == 2 && (data.inputs().row(1).array() == 1.0).all();
}

figure neurons_figure(const dataset& data, const trajectory& run,
                      const run_figure_options& options) {
  options.validate();
  require_same_dimension(data, run);
  require_kinks(data);
  figure fig;
  fig.name = "neurons";
  for (const moment& at : chosen_moments(run, options)) {
    fig.panels.push_back(neurons_panel(data, run, at));
  }
  // A run without any state: one panel that says so when it is written.
  if (fig.panels.empty()) fig.panels.emplace_back();
  share_heights(fig, data);
  fig.columns = fig.panels.size() > 1 ? 2 : 1;
  fig.height = fig.panels.size() > 2 ? 620 : 360;
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    const bool outermost = i % 2 == 1 || i + 1 == fig.panels.size();
    if (i % 2 == 0) fig.panels[i].y_label = "y and h(x)";
    if (outermost) fig.panels[i].y2_label = "s_j |w_j| / max |w|";
    if (i + 2 >= fig.panels.size()) fig.panels[i].x_label = "x";
  }
  return fig;
}

figure neurons_frames(const dataset& data, const trajectory& run, std::vector<double> times,
                      double point_scale) {
  require_same_dimension(data, run);
  require_kinks(data);
  figure fig;
  for (const moment& at : moments_at(run, std::move(times))) {
    fig.panels.push_back(neurons_panel(data, run, at, point_scale));
    fig.panels.back().x_label = "x";
    fig.panels.back().y_label = "y and h(x)";
    fig.panels.back().y2_label = "s_j |w_j| / max |w|";
  }
  if (fig.panels.empty()) fig.panels.emplace_back();
  share_heights(fig, data);
  return fig;
}

figure neurons_animation(const dataset& data, const trajectory& run, std::vector<double> times,
                         double frame_seconds) {
  // The GIF terminal draws points smaller than the others.
  figure fig = neurons_frames(data, run, std::move(times), 2.2);
  fig.name = "neurons_animation";
  fig.frame_seconds = frame_seconds;
  return fig;
}

}  // namespace reluflow::plots
