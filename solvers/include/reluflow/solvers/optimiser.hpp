#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/trajectory.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

/// What people train with, for comparison with the flow: discrete steps on the same loss.
namespace reluflow {

/// The activation function of the hidden layer.
enum class activation_function : std::uint8_t {
  relu,
  gelu,  ///< x Phi(x) with Phi the normal distribution function, not its tanh approximation
};

/// h(x) at the columns of `inputs` (d x any) with either activation function.
/// @throws invalid_input when dimensions disagree
[[nodiscard]] Eigen::VectorXd outputs(const network& net, const Eigen::MatrixXd& inputs,
                                      activation_function activation);
/// L = 1/(2n) sum of (y_k - h(x_k))^2 with either activation function.
[[nodiscard]] double loss(const dataset& data, const network& net, activation_function activation);

/// How a step is made from a gradient.
enum class optimiser_method : std::uint8_t {
  gradient_descent,  ///< all samples in every step
  sgd,               ///< batches; every sample once an epoch, in an order drawn anew for each
  adam,              ///< Adam (Kingma and Ba 2014) on the same batches
};

/// A factor of the learning rate, for step 0, 1, 2, ...
using rate_schedule = std::function<double(std::int64_t step)>;

/// Multiplies the rate by `factor` every `every` steps, as the warm restarts of paper C, A.5.
/// @throws invalid_input unless 0 < factor <= 1 and every >= 1
[[nodiscard]] rate_schedule step_decay(double factor, std::int64_t every);
/// Half a cosine from 1 down to 0 over `steps` >= 1 steps.
/// @throws invalid_input unless steps >= 1
[[nodiscard]] rate_schedule cosine_decay(std::int64_t steps);

/// Options of the discrete optimisers. The rate is that of L = 1/(2n) sum r^2: a library whose loss
/// is the mean square without the 1/2 moves twice as far at the same rate, so its rate 0.01 is 0.02
/// here (not for Adam, which does not feel the scale of the loss).
struct optimiser_options {
  optimiser_method method = optimiser_method::sgd;             ///< how a step is made
  activation_function activation = activation_function::relu;  ///< of the hidden neurons
  double rate = 0.02;                                          ///< > 0: learning rate
  rate_schedule schedule = {};                                 ///< empty: constant
  std::int64_t steps = 1000;                                   ///< >= 0
  index batch = 32;               ///< >= 1: samples in a step; n when there are fewer
  std::uint64_t seed = 1;         ///< of the order of the samples
  double beta1 = 0.9;             ///< Adam: decay of the mean, in [0, 1)
  double beta2 = 0.999;           ///< Adam: decay of the mean square, in [0, 1)
  double epsilon = 1e-8;          ///< Adam: > 0
  std::int64_t record_every = 0;  ///< steps between rows; 0: the first and the last only

  /// @throws invalid_input that names the option
  void validate() const;
};

/// One recorded step.
struct optimiser_row {
  std::int64_t step = 0;       ///< number of steps done
  double loss = 0.0;           ///< L on all samples
  double rate = 0.0;           ///< learning rate of the next step
  double gradient_norm = 0.0;  ///< |grad L| on all samples
};

/// A run by discrete steps.
struct optimiser_run {
  outcome ending = outcome::reached_end;  ///< or not_finite, where a step was too large
  std::vector<optimiser_row> rows;        ///< one for each recorded step
  network final_network;                  ///< of the last recorded step that was finite
};

/// Trains a network by discrete steps, relu'(0) = 0. A warm restart is a second call from
/// `final_network` with another schedule; the means of Adam begin anew then.
///
///     const optimiser_run first = optimise(data, start, {.steps = 100'000});
///     const optimiser_run second =
///         optimise(data, first.final_network, {.schedule = step_decay(0.85, 1000)});
///
/// @throws invalid_input when dimensions disagree or an option is out of range
[[nodiscard]] optimiser_run optimise(const dataset& data, const network& initial,
                                     const optimiser_options& options);

}  // namespace reluflow
