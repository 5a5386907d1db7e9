#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/plots/figure.hpp"
#include "reluflow/plots/render.hpp"
#include "reluflow/trajectory.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace reluflow::plots {

/// What the figures of a run show besides the run.
struct run_figure_options {
  std::vector<phase_band> phases{};    ///< shaded in the figures over time
  std::vector<time_mark> marks{};      ///< named times, e.g. stopping times
  std::vector<double> neuron_times{};  ///< up to four times for figures of neurons; empty: chosen
  bool log_time = false;               ///< a logarithmic time axis; t = 0 is left out
  std::optional<range> window{};       ///< times shown; default: the whole run
  int max_lines = 400;      ///< >= 1: neurons drawn in the figures of lines; when the run has
                            ///< more, a sample of all sizes is drawn, and the key says so
  render_options render{};  ///< how figures become files

  /// @throws invalid_input that names the option
  void validate() const;
};

/// Options that shade the phases of a run and mark the half-fit times (T_+ and T_-, or where the
/// half of the residuals is gone).
/// @param rows  phase_rows(run), or as read from phases.csv
[[nodiscard]] run_figure_options shown_with(const std::vector<phase_row>& rows);

/// "loss": L(t) on a linear and on a logarithmic axis, one above the other.
[[nodiscard]] figure loss_figure(const trajectory& run, const run_figure_options& options = {});

/// "curvature": the local-PL curvature mu(t) = -L'/L and its running mean (1/t) int_0^t mu, which
/// is the exponent of the loss: L(t) = L(0) exp(-t * mean).
[[nodiscard]] figure curvature_figure(const trajectory& run,
                                      const run_figure_options& options = {});

/// True for one-dimensional inputs with a bias: d = 2 and a second coordinate that is always 1.
[[nodiscard]] bool has_kinks(const dataset& data);

/// "neurons": at up to four times, the samples, the learned function, and each neuron w_j = (u, b)
/// as a point at the kink -b/u that it adds to the function, of height s_j |w_j|. Heights are
/// relative to the largest |w_j| at that time, which the title gives, because they span any number
/// of decades. Kinks outside the axes are drawn as triangles on the border; neurons that slide
/// carry a ring; a kink on a sample is what sliding looks like here.
///
/// Times are taken from the dense output when it was kept, else the nearest recorded state is
/// shown. Without `neuron_times`: the start, the times at which a third and two thirds of the fall
/// of the loss are done, the end.
/// @throws invalid_input when `has_kinks(data)` is false or there are more than four times
[[nodiscard]] figure neurons_figure(const dataset& data, const trajectory& run,
                                    const run_figure_options& options = {});

/// "neurons_animation": the picture of `neurons_figure` at any number of times, one after another.
/// Times at which something happens (switches, stopping times, steep parts of the loss) tell more
/// than equally spaced ones.
///
///     write_figure("figures", neurons_animation(data, run, times, 0.12));   // a GIF
///
/// @param times          within the run; as for `neurons_figure` the nearest known state is shown
/// @param frame_seconds  > 0: how long each is shown
/// @throws invalid_input when `has_kinks(data)` is false
[[nodiscard]] figure neurons_animation(const dataset& data, const trajectory& run,
                                       std::vector<double> times, double frame_seconds = 0.12);

/// "principal": at up to four times, each neuron in polar coordinates: the angle is that of w_j in
/// the plane of the two leading principal components (uncentred) of the final hidden weights, the
/// distance from the inner circle is |w_j| in units of the largest |w_j| at the end. So neurons
/// that are still tiny stand on the inner circle and show where they point. The shares of the sum
/// of |w_j|^2 that the components explain stand below. As figure 6 of paper A.
///
/// Times are those of `neurons_figure`.
/// @throws invalid_input when `data` and `run` do not belong together
[[nodiscard]] figure principal_figure(const dataset& data, const trajectory& run,
                                      const run_figure_options& options = {});

/// "principal_animation": the picture of `principal_figure` at any number of times, one after
/// another, as `neurons_animation`.
/// @throws invalid_input when `data` and `run` do not belong together
[[nodiscard]] figure principal_animation(const dataset& data, const trajectory& run,
                                         std::vector<double> times, double frame_seconds = 0.12);

/// Times at which something happens, for an animation: start and end, stopping times, about `steps`
/// of the switches, and about `steps` times between which the loss falls by as much.
/// @param steps  >= 1
[[nodiscard]] std::vector<double> animation_times(const trajectory& run, std::size_t steps = 60);

/// "explained_variance": the shares of the sum of |w_j|^2 that the leading principal components
/// (uncentred, at most ten) of the hidden weights explain, each and together. As figure 7 of
/// paper A.
/// @throws invalid_input when there is no neuron
[[nodiscard]] figure explained_variance_figure(const network& net);

/// "norms": ln|w_j| over time, one line a neuron, coloured by its final sign. While the loss stands
/// still the slopes are the rates of growth.
[[nodiscard]] figure norms_figure(const trajectory& run, const run_figure_options& options = {});

/// "directions": where the neurons point. For d = 2 the angle of each w_j, with the angles at which
/// <w, x_k> = 0 as horizontal lines (named up to eight samples) and sliding marked; otherwise the
/// cosine of each w_j to sum_k y_k x_k, the direction in which small positive neurons grow first.
[[nodiscard]] figure directions_figure(const dataset& data, const trajectory& run,
                                       const run_figure_options& options = {});

/// "raster": the mode of every pair over time, neurons (rows) sorted by final sign, then by final
/// direction. Up to six samples: a panel each, inactive / active / sliding. More: the number of
/// samples on which each neuron is active, and the number on which it slides. Switches stand at
/// their exact times unless there are too many to draw one by one; then the modes are sampled.
[[nodiscard]] figure raster_figure(const dataset& data, const trajectory& run,
                                   const run_figure_options& options = {});

/// Every figure that applies to the run.
/// @throws invalid_input as `write_figures` does
[[nodiscard]] std::vector<figure> figures_of(const dataset& data, const trajectory& run,
                                             const run_figure_options& options = {});

/// Writes every figure that applies to the run into `directory` and says what became of each.
///
///     for (const figure_result& r : write_figures(out / "figures", problem.data, run)) {
///       if (r.status != figure_status::complete) warn(r.message);
///     }
///
/// @throws invalid_input when `options` are malformed or `data` and `run` do not belong together
[[nodiscard]] std::vector<figure_result> write_figures(const std::filesystem::path& directory,
                                                       const dataset& data, const trajectory& run,
                                                       const run_figure_options& options = {});

}  // namespace reluflow::plots
