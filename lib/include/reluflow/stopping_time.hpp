#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace reluflow {

/// The flow at one moment, as a stopping time sees it. What it refers to lives during the call.
struct flow_moment {
  double t = 0.0;                    ///< time
  const dataset& data;               ///< the samples
  const network& net;                ///< m neurons in dimension d
  const Eigen::VectorXd& residuals;  ///< r_k = y_k - h(x_k) (n)
  const Eigen::MatrixXd& forces;     ///< D_j, with sliding projected out (d x m, one a column)
  const activation_pattern& modes;   ///< m x n
  double loss = 0.0;                 ///< L = 1/(2n) sum r_k^2
  double mu = 0.0;                   ///< -L'/L
  double gradient_norm = 0.0;        ///< |grad L|
  const std::map<std::string, double>& reached;  ///< name and first time of those already reached
};

/// From which side a functional reaches its level.
enum class passage : std::uint8_t {
  rising,   ///< reached where value >= level
  falling,  ///< reached where value <= level
};

/// inf { t >= start : value(t) >= level }, or <= when falling: a functional of the state with a
/// level and a direction. A run that watches it says when it was reached, and ends there when it is
/// terminal.
///
///     record_options record;
///     record.stopping_times = {
///         {.name = "T_half", .value = [](const flow_moment& now) { return now.loss; },
///          .level = 0.25, .direction = passage::falling, .terminal = true}};
///     const trajectory run = integrate(data, start, flow, record);
///     if (run.ending == outcome::stopping_time) {
///       use(run.stopping_times.back().t, run.stopping_times.back().state);
///     }
///
/// The time is located on the dense output of the step, so it is as exact as the solution, and
/// steps do not depend on who watches. A functional may jump (a count of active pairs): then the
/// time is that of the jump. Reaching is noticed at the ends of steps and at switches; a functional
/// that passes its level and returns within one step is not seen. NaN counts as not reached.
struct stopping_time {
  std::string name{};                                 ///< unique within a run; not empty
  std::function<double(const flow_moment&)> value{};  ///< called often: keep it cheap
  double level = 0.0;                                 ///< finite
  passage direction = passage::rising;                ///< which side counts as reached
  double start = 0.0;     ///< >= 0: not before; a level that is passed already is reached then
  bool terminal = false;  ///< the run ends there as `outcome::stopping_time`
  bool repeated = false;  ///< every passage counts, not the first alone
  std::string note{};     ///< said beside the time, e.g. what the level is
  /// True when the value depends on single neurons by no more than their modes and, over all that
  /// have the same modes and sign of a, the sum of (a_j, w_j) (a_j, w_j)^T. Balanced networks of
  /// thousands of neurons are much faster then, because `net`, `forces` and `modes` may be those of
  /// a smaller network with the same modes and sums.
  bool collective = false;

  /// @throws invalid_input that names the stopping time and what is wrong with it
  void validate() const;
};

/// Stopping times from the library, collective but for `mass_rises_to`. Names and notes may be
/// changed afterwards.
namespace stopping {

/// t itself: something to look at, at a known time.
[[nodiscard]] stopping_time at(std::string name, double t);
/// The loss falls to `level` > 0.
[[nodiscard]] stopping_time loss_falls_to(std::string name, double level);
/// mu = -L'/L passes `level` > 0: the end (rising) or the beginning (falling) of a plateau of the
/// loss. Every passage counts.
[[nodiscard]] stopping_time curvature_passes(std::string name, double level, passage direction);
/// |(r_k)| falls to `fraction` of |(y_k)|, both over the samples whose label has the sign `sign`
/// (+1 or -1). With fraction 1/2 and aligned neurons this is the half-fit time (theory.md A7).
/// @throws invalid_input when no label has that sign
[[nodiscard]] stopping_time residual_falls_to(std::string name, const dataset& data, double sign,
                                              double fraction);
/// The neurons with sign `sign` point where their field pushes them: the mean of the cosines
/// s_j <D_j, w_j> / (|D_j||w_j|), weighted with |w_j|^2 |D_j|, rises to `cosine`. Neurons without a
/// field do not count. Only relative sizes of the neurons matter, so any initialisation will do.
[[nodiscard]] stopping_time aligned(std::string name, double sign, double cosine);
/// No pair with a_j y_k < 0 is active any more (paper A, Lemma 2 (iii); theory.md A8 (iii)).
/// Without orthogonality such pairs may wake up again later.
[[nodiscard]] stopping_time wrong_signs_extinct(std::string name, const dataset& data);
/// ln of the sum of |w_j|^2 over `neurons` rises to `log_mass`.
[[nodiscard]] stopping_time mass_rises_to(std::string name, std::vector<index> neurons,
                                          double log_mass);

}  // namespace stopping

/// What phases.hpp is built from, for any data and network (names as in phases.csv):
/// - plateau_entry, plateau_exit (repeated): mu falls to 1 %, rises to 2 % of (1/n) sum |y_k||x_k|
/// - aligned_+, aligned_-: cosine 0.99, for the signs that neurons have
/// - extinction: wrong_signs_extinct
/// - half_residual_+, half_residual_-: fraction 1/2, for the signs that labels have
/// @throws invalid_input when dimensions disagree
[[nodiscard]] std::vector<stopping_time> usual_stopping_times(const dataset& data,
                                                              const network& net);

}  // namespace reluflow
