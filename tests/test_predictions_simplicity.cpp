// Paper C's closed forms: the cylinder law, least squares on both halves, stopping times.

#include "reluflow/alignment.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/solvers/alignment_flow.hpp"
#include "reluflow/solvers/decoupled.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::simplicity {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;
using reluflow::index;

const Eigen::VectorXd teacher = vec({1.0, 0.0, 0.0});

struct experiment {
  dataset data;
  halves parts;
  trajectory run;
};

/// theory.md C10: d = 3, six neurons, eq (8).
experiment train(index n, double noise, double lambda, std::uint64_t seed, double t_end = 150.0) {
  dataset data = cylinder_data(n, teacher, 0.1, {noise}, seed);
  // Both signs of a_j: seeds without them are passed over.
  network start = ball_network(6, 3, lambda, seed);
  while (std::abs(start.signs().sum()) > 5.0) start = ball_network(6, 3, lambda, seed += 1000);
  flow_options flow;
  flow.t_end = t_end;
  flow.switching = switching_method::asynchronous;
  record_options record{linear_times(t_end, 401)};
  halves parts = halves_of(data, teacher);
  record.stopping_times = stopping_times(data, parts, teacher, {.lambda = lambda});
  trajectory run = checked_run(data, start, flow, record);
  return {std::move(data), std::move(parts), std::move(run)};
}

}  // namespace

// F10 and theory.md C10.
BOOST_AUTO_TEST_CASE(the_limit_is_least_squares_on_each_half) {
  const struct {
    index n;
    double noise;
  } rows[] = {{60, 0.3}, {200, 0.3}, {600, 0.3}, {200, 1.0}};
  for (const auto& row : rows) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      BOOST_TEST_CONTEXT("n = " << row.n << ", noise " << row.noise << ", seed " << seed) {
        const experiment one = train(row.n, row.noise, 1e-3, seed);
        for (const half* part : {&one.parts.plus, &one.parts.minus}) {
          const Eigen::VectorXd found = effective_weights(one.run.final_network, *part);
          BOOST_TEST((found - part->beta).norm() < 1e-8);
        }
        BOOST_TEST(one.run.end.loss == one.parts.plus.loss + one.parts.minus.loss,
                   tolerance(1e-12));
        BOOST_TEST(loss(one.data, limit_network(one.parts)) == one.run.end.loss, tolerance(1e-12));
        BOOST_TEST(one.run.slides.empty());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(stopping_times_come_in_their_order) {
  const experiment one = train(200, 0.3, 1e-3, 2);
  const auto time = [&](const char* name) {
    const stopping_event* found = one.run.reached(name);
    BOOST_REQUIRE_MESSAGE(found != nullptr, name);
    return found->t;
  };
  BOOST_TEST(time("tau") < time("t_1"));
  for (const char* side : {"+", "-"}) {
    BOOST_TEST(time("t_1") < time((std::string("tau_2") + side).c_str()));
    BOOST_TEST(time((std::string("tau_2") + side).c_str()) <
               time((std::string("tau_3") + side).c_str()));
  }
  for (const half* part : {&one.parts.plus, &one.parts.minus}) {
    const auto moved = departure(one.run, *part);
    BOOST_REQUIRE(moved.has_value());
    BOOST_TEST(*moved > 0.01);
    BOOST_TEST(*moved < 0.2);  // tau_4 = infinity: no further than twice the level of tau_3
  }
}

// theory.md C8: from tau on, each half is a system of its own.
BOOST_AUTO_TEST_CASE(the_decoupled_systems_are_the_coupled_one) {
  const experiment one = train(200, 0.3, 1e-3, 2);
  const double last = one.run.switches.back().t;
  BOOST_TEST(last < one.run.reached("tau_2+")->t);
  std::size_t first = 0;
  while (one.run.rows[first].t <= last) ++first;
  std::vector<double> times;
  for (std::size_t i = first; i < one.run.rows.size(); i += 20) {
    times.push_back(one.run.rows[i].t - one.run.rows[first].t);
  }
  const auto decoupled = follow_decoupled(one.parts, one.run.states[first], times);
  BOOST_REQUIRE_EQUAL(decoupled.size(), times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const network& coupled = one.run.states[first + 20 * i];
    BOOST_TEST((decoupled[i].weights() - coupled.weights()).norm() < 1e-9);
    BOOST_TEST((decoupled[i].output_weights() - coupled.output_weights()).norm() < 1e-9);
  }
  BOOST_CHECK_THROW((void)follow_decoupled(one.parts, one.run.states[first], {1.0, 0.5}),
                    invalid_input);
}

BOOST_AUTO_TEST_CASE(half_fit_times_are_sharp) {
  const experiment one = train(2000, 0.3, 1e-5, 1, 60.0);
  for (const comparison& row : compare_simplicity(one.data, one.run, teacher)) {
    if (!row.name.starts_with("half_fit_time")) continue;
    BOOST_REQUIRE(row.difference.has_value());
    BOOST_TEST(std::abs(*row.difference) < 0.1, row.name << " " << *row.difference);
  }
  for (const prediction& row : simplicity_predictions(one.data, one.run.initial_network, teacher)) {
    BOOST_TEST(row.applies(), row.name << ": " << row.objections());
  }
}

BOOST_AUTO_TEST_CASE(the_excess_loss_decays_at_its_rate) {
  const experiment one = train(200, 0.3, 1e-3, 3, 50.0);
  const double limit = one.parts.plus.loss + one.parts.minus.loss;
  const double rate = std::min(limit_rate(one.parts.plus), limit_rate(one.parts.minus));
  const record_row* first = nullptr;
  const record_row* last = nullptr;
  for (const record_row& row : one.run.rows) {
    const double excess = row.loss - limit;
    if (excess > 1e-6 || excess < 1e-12) continue;
    if (first == nullptr) first = &row;
    last = &row;
  }
  BOOST_REQUIRE(first != nullptr);
  const double seen = std::log((first->loss - limit) / (last->loss - limit)) / (last->t - first->t);
  BOOST_TEST(seen == rate, tolerance(0.05));
}

// theory.md C9: |grad L_o|^2 >= 2 lambda_min sum a^2 (L_o - L_{n,o}).
BOOST_AUTO_TEST_CASE(the_polyak_lojasiewicz_inequality_holds) {
  const dataset data = cylinder_data(100, teacher, 0.1, {0.3}, 4);
  const half part = halves_of(data, teacher).plus;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const network any = balanced_network(5, 3, 0.0, seed);
    const Eigen::VectorXd a = any.output_weights().cwiseAbs();
    const Eigen::MatrixXd w = any.weights();
    const Eigen::VectorXd gap = w * a - part.beta;
    const Eigen::VectorXd D = -part.covariance * gap;
    const double squares = (w.transpose() * D).squaredNorm() + a.squaredNorm() * D.squaredNorm();
    const double excess = 0.5 * std::pow(covariance_norm(part.covariance, gap), 2);
    BOOST_TEST(squares >= pl_constant(part, a.squaredNorm()) * excess * (1.0 - 1e-12));
  }
}

// Inputs in pairs x, -x with a linear teacher have the population's field at any n.
BOOST_AUTO_TEST_CASE(a_symmetric_law_has_one_field_and_the_alignment_law) {
  const Eigen::MatrixXd some = gaussian_data(8, 3, 0.0, 2).inputs();
  Eigen::MatrixXd inputs(3, 16);
  inputs << some, -some;
  const Eigen::VectorXd beta = vec({0.8, -0.4, 1.1});
  const dataset data(inputs, inputs.transpose() * beta);
  const Eigen::MatrixXd covariance = inputs * inputs.transpose() / 16.0;
  const Eigen::VectorXd D = population_field(covariance, beta);
  const network start = ball_network(10, 3, 1e-3, 5);
  BOOST_TEST(field_deviation(data, D, start.directions()) < 1e-14);
  const alignment_run run = align(data, start);
  const network later = run.at(0.7);
  const Eigen::VectorXd target = covariance * beta;
  for (index j = 0; j < 10; ++j) {
    const auto product = [&](const network& net) {
      return net.weights().col(j).dot(target) / net.output_weights()[j];
    };
    BOOST_TEST(product(later) == aligned_product(product(start), target.norm(), 0.7),
               tolerance(1e-10));
  }
  // The field does not depend on w, so sum a^2 = Lambda exp(2|D|t) in the end.
  const halves parts = halves_of(data, beta);
  const auto law = growth_law(start, parts.plus);
  const network end = run.at(30.0);
  BOOST_TEST(
      log_mass(end, neurons_of(end, parts.plus)) == law->log_amplitude + 2.0 * law->rate * 30.0,
      tolerance(1e-10));
}

BOOST_AUTO_TEST_CASE(least_squares_and_its_losses) {
  const dataset data = gaussian_data(40, 4, 0.5, 3);
  const least_squares fit = least_squares_of(data);
  const Eigen::VectorXd r = data.labels() - data.inputs().transpose() * fit.beta;
  BOOST_TEST((data.inputs() * r).norm() < 1e-12);
  BOOST_TEST(fit.unique);
  BOOST_TEST(fit.loss == r.squaredNorm() / 80.0, tolerance(1e-12));
  BOOST_TEST(linear_loss(data, fit.beta) == fit.loss, tolerance(1e-12));
  BOOST_TEST(noise_loss(0.3) == 0.045, tolerance(1e-15));
  BOOST_TEST(!least_squares_of(gaussian_data(3, 4, 0.5, 3)).unique);
  const halves parts = halves_of(data, fit.beta);
  BOOST_TEST(parts.plus.samples.size() + parts.minus.samples.size() == 40U);
  BOOST_TEST(parts.plus.loss + parts.minus.loss < fit.loss);
  BOOST_CHECK_THROW((void)halves_of(data, Eigen::VectorXd::Zero(4)), invalid_input);
  BOOST_CHECK_THROW((void)linear_loss(data, teacher), invalid_input);
}

BOOST_AUTO_TEST_CASE(endpoints_and_growth_at_any_size) {
  const double mass = endpoint_mass(1.7, 0.6);
  BOOST_TEST(mass * (mass - 0.6) == 1.7 * 1.7, tolerance(1e-14));
  BOOST_TEST(endpoint_mass(1.7, 0.0) == 1.7, tolerance(1e-15));
  const dataset data = cylinder_data(100, teacher, 0.1, {0.3}, 4);
  const half part = halves_of(data, teacher).plus;
  const auto one = growth_law(balanced_network(6, 3, 0.0, 2), part);
  const auto tiny = growth_law(balanced_network(6, 3, -1e5, 2), part);
  BOOST_TEST(tiny->log_amplitude == one->log_amplitude - 2e5, tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(what_does_not_hold_is_said) {
  // Too few samples: fields do not keep the cones.
  const dataset data = cylinder_data(8, teacher, 0.1, {1.0}, 1);
  bool said = false;
  for (const prediction& row : simplicity_predictions(data, gaussian_network(6, 3, 1e-3, 1))) {
    said = said || row.objections().find("|a_j| >= |w_j|") != std::string::npos;
    if (row.name == "limit_loss") BOOST_TEST(!row.applies());
  }
  BOOST_TEST(said);
  levels bad;
  bad.epsilon = 0.3;
  BOOST_CHECK_THROW((void)stopping_times(data, halves_of(data, teacher), teacher, bad),
                    invalid_input);
}

}  // namespace reluflow::simplicity
