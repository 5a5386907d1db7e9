#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace {

using namespace reluflow;

/// A mean over `count` draws is off by more than this with probability below 1e-6.
double allowance(double deviation, Eigen::Index count) {
  return 5.0 * deviation / std::sqrt(static_cast<double>(count));
}

constexpr Eigen::Index many = 20000;

}  // namespace

BOOST_AUTO_TEST_CASE(balanced_norms_follow_the_law_of_a_gaussian_vector) {
  const network net = balanced_network(many, 3, 0.0, 1);
  BOOST_TEST(net.is_balanced());
  const Eigen::ArrayXd squares = (2.0 * net.log_norms().array()).exp();
  // |g|^2 is chi^2 with 3 degrees of freedom: mean 3, variance 6.
  BOOST_TEST(std::abs(squares.mean() - 3.0) < allowance(std::sqrt(6.0), many));
  BOOST_TEST(std::abs((squares - 3.0).square().mean() - 6.0) < allowance(20.0, many));
  BOOST_TEST(std::abs(net.signs().mean()) < allowance(1.0, many));
  for (Eigen::Index i = 0; i < 3; ++i) {
    BOOST_TEST(std::abs(net.directions().row(i).mean()) < allowance(std::sqrt(1.0 / 3.0), many));
    BOOST_TEST(std::abs(net.directions().row(i).array().square().mean() - 1.0 / 3.0) <
               allowance(0.3, many));
  }
}

BOOST_AUTO_TEST_CASE(a_tiny_scale_moves_the_log_norms_and_nothing_else) {
  const network unit = balanced_network(10, 4, 0.0, 3);
  const network tiny = balanced_network(10, 4, -1e5, 3);
  BOOST_TEST((unit.directions() == tiny.directions()));
  BOOST_TEST((unit.signs() == tiny.signs()));
  BOOST_TEST((tiny.log_norms() - unit.log_norms()).isApproxToConstant(-1e5, 1e-14));
  BOOST_TEST(tiny.output_weights().norm() == 0.0);
}

BOOST_AUTO_TEST_CASE(dominated_neurons_exceed_their_norm_by_an_exponential_law) {
  const network net = dominated_network(many, 4, 0.5, 1, output_scaling::mean);
  BOOST_TEST(net.output_scale() == 1.0 / static_cast<double>(many));
  const Eigen::ArrayXd norms = net.log_norms().array().exp();
  const Eigen::ArrayXd excess = net.output_weights().array().abs() - norms;
  BOOST_TEST(excess.minCoeff() >= 0.0);
  BOOST_TEST(std::abs(excess.mean() - 0.5) < allowance(0.5, many));
  BOOST_TEST(std::abs(norms.square().mean() - 0.25) < allowance(0.25, many));
  BOOST_TEST(std::abs(net.signs().mean()) < allowance(1.0, many));
}

BOOST_AUTO_TEST_CASE(ball_neurons_fill_the_ball) {
  const double scale = 3.0;
  const network net = ball_network(many, 3, scale, 1);
  const double a = scale / std::sqrt(static_cast<double>(many));
  BOOST_TEST((net.output_weights().array().abs() - a).abs().maxCoeff() == 0.0);
  // (|w| / radius)^d is uniform on [0, 1].
  const Eigen::ArrayXd uniform = (net.log_norms().array().exp() / (0.5 * a)).cube();
  BOOST_TEST(uniform.maxCoeff() <= 1.0 + 1e-12);
  BOOST_TEST(std::abs(uniform.mean() - 0.5) < allowance(std::sqrt(1.0 / 12.0), many));
  BOOST_TEST(std::abs(uniform.square().mean() - 1.0 / 3.0) < allowance(0.3, many));
}

BOOST_AUTO_TEST_CASE(gaussian_entries_have_the_scale_as_deviation) {
  const network net = gaussian_network(many, 2, 0.1, 1);
  BOOST_TEST(std::abs(net.output_weights().mean()) < allowance(0.1, many));
  BOOST_TEST(std::abs(net.output_weights().array().square().mean() - 0.01) <
             allowance(0.015, many));
  BOOST_TEST(std::abs(net.weights().array().square().mean() - 0.01) < allowance(0.015, many));
}

BOOST_AUTO_TEST_CASE(group_neurons_are_active_on_their_group_alone) {
  // Twelve orthonormal points in three groups of four; signs by group.
  const dataset drawn = orthonormal_data(12, 20, 5);
  Eigen::VectorXd labels = drawn.labels().cwiseAbs();
  labels.segment(4, 4) *= -1.0;
  const dataset data(drawn.inputs(), labels);
  const network net = group_network(data, 3, std::log(0.7), 2, output_scaling::mean);
  BOOST_TEST((net.signs() == Eigen::Vector3d(1.0, -1.0, 1.0)));
  BOOST_TEST((net.log_norms().array() - std::log(0.7)).abs().maxCoeff() == 0.0);
  const Eigen::MatrixXd z = data.inputs().transpose() * net.directions();
  for (Eigen::Index k = 0; k < 12; ++k) {
    for (Eigen::Index j = 0; j < 3; ++j) {
      BOOST_TEST((z(k, j) > 0.0) == (k / 4 == j));
      BOOST_TEST((k / 4 == j || z(k, j) > -1e-9));
    }
  }
  // In the span of the group up to the lean.
  for (Eigen::Index j = 0; j < 3; ++j) {
    BOOST_TEST(std::abs(z.col(j).segment(4 * j, 4).norm() - 1.0) < 1e-15);
  }
}

BOOST_AUTO_TEST_CASE(group_initialisation_refuses_what_the_paper_excludes) {
  const dataset data = orthonormal_data(6, 6, 1);
  const dataset positive(data.inputs(), data.labels().cwiseAbs());
  BOOST_CHECK_THROW((void)group_network(positive, 4, 0.0, 1), invalid_input);
  Eigen::VectorXd mixed = positive.labels();
  mixed[1] = -1.0;
  BOOST_CHECK_THROW((void)group_network({data.inputs(), mixed}, 2, 0.0, 1), invalid_input);
  Eigen::MatrixXd close(2, 2);
  close << 1.0, 0.9, 0.0, 0.1;
  BOOST_CHECK_THROW((void)group_network({close, Eigen::Vector2d(1.0, 1.0)}, 2, 0.0, 1),
                    invalid_input);
}

BOOST_AUTO_TEST_CASE(a_seed_is_all_there_is_to_chance) {
  for (const std::uint64_t seed : {0U, 1U, 2U}) {
    BOOST_TEST((gaussian_network(5, 3, 1.0, seed).weights() ==
                gaussian_network(5, 3, 1.0, seed).weights()));
    BOOST_TEST((gaussian_network(5, 3, 1.0, seed).weights() !=
                gaussian_network(5, 3, 1.0, seed + 1).weights()));
  }
}

BOOST_AUTO_TEST_CASE(the_numbers_never_change) {
  // Recorded once: a change here changes every published seed.
  const network net = balanced_network(2, 2, 0.0, 1);
  BOOST_TEST(net.signs()[0] == -1.0);
  BOOST_TEST(net.log_norms()[0] == 0.2022936303888056, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(net.directions()(0, 1) == -0.68342693749628369, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_refused) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  BOOST_CHECK_THROW((void)balanced_network(0, 1, 0.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)balanced_network(1, 0, 0.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)balanced_network(1, 1, infinity, 1), invalid_input);
  BOOST_CHECK_THROW((void)dominated_network(1, 1, 0.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)ball_network(1, 1, -1.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)gaussian_network(1, 1, infinity, 1), invalid_input);
}
