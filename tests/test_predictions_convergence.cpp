// A15 and A16 of theory.md: late rates of the loss and the Polyak-Lojasiewicz constant.

#include "test_predictions_cases.hpp"

#include <Eigen/Eigenvalues>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace reluflow::orthogonal {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

// Theory.md 0.2 with alpha = 1, written out.
Eigen::MatrixXd residual_kernel(const dataset& data, const network& net) {
  const Eigen::MatrixXd w = net.weights();
  const Eigen::VectorXd a = net.output_weights();
  Eigen::MatrixXd kernel = Eigen::MatrixXd::Zero(data.size(), data.size());
  for (index j = 0; j < net.width(); ++j) {
    const Eigen::VectorXd z = (data.inputs().transpose() * w.col(j)).cwiseMax(0.0);
    const Eigen::VectorXd on = (z.array() > 1e-12).cast<double>();
    kernel += z * z.transpose() + a[j] * a[j] * on.asDiagonal() *
                                      (data.inputs().transpose() * data.inputs()) * on.asDiagonal();
  }
  return kernel / static_cast<double>(data.size());
}

}  // namespace

BOOST_AUTO_TEST_CASE(kernel_eigenvalues_at_the_limit) {
  const test_case problem = four_points(1e-4);
  Eigen::VectorXd values(4);
  values << limit_kernel_eigenvalues(problem.data, *problem.groups.negative),
      limit_kernel_eigenvalues(problem.data, *problem.groups.positive);
  std::sort(values.begin(), values.end());
  const Eigen::VectorXd expected = vec({0.23584953, 0.45069391, 0.47169906, 0.90138782});
  BOOST_TEST((values - expected).cwiseAbs().maxCoeff() < 5e-9);
}

BOOST_AUTO_TEST_CASE(kernel_eigenvalues_with_unequal_norms_against_the_kernel_itself) {
  const dataset data = axes(vec({1.0, -0.8, 1.3, -1.1, 0.4}), vec({0.7, 1.3, 1.0, 0.9, 2.0}));
  const network any = balanced_gaussian(6, 5, std::log(1e-4), 4);
  const network net =
      network::balanced(vec({1, -1, 1, -1, 1, -1}), any.log_norms(), any.directions().cwiseAbs());
  const network limit = limit_state(data, net).value();
  const Eigen::VectorXd kernel =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(residual_kernel(data, limit)).eigenvalues();
  const label_groups groups = groups_of(data);
  Eigen::VectorXd values(5);
  values << limit_kernel_eigenvalues(data, *groups.negative),
      limit_kernel_eigenvalues(data, *groups.positive);
  std::sort(values.begin(), values.end());
  BOOST_TEST((values - kernel).norm() < 1e-13);
  BOOST_TEST(*limit_pl_constant(data, groups) == 2.0 * kernel[0], tolerance(1e-12));
  BOOST_TEST(!limit_loss_rates(*groups.positive).has_value());
}

BOOST_AUTO_TEST_CASE(late_rates_of_the_loss) {
  const test_case problem = four_points(1e-4);
  const loss_rates rates = limit_loss_rates(*problem.groups.negative).value();
  BOOST_TEST(rates.parallel == 0.9434, tolerance(1e-4));
  BOOST_TEST(*rates.transverse == 0.4717, tolerance(1e-4));
  BOOST_TEST(*limit_pl_constant(problem.data, problem.groups) == 0.47169906, tolerance(1e-7));
  // The loss falls by the parallel rate first and by the transverse one in the end.
  orthogonal_flow flow(problem.data, problem.net, 0.01);
  const auto rate_below = [&](double level) {
    while (flow.loss() > level) {
      flow.advance_to(flow.t() + 0.5);
    }
    return flow.squared_gradient() / flow.loss();
  };
  BOOST_TEST(rate_below(1e-10) == rates.parallel, tolerance(5e-3));
  BOOST_TEST(rate_below(1e-24) == *rates.transverse, tolerance(5e-2));

  const test_case example = from_files("two_point");
  const loss_rates single = limit_loss_rates(*example.groups.negative).value();
  BOOST_TEST(single.parallel == 2.236068, tolerance(1e-6));
  BOOST_TEST(!single.transverse.has_value());  // one sample: nothing lies across
  BOOST_TEST(*limit_pl_constant(example.data, example.groups) == 2.236068, tolerance(1e-6));
  BOOST_TEST(!limit_pl_constant(axes(vec({0.0})), groups_of(axes(vec({0.0})))).has_value());
}

BOOST_AUTO_TEST_CASE(the_polyak_lojasiewicz_bound_holds_at_random_states) {
  const dataset data = axes(vec({1.0, -0.8, 1.3}), vec({0.7, 1.3, 1.0}));
  int positive = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const network net = balanced_gaussian(8, 3, 0.0, seed);
    const double bound = pl_lower_bound(data, net).value();
    positive += bound > 0.0 ? 1 : 0;
    BOOST_TEST(squared_gradient(data, net) >= bound * loss(data, net) * (1.0 - 1e-12));
  }
  BOOST_TEST(positive > 50);
  // It is sharp: neurons active on one sign only, residuals on the smallest input only.
  const network sharp =
      network::cartesian(vec({1.0, -1.0}), Eigen::MatrixXd{{1.0, -1.0}, {-1.0, 1.0}, {1.0, -1.0}});
  const dataset near(Eigen::MatrixXd::Identity(3, 3), vec({1.1, -1.1, 1.0}));
  BOOST_TEST(squared_gradient(near, sharp) / loss(near, sharp) <
             2.1 * pl_lower_bound(near, sharp).value());
  BOOST_TEST(!pl_lower_bound(axes(vec({1.0, 0.0, 1.0})), sharp).has_value());
}

BOOST_AUTO_TEST_CASE(the_bound_asks_for_activity_where_the_printed_one_does_not) {
  // Paper A, Lemma 14 "for all theta": turn the weights of a good state round and nothing is
  // active.
  const dataset data = axes(vec({1.0, -1.0}));
  const network dead =
      network::balanced(vec({1, -1}), vec({0.0, 0.0}), Eigen::MatrixXd{{-1.0, -1.0}, {-1.0, -1.0}});
  const double printed = 2.0 * loss(data, dead) * 0.5;  // min (1/n) sum |w_j|^2 over S_{+-,1}
  BOOST_TEST(squared_gradient(data, dead) == 0.0);
  BOOST_TEST(printed > 0.0);
  BOOST_TEST(pl_lower_bound(data, dead).value() == 0.0);
}

}  // namespace reluflow::orthogonal
