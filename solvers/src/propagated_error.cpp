#include "propagated_error.hpp"

#include "length.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Errors act on each other once in so many steps: often enough for an estimate, and cheap.
constexpr int steps_between = 4;

/// Directional derivatives are differences over a way of this size, relative to the neurons: the
/// outputs are products of two factors, so that the second order is 1e-6 of the first.
constexpr double difference = 1e-6;

/// max_j |e_j|, relative to the neuron's size.
double largest(const vector_field& field, const Eigen::VectorXd& state, const Eigen::VectorXd& e) {
  double result = 0.0;
  for (index j = 0; j < field.neurons(); ++j) {
    const double size = size_of(field, state, j);
    if (size > 0.0) {
      result = std::max(result, std::hypot(e[j], length(field.vectors(e).col(j))) / size);
    }
  }
  return result;
}

}  // namespace

double size_of(const vector_field& field, const Eigen::VectorXd& state, index neuron) {
  if (field.chart() == chart_kind::spherical) return 1.0;
  return std::hypot(state[neuron], length(field.vectors(state).col(neuron)));
}

void propagated_error::start(const vector_field& field) {
  error_.setZero(field.coordinates());
  force_errors_.setZero(field.neurons());
  inside_.setZero(field.neurons());
  since_ = 0.0;
  steps_ = 0;
}

void propagated_error::carry(const vector_field& field, const Eigen::VectorXd& before,
                             const Eigen::MatrixXd& forces, const Eigen::VectorXd& after,
                             const Eigen::VectorXd& estimate, double left, double h) {
  // The estimate is the error of the fourth-order solution, of size (h lambda)^5; the step goes on
  // with the fifth, whose error is smaller by h lambda.
  const double missed = largest(field, before, estimate);
  const double share = std::min(1.0, std::pow(missed, 0.2));
  auto vectors = field.vectors(error_);
  const auto estimates = field.vectors(estimate);
  const bool spherical = field.chart() == chart_kind::spherical;
  inside_.resize(field.neurons());
  for (index j = 0; j < field.neurons(); ++j) {
    auto e = vectors.col(j);
    const double size = size_of(field, before, j);
    // Between its ends a step is no better than the estimate.
    inside_[j] = left + (size > 0.0 ? length(estimates.col(j)) / size : 0.0);
    const double own = error_[j];
    const double sign = spherical ? field.sign(before, j) : 1.0;
    const auto D = forces.col(j);
    error_[j] += h * sign * D.dot(e) + share * estimate[j];
    if (spherical) {
      const auto v = field.vectors(after).col(j);
      e *= std::exp(before[j] - after[j]);
      e += share * estimates.col(j);
      e -= e.dot(v) * v;
    } else {
      e += h * own * D + share * estimates.col(j);
    }
    // The residuals were off by something, and moved the neuron along some force.
    if (const double strength = length(D); strength > 0.0) e += left * size / strength * D;
  }
  since_ += h;
  ++steps_;
}

Eigen::VectorXd propagated_error::residual_change(const vector_field& field,
                                                  const Eigen::VectorXd& state,
                                                  const flow_modes& modes,
                                                  const field_values& values,
                                                  const Eigen::VectorXd& direction) {
  const double size = largest(field, state, direction);
  if (!(size > 0.0)) return Eigen::VectorXd::Zero(field.samples());
  const double scale = difference / size;
  field.residuals(state + scale * direction, modes.pattern, scratch_);
  return (scratch_.residuals - values.residuals) / scale;
}

void propagated_error::couple(const vector_field& field, const Eigen::VectorXd& state,
                              const flow_modes& modes, const field_values& values) {
  auto vectors = field.vectors(error_);
  for (const auto& [neuron, frame] : modes.frames) frame.project(vectors.col(neuron));
  if (steps_ < steps_between) return;
  const double h = std::exchange(since_, 0.0);
  steps_ = 0;
  const Eigen::VectorXd change = residual_change(field, state, modes, values, error_);
  if (!(change.squaredNorm() > 0.0)) return;
  field.products().forces(modes.pattern, change, pulls_, forces_);
  Eigen::VectorXd answer = Eigen::VectorXd::Zero(error_.size());
  auto answers = field.vectors(answer);
  const bool spherical = field.chart() == chart_kind::spherical;
  for (index j = 0; j < field.neurons(); ++j) {
    force_errors_[j] = length(forces_.col(j));
    if (const auto frame = modes.frames.find(j); frame != modes.frames.end()) {
      frame->second.project(forces_.col(j));
    }
    const auto D = forces_.col(j);
    const auto w = field.vectors(state).col(j);
    const double along = w.dot(D);
    if (spherical) {
      const double sign = field.sign(state, j);
      answer[j] = sign * along;
      answers.col(j) = sign * (D - along * w);
    } else {
      answer[j] = along;
      answers.col(j) = state[j] * D;
    }
  }
  // An implicit step, (I + h K) u = change, in the one direction of `change`: where it leaves the
  // least, which never enlarges it however stiff K is.
  const Eigen::VectorXd decay = -h * residual_change(field, state, modes, values, answer);
  const Eigen::VectorXd image = change + decay;
  const double share = std::clamp(change.dot(image) / image.squaredNorm(), 0.0, 1.0);
  error_ += h * share * answer;
}

double propagated_error::of_direction(const vector_field& field, const Eigen::VectorXd& state,
                                      index neuron) const {
  const double size = size_of(field, state, neuron);
  const double missed = length(field.vectors(error_).col(neuron));
  return size > 0.0 ? missed / size + inside_[neuron] : 0.0;
}

double propagated_error::of_direction(const vector_field& field,
                                      const Eigen::VectorXd& state) const {
  double result = 0.0;
  for (index j = 0; j < field.neurons(); ++j) {
    result = std::max(result, of_direction(field, state, j));
  }
  return result;
}

void propagated_error::rearrange(const vector_field& field, const std::vector<index>& before) {
  const index d = field.dimension();
  const auto count = static_cast<index>(before.size());
  const index count_before = force_errors_.size();
  const Eigen::Map<const Eigen::MatrixXd> vectors(error_.data() + count_before, d, count_before);
  const double typical = count_before > 0 ? vectors.colwise().norm().maxCoeff() : 0.0;
  const double force = count_before > 0 ? force_errors_.maxCoeff() : 0.0;
  Eigen::VectorXd error = Eigen::VectorXd::Zero(count * (d + 1) + 1);
  Eigen::VectorXd forces = Eigen::VectorXd::Constant(count, force);
  for (index j = 0; j < count; ++j) {
    const index from = before[static_cast<std::size_t>(j)];
    if (from >= 0) {
      error[j] = error_[from];
      forces[j] = force_errors_[from];
      error.segment(count + j * d, d) = vectors.col(from);
    } else {
      error.segment(count + j * d, d).setConstant(typical / std::sqrt(static_cast<double>(d)));
    }
  }
  inside_ = Eigen::VectorXd::Constant(count, inside_.size() > 0 ? inside_.maxCoeff() : 0.0);
  error_ = std::move(error);
  force_errors_ = std::move(forces);
}

double propagated_error::of_time(const zero_passage& at, double direction, double force) {
  constexpr double rounding = 16.0 * epsilon;
  const double missed = at.gain * (at.of_force ? force : direction + rounding);
  // It passes at its slope, or touches like a parabola.
  return std::min(missed / std::abs(at.slope), std::sqrt(2.0 * missed / std::abs(at.curvature)));
}

}  // namespace reluflow::detail
