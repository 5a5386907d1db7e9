#include "peers.hpp"

#include "masked_field.hpp"
#include "reluflow/solvers/flow.hpp"

#include <boost/numeric/odeint.hpp>

namespace reluflow::bench {
namespace {

measured of(const trajectory& run, double seconds) {
  measured result{run.statistics.field_evaluations, run.statistics.switches, run.t, {}, seconds};
  for (const record_row& row : run.rows) result.loss.push_back(row.loss);
  return result;
}

observers until(const stop_clock& clock) {
  observers callbacks;
  callbacks.on_step = [&clock](const progress&) { return !clock.is_over(); };
  return callbacks;
}

}  // namespace

measured by_reluflow(const problem& task, double rtol, switching_method switching, double limit) {
  flow_options flow = task.flow;
  flow.rtol = rtol;
  flow.switching = switching;
  const stop_clock clock(limit);
  const trajectory run =
      integrate(task.data, task.initial, flow, {curve_times(task), false}, until(clock));
  return of(run, clock.seconds());
}

/// Fixed steps over [0, t_end]; `advance` takes one from y with the rate k at y.
template <class Advance>
measured by_fixed_steps(const problem& task, double step, double limit, masked_field& field,
                        Advance advance) {
  Eigen::VectorXd y = field.start();
  Eigen::VectorXd k(y.size());
  const auto steps = static_cast<index>(std::llround(task.flow.t_end / step));
  const auto stride = steps / static_cast<index>(curve_times(task).size() - 1);
  measured result;
  const stop_clock clock(limit);
  for (index i = 0; i <= steps; ++i) {
    field(y.data(), k.data());
    if (i % stride == 0) result.loss.push_back(field.loss());
    result.t = static_cast<double>(i) * step;
    if (i == steps || clock.is_over()) break;
    advance(y, k);
  }
  result.seconds = clock.seconds();
  result.evaluations = field.evaluations();
  return result;
}

measured by_descent(const problem& task, double step, double limit) {
  masked_field field(task);
  const auto advance = [&](Eigen::VectorXd& y, const Eigen::VectorXd& k) { y += step * k; };
  return by_fixed_steps(task, step, limit, field, advance);
}

measured by_masked_rk4(const problem& task, double step, double limit) {
  masked_field field(task);
  Eigen::VectorXd between;
  Eigen::VectorXd k2(field.size());
  Eigen::VectorXd k3(field.size());
  Eigen::VectorXd k4(field.size());
  const auto advance = [&](Eigen::VectorXd& y, const Eigen::VectorXd& k1) {
    between = y + 0.5 * step * k1;
    field(between.data(), k2.data());
    between = y + 0.5 * step * k2;
    field(between.data(), k3.data());
    between = y + step * k3;
    field(between.data(), k4.data());
    y += step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
  };
  return by_fixed_steps(task, step, limit, field, advance);
}

measured by_odeint(const problem& task, double rtol, double limit) {
  namespace odeint = boost::numeric::odeint;
  using state_type = std::vector<double>;
  masked_field field(task);
  state_type state(field.start().begin(), field.start().end());
  const auto system = [&](const state_type& y, state_type& rate, double /*t*/) {
    field(y.data(), rate.data());
  };
  auto stepper = odeint::make_controlled(rtol * field.start().cwiseAbs().maxCoeff(), rtol,
                                         odeint::runge_kutta_dopri5<state_type>());
  measured result;
  double h = 1e-3;
  const stop_clock clock(limit);
  for (const double stop : curve_times(task)) {
    while (result.t < stop && !clock.is_over()) {
      double step = std::min(h, stop - result.t);
      const bool last = step < h;
      if (stepper.try_step(system, state, result.t, step) != odeint::success || !last) h = step;
    }
    if (result.t < stop) break;
    result.loss.push_back(field.loss_at(state.data()));
  }
  result.seconds = clock.seconds();
  result.evaluations = field.evaluations();
  return result;
}

}  // namespace reluflow::bench
