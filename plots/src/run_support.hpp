#pragma once

#include "reluflow/plots/run_figures.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::plots {

/// The times shown: the window, or all of the run. On a logarithmic axis they start at the first
/// recorded time after 0, or at the first switch that is not noise if that is earlier and
/// `with_switches`.
[[nodiscard]] range shown_times(const trajectory& run, const run_figure_options& options,
                                bool with_switches = false);

/// A panel over time, with phases and marks; without their names when `named` is false.
[[nodiscard]] panel time_panel(const trajectory& run, const run_figure_options& options,
                               bool named = true);

/// A line over time, cut to the times shown before it is decimated.
[[nodiscard]] layer time_line(std::string label, const std::vector<double>& t,
                              const std::vector<double>& y, const panel& axes,
                              std::string_view colour, double width);

/// Calls `see` for every state of the run that is known, in order of time: the recorded ones and
/// those at stopping times, else samples of the dense output, and in any case the first and the
/// last.
/// @throws invalid_input when states were kept and are not as many as rows
void visit_states(const trajectory& run, const std::function<void(double, const network&)>& see);

/// The network at one time.
struct moment {
  double t = 0.0;
  network net;
};

/// The run at the wanted times, in order: exact from the dense output, else the nearest state that
/// is known. Times that lead to the same state give one.
[[nodiscard]] std::vector<moment> moments_at(const trajectory& run, std::vector<double> wanted);
/// The run at the times that `options.neuron_times` asks for, or at four that show what happened.
[[nodiscard]] std::vector<moment> chosen_moments(const trajectory& run,
                                                 const run_figure_options& options);

/// The panels of `neurons_animation`, which share their axes.
/// @param point_scale  of the sizes of points
/// @throws invalid_input when `has_kinks(data)` is false
[[nodiscard]] figure neurons_frames(const dataset& data, const trajectory& run,
                                    std::vector<double> times, double point_scale);

/// At most `limit` neurons, spread evenly over the order of their sizes, the largest included; in
/// increasing order.
[[nodiscard]] std::vector<index> drawn_neurons(const network& net, index limit);

/// "positive neurons", ..., and the colour that goes with the sign.
[[nodiscard]] std::string sign_label(double sign);
[[nodiscard]] std::string_view sign_colour(double sign);
/// `colour` with an opacity in [0, 1].
[[nodiscard]] std::string translucent(std::string_view colour, double opacity);

/// A quantity of each drawn neuron at every known state.
struct neuron_curves {
  std::vector<index> neurons;
  index width = 0;  ///< neurons of the run
  std::vector<double> t;
  std::vector<std::vector<double>> values;  ///< neuron by neuron
  double period = 0.0;  ///< > 0: values are known up to multiples, and lie in (-period/2, period/2]
};

[[nodiscard]] neuron_curves trace(const trajectory& run, const run_figure_options& options,
                                  const std::function<double(const network&, index)>& quantity);

/// Adds the curves as thin lines coloured by the final sign.
void add_by_sign(panel& axes, const neuron_curves& curves, const network& last);
/// Adds the parts of the curves during which their neuron slides.
void add_sliding(panel& axes, const neuron_curves& curves, const trajectory& run);

/// The direction in which small neurons grow first: sum_k y_k x_k, normalised; zero where it
/// vanishes.
[[nodiscard]] Eigen::VectorXd mean_direction(const dataset& data);
/// "{:.{digits}g}" with a minus sign in place of the hyphen, as gnuplot sets its ticks.
[[nodiscard]] std::string number_text(double value, int digits = 3);
/// The angle of a plane vector in degrees, in (-180, 180].
[[nodiscard]] double angle_of(double u, double v);

/// @throws invalid_input when the samples have another dimension than the run's neurons
void require_same_dimension(const dataset& data, const trajectory& run);

}  // namespace reluflow::plots
