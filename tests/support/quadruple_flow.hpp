#pragma once

#include "reluflow/activation.hpp"
#include "support/quadruple_series.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace reluflow::test {

/// One pair changed its mode; as `switch_event`, resting is inactive.
struct quad_switch {
  quad t;
  std::size_t neuron = 0;
  std::size_t sample = 0;
  pair_mode from = pair_mode::inactive;
  pair_mode to = pair_mode::inactive;
};

/// The gradient flow in quadruple precision, by Taylor series of order 36 with every step cut at
/// the first switch. It shares data and initial network with the integrators, and no code: slow
/// and small, to say what they should have found.
///
/// Which modes follow on an event is decided by the Taylor series that each combination of sides
/// leads to: the first coefficients that do not vanish must agree with the sides. To first order
/// these are the complementarity conditions; where velocities vanish the next order decides. Of
/// several solutions the one with the fewest active and sliding pairs is taken: relu'(0) = 0.
class quadruple_flow {
 public:
  quadruple_flow(const dataset& data, const network& initial);

  /// Goes on to t_end.
  /// @param times  increasing; the loss at those within reach is appended to `losses`
  void advance(const quad& t_end, const std::vector<double>& times = {});

  /// Called at the beginning of every step.
  std::function<void(const quadruple_flow&)> on_step;

  [[nodiscard]] const quad& t() const { return t_; }
  [[nodiscard]] const quad_data& data() const { return data_; }
  [[nodiscard]] const quad_state& state() const { return state_; }
  [[nodiscard]] const std::vector<quad_switch>& switches() const { return switches_; }
  [[nodiscard]] const std::vector<quad>& losses() const { return losses_; }
  /// Number of events at which several combinations of sides were solutions.
  [[nodiscard]] std::size_t ambiguous() const { return ambiguous_; }
  /// Number of times a neuron went through w = 0, or ended there.
  [[nodiscard]] std::size_t through_origin() const { return through_origin_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }

 private:
  struct watched {
    std::size_t neuron;
    std::size_t sample;
    polynomial function;
    quad scale;  ///< what is small against it is zero
  };
  using pair_set = std::vector<std::vector<bool>>;

  [[nodiscard]] quad step_length(const quad_series& series) const;
  [[nodiscard]] quad activation_scale(std::size_t j, std::size_t k) const;
  [[nodiscard]] quad velocity_scale(std::size_t j, std::size_t k) const;
  [[nodiscard]] quad multiplier_scale(std::size_t k) const;
  [[nodiscard]] std::vector<watched> watch(const quad_series& series) const;
  [[nodiscard]] int germ_sign(const polynomial& p, std::size_t first, const quad& scale) const;
  [[nodiscard]] bool follows(const quad_series& series, std::size_t j, std::size_t k,
                             quad_side& side) const;
  [[nodiscard]] bool release_resting(const quad_series& series);
  void read(const quad_series& series, const quad& t, quad_state& state) const;
  void record(const quad_series& series, const quad& h, const std::vector<double>& times);
  void handle_event(const std::vector<watched>& functions, const quad& h, const quad_state& before);
  void settle(std::size_t j, const std::vector<std::size_t>& boundary);
  void leave_origin(std::size_t j, const quad_vector& arrival);
  void note_changes(const std::vector<std::vector<quad_side>>& before);
  void project(std::size_t j);

  quad_data data_;
  quad_state state_;
  quad t_ = 0;
  quad length_ = 1;  ///< of the latest step not cut: the scale of time
  pair_set fresh_;   ///< stands on its surface at the beginning of the step and leaves it
  std::vector<bool> fresh_weight_;  ///< a_j is zero at the beginning of the step
  std::vector<bool> at_origin_;     ///< w_j = 0 for good
  std::vector<quad_switch> switches_;
  std::vector<quad> losses_;
  std::size_t ambiguous_ = 0;
  std::size_t through_origin_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace reluflow::test
