// Discrete optimisers beside the flow.

#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/gradient_descent.hpp"
#include "reluflow/solvers/optimiser.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

const dataset data = gaussian_data(12, 3, 0.5, 2);
const network start = gaussian_network(5, 3, 0.8, 4);

optimiser_options one_step(optimiser_method method, activation_function activation) {
  optimiser_options options;
  options.method = method;
  options.activation = activation;
  options.rate = 1e-3;
  options.steps = 1;
  options.batch = data.size();
  return options;
}

double largest_difference(const network& one, const network& other) {
  return std::max((one.weights() - other.weights()).cwiseAbs().maxCoeff(),
                  (one.output_weights() - other.output_weights()).cwiseAbs().maxCoeff());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_step_goes_down_the_gradient) {
  for (const auto activation : {activation_function::relu, activation_function::gelu}) {
    const auto options = one_step(optimiser_method::gradient_descent, activation);
    const network after = optimise(data, start, options).final_network;
    constexpr double h = 1e-6;
    const auto slope = [&](index j, index i) {
      const auto moved = [&](double by) {
        Eigen::VectorXd a = start.output_weights();
        Eigen::MatrixXd w = start.weights();
        (i < 0 ? a[j] : w(i, j)) += by;
        return loss(data, network::cartesian(a, w), activation);
      };
      return (moved(h) - moved(-h)) / (2.0 * h);
    };
    for (index j = 0; j < 5; ++j) {
      const double step = start.output_weights()[j] - after.output_weights()[j];
      BOOST_TEST(std::abs(step - 1e-3 * slope(j, -1)) < 1e-11);
      for (index i = 0; i < 3; ++i) {
        const double own = start.weights()(i, j) - after.weights()(i, j);
        BOOST_TEST(std::abs(own - 1e-3 * slope(j, i)) < 1e-11);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(gelu_is_between_relu_and_the_identity) {
  const network one = network::cartesian(vec({1.0}), columns({{1.0}}));
  const Eigen::MatrixXd at = columns({{-10.0}, {-1.0}, {0.0}, {1.0}, {10.0}});
  const Eigen::VectorXd h = outputs(one, at, activation_function::gelu);
  BOOST_TEST(std::abs(h[0]) < 1e-20);
  BOOST_TEST(h[1] == -0.15865525393145707, tolerance(1e-14));
  BOOST_TEST(h[2] == 0.0);
  BOOST_TEST(h[3] == 0.8413447460685429, tolerance(1e-14));
  BOOST_TEST(h[4] == 10.0, tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(a_batch_of_all_samples_is_gradient_descent) {
  auto options = one_step(optimiser_method::sgd, activation_function::relu);
  options.steps = 50;
  const network by_batches = optimise(data, start, options).final_network;
  options.method = optimiser_method::gradient_descent;
  const network at_once = optimise(data, start, options).final_network;
  BOOST_TEST(largest_difference(by_batches, at_once) < 1e-14);
  const trajectory descended = descend(data, start, {1e-3, 0.05});
  BOOST_TEST(largest_difference(descended.final_network, at_once) < 1e-14);
}

BOOST_AUTO_TEST_CASE(the_first_step_of_adam_is_the_sign_of_the_gradient) {
  const auto options = one_step(optimiser_method::adam, activation_function::gelu);
  const network after = optimise(data, start, options).final_network;
  const Eigen::MatrixXd step = (after.weights() - start.weights()).cwiseAbs();
  BOOST_TEST((step.array() - 1e-3).abs().maxCoeff() < 1e-8);
}

BOOST_AUTO_TEST_CASE(an_epoch_sees_every_sample_once) {
  // At a rate so small that the weights hardly move, the steps of an epoch add up to n/batch times
  // the gradient.
  auto options = one_step(optimiser_method::sgd, activation_function::relu);
  options.rate = 1e-9;
  options.batch = 4;
  options.steps = 3;
  const network epoch = optimise(data, start, options).final_network;
  options.batch = data.size();
  options.steps = 1;
  options.rate = 3e-9;
  const network whole = optimise(data, start, options).final_network;
  BOOST_TEST(largest_difference(epoch, whole) < 1e-15);
}

BOOST_AUTO_TEST_CASE(schedules_change_the_rate) {
  const rate_schedule steps = step_decay(0.5, 10);
  BOOST_TEST(steps(9) == 1.0);
  BOOST_TEST(steps(10) == 0.5);
  BOOST_TEST(steps(35) == 0.125);
  const rate_schedule cosine = cosine_decay(100);
  BOOST_TEST(cosine(0) == 1.0);
  BOOST_TEST(cosine(50) == 0.5, tolerance(1e-12));
  BOOST_TEST(cosine(100) == 0.0);
  BOOST_TEST(cosine(1000) == 0.0);
  optimiser_options options;
  options.steps = 21;
  options.record_every = 10;
  options.rate = 1e-3;
  options.schedule = steps;
  const optimiser_run run = optimise(data, start, options);
  BOOST_REQUIRE_EQUAL(run.rows.size(), 4U);
  BOOST_TEST(run.rows[1].rate == 5e-4);
  BOOST_TEST(run.rows[3].step == 21);
  BOOST_TEST(run.rows[3].loss == loss(data, run.final_network), tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(small_steps_end_where_the_flow_ends) {
  const Eigen::VectorXd beta = vec({1.0, 0.0, 0.0});
  const dataset cylinder = cylinder_data(100, beta, 0.1, {0.3}, 1);
  const auto parts = simplicity::halves_of(cylinder, beta);
  optimiser_options options;
  options.steps = 20000;
  options.rate = 0.05;
  options.schedule = cosine_decay(options.steps);
  const network small = ball_network(6, 3, 1e-2, 1);
  for (const auto method : {optimiser_method::sgd, optimiser_method::gradient_descent}) {
    options.method = method;
    const optimiser_run run = optimise(cylinder, small, options);
    for (const auto* part : {&parts.plus, &parts.minus}) {
      const Eigen::VectorXd found = simplicity::effective_weights(run.final_network, *part);
      BOOST_TEST((found - part->beta).norm() < 5e-3);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_rate_that_is_too_large_is_an_ending_and_misuse_is_refused) {
  optimiser_options options;
  options.rate = 1e3;
  BOOST_TEST(optimise(data, start, options).ending == outcome::not_finite);
  BOOST_TEST(optimise(data, start, options).rows.size() == 1U);
  options.rate = -1.0;
  BOOST_CHECK_THROW((void)optimise(data, start, options), invalid_input);
  BOOST_CHECK_THROW((void)optimise(gaussian_data(4, 2, 0.0, 1), start, {}), invalid_input);
  BOOST_CHECK_THROW((void)step_decay(2.0, 10), invalid_input);
}

}  // namespace reluflow::test
