// Whole runs, side by side in one process: reluflow and solvers that know nothing of switching.
// Errors are of the loss at the end, against reluflow at a tighter tolerance.
//
//     compare [--limit SECONDS]

#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"

#include <CLI/CLI.hpp>
#include <boost/numeric/odeint.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function
using clock_type = std::chrono::steady_clock;

struct measured {
  std::int64_t evaluations = 0;
  std::int64_t switches = 0;
  double t = 0.0;
  double loss = 0.0;
  double seconds = 0.0;
};

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

measured by_reluflow(problem task, double rtol, switching_method switching) {
  task.flow.rtol = rtol;
  task.flow.switching = switching;
  const trajectory run = integrate(task);
  return {run.statistics.field_evaluations, run.statistics.switches, run.t, run.end.loss,
          run.statistics.wall_seconds};
}

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
  [[nodiscard]] double loss() const { return values_.loss; }
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
  while (result.t < task.flow.t_end && seconds_since(begin) < limit) {
    h = std::min(h, task.flow.t_end - result.t);
    static_cast<void>(stepper.try_step(std::ref(field), state, result.t, h));
  }
  result.seconds = seconds_since(begin);
  result.evaluations = field.evaluations;
  result.loss = field.loss();
  return result;
}

void print(std::string_view method, const measured& m, double reference, double t_end) {
  const std::string end = m.t < t_end ? fmt::format("did not finish: t = {:.4g}", m.t)
                                      : fmt::format("{:.1e}", std::abs(m.loss - reference));
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

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Whole runs of reluflow beside general solvers");
  double limit = 60.0;
  app.add_option("--limit", limit, "seconds after which a peer is stopped")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  for (const auto& [name, task] :
       {std::pair{"two_point", two_point()}, {"five_point", five_point()}}) {
    const double reference = by_reluflow(task, 1e-11, switching_method::global).loss;
    fmt::print("{}, m = {}, T = {}\n{:<34} {:>12} {:>9} {:>9}  {}\n", name, task.initial.width(),
               task.flow.t_end, "method", "evaluations", "switches", "seconds",
               "error of the loss");
    const auto row = [&](std::string_view method, const measured& m) {
      print(method, m, reference, task.flow.t_end);
    };
    for (const double rtol : {1e-6, 1e-8}) {
      row(fmt::format("reluflow global, {:g}", rtol),
          by_reluflow(task, rtol, switching_method::global));
      row(fmt::format("reluflow asynchronous, {:g}", rtol),
          by_reluflow(task, rtol, switching_method::asynchronous));
    }
    for (const double step : {1e-2, 1e-3}) {
      const auto begin = clock_type::now();
      const trajectory run = descend(task.data, task.initial, {step, task.flow.t_end});
      row(fmt::format("gradient descent, step {:g}", step),
          {run.statistics.field_evaluations, 0, run.t, run.end.loss, seconds_since(begin)});
    }
    for (const double rtol : {1e-6, 1e-8}) {
      row(fmt::format("Odeint dopri5, no events, {:g}", rtol), by_plain_odeint(task, rtol, limit));
    }
    fmt::print("\n");
  }
}
