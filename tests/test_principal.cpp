// Principal components of hidden weights.

#include "reluflow/errors.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/principal.hpp"
#include "support/matrices.hpp"

#include <Eigen/SVD>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

BOOST_AUTO_TEST_CASE(two_clusters_in_numbers) {
  // Squares 9 + 16 along e_1 and 1 along e_2.
  const network net = network::cartesian(
      vec({3.0, 4.0, -1.0}), columns({{3.0, 0.0, 0.0}, {4.0, 0.0, 0.0}, {0.0, -1.0, 0.0}}));
  const principal_components found = principal_components_of(net, 3);
  BOOST_TEST(found.shares[0] == 25.0 / 26.0, tolerance(1e-14));
  BOOST_TEST(found.shares[1] == 1.0 / 26.0, tolerance(1e-13));
  BOOST_TEST(found.shares[2] == 0.0);
  BOOST_TEST((found.axes.col(0) - vec({1.0, 0.0, 0.0})).norm() <= 1e-14);
  // A negative neuron points against its axis.
  BOOST_TEST((found.axes.col(1) - vec({0.0, 1.0, 0.0})).norm() <= 1e-14);
  BOOST_TEST(found.axes.col(2).norm() == 0.0);
}

BOOST_AUTO_TEST_CASE(they_are_the_singular_vectors_whatever_the_shape_and_the_scale) {
  for (const auto& [width, dimension] : {std::pair<index, index>(7, 4), {4, 7}, {5, 5}}) {
    for (const double log_scale : {0.0, -1e5}) {
      const network net = balanced_network(width, dimension, log_scale, 3);
      const network unit = balanced_network(width, dimension, 0.0, 3);
      const Eigen::JacobiSVD<Eigen::MatrixXd> svd(unit.weights(), Eigen::ComputeThinU);
      const principal_components found = principal_components_of(net, 2);
      const Eigen::VectorXd squares = svd.singularValues().array().square();
      for (index i = 0; i < 2; ++i) {
        BOOST_TEST(found.shares[i] == squares[i] / squares.sum(), tolerance(1e-9));
        BOOST_TEST(std::abs(svd.matrixU().col(i).dot(found.axes.col(i))) == 1.0, tolerance(1e-9));
        const Eigen::VectorXd along = unit.weights().transpose() * found.axes.col(i);
        BOOST_TEST(unit.signs().dot(along.cwiseAbs().cwiseProduct(along)) >= 0.0);
      }
      BOOST_TEST((found.axes.transpose() * found.axes - Eigen::Matrix2d::Identity()).norm() <=
                 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_has_no_components) {
  const network zero = network::cartesian(vec({1.0}), Eigen::MatrixXd::Zero(2, 1));
  BOOST_TEST(principal_components_of(zero).shares.norm() == 0.0);
  BOOST_TEST(principal_components_of(zero).axes.norm() == 0.0);
  BOOST_CHECK_THROW((void)principal_components_of(network()), invalid_input);
  BOOST_CHECK_THROW((void)principal_components_of(zero, 0), invalid_input);
}

}  // namespace
}  // namespace reluflow::test
