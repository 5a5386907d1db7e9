// The spherical and the Cartesian chart follow the same flow.

#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace reluflow::test {
namespace {

flow_options options(double t_end, chart_kind chart) {
  flow_options flow;
  flow.t_end = t_end;
  flow.rtol = 1e-10;
  flow.chart = chart;
  return flow;
}

void check_charts_agree(const dataset& data, const network& initial, double t_end) {
  const trajectory spherical = lawful_run(data, initial, options(t_end, chart_kind::spherical));
  const trajectory cartesian = lawful_run(data, initial, options(t_end, chart_kind::cartesian));
  BOOST_TEST(spherical.switches.size() == cartesian.switches.size());
  BOOST_REQUIRE(spherical.rows.size() == cartesian.rows.size());
  const double start = spherical.rows.front().loss;
  for (std::size_t i = 0; i < spherical.rows.size(); ++i) {
    BOOST_TEST(std::abs(spherical.rows[i].loss - cartesian.rows[i].loss) <= 1e-8 * start,
               "t = " << spherical.rows[i].t << ": " << spherical.rows[i].loss << " and "
                      << cartesian.rows[i].loss);
  }
}

BOOST_AUTO_TEST_CASE(agree_on_random_data_with_slides) {
  for (const int seed : {1, 2, 3}) {
    std::srand(static_cast<unsigned>(seed));
    const dataset data(Eigen::MatrixXd::Random(3, 8), Eigen::VectorXd::Random(8));
    const Eigen::VectorXd signs =
        Eigen::VectorXd::Random(10).unaryExpr([](double x) { return x < 0.0 ? -1.0 : 1.0; });
    const network initial = network::balanced(signs, Eigen::VectorXd::Constant(10, -4.0),
                                              Eigen::MatrixXd::Random(3, 10));
    BOOST_TEST_CONTEXT("seed " << seed) { check_charts_agree(data, initial, 40.0); }
  }
}

// A neuron whose force points away from it shrinks for ever and never reaches 0: the sign of a is
// conserved (theory.md A1). While a + |w| falls like exp(-|D| t), rounding in a - |w| grows like
// exp(+|D| t); unless something keeps a^2 - |w|^2, it takes over, and the neuron flips and grows.
BOOST_AUTO_TEST_CASE(agree_on_a_neuron_that_decays) {
  const dataset data(columns({{1.0, 2.0}, {1.0, -1.0}}), vec({-2.0, -2.0}));
  const network initial =
      network::balanced(vec({1.0, 1.0}), vec({-4.0, -4.1}), columns({{0.71, 0.70}, {0.7, 0.69}}));
  check_charts_agree(data, initial, 60.0);
}

// Squares of weights below 1e-162 underflow; errors, norms and screens must not be built on them.
BOOST_AUTO_TEST_CASE(agree_far_below_the_square_root_of_the_smallest_double) {
  const dataset data(columns({{1.0, 0.3}, {-0.5, 1.0}}), vec({1.0, -1.0}));
  for (const double log_norm : {-100.0, -460.0, -690.0}) {
    const network initial =
        network::balanced(vec({1.0, -1.0, 1.0}), Eigen::VectorXd::Constant(3, log_norm),
                          columns({{1.0, 0.8}, {1.0, 0.2}, {0.3, -1.0}}));
    BOOST_TEST_CONTEXT("log norm " << log_norm) {
      check_charts_agree(data, initial, -2.0 * log_norm + 100.0);
    }
  }
}

// In the spherical chart a decay by exp(-1e4) is a number like any other.
BOOST_AUTO_TEST_CASE(the_spherical_chart_follows_a_decay_of_any_length) {
  const dataset data(columns({{1.0}}), vec({-1.0}));
  const network initial = network::balanced(vec({1.0}), vec({-50.0}), columns({{1.0}}));
  const trajectory run = lawful_run(data, initial, options(1e4, chart_kind::spherical));
  BOOST_TEST(run.final_network.log_norms()[0] == -50.0 - 1e4, boost::test_tools::tolerance(1e-9));
}

}  // namespace
}  // namespace reluflow::test
