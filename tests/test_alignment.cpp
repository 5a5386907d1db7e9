// Alignment fields, cosines and clusters of directions.

#include "reluflow/alignment.hpp"
#include "reluflow/errors.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace reluflow {
namespace {

using boost::test_tools::tolerance;
using reluflow::test::gaussian_matrix;

network directed(const std::vector<double>& degrees, const std::vector<double>& signs,
                 const std::vector<double>& log_norms) {
  const auto m = static_cast<index>(degrees.size());
  Eigen::MatrixXd w(2, m);
  for (index j = 0; j < m; ++j) {
    const double angle = degrees[static_cast<std::size_t>(j)] * std::numbers::pi / 180.0;
    w.col(j) << std::cos(angle), std::sin(angle);
  }
  return network::balanced(Eigen::VectorXd::Map(signs.data(), m),
                           Eigen::VectorXd::Map(log_norms.data(), m), w);
}

constexpr double degree = std::numbers::pi / 180.0;

}  // namespace

BOOST_AUTO_TEST_CASE(the_field_is_the_sum_over_active_samples) {
  const dataset data(Eigen::MatrixXd{{1.0, 0.0, -1.0}, {0.0, 2.0, 1.0}},
                     Eigen::Vector3d(3.0, -1.5, 6.0));
  BOOST_TEST(
      (alignment_field(data, Eigen::Vector2d(1.0, 0.5)) - Eigen::Vector2d(1.0, -1.0)).norm() <
      1e-15);
  BOOST_TEST(
      (alignment_field(data, Eigen::Vector2d(-1e-200, 0.0)) - Eigen::Vector2d(-2.0, 2.0)).norm() <
      1e-15);
  // z = 0 is inactive: relu'(0) = 0.
  BOOST_TEST(alignment_field(data, Eigen::Vector2d(0.0, -1.0)).norm() == 0.0);
  BOOST_TEST(alignment_value(data, Eigen::Vector2d(1.0, 0.5)) == 0.5, tolerance(1e-15));
  BOOST_CHECK_THROW((void)alignment_field(data, Eigen::Vector3d(1, 0, 0)), invalid_input);
  BOOST_CHECK_THROW((void)alignment_value(data, Eigen::Vector3d(1, 0, 0)), invalid_input);
}

BOOST_AUTO_TEST_CASE(the_field_is_the_gradient_of_the_value) {
  const dataset data(gaussian_matrix(4, 15, 1), gaussian_matrix(15, 1, 2));
  for (std::uint64_t seed = 10; seed < 30; ++seed) {
    const Eigen::VectorXd w = gaussian_matrix(4, 1, seed);
    const Eigen::VectorXd D = alignment_field(data, w);
    BOOST_TEST(alignment_value(data, w) == w.dot(D), tolerance(1e-12));
    for (index i = 0; i < 4; ++i) {
      const Eigen::VectorXd step = 1e-7 * Eigen::VectorXd::Unit(4, i);
      const double slope =
          (alignment_value(data, w + step) - alignment_value(data, w - step)) / 2e-7;
      BOOST_TEST(std::abs(slope - D[i]) < 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(cosines_of_neurons_of_any_size) {
  const network net = directed({0.0, 60.0, 180.0}, {1, -1, 1}, {0.0, -1e5, -700.0});
  const Eigen::VectorXd found = cosines(net, Eigen::Vector2d(5.0, 0.0));
  BOOST_TEST(found[0] == 1.0);
  BOOST_TEST(found[1] == 0.5, tolerance(1e-14));
  BOOST_TEST(found[2] == -1.0);
  const network zero =
      network::cartesian(Eigen::Vector2d(1.0, 1.0), Eigen::MatrixXd{{0.0, 1.0}, {0.0, 0.0}});
  BOOST_TEST(std::isnan(cosines(zero, Eigen::Vector2d(1.0, 0.0))[0]));
  BOOST_TEST(cosines(zero, Eigen::Vector2d(1.0, 0.0))[1] == 1.0);
  BOOST_CHECK_THROW((void)cosines(net, Eigen::Vector2d(0.0, 0.0)), invalid_input);
  BOOST_CHECK_THROW((void)cosines(net, Eigen::Vector3d(1.0, 0.0, 0.0)), invalid_input);
}

BOOST_AUTO_TEST_CASE(clusters_are_founded_by_the_longest_neuron) {
  const network net = directed({0.0, 4.0, 8.0, 90.0, 2.0, 180.0}, {1, 1, 1, 1, -1, 1},
                               {-3.0, -1.0, -2.0, -4.0, -5.0, -6.0});
  const auto clusters = cluster_directions(net, 5.0 * degree);
  BOOST_REQUIRE(clusters.size() == 4U);
  BOOST_TEST(clusters[0].neurons == (std::vector<index>{0, 1, 2}));  // within 5 degrees of neuron 1
  BOOST_TEST(clusters[1].neurons == std::vector<index>{3});
  BOOST_TEST(clusters[2].neurons == std::vector<index>{4});  // a sign of its own
  BOOST_TEST(clusters[2].sign == -1.0);
  BOOST_TEST(clusters[3].neurons == std::vector<index>{5});
  // From the end of the cluster neuron 0 is too far: founders matter, not chains.
  BOOST_TEST(cluster_directions(net, 3.9 * degree)[0].neurons == std::vector<index>{1});

  const double squares = std::exp(-6.0) + std::exp(-2.0) + std::exp(-4.0);
  BOOST_TEST(clusters[0].log_norm == 0.5 * std::log(squares), tolerance(1e-14));
  const Eigen::Vector2d mean = std::exp(-6.0) * net.directions().col(0) +
                               std::exp(-2.0) * net.directions().col(1) +
                               std::exp(-4.0) * net.directions().col(2);
  BOOST_TEST((clusters[0].direction - mean.normalized()).norm() < 1e-14);
}

BOOST_AUTO_TEST_CASE(clusters_see_small_angles_and_small_neurons) {
  // 1e-9 radians apart: the cosine of that is 1.
  const double shift = 1e-9 / degree;
  const network net =
      directed({30.0, 30.0 + shift, 30.0 + 3.0 * shift}, {1, 1, 1}, {-1e5, -1e5 - 1.0, -1e5 - 2.0});
  const auto clusters = cluster_directions(net, 2e-9);
  BOOST_REQUIRE(clusters.size() == 2U);
  BOOST_TEST(clusters[0].neurons == (std::vector<index>{0, 1}));
  BOOST_TEST(clusters[0].log_norm == -1e5 + 0.5 * std::log1p(std::exp(-2.0)), tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(clusters_at_their_edges) {
  const network zero = network::cartesian(Eigen::Vector3d(1.0, 0.0, 1.0),
                                          Eigen::MatrixXd{{0.0, 1.0, 1.0}, {0.0, 0.0, 0.0}});
  const auto clusters = cluster_directions(zero, 0.1);
  BOOST_REQUIRE(clusters.size() == 2U);  // w = 0 is left out; a = 0 is a sign of its own
  BOOST_TEST(clusters[0].sign == 0.0);
  BOOST_TEST(clusters[1].sign == 1.0);
  // Opposite neurons of equal length cancel: the founder gives the direction.
  const auto opposite =
      cluster_directions(directed({0.0, 180.0}, {1, 1}, {0.0, 0.0}), std::numbers::pi);
  BOOST_REQUIRE(opposite.size() == 1U);
  BOOST_TEST(opposite[0].direction[0] == 1.0);
  BOOST_TEST(cluster_directions(network(), 0.1).empty());
  BOOST_CHECK_THROW((void)cluster_directions(zero, 0.0), invalid_input);
  BOOST_CHECK_THROW((void)cluster_directions(zero, 3.2), invalid_input);
}

}  // namespace reluflow
