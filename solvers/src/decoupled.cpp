#include "reluflow/solvers/decoupled.hpp"

#include "reluflow/errors.hpp"

#include <boost/numeric/odeint/integrate/integrate_times.hpp>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reluflow {
namespace {

/// a_1 ... a_m, then w_1, ..., w_m.
using state = std::vector<double>;

class decoupled_systems {
 public:
  decoupled_systems(const simplicity::halves& parts, const network& initial)
      : parts_(parts), initial_(initial), m_(initial.width()), d_(initial.dimension()) {}

  [[nodiscard]] state start() const {
    state x(static_cast<std::size_t>(m_ * (d_ + 1)));
    Eigen::VectorXd::Map(x.data(), m_) = initial_.output_weights();
    Eigen::MatrixXd::Map(x.data() + m_, d_, m_) = initial_.weights();
    return x;
  }

  void operator()(const state& x, state& rate, double /*t*/) const {
    rate.resize(x.size());
    const Eigen::Map<const Eigen::VectorXd> a(x.data(), m_);
    const Eigen::Map<const Eigen::MatrixXd> w(x.data() + m_, d_, m_);
    Eigen::Map<Eigen::VectorXd> a_rate(rate.data(), m_);
    Eigen::Map<Eigen::MatrixXd> w_rate(rate.data() + m_, d_, m_);
    a_rate.setZero();
    w_rate.setZero();
    for (const simplicity::half* part : {&parts_.plus, &parts_.minus}) {
      const auto own = simplicity::neurons_of(initial_, *part);
      if (own.empty()) continue;
      const Eigen::VectorXd effective = w(Eigen::all, own) * a(own);
      const Eigen::VectorXd D = -part->covariance * (effective - part->beta);
      for (const index i : own) {
        a_rate[i] = w.col(i).dot(D);
        w_rate.col(i) = a[i] * D;
      }
    }
  }

  [[nodiscard]] network at(const state& x) const {
    return network::cartesian(Eigen::VectorXd::Map(x.data(), m_),
                              Eigen::MatrixXd::Map(x.data() + m_, d_, m_));
  }

 private:
  const simplicity::halves& parts_;
  const network& initial_;
  index m_;
  index d_;
};

void check(const simplicity::halves& parts, const network& initial,
           const std::vector<double>& times, double rtol) {
  if (initial.dimension() != parts.plus.beta.size()) {
    throw invalid_input("network", fmt::format("weights of dimension {}", initial.dimension()),
                        fmt::format("{}, the dimension of the inputs", parts.plus.beta.size()));
  }
  if (initial.output_scale() != 1.0) {
    throw invalid_input("output scale", fmt::format("{}", initial.output_scale()), "1");
  }
  if (!(rtol >= 1e-13) || !(rtol <= 1e-2)) {
    throw invalid_input("rtol", fmt::format("{}", rtol), "a number in [1e-13, 1e-2]");
  }
  double last = -1.0;
  for (const double t : times) {
    if (!(t >= 0.0) || !(t > last) || !std::isfinite(t)) {
      throw invalid_input("times", fmt::format("{}", t), "increasing finite times >= 0");
    }
    last = t;
  }
}

}  // namespace

std::vector<network> follow_decoupled(const simplicity::halves& parts, const network& initial,
                                      const std::vector<double>& times, double rtol) {
  namespace odeint = boost::numeric::odeint;
  check(parts, initial, times, rtol);
  if (times.empty()) return {};
  const decoupled_systems systems(parts, initial);
  std::vector<double> grid = times;
  const bool from_zero = grid.front() == 0.0;
  if (!from_zero) grid.insert(grid.begin(), 0.0);
  state x = systems.start();
  double size = 0.0;
  for (const double value : x) size = std::max(size, std::abs(value));
  std::vector<network> states;
  using base_stepper = odeint::runge_kutta_fehlberg78<state>;
  using error_checker =
      odeint::default_error_checker<double, odeint::range_algebra, odeint::default_operations>;
  const odeint::controlled_runge_kutta<base_stepper> stepper(error_checker(rtol * size, rtol));
  odeint::integrate_times(stepper, systems, x, grid.begin(), grid.end(), 1e-3,
                          [&](const state& now, double t) {
                            if (from_zero || t > 0.0) states.push_back(systems.at(now));
                          });
  return states;
}

}  // namespace reluflow
