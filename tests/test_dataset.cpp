#include "reluflow/dataset.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace reluflow::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string complaint(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& labels) {
  try {
    (void)dataset(inputs, labels);
  } catch (const invalid_input& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace

BOOST_AUTO_TEST_CASE(samples_are_columns) {
  const dataset data(columns({{3.0, 4.0}, {0.0, -2.0}, {1.0, 0.0}}), vec({1.0, -1.0, 0.0}));
  BOOST_TEST(data.dimension() == 2);
  BOOST_TEST(data.size() == 3);
  BOOST_TEST((data.norms() == vec({5.0, 2.0, 1.0})));
  BOOST_TEST((data.inputs() == columns({{3.0, 4.0}, {0.0, -2.0}, {1.0, 0.0}})));
  BOOST_TEST((data.labels() == vec({1.0, -1.0, 0.0})));
}

BOOST_AUTO_TEST_CASE(norms_neither_overflow_nor_underflow) {
  const dataset data(columns({{3e200, 4e200}, {3e-200, 4e-200}, {5e-324, 0.0}}),
                     Eigen::VectorXd::Zero(3));
  BOOST_TEST(data.norms()[0] == 5e200, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(data.norms()[1] == 5e-200, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(data.norms()[2] > 0.0);
}

BOOST_AUTO_TEST_CASE(what_is_no_data_set_is_refused_with_its_place) {
  BOOST_TEST(complaint(Eigen::MatrixXd(0, 3), vec({1, 2, 3})) ==
             "inputs: found 0 x 3, expected a d x n matrix with d >= 1 and n >= 1");
  BOOST_TEST(complaint(Eigen::MatrixXd(2, 0), Eigen::VectorXd(0)) ==
             "inputs: found 2 x 0, expected a d x n matrix with d >= 1 and n >= 1");
  BOOST_TEST(complaint(columns({{1.0}, {2.0}}), vec({1, 2, 3})) ==
             "labels: found 3 labels, expected 2, one for each input");
  for (const double value : {nan, infinity, -infinity}) {
    BOOST_TEST(complaint(columns({{1.0, 1.0}, {1.0, value}}), vec({1, 2})) ==
               "sample 1: found a value that is not finite, expected finite inputs and label");
    BOOST_TEST(complaint(columns({{1.0}, {2.0}}), vec({value, 2.0})) ==
               "sample 0: found a value that is not finite, expected finite inputs and label");
  }
  BOOST_TEST(complaint(columns({{1.0, 1.0}, {0.0, -0.0}}), vec({1, 2})) ==
             "sample 1: found an input of norm zero, expected at least one coordinate that is not "
             "zero");
}

BOOST_AUTO_TEST_CASE(a_bias_is_a_last_coordinate_of_one) {
  const dataset data = with_bias(columns({{-1.5}, {0.0}}), vec({0.7, -0.3}));
  BOOST_TEST((data.inputs() == columns({{-1.5, 1.0}, {0.0, 1.0}})));
  BOOST_TEST((data.labels() == vec({0.7, -0.3})));
  BOOST_TEST(data.norms()[1] == 1.0);
  BOOST_CHECK_THROW((void)with_bias(columns({{1.0}}), vec({1.0, 2.0})), invalid_input);
  BOOST_CHECK_THROW((void)with_bias(columns({{nan}}), vec({1.0})), invalid_input);
}

BOOST_AUTO_TEST_CASE(orthogonality_is_judged_by_cosines) {
  const auto orthogonal = [](const Eigen::MatrixXd& x) {
    return has_orthogonal_inputs({x, Eigen::VectorXd::Zero(x.cols())});
  };
  BOOST_TEST(orthogonal(columns({{1.0, 2.0}})));
  BOOST_TEST(orthogonal(columns({{-0.5, 1.0}, {2.0, 1.0}})));
  BOOST_TEST(!orthogonal(columns({{-0.5, 1.0}, {2.0, 1.001}})));
  BOOST_TEST(!orthogonal(columns({{1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}})));
  BOOST_TEST(!orthogonal(columns({{1.0, 0.0}, {-1.0, 0.0}})));
  // Neither a small nor a large norm hides or makes an angle.
  BOOST_TEST(!orthogonal(columns({{1e-20, 0.0}, {1e-20, 1e-20}})));
  BOOST_TEST(orthogonal(columns({{1e-20, 0.0}, {1e-30, 1e10}})));
  BOOST_TEST(orthogonal(columns({{1e10, 1e-6}, {0.0, 1e10}})));
  BOOST_TEST(!has_orthogonal_inputs({columns({{1.0, 0.0}, {1e-3, 1.0}}), vec({0, 0})}));
  BOOST_TEST(has_orthogonal_inputs({columns({{1.0, 0.0}, {1e-3, 1.0}}), vec({0, 0})}, 1e-2));
  // Mostly zeros: only columns that share a row are looked at.
  Eigen::MatrixXd axes = Eigen::MatrixXd::Zero(40, 20);
  for (index k = 0; k < 20; ++k) axes(39 - 2 * k, k) = k % 2 == 0 ? 1.0 : -3.0;
  BOOST_TEST(orthogonal(axes));
  axes.col(19) = axes.col(3);
  BOOST_TEST(!orthogonal(axes));
  axes.col(19).setZero();
  axes.col(19).tail(8).setOnes();
  BOOST_TEST(!orthogonal(axes));
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    BOOST_TEST(has_orthogonal_inputs(orthonormal_data(20, 25, seed)));
    BOOST_TEST(!has_orthogonal_inputs(gaussian_data(20, 25, 0.0, seed)));
  }
}

}  // namespace reluflow::test
