#pragma once

#include "measured.hpp"
#include "reluflow/problem.hpp"

namespace reluflow::bench {

// Every method follows the same problem and gives the loss at curve_times; it stops after `limit`
// seconds, wherever it is. Tolerances of general solvers are relative, with an absolute tolerance
// of rtol times the largest weight at the start.

[[nodiscard]] measured by_reluflow(const problem& task, double rtol, switching_method switching,
                                   double limit);

/// Gradient descent with a fixed step, the explicit Euler method, with sign masks.
[[nodiscard]] measured by_descent(const problem& task, double step, double limit);

/// The peer to respect on large problems: the classical Runge-Kutta method of order 4 with a fixed
/// step and sign masks.
[[nodiscard]] measured by_masked_rk4(const problem& task, double step, double limit);

/// Odeint's controlled Dormand-Prince stepper with sign masks.
[[nodiscard]] measured by_odeint(const problem& task, double rtol, double limit);

/// CVODE's Adams methods with sign masks.
[[nodiscard]] measured by_cvode(const problem& task, double rtol, double limit);

/// CVODE's Adams methods with frozen modes: all m n pre-activations are root functions, and where
/// one vanishes its mode is flipped and the solver starts again.
[[nodiscard]] measured by_cvode_with_roots(const problem& task, double rtol, double limit);

}  // namespace reluflow::bench
