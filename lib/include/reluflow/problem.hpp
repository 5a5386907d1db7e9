#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/stopping_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reluflow {

/// Coordinates in which neurons are integrated.
enum class chart_kind : std::uint8_t {
  automatic,  ///< spherical when the network is balanced, Cartesian otherwise
  spherical,  ///< (ln|w_j|, w_j/|w_j|); balanced networks only
  cartesian,  ///< (a_j, w_j)
};

/// How a step that contains activation switches is completed.
enum class switching_method : std::uint8_t {
  global,        ///< the whole system is restarted at every switch
  asynchronous,  ///< only the neurons that switch are integrated again, each by itself
};

/// What relu'(0) means where a neuron stands exactly on a switching surface.
enum class surface_rule : std::uint8_t {
  filippov,  ///< relu'(0) = 0, completed by sliding where that has no solution
  fixed,     ///< relu'(0) = 0 and nothing else: an attracting surface ends the run (`accumulation`)
};

/// Options of the flow. Defaults serve most runs.
struct flow_options {
  double t_end = 1.0;   ///< > 0, finite: the run covers [0, t_end]
  double rtol = 1e-9;   ///< in [1e-13, 1e-2]: error of one step relative to each neuron's own size
  double atol = 1e-12;  ///< >= 0: Cartesian chart only, in units of a neuron's initial size
  chart_kind chart = chart_kind::automatic;  ///< coordinates of the neurons
  /// How steps with switches are completed; with surface_rule::fixed always globally.
  switching_method switching = switching_method::asynchronous;
  surface_rule rule = surface_rule::filippov;  ///< relu'(0)
  double stop_loss = 0.0;                      ///< >= 0: end as `converged` when the loss is below
  double stop_gradient = 0.0;                  ///< >= 0: end as `converged` when |grad L| is below
  std::int64_t max_steps = 1'000'000;          ///< > 0: end as `step_limit` after this many steps
  std::int64_t max_stalled_switches =
      1000;  ///< > 0: end as `accumulation` after this many restarts
             ///< at switches during which time has not moved on

  /// @throws invalid_input that names the option as in a problem file, e.g. "flow.rtol"
  void validate() const;
};

/// What of a run is kept.
struct record_options {
  /// Increasing, within [0, t_end]; a run that ends early records fewer.
  std::vector<double> times{};
  bool states = true;  ///< keep the network at every recorded time
  /// Keep every switch (32 bytes each; a run has about m n / 2). Otherwise they are counted only,
  /// and `pattern_at` knows no more than the initial pattern.
  bool switches = true;
  bool dense = false;  ///< keep the interpolant of every step (6 doubles a coordinate a step)
  std::vector<stopping_time> stopping_times{};  ///< watched; terminal ones end the run

  /// @throws invalid_input that names the option as in a problem file, e.g. "record.times"
  void validate(double t_end) const;
};

/// `count` >= 2 times from 0 to t_end, equally spaced.
[[nodiscard]] std::vector<double> linear_times(double t_end, index count);
/// 0 and then `count` - 1 times up to t_end, equally spaced in the logarithm, from t_end * 1e-4.
[[nodiscard]] std::vector<double> log_times(double t_end, index count);

/// A training problem: data, initial network, options. What a problem file describes.
struct problem {
  dataset data;                       ///< the samples
  network initial;                    ///< the network at t = 0
  flow_options flow;                  ///< how it is integrated
  record_options record;              ///< what is kept
  std::optional<std::uint64_t> seed;  ///< seed of a generated part, if any
};

}  // namespace reluflow
