#include "reluflow/principal.hpp"

#include "layout.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
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
  const std::vector<axes_box> boxes = place_axes(first_frame(completed(fig)));
  for (std::size_t i = 0; i < fig.panels.size(); ++i) {
    const axes_box& box = boxes[std::min(i, boxes.size() - 1)];
    const double ratio = box.width() / box.height();
    const double reach = 1.06;
    fig.panels[i].x_range = range{-reach * std::max(1.0, ratio), reach * std::max(1.0, ratio)};
    fig.panels[i].y_range =
        range{-reach * std::max(1.0, 1.0 / ratio), reach * std::max(1.0, 1.0 / ratio)};
  }
}

// A panel a moment.
figure panels_of(const trajectory& run, const principal_components& plane,
                 const std::vector<moment>& moments) {
  const double largest = run.final_network.log_norms().maxCoeff();
  figure fig;
  for (const moment& at : moments) {
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
  return fig;
}

std::string shares_text(const principal_components& plane) {
  return fmt::format("→ component 1, {:.0f} %    ↑ component 2, {:.0f} %", 100.0 * plane.shares[0],
                     100.0 * plane.shares[1]);
}

}  // namespace

figure principal_figure(const dataset& data, const trajectory& run,
                        const run_figure_options& options) {
  options.validate();
  require_same_dimension(data, run);
  const principal_components plane = principal_components_of(run.final_network);
  figure fig = panels_of(run, plane, chosen_moments(run, options));
  fig.name = "principal";
  fig.columns = fig.panels.size() > 1 ? 2 : 1;
  fig.width = fig.panels.size() > 1 ? 660 : 400;
  fig.height = fig.panels.size() > 2 ? 720 : 400;
  // Below the last row, where there is room for half a line each.
  const std::size_t last = fig.panels.size() - 1;
  fig.panels[last - (last % 2)].x_label = shares_text(plane);
  if (last % 2 == 1) fig.panels[last].x_label = "circles: |w_j| = 0 and the largest at the end";
  make_round(fig);
  return fig;
}

figure principal_animation(const dataset& data, const trajectory& run, std::vector<double> times,
                           double frame_seconds) {
  require_same_dimension(data, run);
  const principal_components plane = principal_components_of(run.final_network);
  figure fig = panels_of(run, plane, moments_at(run, std::move(times)));
  fig.name = "principal_animation";
  fig.width = fig.height = 480;
  for (panel& axes : fig.panels) axes.x_label = shares_text(plane);
  fig.frame_seconds = frame_seconds;
  make_round(fig);
  return fig;
}

figure explained_variance_figure(const network& net) {
  constexpr index most = 10;
  const index count = std::min({most, net.dimension(), net.width()});
  const Eigen::VectorXd shares = principal_components_of(net, count).shares;
  std::vector<double> at;
  std::vector<double> percent;
  std::vector<double> together;
  panel axes;
  for (index i = 0; i < count; ++i) {
    at.push_back(static_cast<double>(i + 1));
    percent.push_back(100.0 * shares[i]);
    together.push_back(percent.back() + (i > 0 ? together.back() : 0.0));
    axes.x_ticks.push_back({at.back(), std::to_string(i + 1)});
  }
  layer bars = line("explained by each", at, percent);
  bars.with =
      fmt::format("boxes fs solid 0.35 noborder lc rgb '{}'", std::string(colours::negative));
  layer sum = line("explained together", at, together);
  sum.with = fmt::format("linespoints pt 7 ps 0.7 lw 1.5 lc rgb '{}'", std::string(colours::data));
  axes.layers = {std::move(bars), std::move(sum)};
  axes.x_label = "principal component of the hidden weights";
  axes.y_label = "share of Σ |w_j|^2, %";
  axes.x_range = range{0.4, static_cast<double>(count) + 0.6};
  axes.y_range = range{0.0, 104.0};
  axes.commands = "set boxwidth 0.7";
  figure fig;
  fig.name = "explained_variance";
  fig.width = 560;
  fig.height = 400;
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
