#include "masked_field.hpp"
#include "peers.hpp"
#include "reluflow/activation.hpp"
#include "reluflow/vector_field.hpp"

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

namespace reluflow::bench {
namespace {

template <auto release>
struct releases {
  template <class Handle>
  void operator()(Handle* handle) const {
    release(handle);
  }
};

void free_solver(void* memory) { CVodeFree(&memory); }

/// CVODE's Adams methods with functional iteration, which need no linear solver.
class adams {
 public:
  adams(const Eigen::VectorXd& start, double rtol, CVRhsFn field, void* user) {
    SUNContext context = nullptr;
    if (SUNContext_Create(nullptr, &context) != 0) throw std::runtime_error("no SUNDIALS context");
    context_.reset(context);
    state_.reset(N_VNew_Serial(start.size(), context));
    Eigen::Map<Eigen::VectorXd>(data(), start.size()) = start;
    solver_.reset(CVodeCreate(CV_ADAMS, context));
    iteration_.reset(SUNNonlinSol_FixedPoint(state_.get(), 0, context));
    CVodeInit(solver(), field, 0.0, state_.get());
    CVodeSStolerances(solver(), rtol, rtol * start.cwiseAbs().maxCoeff());
    CVodeSetNonlinearSolver(solver(), iteration_.get());
    CVodeSetUserData(solver(), user);
    CVodeSetMaxNumSteps(solver(), -1);
    CVodeSetErrFile(solver(), nullptr);
  }

  [[nodiscard]] void* solver() const { return solver_.get(); }
  [[nodiscard]] double* data() const { return N_VGetArrayPointer(state_.get()); }
  /// On to `stop`; CVODE's code of what happened.
  [[nodiscard]] int go_on(double stop) {
    return CVode(solver(), stop, state_.get(), &t_, CV_NORMAL);
  }
  void restart() { CVodeReInit(solver(), t_, state_.get()); }
  [[nodiscard]] double t() const { return t_; }

 private:
  std::unique_ptr<std::remove_pointer_t<SUNContext>,
                  decltype([](SUNContext context) { SUNContext_Free(&context); })>
      context_;
  std::unique_ptr<std::remove_pointer_t<N_Vector>, releases<&N_VDestroy>> state_;
  std::unique_ptr<void, releases<&free_solver>> solver_;
  std::unique_ptr<std::remove_pointer_t<SUNNonlinearSolver>, releases<&SUNNonlinSolFree>>
      iteration_;
  double t_ = 0.0;
};

/// Returned by a field when the time is up: CVODE stops at once.
constexpr int out_of_time = -1;

struct masked_user {
  masked_field field;
  stop_clock clock;
};

int masked_rate(double /*t*/, N_Vector y, N_Vector rate, void* user) {
  auto& own = *static_cast<masked_user*>(user);
  own.field(N_VGetArrayPointer(y), N_VGetArrayPointer(rate));
  return own.clock.is_over() ? out_of_time : 0;
}

/// The project's own field with modes held fixed, and all pre-activations as root functions.
struct frozen_user {
  vector_field field;
  flow_modes modes;
  Eigen::VectorXd state;  // with the dissipated loss at the end, which no one asks for here
  Eigen::VectorXd rate;
  field_values values;
  std::vector<char> held;  // pairs that rest on their surface: they have no root function
  stop_clock clock;
  std::int64_t evaluations = 0;

  frozen_user(const problem& task, double limit)
      : field(task.data, task.initial, chart_kind::cartesian),
        state(field.pack(task.initial)),
        held(static_cast<std::size_t>(field.neurons() * field.samples()), 0),
        clock(limit) {
    modes.pattern = activation_pattern(field.neurons(), field.samples());
    for (index j = 0; j < field.neurons(); ++j) {
      const Eigen::VectorXd z = inputs().transpose() * field.vectors(state).col(j);
      for (index k = 0; k < field.samples(); ++k) {
        modes.pattern.set(j, k, z[k] > 0.0 ? pair_mode::active : pair_mode::inactive);
      }
    }
  }

  [[nodiscard]] const Eigen::MatrixXd& inputs() const { return field.data().inputs(); }
  [[nodiscard]] index size() const { return field.coordinates() - 1; }

  void take(const double* y) { state.head(size()) = Eigen::Map<const Eigen::VectorXd>(y, size()); }
  [[nodiscard]] double loss_at(const double* y) {
    take(y);
    field.residuals(state, modes.pattern, values);
    return values.residuals.squaredNorm() / (2.0 * static_cast<double>(field.samples()));
  }
};

int frozen_rate(double /*t*/, N_Vector y, N_Vector rate, void* user) {
  auto& own = *static_cast<frozen_user*>(user);
  own.take(N_VGetArrayPointer(y));
  own.field.derivative(own.state, own.modes, own.rate, own.values);
  Eigen::Map<Eigen::VectorXd>(N_VGetArrayPointer(rate), own.size()) = own.rate.head(own.size());
  ++own.evaluations;
  return own.clock.is_over() ? out_of_time : 0;
}

/// z_jk for all pairs, sample by sample within a neuron.
int pre_activations(double /*t*/, N_Vector y, double* z, void* user) {
  auto& own = *static_cast<frozen_user*>(user);
  const index m = own.field.neurons();
  const Eigen::Map<const Eigen::MatrixXd> w(N_VGetArrayPointer(y) + m, own.field.dimension(), m);
  Eigen::Map<Eigen::MatrixXd>(z, own.field.samples(), m).noalias() = own.inputs().transpose() * w;
  for (std::size_t i = 0; i < own.held.size(); ++i) {
    if (own.held[i] != 0) z[i] = -1.0;
  }
  return own.clock.is_over() ? out_of_time : 0;
}

/// A pair that has become inactive and has no velocity stays where it is (relu'(0) = 0, inputs
/// orthogonal); left to itself it would wake up on rounding.
void hold_at_rest(const adams& solver, const std::vector<int>& directions, frozen_user& own) {
  own.take(solver.data());
  own.field.derivative(own.state, own.modes, own.rate, own.values);
  ++own.evaluations;
  const index n = own.field.samples();
  const Eigen::VectorXd& norms = own.field.data().norms();
  const double strongest = own.values.residuals.cwiseAbs().dot(norms) / static_cast<double>(n);
  for (std::size_t i = 0; i < directions.size(); ++i) {
    if (directions[i] >= 0) continue;
    const index j = static_cast<index>(i) / n;
    const index k = static_cast<index>(i) % n;
    const double velocity = own.values.forces.col(j).dot(own.inputs().col(k));
    if (std::abs(velocity) <= 1e-13 * strongest * norms[k]) own.held[i] = 1;
  }
}

/// Flips the modes whose pre-activation has changed its sign; returns how many.
std::int64_t flip(const adams& solver, std::vector<int>& directions, frozen_user& own) {
  CVodeGetRootInfo(solver.solver(), directions.data());
  std::int64_t flipped = 0;
  const index n = own.field.samples();
  for (std::size_t i = 0; i < directions.size(); ++i) {
    if (directions[i] == 0) continue;
    const auto at = static_cast<index>(i);
    own.modes.pattern.set(at / n, at % n,
                          directions[i] > 0 ? pair_mode::active : pair_mode::inactive);
    ++flipped;
  }
  hold_at_rest(solver, directions, own);
  return flipped;
}

/// A root that stays one is an error to CVODE. Where it is that of a pair which does not leave its
/// surface (relu'(0) = 0, inputs orthogonal), the pair is held there; returns whether there is one.
bool hold(const adams& solver, frozen_user& own) {
  own.take(solver.data());
  bool any = false;
  const index n = own.field.samples();
  for (index j = 0; j < own.field.neurons(); ++j) {
    const auto w = own.field.vectors(own.state).col(j);
    for (index k = 0; k < n; ++k) {
      char& is_held = own.held[static_cast<std::size_t>(j * n + k)];
      const double noise = 1e-12 * w.norm() * own.field.data().norms()[k];
      if (is_held != 0 || std::abs(w.dot(own.inputs().col(k))) > noise) continue;
      own.modes.pattern.set(j, k, pair_mode::inactive);
      is_held = 1;
      any = true;
    }
  }
  return any;
}

}  // namespace

measured by_cvode(const problem& task, double rtol, double limit) {
  masked_user user{masked_field(task), stop_clock(limit)};
  adams solver(user.field.start(), rtol, &masked_rate, &user);
  measured result;
  for (const double stop : curve_times(task)) {
    if (stop > 0.0 && solver.go_on(stop) < 0) break;
    result.t = stop;
    result.loss.push_back(user.field.loss_at(solver.data()));
  }
  if (result.t < task.flow.t_end) result.t = solver.t();
  result.seconds = user.clock.seconds();
  result.evaluations = user.field.evaluations();
  return result;
}

measured by_cvode_with_roots(const problem& task, double rtol, double limit) {
  frozen_user user(task, limit);
  adams solver(user.state.head(user.size()), rtol, &frozen_rate, &user);
  std::vector<int> directions(
      static_cast<std::size_t>(user.field.neurons() * user.field.samples()));
  CVodeRootInit(solver.solver(), static_cast<int>(directions.size()), &pre_activations);
  CVodeSetNoInactiveRootWarn(solver.solver());
  measured result;
  for (const double stop : curve_times(task)) {
    int happened = stop > 0.0 ? solver.go_on(stop) : CV_SUCCESS;
    while (happened == CV_ROOT_RETURN || (happened == CV_ILL_INPUT && hold(solver, user))) {
      if (happened == CV_ROOT_RETURN) result.switches += flip(solver, directions, user);
      solver.restart();
      happened = user.clock.is_over() ? out_of_time : solver.go_on(stop);
    }
    // The last root may lie within rounding of the stop.
    if (happened < 0 && happened != CV_TOO_CLOSE) break;
    result.t = stop;
    result.loss.push_back(user.loss_at(solver.data()));
  }
  if (result.t < task.flow.t_end) result.t = solver.t();
  result.seconds = user.clock.seconds();
  result.evaluations = user.evaluations;
  return result;
}

}  // namespace reluflow::bench
