#pragma once

#include <cmath>
#include <limits>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// What a run has dissipated and the integral of mu, added up step by step.
///
/// On a step that ends at loss L, the loss before it is L plus what is dissipated until then, so
/// that the integral of mu = -L'/L over the step is ln(1 + dissipated/L). Each step starts from the
/// loss of its own state: were the loss of the states not to follow from what is dissipated, the
/// sum would tell (theory.md B1).
class energy_account {
 public:
  /// @param loss  at t = 0
  void open(double loss) { initial_loss_ = loss; }
  /// |r(0)|/|r| at a loss; 1 where nothing is left.
  [[nodiscard]] double decay(double loss) const {
    return loss > 0.0 ? std::sqrt(initial_loss_ / loss) : 1.0;
  }
  /// int alpha |theta'|^2 from t = 0 to the start of the current step.
  [[nodiscard]] double dissipated() const noexcept { return dissipated_; }
  /// int mu from t = 0 to a time in the current step.
  /// @param part  dissipated since the start of the step
  /// @param loss  at that time
  [[nodiscard]] double curvature_until(double part, double loss) const {
    // Between the ends of a step a part of almost nothing may come out below zero.
    if (!(loss > 0.0 && part > 0.0)) return curvature_;
    const double ratio = part / loss;
    return curvature_ + (std::isinf(ratio) ? std::log(part) - std::log(loss) : std::log1p(ratio));
  }
  /// What counts of the energy error of a trial step, in units of the tolerance: nothing once a
  /// trial is too large and a shorter one is no better, because then it is not the step's.
  [[nodiscard]] double counts(double error) {
    if (!(error > 1.0)) return error;
    if (error > 0.9 * last_error_) beyond_help_ = true;
    last_error_ = error;
    return beyond_help_ ? 0.0 : error;
  }
  /// Takes over a step that dissipated `part` and ended at `loss`.
  void book(double part, double loss) {
    curvature_ = curvature_until(part, loss);
    dissipated_ += part;
    last_error_ = std::numeric_limits<double>::infinity();
    beyond_help_ = false;
  }

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(initial_loss_, dissipated_, curvature_, last_error_, beyond_help_);
  }

  double initial_loss_ = 0.0;
  double dissipated_ = 0.0;
  double curvature_ = 0.0;
  double last_error_ = std::numeric_limits<double>::infinity();  // of a trial from here
  bool beyond_help_ = false;
};

}  // namespace reluflow::detail
