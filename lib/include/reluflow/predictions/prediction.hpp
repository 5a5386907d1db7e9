#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow {

/// What a predicted number claims.
enum class prediction_kind : std::uint8_t {
  exact,       ///< holds for every initialisation; a run differs by its own error only
  asymptotic,  ///< holds in a limit, usually of small initialisation, up to
               ///< `prediction::error_order`
  bound,       ///< the measured number stays on one side of it
};

/// The side of a bound on which measured numbers lie.
enum class bound_side : std::uint8_t {
  none,   ///< not a bound
  upper,  ///< measured <= value
  lower,  ///< measured >= value
};

/// "exact", "asymptotic" or "bound", as in predictions.csv.
[[nodiscard]] std::string_view to_string(prediction_kind kind) noexcept;

/// One hypothesis of a prediction, checked on the problem at hand.
struct assumption {
  std::string text;    ///< the hypothesis, e.g. "inputs are pairwise orthogonal"
  bool holds = false;  ///< whether the problem meets it
  std::string why;     ///< the numbers that decide it, e.g. "largest cosine 0.31, samples 0 and 2"
};

/// A closed form evaluated on a problem, with what must hold for it to be true.
struct prediction {
  std::string name;  ///< unique within a list; lower case with underscores
  prediction_kind kind = prediction_kind::exact;  ///< what the number claims
  bound_side side = bound_side::none;             ///< set for bounds only
  std::optional<double> value;  ///< empty where the quantity does not exist or cannot be computed
  std::string error_order;      ///< how the error falls, e.g. "O(lambda^2)"; empty when exact
  std::string reference;        ///< e.g. "paper A, Lemma 2; theory A8"
  std::vector<assumption> assumptions;  ///< all that the statement asks for, met or not

  /// True when no assumption fails.
  [[nodiscard]] bool assumptions_hold() const noexcept;
  /// True when the value exists and no assumption fails.
  [[nodiscard]] bool applies() const noexcept;
  /// The assumptions that fail, joined by "; "; empty when none does.
  [[nodiscard]] std::string objections() const;
};

/// A prediction beside what a run gave: one row of predictions.csv.
struct comparison {
  std::string name;                               ///< of the prediction
  prediction_kind kind = prediction_kind::exact;  ///< what the prediction claims
  std::optional<double> predicted;                ///< empty where it does not exist
  std::optional<double> measured;                 ///< empty where the run did not produce it
  std::optional<double> difference;               ///< measured - predicted, where both exist
  std::string reference;                          ///< as in the prediction
  /// Whether a bound holds, then the failing assumptions, then the caller's words. A bound is
  /// violated only where all assumptions hold; where one fails it may be "passed".
  std::string note;
  bool assumptions_hold = true;  ///< where one fails nothing is claimed of the measured number
};

/// Puts a measured number beside a prediction.
/// @param measured   empty when the run did not produce it; NaN violates every bound
/// @param note       appended to what the comparison has to say itself
/// @param tolerance  >= 0: error of the measurement, relative to the predicted value; a bound that
///                   is passed by no more counts as kept
[[nodiscard]] comparison compare(const prediction& predicted, std::optional<double> measured,
                                 std::string_view note = {}, double tolerance = 1e-9);

}  // namespace reluflow
