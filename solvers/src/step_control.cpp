#include "step_control.hpp"

#include "length.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {

error_norm::error_norm(const vector_field& field, const Eigen::VectorXd& initial_state, double rtol,
                       double atol)
    : field_(&field),
      rtol_(rtol),
      displacement_rtol_(std::pow(rtol, 0.6)),
      label_scale_(field.data().labels().cwiseAbs().maxCoeff()) {
  if (label_scale_ == 0.0) label_scale_ = 1.0;
  if (field.chart() == chart_kind::spherical) return;
  absolute_.resize(field.neurons());
  for (index j = 0; j < field.neurons(); ++j) {
    absolute_[j] = atol * std::hypot(initial_state[j], length(field.vectors(initial_state).col(j)));
  }
}

double error_norm::operator()(const Eigen::VectorXd& state, const Eigen::VectorXd& new_state,
                              const Eigen::VectorXd& error,
                              const Eigen::VectorXd& residual_error) const {
  const bool spherical = field_->chart() == chart_kind::spherical;
  const auto v = field_->vectors(state);
  const auto new_v = field_->vectors(new_state);
  const auto v_error = field_->vectors(error);
  const index m = field_->neurons();
  const double largest_log = spherical && m > 0 ? new_state.head(m).maxCoeff() : 0.0;

  double worst = residual_error.cwiseAbs().maxCoeff() / (rtol_ * label_scale_);
  double moved = 0.0;
  double missed = 0.0;
  double size = 0.0;
  for (index j = 0; j < m; ++j) {
    const double direction_error = v_error.col(j).squaredNorm();
    const double direction_move = (new_v.col(j) - v.col(j)).squaredNorm();
    const double own_error = error[j] * error[j];
    const double own_move = (new_state[j] - state[j]) * (new_state[j] - state[j]);
    if (spherical) {
      worst = std::max(worst, std::sqrt(own_error + direction_error) / rtol_);
      // |d theta_j|^2 = |w_j|^2 (2 d rho^2 + |dv|^2), relative to the largest neuron.
      const double weight = std::exp(2.0 * (new_state[j] - largest_log));
      missed += weight * (2.0 * own_error + direction_error);
      moved += weight * (2.0 * own_move + direction_move);
      size += 2.0 * weight;
    } else {
      const double own_size = new_state[j] * new_state[j] + new_v.col(j).squaredNorm();
      const double scale = absolute_[j] + rtol_ * std::hypot(new_state[j], length(new_v.col(j)));
      // A neuron that is identically zero stays so: 0/0 is no error.
      if (scale > 0.0) {
        worst = std::max(worst, std::hypot(error[j], length(v_error.col(j))) / scale);
      }
      missed += own_error + direction_error;
      moved += own_move + direction_move;
      size += own_size;
    }
  }
  const double allowed = displacement_rtol_ * std::sqrt(moved) +
                         std::numeric_limits<double>::epsilon() * std::sqrt(size);
  if (allowed > 0.0) worst = std::max(worst, std::sqrt(missed) / allowed);
  // std::max drops NaN in its second argument: a step that is not finite must not pass.
  return new_state.allFinite() && error.allFinite() ? worst
                                                    : std::numeric_limits<double>::quiet_NaN();
}

double step_controller::accept(double error) {
  constexpr double beta = 0.04;
  constexpr double alpha = 0.2 - 0.75 * beta;
  const double bounded = std::max(error, 1e-10);
  double factor = 0.9 * std::pow(bounded, -alpha) * std::pow(last_error_, beta);
  factor = std::clamp(factor, 0.2, rejected_ ? 1.0 : 6.0);
  last_error_ = std::max(error, 1e-4);
  rejected_ = false;
  return factor;
}

double step_controller::reject(double error) {
  rejected_ = true;
  return std::isfinite(error) ? std::clamp(0.9 * std::pow(error, -0.2), 0.1, 0.9) : 0.1;
}

}  // namespace reluflow::detail
