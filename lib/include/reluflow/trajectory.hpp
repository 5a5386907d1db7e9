#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/network.hpp"
#include "reluflow/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reluflow {

/// How a run ended. None of these is an exception.
enum class outcome : std::uint8_t {
  reached_end,    ///< t = t_end
  converged,      ///< the loss or the gradient norm fell below its level
  stopping_time,  ///< a terminal stopping time was reached
  accumulation,   ///< switches without end at one time; `trajectory::stalled_pairs` names them
  step_limit,     ///< max_steps steps were not enough
  not_finite,     ///< the state left the range of doubles
  interrupted,    ///< the caller asked to stop; everything up to `trajectory::t` is valid
};

/// The word of an outcome, as in summary.json.
[[nodiscard]] std::string_view to_string(outcome value) noexcept;
/// True for outcomes that answer the request: reached_end, converged, stopping_time.
[[nodiscard]] bool is_success(outcome value) noexcept;

/// One recorded time: a row of trajectory.csv.
struct record_row {
  double t = 0.0;              ///< time
  double loss = 0.0;           ///< L = 1/(2n) sum r_k^2
  double mu = 0.0;             ///< local-PL curvature -L'/L = |grad L|^2 / (alpha L)
  double mu_mean = 0.0;        ///< (1/t) int_0^t mu; mu(0) at t = 0
  double gradient_norm = 0.0;  ///< |grad L|, with the minimal-norm Clarke subgradient on surfaces
  index active = 0;            ///< pairs active
  index sliding = 0;           ///< pairs sliding
};

/// One pair changed its mode at time t: a row of switches.csv. Several changes of one pair at one
/// time are one event. A pair that comes to rest on its surface is noted as inactive.
struct switch_event {
  double t = 0.0;                        ///< time, exact to the tolerance of the run
  index neuron = 0;                      ///< j
  index sample = 0;                      ///< k
  pair_mode from = pair_mode::inactive;  ///< mode before
  pair_mode to = pair_mode::inactive;    ///< mode after
  bool repelling =
      false;  ///< the surface repels here: solutions are not unique, relu'(0) = 0 chose
  /// Estimate of the error of `t`, in time (docs/verify.md); infinity where nothing is known of it.
  double t_error = 0.0;
  /// False where `t_error` is as large as the step or as `t` itself: the switch is one of noise.
  bool certain = true;
};

/// One neuron slid on one sample's surface during [t_begin, t_end], with multiplier eta in [0, 1].
struct sliding_interval {
  index neuron = 0;            ///< j
  index sample = 0;            ///< k: the surface is that of x_k
  double t_begin = 0.0;        ///< entry
  double t_end = 0.0;          ///< end of the run where `open`
  double eta_begin = 0.0;      ///< eta just after entry
  double eta_end = 0.0;        ///< eta just before exit, or at the end of the run
  bool open = false;           ///< still sliding at the end of the run
  double t_begin_error = 0.0;  ///< of `t_begin`, as `switch_event::t_error`
  double t_end_error = 0.0;    ///< of `t_end`, likewise; 0 where `open`
  bool certain = true;         ///< both ends are, as `switch_event::certain`
};

/// A stopping time was reached.
struct stopping_event {
  std::string name;       ///< of the `stopping_time`
  double t = 0.0;         ///< when it was reached
  bool terminal = false;  ///< the run ended here
  std::string note;       ///< of the `stopping_time`
  record_row row;         ///< the figures at t
  network state;          ///< the network at t; no neurons unless states were kept
};

/// The interpolant of one step: every coordinate of the state is a quintic on [t0, t1], given by
/// its Bernstein coefficients.
struct dense_segment {
  double t0 = 0.0;          ///< begin of the step
  double t1 = 0.0;          ///< end of the step
  Eigen::MatrixXd control;  ///< coordinates x 6
};

/// Where the time of a run went, in seconds.
struct run_profile {
  double field = 0.0;         ///< evaluations of the whole field and of all residuals
  double certificates = 0.0;  ///< looking for switches in a step
  double local = 0.0;         ///< following the neurons that switch, each by itself
  double corrections = 0.0;   ///< correcting the residuals by what that changes
  double recording = 0.0;     ///< rows, stopping times and switches
};

/// What a run took, and how well it kept what the flow conserves.
struct run_statistics {
  std::int64_t steps = 0;              ///< accepted steps
  std::int64_t rejected = 0;           ///< steps tried again with a smaller size
  std::int64_t field_evaluations = 0;  ///< evaluations of the whole field
  std::int64_t switches = 0;           ///< rows of switches.csv
  std::int64_t certain_switches = 0;   ///< of those, the ones whose time is known
  std::int64_t slides = 0;             ///< entries into sliding
  std::int64_t repelling = 0;          ///< repelling surfaces met
  double dissipated = 0.0;  ///< int alpha |theta'|^2 dt = L(0) - L(t) up to the error of the run
  /// Estimate of the error of the final loss (docs/verify.md); 0 for solvers that have none.
  double loss_error = 0.0;
  double invariant_drift = 0.0;  ///< max_j |c_j(t) - c_j(0)| / (a_j^2 + |w_j|^2)
  double wall_seconds = 0.0;     ///< time inside the integrator
  run_profile profile{};         ///< of wall_seconds; what is left is bookkeeping
};

/// A finished run. A value: no solver is needed to read it.
struct trajectory {
  outcome ending = outcome::reached_end;     ///< how the run ended
  double t = 0.0;                            ///< time reached
  chart_kind chart = chart_kind::spherical;  ///< the chart that was used

  std::vector<record_row> rows;  ///< one for each recorded time
  std::vector<network> states;   ///< the network at each row, when kept
  network initial_network;       ///< at t = 0
  network final_network;         ///< at `t`
  record_row end;                ///< the figures at `t`

  activation_pattern
      initial_pattern;  ///< modes just after t = 0, by the sign of z alone (0: inactive)
  activation_pattern final_pattern;                    ///< modes at `t`
  std::vector<switch_event> switches;                  ///< in order of time
  std::vector<sliding_interval> slides;                ///< in order of t_begin
  std::vector<dense_segment> dense;                    ///< when kept
  std::vector<stopping_event> stopping_times;          ///< those reached, in order of time
  std::vector<std::pair<index, index>> stalled_pairs;  ///< (neuron, sample) of an `accumulation`
  run_statistics statistics;                           ///< counts and checks

  /// The network at any t in [0, this->t], from the dense output.
  /// @throws invalid_input when dense output was not kept or t is outside
  [[nodiscard]] network at(double time) const;
  /// The first time at which the stopping time of that name was reached; null when it was not.
  [[nodiscard]] const stopping_event* reached(std::string_view name) const noexcept;
};

/// The switches of a run without those that are noise and lead nowhere: where a pair goes through
/// switches that are not `certain` and comes back to the mode that it had, these are left out. What
/// is left leads to the same modes.
[[nodiscard]] std::vector<switch_event> switches_without_noise(const trajectory& run);

/// The modes of all pairs just after `time`: the initial pattern with the switches up to `time`.
/// Pairs that have come to rest since then show as inactive.
[[nodiscard]] activation_pattern pattern_at(const trajectory& run, double time);

}  // namespace reluflow
