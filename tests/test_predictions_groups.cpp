// B8-B11 of theory.md: groups of samples, each with a neuron of its own, in closed form.

#include "reluflow/curvature.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/group_law.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/sample_groups.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace reluflow::weakly_interacting {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

struct largest_error {
  double norm = 0.0;
  double cosine = 0.0;
};

/// N = |z|^2 and u of every group along a run, relative to the closed form.
largest_error compare_trajectories(const group_problem& problem, double periods) {
  const auto groups = partition_of(problem.data, problem.net);
  BOOST_REQUIRE(groups.has_value());
  double slowest = groups->groups.front().law.rate;
  for (const sample_group& one : groups->groups) slowest = std::min(slowest, one.law.rate);
  flow_options flow;
  flow.t_end = periods / slowest;
  flow.rtol = 1e-13;
  flow.atol = 1e-14;
  const trajectory run =
      checked_run(problem.data, problem.net, flow, {linear_times(flow.t_end, 41)});
  BOOST_TEST(run.switches.empty());
  largest_error worst;
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    for (const sample_group& one : groups->groups) {
      const double q = problem.data.norms()[one.samples.front()];
      const Eigen::VectorXd unit = problem.data.inputs()(Eigen::all, one.samples).transpose() *
                                   run.states[i].directions().col(one.neuron) / q;
      const Eigen::VectorXd y = problem.data.labels()(one.samples).cwiseAbs();
      const double log_norm = run.states[i].log_norms()[one.neuron] + std::log(unit.norm());
      const double cosine = unit.dot(y) / (unit.norm() * y.norm());
      const group_state expected = state_at(one.law, run.rows[i].t);
      worst.norm = std::max(worst.norm, std::abs(std::expm1(2.0 * (log_norm - expected.log_norm))));
      worst.cosine = std::max(worst.cosine, std::abs(cosine / expected.cosine - 1.0));
    }
  }
  return worst;
}

/// (i) of theory.md B8, term by term.
std::pair<double, double> balanced_in_span(double c, double kappa, double N0, double u0, double t) {
  const double tau = c * t;
  const double E = std::cosh(tau) + u0 * std::sinh(tau);
  const double I =
      (std::pow(1.0 + u0, 2) / 8.0 * (std::exp(2.0 * tau) - 1.0) +
       std::pow(1.0 - u0, 2) / 8.0 * (1.0 - std::exp(-2.0 * tau)) + (1.0 - u0 * u0) * tau / 2.0) /
      c;
  return {N0 * E * E / (1.0 + 2.0 * kappa * N0 * I),
          (u0 + std::tanh(tau)) / (1.0 + u0 * std::tanh(tau))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(integration_follows_the_closed_form_of_a_hundred_groups) {
  std::mt19937_64 engine(7);
  std::uniform_real_distribution<double> uniform;
  largest_error worst;
  index groups = 0;
  for (int round = 0; groups < 100; ++round) {
    group_options options;
    options.groups = 1 + round % 4;
    options.members = 1 + static_cast<index>(engine() % 5);
    options.in_span = round % 2 == 0;
    options.balanced = (round / 2) % 2 == 0;
    options.norm = round % 3 == 0 ? 1.0 : 0.5 + 1.5 * uniform(engine);
    options.alpha = round % 5 == 0 ? 1.0 : 1.0 / static_cast<double>(options.groups);
    options.log_scale = -4.0 * uniform(engine);
    const largest_error own = compare_trajectories(random_groups(engine, options), 12.0);
    worst.norm = std::max(worst.norm, own.norm);
    worst.cosine = std::max(worst.cosine, own.cosine);
    groups += options.groups;
  }
  BOOST_TEST_MESSAGE("largest errors: N " << worst.norm << ", u " << worst.cosine);
  BOOST_TEST(worst.norm < 1e-11);
  BOOST_TEST(worst.cosine < 1e-11);
}

BOOST_AUTO_TEST_CASE(twelve_points_in_three_groups) {
  // The fixture F4: n = 12, p = 3, k = 4, late rate 2B/n.
  std::mt19937_64 engine(3);
  const group_problem problem =
      random_groups(engine, {.groups = 3, .members = 4, .alpha = 1.0 / 3.0, .log_scale = -2.0});
  const largest_error worst = compare_trajectories(problem, 12.0);
  BOOST_TEST(worst.norm < 1e-11);
  BOOST_TEST(worst.cosine < 1e-11);
  const auto groups = *partition_of(problem.data, problem.net);
  double slowest = 1e300;
  for (const sample_group& one : groups.groups) {
    const double B = std::sqrt(one.squared_labels);
    BOOST_TEST(one.law.rate == B / 12.0, tolerance(1e-14));
    BOOST_TEST(limit_of(one.law).norm_squared == 3.0 * B, tolerance(1e-14));
    BOOST_TEST(limit_curvature(one.law, 4.0) == 2.0 * B / 12.0, tolerance(1e-14));
    BOOST_TEST(limit_curvature(one.law, 1.0) == 4.0 * B / 12.0, tolerance(1e-14));
    BOOST_TEST(state_at(one.law, 40.0 / one.law.rate).mu == 2.0 * B / 12.0, tolerance(1e-6));
    slowest = std::min(slowest, 2.0 * B / 12.0);
  }
  BOOST_TEST(curvature_at(groups, 300.0 / slowest) == slowest, tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(loss_and_curvature_of_a_run_are_those_of_its_groups) {
  std::mt19937_64 engine(11);
  for (const bool balanced : {true, false}) {
    const group_problem problem = random_groups(engine, {.groups = 3,
                                                         .members = 3,
                                                         .in_span = false,
                                                         .balanced = balanced,
                                                         .norm = 1.7,
                                                         .alpha = 1.0 / 3.0,
                                                         .log_scale = -1.0});
    const auto groups = partition_of(problem.data, problem.net);
    BOOST_REQUIRE(groups.has_value());
    flow_options flow;
    flow.t_end = 30.0;
    flow.rtol = 1e-12;
    const trajectory run = checked_run(problem.data, problem.net, flow, {linear_times(30.0, 31)});
    for (const record_row& row : run.rows) {
      const double start = run.rows.front().loss;
      BOOST_TEST(std::abs(std::sqrt(loss_at(*groups, row.t)) - std::sqrt(row.loss)) <=
                 1e-12 * std::sqrt(start));
      BOOST_TEST(curvature_at(*groups, row.t) == row.mu, tolerance(1e-8));
    }
    // Residuals and kernel of the end state give the same limit rate.
    const activation_pattern modes = run.final_pattern;
    const double rate =
        2.0 * residual_kernel(problem.data, run.final_network, modes).extremes().smallest;
    double least = 1e300;
    for (const sample_group& one : groups->groups) {
      least = std::min(least, limit_curvature(one.law, 3.0));
    }
    BOOST_TEST(rate == least, tolerance(1e-3));
  }
}

BOOST_AUTO_TEST_CASE(the_balanced_case_term_by_term) {
  for (const double u0 : {0.1, 0.477, 0.9, 1.0}) {
    for (const double N0 : {1e-8, 0.3, 5.0}) {
      const group_law law{0.25, 6.0, 0.5 * std::log(N0), 1.0, u0, std::sqrt(1.0 - u0 * u0)};
      for (const double t : {0.0, 0.5, 3.0, 20.0, 60.0}) {
        const group_state now = state_at(law, t);
        const auto [N, u] = balanced_in_span(0.25, 0.25 / 6.0, N0, u0, t);
        BOOST_TEST(std::exp(2.0 * now.log_norm) == N, tolerance(1e-12));
        BOOST_TEST(now.cosine == u, tolerance(1e-13));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_near_the_limit_or_below_any_double) {
  // |r|^2/|y|^2 down to 1e-40, against the balanced form of theory.md B8 in the same small
  // differences.
  const double u0 = 0.3;
  const double Q = 2.0 * 0.04 / 6.0;
  const group_law law{0.25, 6.0, 0.5 * std::log(0.04), 1.0, u0, std::sqrt(1.0 - u0 * u0)};
  for (const double x : {1.0, 5.0, 15.0, 30.0, 46.0}) {
    const double e = std::exp(-2.0 * x);
    const double J = std::pow(1.0 + u0, 2) / 8.0 * (1.0 - e) +
                     std::pow(1.0 - u0, 2) / 8.0 * (e - e * e) + (1.0 - u0 * u0) * x * e / 2.0;
    const double missing_cosine = (1.0 - u0) * (2.0 * e / (1.0 + e)) / (1.0 + u0 * std::tanh(x));
    const double missing_norm = e *
                                (1.0 + Q * (-u0 / 2.0 + (1.0 - u0 * u0) * (2.0 * x - 1.0) / 4.0 -
                                            std::pow(1.0 - u0, 2) / 4.0 * e)) /
                                (e + Q * J);
    const double residual =
        std::pow(missing_norm - missing_cosine, 2) + missing_cosine * (2.0 - missing_cosine);
    const group_state now = state_at(law, x / 0.25);
    BOOST_TEST(now.misalignment == missing_cosine, tolerance(1e-12));
    BOOST_TEST(now.residual == residual, tolerance(1e-11));
  }
  // From exp(-1e5): the same motion, later by 1e5/c.
  group_law tiny = law;
  tiny.log_scale = -1e5;
  const double late = time_to_residual(tiny, 0.5);
  BOOST_TEST(late == asymptotic_time_to_residual(tiny, 0.5), tolerance(1e-10));
  BOOST_TEST(state_at(tiny, 0.0).residual == 1.0);
  BOOST_TEST(state_at(tiny, 0.0).log_norm == -1e5, tolerance(1e-14));
  BOOST_TEST(state_at(tiny, late).residual == 0.5, tolerance(1e-9));
  BOOST_TEST(state_at(tiny, 1e9).residual == 0.0);
}

BOOST_AUTO_TEST_CASE(equation_55_with_its_doubled_rate_is_not_the_solution) {
  // (53)-(55) use c = 2B/n inside E, and E for E^2: 25 % too much or too little at u(0) = 0.477.
  const double c = 0.25;
  const double u0 = 0.477;
  const double N0 = 0.3;
  const group_law law{c, 6.0, 0.5 * std::log(N0), 1.0, u0, std::sqrt(1.0 - u0 * u0)};
  double error_norm = 0.0;
  double error_cosine = 0.0;
  for (double t = 0.5; t < 10.0; t += 0.5) {
    const double tau = 2.0 * c * t;
    const double E = std::cosh(tau) + u0 * std::sinh(tau);
    const double I = (std::sinh(tau) + u0 * (std::cosh(tau) - 1.0)) / (2.0 * c);
    const double printed = N0 * E / (1.0 + 2.0 * c / 6.0 * N0 * I);
    const double printed_cosine = (u0 + std::tanh(tau)) / (1.0 + u0 * std::tanh(tau));
    const group_state now = state_at(law, t);
    error_norm = std::max(error_norm, std::abs(printed / std::exp(2.0 * now.log_norm) - 1.0));
    error_cosine = std::max(error_cosine, std::abs(printed_cosine - now.cosine));
  }
  BOOST_TEST(error_norm > 0.1);
  BOOST_TEST(error_cosine > 0.1);
}

BOOST_AUTO_TEST_CASE(the_cut_off_up_to_1e18_samples) {
  // theory.md B11: |D| = 1.3, N0 = 1, u0 = 0.3, p = 2.
  const auto window = [](double n) {
    const group_law law = uniform_group_law(n, 2.0, 1.3, 1.0, 0.3);
    return (time_to_residual(law, 0.1) - time_to_residual(law, 0.9)) / cutoff_unit(n, 2.0) *
           std::log(2.0 * n);
  };
  BOOST_TEST(window(1e3) == 5.7326, tolerance(1e-5));
  BOOST_TEST(window(1e6) == 5.6764, tolerance(1e-5));
  BOOST_TEST(window(1e9) == 5.67426, tolerance(1e-6));
  for (const double n : {1e12, 1e15, 1e18}) BOOST_TEST(window(n) == 5.67419, tolerance(1e-6));
  // The constant is universal, and four times what (12) prints, 1/(2|D|) for 2/|D|.
  BOOST_TEST(cutoff_constant(0.1) == (std::sqrt(10.0) - 1.0) / (1.0 / std::sqrt(0.9) - 1.0),
             tolerance(1e-14));
  BOOST_TEST(window(1e15) == 2.0 / 1.3 * std::log(cutoff_constant(0.1)), tolerance(1e-7));
  BOOST_TEST(1.0 / (2.0 * 1.3) * std::log(cutoff_constant(0.1)) < 0.26 * window(1e15));

  const auto entry = [](double n) {
    return time_to_residual(uniform_group_law(n, 2.0, 1.3, 1.0, 0.3), 0.1) / cutoff_unit(n, 2.0);
  };
  BOOST_TEST(entry(1e3) == 1.1656, tolerance(1e-4));
  BOOST_TEST(entry(1e6) == 0.97049, tolerance(1e-5));
  for (const double n : {1e9, 1e18, 1e80}) {
    const group_law law = uniform_group_law(n, 2.0, 1.3, 1.0, 0.3);
    BOOST_TEST(entry(n) == asymptotic_time_to_residual(law, 0.1) / cutoff_unit(n, 2.0),
               tolerance(1e-5));
  }
  BOOST_TEST(std::abs(entry(1e80) - 0.785) < 1e-3);
  for (const double n : {10.0, 1e9, 1e18}) {
    const group_law law = uniform_group_law(n, 2.0, 1.3, 1.0, 0.3);
    for (double x = 0.0; x < 3.0; x += 0.05) {
      const group_state now = state_at(law, x * cutoff_unit(n, 2.0));
      BOOST_TEST(std::isfinite(now.residual));
      BOOST_TEST(now.residual >= 0.0);
    }
  }
  BOOST_TEST(cutoff_limit_loss({1.0, 2.0}, 0.4) == 1.25);
  BOOST_TEST(cutoff_limit_loss({1.0, 2.0}, 0.6) == 0.25);
  BOOST_TEST(cutoff_limit_loss({1.0, 2.0}, 1.1) == 0.0);
}

BOOST_AUTO_TEST_CASE(any_exponent_between_one_half_and_one_for_the_curvature) {
  // theory.md B10: p groups of k = n^{2(1-a)} points.
  for (const double n : {256.0, 4096.0}) {
    for (const double a : {0.5, 0.75, 1.0}) {
      const double p = std::pow(n, 2.0 * a - 1.0);
      const double rms = 1.5;
      const group_law law = uniform_group_law(n, p, rms, 0.5, 0.6);
      const curvature_order order = order_of_curvature({law});
      BOOST_TEST(order.upper == 4.0 * rms * std::pow(n, -a), tolerance(1e-12));
      double largest = 0.0;
      for (double x = 0.0; x < 40.0; x += 0.25) {
        const double t = x / law.rate;
        const double mu = state_at(law, t).mu;
        BOOST_TEST(mu <= order.upper * (1.0 + 1e-12));
        if (t >= order.from) BOOST_TEST(mu >= order.lower);
        largest = std::max(largest, mu);
      }
      // mu rises to about 4 B/n while the residual is parallel to the labels, then relaxes to 2
      // B/n.
      BOOST_TEST(largest > 1.2 * limit_curvature(law, 4.0));
      BOOST_TEST(limit_curvature(law, 4.0) * std::pow(n, a) == 2.0 * rms, tolerance(1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_group_says_why) {
  const dataset data(Eigen::MatrixXd::Identity(3, 3), vec({1.0, 1.0, -1.0}));
  const auto why = [&](const dataset& points, const network& net) {
    BOOST_TEST(!partition_of(points, net).has_value());
    std::string text;
    for (const assumption& one : group_hypotheses(points, net)) {
      if (!one.holds) text += one.why;
    }
    return text;
  };
  const auto neurons = [](const Eigen::MatrixXd& w, const Eigen::VectorXd& signs) {
    return network::balanced(signs, Eigen::VectorXd::Zero(w.cols()), w);
  };
  BOOST_TEST(why(data, neurons(columns({{1, 1, -1}, {-1, 1, -1}}), vec({1, 1}))) ==
             "sample 1 is reached by several");
  BOOST_TEST(why(data, neurons(columns({{1, 1, 1}}), vec({1}))) == "sample 2 has not");
  const dataset unequal(Eigen::MatrixXd(vec({1.0, 2.0, 1.0}).asDiagonal()), data.labels());
  BOOST_TEST(why(unequal, neurons(columns({{1, 1, -1}}), vec({1}))) == "those of neuron 0 differ");
  // A sample that nobody reaches keeps its residual.
  const auto partial = partition_of(data, neurons(columns({{1, -1, -1}}), vec({1})));
  BOOST_REQUIRE(partial.has_value());
  BOOST_TEST(loss_at(*partial, 1e6) == 2.0 / 6.0, tolerance(1e-12));
  BOOST_CHECK_THROW((void)state_at({}, -1.0), invalid_input);
  BOOST_CHECK_THROW((void)state_at({.rate = 0.0}, 1.0), invalid_input);
  BOOST_CHECK_THROW((void)time_to_residual({}, 1.0), invalid_input);
  BOOST_CHECK_THROW((void)uniform_group_law(10, 1, 1, 1, 0.0), invalid_input);
}

}  // namespace reluflow::weakly_interacting
