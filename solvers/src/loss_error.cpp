#include "loss_error.hpp"

#include "length.hpp"

#include <algorithm>
#include <cmath>

namespace reluflow::detail {

void loss_error::add(const vector_field& field, const Eigen::VectorXd& state,
                     const Eigen::VectorXd& rate, const Eigen::VectorXd& error, double undone,
                     double step) {
  const bool spherical = field.chart() == chart_kind::spherical;
  const auto vectors = field.vectors(state);
  const auto vector_rates = field.vectors(rate);
  const auto vector_errors = field.vectors(error);
  double missed = undone;
  double speed = 0.0;
  for (index j = 0; j < field.neurons(); ++j) {
    // In the spherical chart ln|w| and the direction are relative to the neuron's size already.
    const double size = spherical ? 1.0 : std::hypot(state[j], length(vectors.col(j)));
    if (size == 0.0) continue;
    missed = std::max(missed, std::hypot(error[j], length(vector_errors.col(j))) / size);
    speed = std::max(speed, std::hypot(rate[j], length(vector_rates.col(j))) / size);
  }
  // Where the flow stands still the quotient means nothing, and a step delays by its length at
  // most.
  delay_ += missed < speed * step ? missed / speed : (speed > 0.0 ? step : 0.0);
}

}  // namespace reluflow::detail
