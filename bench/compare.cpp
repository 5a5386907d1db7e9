// Whole runs, side by side in one process: reluflow and solvers that know nothing of switching.
// Errors are the largest along the loss curve, relative to L(0), against reluflow at a tighter
// tolerance.
//
//     compare [--limit SECONDS] [--problem NAME...]

#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"

#include <CLI/CLI.hpp>
#include <boost/numeric/odeint.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function
using clock_type = std::chrono::steady_clock;

struct measured {
  std::int64_t evaluations = 0;
  std::int64_t switches = 0;
  double t = 0.0;
  std::vector<double> loss;  // at curve_times of the problem, as far as it came
  double seconds = 0.0;
};

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

constexpr index curve_points = 101;

std::vector<double> curve_times(const problem& task) {
  return linear_times(task.flow.t_end, curve_points);
}

measured by_reluflow(problem task, double rtol, switching_method switching, double limit) {
  task.flow.rtol = rtol;
  task.flow.switching = switching;
  task.record = {curve_times(task), false};
  const auto begin = clock_type::now();
  observers callbacks;
  callbacks.on_step = [&](const progress&) { return seconds_since(begin) < limit; };
  const trajectory run = integrate(task, callbacks);
  measured result{run.statistics.field_evaluations,
                  run.statistics.switches,
                  run.t,
                  {},
                  run.statistics.wall_seconds};
  for (const record_row& row : run.rows) result.loss.push_back(row.loss);
  return result;
}

measured by_descent(const problem& task, double step) {
  const auto begin = clock_type::now();
  const trajectory run =
      descend(task.data, task.initial, {step, task.flow.t_end}, {curve_times(task), false});
  measured result{run.statistics.field_evaluations, 0, run.t, {}, seconds_since(begin)};
  for (const record_row& row : run.rows) result.loss.push_back(row.loss);
  return result;
}

/// The peer to respect on large problems: classical Runge-Kutta of order 4 with a fixed step and
/// masks read off the signs. Tiles of neurons, matrix products within, masks never stored.
class masked_rk4 {
 public:
  explicit masked_rk4(const problem& task)
      : x_(task.data.inputs()),
        y_(task.data.labels()),
        alpha_(task.initial.output_scale()),
        a_(task.initial.output_weights()),
        w_(task.initial.weights()) {}

  measured run(double t_end, double h, double limit) {
    measured result;
    const auto begin = clock_type::now();
    const auto steps = static_cast<index>(std::llround(t_end / h));
    const index stride = std::max<index>(1, steps / (curve_points - 1));
    rate k1;
    rate k2;
    rate k3;
    rate k4;
    for (index i = 0; i <= steps; ++i) {
      field(a_, w_, k1);
      if (i % stride == 0) result.loss.push_back(loss_);
      result.t = static_cast<double>(i) * h;
      if (i == steps || seconds_since(begin) > limit) break;
      field(a_ + 0.5 * h * k1.a, w_ + 0.5 * h * k1.w, k2);
      field(a_ + 0.5 * h * k2.a, w_ + 0.5 * h * k2.w, k3);
      field(a_ + h * k3.a, w_ + h * k3.w, k4);
      a_ += h / 6.0 * (k1.a + 2.0 * k2.a + 2.0 * k3.a + k4.a);
      w_ += h / 6.0 * (k1.w + 2.0 * k2.w + 2.0 * k3.w + k4.w);
    }
    result.seconds = seconds_since(begin);
    result.evaluations = evaluations_;
    return result;
  }

 private:
  struct rate {
    Eigen::VectorXd a;
    Eigen::MatrixXd w;
  };
  static constexpr index tile = 32;

  void field(const Eigen::VectorXd& a, const Eigen::MatrixXd& w, rate& out) {
    const index m = a.size();
    h_.setZero(x_.cols());
    for (index j = 0; j < m; j += tile) {
      const index count = std::min(tile, m - j);
      z_.noalias() = x_.transpose() * w.middleCols(j, count);
      h_.noalias() += z_.cwiseMax(0.0) * a.segment(j, count);
    }
    r_ = (y_ - alpha_ * h_) / static_cast<double>(y_.size());
    loss_ = 0.5 * static_cast<double>(y_.size()) * r_.squaredNorm();
    out.w.resize(w.rows(), m);
    out.a.resize(m);
    for (index j = 0; j < m; j += tile) {
      const index count = std::min(tile, m - j);
      z_.noalias() = x_.transpose() * w.middleCols(j, count);
      z_ = (z_.array() > 0.0).select(r_.replicate(1, count), 0.0);
      out.w.middleCols(j, count).noalias() = x_ * z_;
    }
    out.a = w.cwiseProduct(out.w).colwise().sum().transpose();
    out.w = out.w * a.asDiagonal();
    ++evaluations_;
  }

  Eigen::MatrixXd x_;
  Eigen::VectorXd y_;
  double alpha_;
  Eigen::VectorXd a_;
  Eigen::MatrixXd w_;
  Eigen::MatrixXd z_;
  Eigen::VectorXd h_;
  Eigen::VectorXd r_;
  double loss_ = 0.0;
  std::int64_t evaluations_ = 0;
};

/// The field with modes read off the signs, as one writes it for a general solver.
class sign_field {
 public:
  explicit sign_field(const problem& task)
      : field_(task.data, task.initial, chart_kind::cartesian), start_(field_.pack(task.initial)) {
    modes_.pattern = activation_pattern(field_.neurons(), field_.samples());
    rate_.resize(start_.size());
  }

  void operator()(const std::vector<double>& state, std::vector<double>& rate, double /*t*/) {
    state_ = Eigen::Map<const Eigen::VectorXd>(state.data(), start_.size());
    const auto w = field_.vectors(state_);
    for (index j = 0; j < field_.neurons(); ++j) {
      for (index k = 0; k < field_.samples(); ++k) {
        const bool active = w.col(j).dot(field_.data().inputs().col(k)) > 0.0;
        modes_.pattern.set(j, k, active ? pair_mode::active : pair_mode::inactive);
      }
    }
    field_.derivative(state_, modes_, rate_, values_);
    Eigen::Map<Eigen::VectorXd>(rate.data(), start_.size()) = rate_;
    ++evaluations;
  }

  [[nodiscard]] const Eigen::VectorXd& start() const { return start_; }
  [[nodiscard]] double loss_at(const std::vector<double>& state) {
    std::vector<double> rate(state.size());
    (*this)(state, rate, 0.0);
    return values_.loss;
  }
  std::int64_t evaluations = 0;

 private:
  vector_field field_;
  Eigen::VectorXd start_;
  Eigen::VectorXd state_;
  Eigen::VectorXd rate_;
  flow_modes modes_;
  field_values values_;
};

/// Odeint's controlled Dormand-Prince stepper, tolerances relative to the size of the
/// initialisation.
measured by_plain_odeint(const problem& task, double rtol, double limit) {
  namespace odeint = boost::numeric::odeint;
  sign_field field(task);
  std::vector<double> state(field.start().data(), field.start().data() + field.start().size());
  auto stepper = odeint::make_controlled(rtol * field.start().cwiseAbs().maxCoeff(), rtol,
                                         odeint::runge_kutta_dopri5<std::vector<double>>());
  measured result;
  double h = 1e-3;
  const auto begin = clock_type::now();
  for (const double stop : curve_times(task)) {
    while (result.t < stop && seconds_since(begin) < limit) {
      double step = std::min(h, stop - result.t);
      const bool last = step < h;
      if (stepper.try_step(std::ref(field), state, result.t, step) != odeint::success || !last) {
        h = step;
      }
    }
    if (result.t < stop) break;
    result.loss.push_back(field.loss_at(state));
  }
  result.seconds = seconds_since(begin);
  result.evaluations = field.evaluations;
  return result;
}

/// Largest distance of two loss curves where both have a value, relative to L(0).
double error_of(const measured& m, const measured& reference) {
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(m.loss.size(), reference.loss.size()); ++i) {
    largest = std::max(largest, std::abs(m.loss[i] - reference.loss[i]));
  }
  return largest / reference.loss.front();
}

void print(std::string_view method, const measured& m, const measured& reference, double t_end) {
  std::string end = fmt::format("{:.1e}", error_of(m, reference));
  if (m.t < t_end * (1.0 - 1e-9)) end += fmt::format(", did not finish: t = {:.4g}", m.t);
  fmt::print("{:<34} {:>12} {:>9} {:>9.3f}  {}\n", method, m.evaluations, m.switches, m.seconds,
             end);
}

problem two_point() {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0, 1.0, 1.0;
  problem task{{inputs, Eigen::Vector2d(-1.0, 1.0)},
               balanced_network(60, 2, std::log(1e-6 / std::sqrt(60.0)), 1),
               {},
               {},
               1};
  task.flow.t_end = 40.0;
  return task;
}

problem five_point() {
  Eigen::MatrixXd inputs(1, 5);
  inputs << -1.5, -1.0, 0.0, 0.25, 2.0;
  Eigen::VectorXd labels(5);
  labels << 0.7, -0.3, -0.3, 0.4, 0.2;
  problem task{with_bias(inputs, labels),
               balanced_network(60, 2, std::log(1e-4 / std::sqrt(60.0)), 1),
               {},
               {},
               1};
  task.flow.t_end = 600.0;
  return task;
}

/// Paper C: Gaussian inputs, a linear teacher with noise variance 0.09.
problem gaussian(index samples, index width) {
  problem task{gaussian_data(samples, 5, 0.3, 1),
               gaussian_network(width, 5, 1e-5 / std::sqrt(static_cast<double>(width)), 1),
               {},
               {},
               1};
  task.flow.t_end = 50.0;
  return task;
}

struct entry {
  std::string name;
  problem task;
  bool general_solvers;  // small enough for solvers that stall
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Whole runs of reluflow beside general solvers");
  double limit = 60.0;
  std::vector<std::string> wanted;
  app.add_option("--limit", limit, "seconds after which a run is stopped")->capture_default_str();
  app.add_option("--problem", wanted, "two_point, five_point, gaussian_200, gaussian_2000");
  CLI11_PARSE(app, argc, argv);

  const std::vector<entry> entries{{"two_point", two_point(), true},
                                   {"five_point", five_point(), true},
                                   {"gaussian_200", gaussian(200, 200), false},
                                   {"gaussian_2000", gaussian(2000, 2000), false}};
  for (const auto& [name, task, general_solvers] : entries) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
    const double t_end = task.flow.t_end;
    const measured reference =
        by_reluflow(task, 1e-10, switching_method::asynchronous, 20.0 * limit);
    fmt::print("{}, n = {}, m = {}, T = {}\n{:<34} {:>12} {:>9} {:>9}  {}\n", name,
               task.data.size(), task.initial.width(), t_end, "method", "evaluations", "switches",
               "seconds", "error of the loss curve");
    const auto row = [&](std::string_view method, const measured& m) {
      print(method, m, reference, t_end);
    };
    for (const double rtol : {1e-6, 1e-8}) {
      row(fmt::format("reluflow asynchronous, {:g}", rtol),
          by_reluflow(task, rtol, switching_method::asynchronous, limit));
      row(fmt::format("reluflow global, {:g}", rtol),
          by_reluflow(task, rtol, switching_method::global, limit));
    }
    for (const double step : {0.05, 0.01, 0.002}) {
      row(fmt::format("RK4 with sign masks, step {:g}", step),
          masked_rk4(task).run(t_end, step, limit));
    }
    if (general_solvers) {
      for (const double step : {1e-2, 1e-3}) {
        row(fmt::format("gradient descent, step {:g}", step), by_descent(task, step));
      }
      for (const double rtol : {1e-6, 1e-8}) {
        row(fmt::format("Odeint dopri5, no events, {:g}", rtol),
            by_plain_odeint(task, rtol, limit));
      }
    }
    fmt::print("\n");
  }
}
