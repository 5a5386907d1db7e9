#pragma once

#include "reluflow/alignment.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/trajectory.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace reluflow {

/// Options of the alignment flow.
struct alignment_options {
  double t_end = std::numeric_limits<double>::infinity();  ///< > 0; infinite: until nothing changes
  std::int64_t max_switches = 100'000;  ///< > 0: a neuron with more ends as `accumulation`

  /// @throws invalid_input that names the option
  void validate() const;
};

/// A stretch of one neuron's path on which its field D is constant, so that it moves in closed form
/// (theory.md A4).
struct alignment_segment {
  double t = 0.0;          ///< begins here; ends where the next one begins
  double log_scale = 0.0;  ///< the weights at t are exp(log_scale) times a and w
  double a = 0.0;          ///< output weight at the beginning
  Eigen::VectorXd w;       ///< d
  Eigen::VectorXd D;       ///< d, with sliding projected out
  bool shrinks =
      false;  ///< points straight against its field: keeps its direction, decays for ever
};

/// What one neuron does while the outputs of the network are negligible.
struct aligned_neuron {
  outcome ending = outcome::converged;  ///< converged, reached_end, accumulation
  /// Where the neuron goes when nothing changes any more: its field D, the direction w to which it
  /// turns, the surfaces that hold it and their multipliers.
  extremal_vector limit;
  double sign = 0.0;  ///< sign of a_j then
  /// ln A with |w_j|^2 ~ a_j^2 ~ A exp(2 |D| t) at last; -infinity for a neuron that shrinks.
  double log_amplitude = 0.0;
  std::vector<alignment_segment> segments;  ///< in order of time, at least one
};

/// A finished alignment.
struct alignment_run {
  std::vector<aligned_neuron> neurons;  ///< m
  std::vector<switch_event> switches;   ///< of all neurons, in order of time
  network initial;                      ///< the network at t = 0

  /// The network at time t >= 0.  @throws invalid_input when t is negative
  [[nodiscard]] network at(double t) const;
};

/// Follows the flow with the outputs frozen at h = 0, which is the limit of a vanishing
/// initialisation: every neuron moves by itself in a field that depends on its activations alone,
/// w' = a D(w), a' = <w, D(w)>. Between switches it moves in closed form, switches are roots of
/// quadratic equations, and on surfaces it slides (theory.md A4, C1-C5, 4.3, 4.4). No step size, no
/// tolerance; results do not depend on the number of threads.
///
///     const alignment_run run = align(data, balanced_network(100, d, 0.0, seed));
///     for (const aligned_neuron& one : run.neurons) use(one.limit.D, one.limit.zero_set);
///
/// Every `converged` neuron ends at an extremal vector (paper C, Definition 1) that `verify`
/// accepts, unless it meets the origin.
/// @throws invalid_input when dimensions disagree, an option is out of range or a neuron has w = 0
[[nodiscard]] alignment_run align(const dataset& data, const network& initial,
                                  const alignment_options& options = {});

/// Extremal vectors found by the alignment flow from random directions of either sign: those that
/// attract, each D once. The way for large n, where `extremal_vectors` has too many faces to visit;
/// what no start leads to is missing.
/// @param starts  >= 1: directions drawn, half of them for each sign
[[nodiscard]] std::vector<extremal_vector> extremal_vectors_by_flow(const dataset& data,
                                                                    index starts,
                                                                    std::uint64_t seed);

}  // namespace reluflow
