// What ends a run inside a step: levels of loss and gradient, stopping times.

#include "integrator.hpp"
#include "stopwatch.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <limits>

namespace reluflow::detail {

bool integrator::below_level(double loss, double gradient_norm) const {
  return loss < flow_->stop_loss || gradient_norm < flow_->stop_gradient;
}

/// The time at which the loss or the gradient falls below its level in this step, or its end.
double integrator::stop_in(const step_solution& solution) {
  const double span = solution.t1 - solution.t0;
  if (flow_->stop_loss <= 0.0 && flow_->stop_gradient <= 0.0) return solution.t1;
  const auto excess = [&](double fraction) {
    const record_row row = recorder_.row(solution.t0 + fraction * span, solution.state_at(fraction),
                                         solution.modes_at(fraction), fraction);
    double above = std::numeric_limits<double>::infinity();
    if (flow_->stop_loss > 0.0) above = std::min(above, row.loss / flow_->stop_loss - 1.0);
    if (flow_->stop_gradient > 0.0) {
      above = std::min(above, row.gradient_norm / flow_->stop_gradient - 1.0);
    }
    return above;
  };
  const double end = excess(1.0);
  const double begin = end < 0.0 ? excess(0.0) : 1.0;
  if (!(end < 0.0) || !(begin > 0.0)) return solution.t1;
  std::uintmax_t iterations = 60;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, 0.0, 1.0, begin, end, boost::math::tools::eps_tolerance<double>(48), iterations);
  return std::min(solution.t0 + bracket.second * span, solution.t1);
}

/// The time at which something ends the run in this step, or the end of the step. Notes the
/// stopping times until then.
double integrator::watched_until(const step_solution& solution) {
  const double until = stop_in(solution);
  if (watch_.empty()) return until;
  for (const stop_found& one : watch_.search(solution)) {
    if (one.t > until) break;
    const record_row row = recorder_.row(one.t, one.state, one.modes, one.fraction);
    network state;
    if (record_->states) state = solution.network_at(one.fraction, one.state);
    run_.stopping_times.push_back(watch_.describe(one, row, std::move(state)));
    stopping_time_reached_ = run_.stopping_times.back().terminal;
    if (stopping_time_reached_) return one.t;
  }
  return until;
}

/// Records the rows of a step up to the time at which something ends the run in it, or to its end;
/// returns that time.
double integrator::recorded_until(const step_solution& solution) {
  const stopwatch in_recording(run_.statistics.profile.recording);
  const double until = watched_until(solution);
  recorder_.rows(solution, until);
  return until;
}

void integrator::stop_at(double t, const step_solution& solution) {
  const double fraction = (t - solution.t0) / (solution.t1 - solution.t0);
  Eigen::VectorXd state = solution.state_at(fraction);
  flow_modes modes = solution.modes_at(fraction);
  t_ = t;
  cells_.arrive(fraction);
  state_ = std::move(state);
  modes_ = std::move(modes);
  ending_ = stopping_time_reached_ ? outcome::stopping_time : outcome::converged;
}

}  // namespace reluflow::detail
