#include "reluflow/errors.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/network.hpp"
#include "support/matrices.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// h(x) = alpha sum_j a_j max(0, <w_j, x>), term by term.
Eigen::VectorXd naive_outputs(double alpha, const Eigen::VectorXd& a, const Eigen::MatrixXd& w,
                              const Eigen::MatrixXd& x) {
  Eigen::VectorXd h = Eigen::VectorXd::Zero(x.cols());
  for (index k = 0; k < x.cols(); ++k) {
    for (index j = 0; j < w.cols(); ++j) {
      double z = 0.0;
      for (index i = 0; i < w.rows(); ++i) z += w(i, j) * x(i, k);
      h[k] += alpha * a[j] * std::max(0.0, z);
    }
  }
  return h;
}

template <class Build>
std::string complaint(Build build) {
  try {
    (void)build();
  } catch (const invalid_input& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(balanced)

BOOST_AUTO_TEST_CASE(neurons_are_kept_as_given_and_directions_normalised) {
  const network net =
      network::balanced(vec({1.0, -1.0}), vec({0.0, -2.0}), columns({{3.0, 4.0}, {0.0, -1e-200}}));
  BOOST_TEST(net.is_balanced());
  BOOST_TEST(net.width() == 2);
  BOOST_TEST(net.dimension() == 2);
  BOOST_TEST(net.output_scale() == 1.0);
  BOOST_TEST((net.signs() == vec({1.0, -1.0})));
  BOOST_TEST((net.log_norms() == vec({0.0, -2.0})));
  BOOST_TEST((net.directions() - columns({{0.6, 0.8}, {0.0, -1.0}})).norm() < 1e-16);
  BOOST_TEST((net.output_weights() - vec({1.0, -std::exp(-2.0)})).norm() < 1e-16);
  BOOST_TEST((net.weights() - columns({{0.6, 0.8}, {0.0, -std::exp(-2.0)}})).norm() < 1e-16);
  BOOST_TEST((net.invariants() == vec({0.0, 0.0})));
}

BOOST_AUTO_TEST_CASE(neurons_below_the_smallest_double_keep_all_their_digits) {
  const double log_norm = -1e5 - 1.0 / 3.0;
  const network net = network::balanced(vec({1.0, 1.0}), vec({log_norm, 0.0}),
                                        columns({{1.0, 2.0, 2.0}, {1.0, 0.0, 0.0}}));
  BOOST_TEST(net.log_norms()[0] == log_norm);
  BOOST_TEST((net.directions().col(0) - vec({1.0, 2.0, 2.0}) / 3.0).norm() < 1e-16);
  BOOST_TEST(net.weights().col(0).norm() == 0.0);
  BOOST_TEST((net(columns({{1.0, 1.0, 1.0}})) == vec({1.0})));
}

BOOST_AUTO_TEST_CASE(directions_that_are_unit_vectors_read_back_the_same) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const network net = balanced_network(20, 5, -10.0, seed);
    const network again = network::balanced(net.signs(), net.log_norms(), net.directions());
    BOOST_TEST((again.directions() == net.directions()));
    BOOST_TEST((again.log_norms() == net.log_norms()));
  }
}

BOOST_AUTO_TEST_CASE(a_value_out_of_range_is_refused_with_its_neuron) {
  const Eigen::MatrixXd v = columns({{1.0, 0.0}, {0.0, 1.0}});
  const auto with = [&](double sign, double log_norm, double coordinate, double alpha) {
    return complaint([&] {
      return network::balanced(vec({1.0, sign}), vec({0.0, log_norm}),
                               columns({{1.0, 0.0}, {0.0, coordinate}}), alpha);
    });
  };
  BOOST_TEST(with(1.0, 0.0, 1.0, 1.0) == "(nothing thrown)");
  BOOST_TEST(with(0.0, 0.0, 1.0, 1.0) == "sign of neuron 1: found 0, expected +1 or -1");
  BOOST_TEST(with(2.0, 0.0, 1.0, 1.0) == "sign of neuron 1: found 2, expected +1 or -1");
  BOOST_TEST(with(nan, 0.0, 1.0, 1.0) == "sign of neuron 1: found nan, expected +1 or -1");
  BOOST_TEST(with(1.0, -infinity, 1.0, 1.0) ==
             "log norm of neuron 1: found -inf, expected a finite number");
  for (const double coordinate : {0.0, nan, infinity}) {
    BOOST_TEST(with(1.0, 0.0, coordinate, 1.0) ==
               "direction of neuron 1: found a zero or infinite vector, expected a finite vector "
               "that is not zero");
  }
  for (const double alpha : {0.0, -1.0, nan, infinity}) {
    BOOST_TEST(with(1.0, 0.0, 1.0, alpha).starts_with("output_scale: found "));
  }
  BOOST_TEST(complaint([&] {
               return network::balanced(vec({1.0}), vec({0.0, 0.0}), v);
             }) == "signs: found 1 entries, expected 2, one for each neuron");
  BOOST_TEST(complaint([&] {
               return network::balanced(vec({1.0, 1.0}), vec({0.0}), v);
             }) == "log_norms: found 1 entries, expected 2, one for each neuron");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cartesian)

BOOST_AUTO_TEST_CASE(any_weights_are_taken_zero_included) {
  const network net =
      network::cartesian(vec({2.0, 0.0, -1.0}), columns({{3.0, 4.0}, {1.0, 0.0}, {0.0, 0.0}}), 0.5);
  BOOST_TEST(!net.is_balanced());
  BOOST_TEST(net.output_scale() == 0.5);
  BOOST_TEST((net.signs() == vec({1.0, 0.0, -1.0})));
  BOOST_TEST((net.output_weights() == vec({2.0, 0.0, -1.0})));
  BOOST_TEST(net.log_norms()[0] == std::log(5.0), tolerance(1e-15));
  BOOST_TEST(net.log_norms()[2] == -infinity);
  BOOST_TEST((net.directions() - columns({{0.6, 0.8}, {1.0, 0.0}, {0.0, 0.0}})).norm() < 1e-16);
  BOOST_TEST((net.weights() - columns({{3.0, 4.0}, {1.0, 0.0}, {0.0, 0.0}})).norm() < 1e-14);
  BOOST_TEST((net.invariants() - vec({-21.0, -1.0, 1.0})).norm() < 1e-13);
}

BOOST_AUTO_TEST_CASE(a_balanced_network_can_be_written_by_its_weights) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const network net = balanced_network(10, 3, -20.0, seed, output_scaling::mean);
    const network same =
        network::cartesian(net.output_weights(), net.weights(), net.output_scale());
    BOOST_TEST((same.signs() == net.signs()));
    BOOST_TEST((same.log_norms() - net.log_norms()).cwiseAbs().maxCoeff() < 1e-14);
    BOOST_TEST((same.directions() - net.directions()).cwiseAbs().maxCoeff() < 1e-15);
    const Eigen::ArrayXd squares = (2.0 * net.log_norms().array()).exp();
    BOOST_TEST((same.invariants().array().abs() / squares).maxCoeff() < 1e-14);
  }
}

// a - |w| = 1e-12: a^2 - |w|^2 by squares would have lost all but four digits.
BOOST_AUTO_TEST_CASE(invariants_do_not_cancel) {
  const network net = network::cartesian(vec({1.0 + 0x1p-40}), columns({{0.0, 1.0}}));
  BOOST_TEST(net.invariants()[0] == 0x1p-39 + 0x1p-80, tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_are_refused) {
  BOOST_TEST(complaint([] {
               return network::cartesian(vec({1.0}), columns({{1.0, nan}}));
             }) == "weights: found a value that is not finite, expected finite numbers");
  BOOST_TEST(complaint([] { return network::cartesian(vec({infinity}), columns({{1.0}})); }) ==
             "weights: found a value that is not finite, expected finite numbers");
  BOOST_TEST(complaint([] {
               return network::cartesian(vec({1.0, 1.0}), columns({{1.0}}));
             }) == "output weights: found 2 entries, expected 1, one for each neuron");
  BOOST_TEST(complaint([] { return network::cartesian(vec({1.0}), columns({{1.0}}), -2.0); }) ==
             "output_scale: found -2, expected a finite positive number");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(outputs_are_the_sum_over_neurons) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::srand(static_cast<unsigned>(seed));
    const Eigen::MatrixXd x = Eigen::MatrixXd::Random(4, 9);
    for (const network& net : {gaussian_network(6, 4, 1.0, seed, output_scaling::mean),
                               balanced_network(6, 4, 0.5, seed)}) {
      const Eigen::VectorXd h =
          naive_outputs(net.output_scale(), net.output_weights(), net.weights(), x);
      BOOST_TEST((net(x) - h).norm() < 1e-13);
      const dataset data(x, Eigen::VectorXd::Random(9));
      BOOST_TEST((net(data) == net(x)));
      BOOST_TEST((residuals(data, net) - (data.labels() - h)).norm() < 1e-13);
      BOOST_TEST(loss(data, net) == (data.labels() - h).squaredNorm() / 18.0, tolerance(1e-13));
    }
  }
}

BOOST_AUTO_TEST_CASE(inputs_of_another_dimension_are_refused) {
  const network net = network::cartesian(vec({1.0}), columns({{1.0, 1.0}}));
  BOOST_TEST(complaint([&] {
               return net(columns({{1.0, 1.0, 1.0}}));
             }) == "inputs: found dimension 3, expected 2, the dimension of the network");
}

BOOST_AUTO_TEST_CASE(a_network_without_neurons_is_zero) {
  const network none;
  BOOST_TEST(none.width() == 0);
  BOOST_TEST(none.is_balanced());
  BOOST_TEST(none.invariants().size() == 0);
}

}  // namespace reluflow::test
