#include "reluflow/principal.hpp"

#include "layout.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace reluflow::plots {
namespace {

constexpr double inner_radius = 0.3;

layer circle(double radius, std::string_view colour) {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i <= 180; ++i) {
    x.push_back(radius * std::cos(i * std::numbers::pi / 90.0));
    y.push_back(radius * std::sin(i * std::numbers::pi / 90.0));
  }
  return line("", std::move(x), std::move(y), colour, 1.0);
}

void add_neurons(panel& axes, const network& net, const principal_components& plane,
                 double largest) {
  constexpr index most = 2000;
  const Eigen::MatrixXd seen = plane.axes.transpose() * net.directions();
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> x;
    std::vector<double> y;
    for (const index j : drawn_neurons(net, most)) {
      const double length = seen.col(j).norm();
      if (net.signs()[j] != sign || !(length > 0.0)) continue;
      const double radius =
          inner_radius + (1.0 - inner_radius) * std::exp(net.log_norms()[j] - largest);
      x.push_back(radius * seen(0, j) / length);
      y.push_back(radius * seen(1, j) / length);
    }
    layer made = points(sign_label(sign), std::move(x), std::move(y), colours::data);
    made.with = fmt::format("points pt {} ps 0.6 lc rgb '{}'", sign > 0.0 ? 7 : 9,
                            translucent(sign_colour(sign), 0.65));
    made.heading = "position in the polar picture";
    axes.layers.push_back(std::move(made));
  }
}

// One unit is as long on both axes.
void make_round(figure& fig) {
  figure trial = fig;
  for (panel& axes : trial.panels) axes = completed(std::move(axes));
  const std::vector<axes_box> boxes = place_axes(trial);
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    const double ratio = boxes[i].width() / boxes[i].height();
    const double reach = 1.06;
    fig.panels[i].x_range = range{-reach * std::max(1.0, ratio), reach * std::max(1.0, ratio)};
    fig.panels[i].y_range =
        range{-reach * std::max(1.0, 1.0 / ratio), reach * std::max(1.0, 1.0 / ratio)};
  }
}

}  // namespace

figure principal_figure(const dataset& data, const trajectory& run,
                        const run_figure_options& options) {
  options.validate();
  require_same_dimension(data, run);
  const principal_components plane = principal_components_of(run.final_network);
  const double largest = run.final_network.log_norms().maxCoeff();
  figure fig;
  fig.name = "principal";
  for (const moment& at : chosen_moments(run, options)) {
    panel axes;
    axes.title = fmt::format("t = {}", number_text(at.t, 4));
    axes.x_range = axes.y_range = range{-1.0, 1.0};
    axes.layers = {circle(inner_radius, colours::quiet), circle(1.0, colours::quiet)};
    add_neurons(axes, at.net, plane, std::max(largest, at.net.log_norms().maxCoeff()));
    axes.commands = "unset border; unset tics; unset grid";
    axes.x_ticks = axes.y_ticks = {{0.0, ""}};
    fig.panels.push_back(std::move(axes));
  }
  if (fig.panels.empty()) fig.panels.emplace_back();
  fig.columns = fig.panels.size() > 1 ? 2 : 1;
  fig.width = fig.panels.size() > 1 ? 660 : 400;
  fig.height = fig.panels.size() > 2 ? 720 : 400;
  // Below the last row, where there is room for half a line each.
  const std::size_t last = fig.panels.size() - 1;
  fig.panels[last - (last % 2)].x_label =
      fmt::format("→ component 1, {:.0f} %    ↑ component 2, {:.0f} %", 100.0 * plane.shares[0],
                  100.0 * plane.shares[1]);
  if (last % 2 == 1) fig.panels[last].x_label = "circles: |w_j| = 0 and the largest at the end";
  make_round(fig);
  return fig;
}

}  // namespace reluflow::plots
