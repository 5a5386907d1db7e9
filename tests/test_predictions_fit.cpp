// A6, A7, A11-A14 of theory.md: growth of the fitted mass, stationary points, least norm.

#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "test_predictions_cases.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace reluflow::orthogonal {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

// Rows t, loss, mu of expected.csv.
std::vector<std::array<double, 3>> expected_rows(const std::string& name) {
  std::ifstream file(std::filesystem::path(RELUFLOW_TEST_DATA) / name / "expected.csv");
  std::string line;
  std::getline(file, line);
  std::vector<std::array<double, 3>> rows;
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    rows.push_back({});
    fields >> rows.back()[0] >> rows.back()[1] >> rows.back()[2];
  }
  return rows;
}

// Positive labels only, neurons in the positive orthant.
test_case one_sign(double lambda, const Eigen::VectorXd& norms) {
  const network any = balanced_gaussian(10, 2, std::log(lambda), 4);
  return {
      axes(vec({1.0, 1.3}), norms),
      network::balanced(Eigen::VectorXd::Ones(10), any.log_norms(), any.directions().cwiseAbs())};
}

}  // namespace

BOOST_AUTO_TEST_CASE(half_fit_times_of_the_two_point_example) {
  const test_case example = from_files("two_point");
  const double positive = half_fit_time(example.law(*example.groups.positive));
  const double negative = half_fit_time(example.law(*example.groups.negative));
  BOOST_TEST(!example.law(*example.groups.positive).subcluster_ratio.has_value());
  BOOST_TEST(std::abs(positive - example.integrated(*example.groups.positive, 0.5, 40.0)) < 1e-8);
  BOOST_TEST(std::abs(negative - example.integrated(*example.groups.negative, 0.5, 40.0)) < 1e-8);
  // Midway the loss is that of the saddle, 1/4, but for the tails of the two transitions.
  orthogonal_flow flow(example.data, example.net, 0.005);
  flow.advance_to(0.5 * (positive + negative));
  BOOST_TEST(*saddle_loss(example.data, example.groups) == 0.25, tolerance(1e-15));
  BOOST_TEST(std::abs(flow.loss() - 0.25) < 1e-3);
}

BOOST_AUTO_TEST_CASE(half_fit_times_are_exact_to_second_order_without_subclusters) {
  double previous = 1.0;
  for (const double lambda : {1e-2, 1e-3, 1e-4, 1e-5}) {
    const test_case problem = four_points(lambda);
    const mass_law law = problem.law(*problem.groups.positive);
    BOOST_TEST(!law.subcluster_ratio.has_value());
    const double error =
        std::abs(half_fit_time(law) - problem.integrated(*problem.groups.positive, 0.5, 40.0));
    BOOST_TEST(error < 20.0 * lambda * lambda);
    BOOST_TEST(error < 0.03 * previous);
    previous = error;
  }
}

BOOST_AUTO_TEST_CASE(the_whole_logistic_curve_and_the_slow_group) {
  const test_case problem = four_points(1e-4);
  for (const auto* group : {problem.groups.fast(), problem.groups.slow()}) {
    const mass_law law = problem.law(*group);
    for (const double fraction : {0.01, 0.3, 0.9, 0.999}) {
      const double predicted = time_to_fraction(law, fraction);
      BOOST_TEST(std::abs(predicted - problem.integrated(*group, fraction, 60.0, 0.01)) < 1e-5);
      BOOST_TEST(std::exp(log_mass(law, predicted)) == fraction * group->mass, tolerance(1e-12));
    }
    // Far below the limit the curve is an exponential.
    const double early = time_to_level(law, law.log_limit - 20.0);
    BOOST_TEST(log_mass(law, early) == law.log_limit - 20.0, tolerance(1e-9));
  }
  BOOST_CHECK_THROW((void)time_to_fraction(problem.law(*problem.groups.fast()), 1.0),
                    invalid_input);
}

BOOST_AUTO_TEST_CASE(subclusters_spoil_the_order_and_are_reported) {
  // One neuron on both samples, one on the larger only: rho = 1.5/|(1.5, 1)|.
  const dataset data = axes(vec({1.5, 1.0}));
  const double rho = 1.5 / std::hypot(1.5, 1.0);
  double previous = 0.0;
  for (const double lambda : {1e-4, 1e-6, 1e-8}) {
    const double s = std::log(lambda);
    const test_case problem(data, network::balanced(vec({1, 1}), vec({s, s}),
                                                    Eigen::MatrixXd{{0.8, 0.8}, {0.6, -0.6}}));
    const mass_law law = problem.law(*problem.groups.positive);
    BOOST_REQUIRE(law.subcluster_ratio.has_value());
    BOOST_TEST(*law.subcluster_ratio == rho, tolerance(1e-14));
    const double error =
        std::abs(half_fit_time(law) - problem.integrated(*problem.groups.positive, 0.5, 60.0));
    if (previous > 0.0) {
      const double order = std::log(previous / error) / std::log(100.0);
      BOOST_TEST(std::abs(order - 2.0 * (1.0 - rho)) < 0.1);
    }
    previous = error;
  }
}

BOOST_AUTO_TEST_CASE(half_fit_times_shift_by_the_logarithm_of_the_scale) {
  const dataset data = axes(vec({1.0, -0.7, 0.5, -1.2}));
  const test_case unit(data, balanced_gaussian(40, 4, 0.0, 2));
  for (const double log_lambda : {-690.8, -1e5}) {
    const test_case tiny(data, balanced_gaussian(40, 4, log_lambda, 2));
    for (const auto* group : {unit.groups.fast(), unit.groups.slow()}) {
      const double shift = half_fit_time(tiny.law(*group)) - half_fit_time(unit.law(*group)) +
                           log_lambda / group->rate;
      BOOST_TEST(std::abs(shift) < 1e-12 * std::abs(log_lambda) / group->rate);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_independent_solution_from_a_scale_of_1e_minus_100) {
  const test_case problem = from_files("orthonormal_1e-100");
  const mass_law positive = problem.law(*problem.groups.positive);
  const mass_law negative = problem.law(*problem.groups.negative);
  const auto fraction = [](const mass_law& law, double t) {
    return std::exp(log_mass(law, t) - law.log_limit);
  };
  const auto rows = expected_rows("orthonormal_1e-100");
  BOOST_REQUIRE(rows.size() == 53U);
  int growing = 0;
  for (const auto& [t, loss, mu] : rows) {
    const double plus = 1.0 - fraction(positive, t);
    const double minus = 1.0 - fraction(negative, t);
    const double predicted = ((1.0 + 0.25) * plus * plus + (0.49 + 1.44) * minus * minus) / 8.0;
    BOOST_TEST(std::abs(predicted - loss) < 1e-8);
    if (t < 100.0 || t > 600.0) {
      continue;
    }
    // Before anything is fitted |grad L|^2 = sum of 2 |D_P|^2 A_j e^(2 |D_P| t): all early paths
    // count.
    ++growing;
    double gradient =
        0.0;  // relative to the reference, which is far below the smallest double squared
    for (const auto& path : problem.early) {
      if (path && path->log_amplitude) {
        gradient += 2.0 * path->rate * path->rate *
                    std::exp(*path->log_amplitude + 2.0 * path->rate * t - std::log(mu));
      }
    }
    BOOST_TEST(gradient / loss == 1.0, tolerance(1e-7));
  }
  BOOST_TEST(growing == 11);
}

BOOST_AUTO_TEST_CASE(the_saddle_is_stationary_and_is_visited) {
  double previous = 0.0;
  for (const double lambda : {1e-6, 1e-8}) {
    const test_case problem = four_points(lambda);
    const network saddle = saddle_state(problem.data, problem.net).value();
    BOOST_TEST(loss(problem.data, saddle) == (0.64 + 0.25) / 8.0, tolerance(1e-14));
    BOOST_TEST(*saddle_loss(problem.data, problem.groups) == (0.64 + 0.25) / 8.0, tolerance(1e-14));
    BOOST_TEST(squared_gradient(problem.data, saddle) < 1e-27);
    orthogonal_flow flow(problem.data, problem.net, 0.01);
    flow.advance_to(0.5 * (half_fit_time(problem.law(*problem.groups.positive)) +
                           half_fit_time(problem.law(*problem.groups.negative))));
    const double distance = std::hypot((flow.w() - saddle.weights()).norm(),
                                       (flow.a() - saddle.output_weights()).norm());
    BOOST_TEST(distance < 0.1);
    if (previous > 0.0) {
      // Midway the slow neurons have the size lambda^((1 - 1/r)/2), and they are the distance.
      const double order = std::log(previous / distance) / std::log(100.0);
      BOOST_TEST(std::abs(order - 0.5 * (1.0 - 1.0 / *problem.groups.ratio())) < 0.01);
    }
    previous = distance;
  }
}

BOOST_AUTO_TEST_CASE(the_saddle_belongs_to_the_faster_sign) {
  const network any = balanced_gaussian(6, 2, std::log(1e-5), 1);
  const network net =
      network::balanced(vec({1, -1, 1, -1, 1, -1}), any.log_norms(), any.directions().cwiseAbs());
  const network saddle = saddle_state(axes(vec({1.0, -2.0})), net).value();
  BOOST_TEST(saddle.output_weights().maxCoeff() == 0.0);
  BOOST_TEST(saddle.output_weights().squaredNorm() == 2.0, tolerance(1e-14));
  BOOST_TEST(!saddle_state(axes(vec({1.0, 2.0})), net).has_value());  // nothing left to fit
  BOOST_TEST(!saddle_loss(axes(vec({1.0, 2.0})), groups_of(axes(vec({1.0, 2.0})))).has_value());
}

BOOST_AUTO_TEST_CASE(the_limit_of_the_flow_neuron_by_neuron) {
  const test_case problem = four_points(1e-6);
  const network limit = limit_state(problem.data, problem.net).value();
  BOOST_TEST(loss(problem.data, limit) < 1e-30);
  orthogonal_flow flow(problem.data, problem.net, 0.01);
  flow.advance_to(110.0);
  const Eigen::VectorXd found = flow.w().colwise().norm();
  const Eigen::VectorXd expected = limit.weights().colwise().norm();
  BOOST_TEST((found - expected).norm() < 1e-9);                                 // O(lambda^2)
  BOOST_TEST((flow.w() - limit.weights()).colwise().norm().maxCoeff() < 2e-5);  // O(lambda)
  BOOST_TEST((flow.a() - limit.output_weights()).norm() < 1e-9);
  BOOST_TEST(expected.minCoeff() > 0.0);
}

BOOST_AUTO_TEST_CASE(shares_with_unequal_norms_are_exact_to_first_order) {
  double previous = 1.0;
  for (const double lambda : {1e-2, 1e-3, 1e-4}) {
    const test_case problem = one_sign(lambda, vec({0.5, 2.0}));
    orthogonal_flow flow(problem.data, problem.net, 0.01);
    flow.advance_to(250.0);
    const Eigen::ArrayXd expected =
        limit_state(problem.data, problem.net).value().weights().colwise().squaredNorm();
    const Eigen::ArrayXd found = flow.w().colwise().squaredNorm();
    const double error = (found / expected - 1.0).abs().maxCoeff();
    BOOST_TEST(error < 10.0 * lambda);
    BOOST_TEST(error < 0.15 * previous);
    BOOST_TEST(error > lambda);  // not second order
    previous = error;
  }
}

BOOST_AUTO_TEST_CASE(neurons_end_along_v_not_along_D) {
  const test_case problem(axes(vec({1.0, 1.0}), vec({0.5, 2.0})),
                          network::balanced(vec({1}), vec({std::log(1e-6)}), vec({1.0, 1.0})));
  const network limit = limit_state(problem.data, problem.net).value();
  BOOST_TEST(limit.directions()(0, 0) == 0.970141, tolerance(1e-5));
  BOOST_TEST(limit.directions()(1, 0) == 0.242536, tolerance(1e-5));
  const Eigen::VectorXd along_D = problem.groups.positive->D.normalized();
  BOOST_TEST((along_D - vec({0.242536, 0.970143})).norm() < 1e-5);
  orthogonal_flow flow(problem.data, problem.net, 0.01);
  flow.advance_to(200.0);
  BOOST_TEST((flow.w().col(0).normalized() - limit.directions().col(0)).norm() < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_limit_needs_a_neuron_for_each_sign) {
  const dataset data = axes(vec({1.0, -1.5}));
  const network one = network::balanced(vec({1}), vec({-9.0}), vec({1.0, 1.0}));
  BOOST_TEST(!limit_state(data, one).has_value());
  const label_groups groups = groups_of(data);
  BOOST_TEST(!mass_law_of(data, one, *groups.negative, early_map(data, one)).has_value());
  BOOST_TEST(mass_law_of(data, one, *groups.positive, early_map(data, one)).has_value());
}

BOOST_AUTO_TEST_CASE(the_least_norm_with_any_norms) {
  const test_case example = from_files("two_point");
  BOOST_TEST(minimum_variation_norm(example.groups) == 1.3416407865, tolerance(1e-10));
  BOOST_TEST(minimum_squared_norm(example.groups) == 2.6832816, tolerance(1e-7));
  // What the paper prints holds for norm 1 only: 2 n (|D_+| + |D_-|).
  const double printed = 4.0 * (example.groups.positive->rate + example.groups.negative->rate);
  BOOST_TEST(printed == 6.708204, tolerance(1e-6));
  orthogonal_flow flow(example.data, example.net, 0.01);
  flow.advance_to(50.0);
  BOOST_TEST(flow.w().squaredNorm() == minimum_variation_norm(example.groups), tolerance(1e-9));
  BOOST_TEST(minimum_variation_norm(groups_of(axes(vec({1, 2, -1})))) == std::sqrt(5.0) + 1.0,
             tolerance(1e-15));
  BOOST_TEST(
      minimum_variation_norm(groups_of(axes(vec({1, 2, -1}), vec({0.5, 1.5, 1.0})))) == 3.4037009,
      tolerance(1e-7));
}

BOOST_AUTO_TEST_CASE(no_function_has_a_smaller_variation_norm) {
  // The dual of min |f|_F1: maximise <p, y> with |sum p_k relu(<w, x_k>)| <= 1 on the unit sphere.
  // p_k = y_k/(q_k^2 |v|) is feasible and reaches the value, so nothing is smaller.
  const dataset data = axes(vec({1.0, 2.0, -1.0, -0.3}), vec({0.5, 1.5, 1.0, 2.0}));
  const label_groups groups = groups_of(data);
  Eigen::VectorXd p(4);
  for (index k = 0; k < 4; ++k) {
    const double mass = data.labels()[k] > 0.0 ? groups.positive->mass : groups.negative->mass;
    p[k] = data.labels()[k] / (std::pow(data.norms()[k], 2) * mass);
  }
  BOOST_TEST(p.dot(data.labels()) == minimum_variation_norm(groups), tolerance(1e-14));
  std::mt19937_64 engine(1);
  std::normal_distribution<double> gaussian;
  double largest = 0.0;
  for (int i = 0; i < 20000; ++i) {
    const Eigen::VectorXd w =
        Eigen::VectorXd::NullaryExpr(4, [&](index) { return gaussian(engine); }).normalized();
    largest = std::max(largest, std::abs(p.dot((data.inputs().transpose() * w).cwiseMax(0.0))));
  }
  BOOST_TEST(largest <= 1.0 + 1e-12);
  BOOST_TEST(largest > 0.95);
}

}  // namespace reluflow::orthogonal
