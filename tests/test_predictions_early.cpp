// A2, A4 and A5 of theory.md: data vectors, constant fields, deactivations during alignment.

#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "test_predictions_flow.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <cmath>

namespace reluflow::orthogonal {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

network one_neuron(double sign, const Eigen::VectorXd& direction, double log_norm = 0.0) {
  return network::balanced(vec({sign}), vec({log_norm}), direction);
}

// Random neurons with |a| > |w|, sizes of order exp(log_lambda).
network unbalanced(index width, index dimension, double log_lambda, std::uint64_t seed) {
  const network balanced = balanced_gaussian(width, dimension, log_lambda, seed);
  const Eigen::VectorXd a =
      balanced.output_weights().array() * Eigen::ArrayXd::LinSpaced(width, 1.0, 2.0);
  return network::cartesian(a, balanced.weights());
}

}  // namespace

BOOST_AUTO_TEST_CASE(data_vectors_of_the_two_point_example) {
  Eigen::MatrixXd x(2, 2);
  x << -0.5, 2.0, 1.0, 1.0;
  const label_groups groups = groups_of({x, vec({-1.0, 1.0})});
  BOOST_REQUIRE(groups.positive.has_value());
  BOOST_REQUIRE(groups.negative.has_value());
  BOOST_TEST(groups.positive->rate == 1.1180339887498949, tolerance(1e-15));
  BOOST_TEST(groups.negative->rate == 0.5590169943749475, tolerance(1e-15));
  BOOST_TEST(*groups.ratio() == 2.0, tolerance(1e-15));
  BOOST_TEST(groups.positive->mass == 1.0 / std::sqrt(5.0), tolerance(1e-15));
  BOOST_TEST(groups.negative->mass == 1.0 / std::sqrt(1.25), tolerance(1e-15));
  BOOST_TEST((groups.negative->D - vec({0.25, -0.5})).norm() == 0.0);
  BOOST_TEST((groups.negative->v - vec({0.4, -0.8})).norm() < 1e-15);
  BOOST_TEST(groups.fast() == &*groups.positive);
  BOOST_TEST(groups.slow() == &*groups.negative);
}

BOOST_AUTO_TEST_CASE(roles_swap_when_the_negative_labels_are_faster) {
  const label_groups groups = groups_of(axes(vec({1.0, -3.0, 0.0})));
  BOOST_TEST(groups.fast() == &*groups.negative);
  BOOST_TEST(groups.slow() == &*groups.positive);
  BOOST_TEST(*groups.ratio() == 1.0 / 3.0, tolerance(1e-15));
  BOOST_TEST(groups.zero_labels == std::vector<index>{2});
}

BOOST_AUTO_TEST_CASE(an_absent_sign_is_absent_not_zero) {
  const label_groups groups = groups_of(axes(vec({-1.0, -2.0})));
  BOOST_TEST(!groups.positive.has_value());
  BOOST_TEST(!groups.ratio().has_value());
  BOOST_TEST(groups.fast() == &*groups.negative);
  BOOST_TEST(groups.slow() == nullptr);
  BOOST_TEST(groups_of(axes(vec({0.0}))).fast() == nullptr);
}

BOOST_AUTO_TEST_CASE(inputs_that_are_not_orthogonal_are_refused) {
  const dataset skew(Eigen::MatrixXd{{1.0, 0.1}, {0.0, 1.0}}, vec({1.0, 1.0}));
  BOOST_CHECK_THROW((void)groups_of(skew), invalid_input);
  BOOST_CHECK_THROW((void)early_map(skew, one_neuron(1.0, vec({1.0, 0.0}))), invalid_input);
}

BOOST_AUTO_TEST_CASE(the_first_cluster_is_active_on_all_samples_of_its_sign) {
  const dataset data = axes(vec({1.0, 2.0, -1.0}));
  Eigen::MatrixXd w(3, 5);
  w << 1, 1, 1, 1, -1,  //
      1, 0, 1, -1, -1,  //
      -1, 1, 1, 1, 1;
  const network net = network::balanced(vec({1, 1, -1, 1, -1}), vec({0, -5, 3, 1, 2}), w);
  const label_groups groups = groups_of(data);
  BOOST_TEST(first_cluster(data, net, *groups.positive) == std::vector<index>{0});  // 1 has z = 0
  BOOST_TEST(first_cluster(data, net, *groups.negative) == (std::vector<index>{2, 4}));
}

BOOST_AUTO_TEST_CASE(a_constant_field_aligns_by_the_tanh_law) {
  // One sample, always active while w is near it, tiny outputs: the field is y x / n for all times
  // used.
  const Eigen::VectorXd x = vec({0.6, 0.8});
  const dataset data(x, vec({1.3}));
  const network start = one_neuron(1.0, vec({0.8, 0.3}), std::log(1e-9));
  orthogonal_flow flow(data, start, 0.002);
  flow.advance_to(2.5);
  const double initial = start.directions().col(0).dot(x);
  const Eigen::VectorXd w = flow.w().col(0);
  BOOST_TEST(w.normalized().dot(x) == aligned_cosine(initial, 1.3, 2.5), tolerance(1e-11));
  const network moved = propagate(start, 1.3 * x, 2.5);
  BOOST_TEST(std::log(w.norm()) == moved.log_norms()[0], tolerance(1e-11));
  BOOST_TEST((w.normalized() - moved.directions().col(0)).norm() < 1e-11);
}

BOOST_AUTO_TEST_CASE(the_tanh_law_at_its_ends) {
  BOOST_TEST(aligned_cosine(-1.0, 1.0, 100.0) == -1.0);
  BOOST_TEST(aligned_cosine(1.0, 1.0, 3.0) == 1.0);
  BOOST_TEST(aligned_cosine(0.0, 2.0, 0.7) == std::tanh(1.4));
  BOOST_CHECK_THROW((void)aligned_cosine(1.1, 1.0, 1.0), invalid_input);
  BOOST_CHECK_THROW((void)aligned_cosine(0.0, -1.0, 1.0), invalid_input);
}

BOOST_AUTO_TEST_CASE(unbalanced_neurons_in_a_constant_field) {
  // a' = <w, D>, w' = a D conserves a^2 - |w|^2 and is an exponential of t.
  const network start =
      network::cartesian(vec({1.5, -0.7}), Eigen::MatrixXd{{0.3, 0.1}, {-0.4, 0.2}});
  const Eigen::VectorXd D = vec({0.5, -1.2});
  const network once = propagate(start, D, 0.9);
  const network twice = propagate(propagate(start, D, 0.4), D, 0.5);
  BOOST_TEST((once.weights() - twice.weights()).norm() < 1e-14);
  BOOST_TEST((once.invariants() - start.invariants()).norm() < 1e-14);
  const double h = 1e-5;
  const Eigen::VectorXd rate =
      (propagate(start, D, h).output_weights() - start.output_weights()) / h;
  BOOST_TEST((rate - start.weights().transpose() * D).norm() < 2e-5);
}

RC_BOOST_PROP(balanced_propagation_is_a_semigroup_at_any_size, ()) {
  const double u = *rc::gen::map(rc::gen::inRange(-1000, 1001), [](int i) { return i * 1e-3; });
  const double first = *rc::gen::map(rc::gen::inRange(0, 3000), [](int i) { return i * 1e-2; });
  const double second = *rc::gen::map(rc::gen::inRange(0, 3000), [](int i) { return i * 1e-2; });
  const double sign = *rc::gen::element(-1.0, 1.0);
  const double log_norm = *rc::gen::element(0.0, -700.0, -1e5);
  const network start = one_neuron(sign, vec({u, std::sqrt(1.0 - u * u)}), log_norm);
  const Eigen::VectorXd D = vec({1.0, 0.0});
  const network once = propagate(start, D, first + second);
  const network twice = propagate(propagate(start, D, first), D, second);
  RC_ASSERT(std::abs(once.log_norms()[0] - twice.log_norms()[0]) < 1e-9);
  RC_ASSERT((once.directions() - twice.directions()).norm() < 1e-9);
  RC_ASSERT(std::abs(sign * once.directions()(0, 0) -
                     aligned_cosine(sign * u, 1.0, first + second)) < 1e-9);
}

BOOST_AUTO_TEST_CASE(an_antiparallel_neuron_shrinks_for_ever) {
  const network start = one_neuron(1.0, vec({-1.0, 0.0}));
  const network moved = propagate(start, vec({2.0, 0.0}), 1000.0);
  BOOST_TEST(moved.log_norms()[0] == -2000.0, tolerance(1e-14));
  BOOST_TEST(moved.directions()(0, 0) == -1.0);
  // The same inside the early map: one sample, w on it, a pulling the other way.
  const auto path = early_map(axes(vec({-1.0})), one_neuron(1.0, vec({1.0})))[0];
  BOOST_REQUIRE(path.has_value());
  BOOST_TEST(path->extinctions.empty());
  BOOST_TEST(!path->log_amplitude.has_value());
}

BOOST_AUTO_TEST_CASE(the_counterexample_to_the_printed_extinction_time) {
  const dataset data = axes(vec({1.0, -0.1, -5.0}));
  const network net = one_neuron(1.0, vec({0.05, 0.95, -0.2}));
  const auto path = early_map(data, net)[0];
  BOOST_REQUIRE(path.has_value());
  BOOST_REQUIRE(path->extinctions.size() == 1U);
  BOOST_TEST(path->extinctions[0].sample == 1);
  BOOST_TEST(path->extinctions[0].time == 9.023, tolerance(1e-4));
  BOOST_TEST(path->active == std::vector<index>{0});
  BOOST_TEST(path->rate == 1.0 / 3.0, tolerance(1e-15));
  // Paper A, proof of Lemma 7 (iii), sums over samples that were never active and claims 0.0117.
  const double f = 0.1 * net.directions()(1, 0) / 3.0;
  const double printed = f / ((0.01 + 25.0) / 9.0 - f * f);
  BOOST_TEST(printed == 0.0117, tolerance(5e-3));
  BOOST_TEST(path->extinctions[0].time > 700.0 * printed);
  // Summed over the active samples the same idea gives a valid bound.
  const double active = 0.1 / 3.0;
  BOOST_TEST(path->extinctions[0].time <= std::atanh(f / active) / active);
  // And it is what the flow does.
  orthogonal_flow flow(data, one_neuron(1.0, vec({0.05, 0.95, -0.2}), std::log(1e-6)), 0.01);
  flow.advance_to(10.0);
  BOOST_REQUIRE(flow.deaths().size() == 1U);
  BOOST_TEST(flow.deaths()[0].time == path->extinctions[0].time, tolerance(1e-8));
}

namespace {

// Largest difference in time between predicted and integrated extinctions; infinite when the lists
// differ.
double extinction_error(const dataset& data, const network& start, double t_end,
                        std::size_t& count) {
  orthogonal_flow flow(data, start, 0.005);
  flow.advance_to(t_end);
  const auto early = early_map(data, start);
  double worst = 0.0;
  count = 0;
  for (index j = 0; j < start.width(); ++j) {
    std::vector<reluflow::test::death> own;
    std::copy_if(flow.deaths().begin(), flow.deaths().end(), std::back_inserter(own),
                 [&](const auto& one) { return one.neuron == j; });
    const auto& path = early[static_cast<std::size_t>(j)];
    if (!path || path->extinctions.size() != own.size()) {
      return INFINITY;
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i].sample != path->extinctions[i].sample) {
        return INFINITY;
      }
      worst = std::max(worst, std::abs(own[i].time - path->extinctions[i].time));
    }
    count += own.size();
  }
  return worst;
}

}  // namespace

BOOST_AUTO_TEST_CASE(extinctions_of_unbalanced_neurons_match_the_flow_to_second_order) {
  const dataset data = axes(vec({1.0, -0.8, 1.3, -1.1}), vec({0.7, 1.3, 1.0, 0.9}));
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    std::size_t count = 0;
    // Times of order one, when the outputs are still of order lambda^2.
    const double coarse =
        extinction_error(data, unbalanced(30, 4, std::log(1e-3), seed), 12.0, count);
    const double fine =
        extinction_error(data, unbalanced(30, 4, std::log(1e-5), seed), 12.0, count);
    BOOST_TEST(count >= 15U);
    BOOST_TEST(coarse < 2e-2);
    BOOST_TEST(fine < 2e-6);
    BOOST_TEST(coarse > 1e3 * fine);  // second order: about 1e4
  }
}

BOOST_AUTO_TEST_CASE(amplitudes_match_the_flow_and_are_free_of_scale) {
  const dataset data = axes(vec({1.0, -0.8, 1.3, -1.1}), vec({0.7, 1.3, 1.0, 0.9}));
  const double log_lambda = std::log(1e-8);
  for (const bool balanced : {true, false}) {
    const auto start = [&](double scale) {
      return balanced ? balanced_gaussian(20, 4, scale, 5) : unbalanced(20, 4, scale, 5);
    };
    orthogonal_flow flow(data, start(log_lambda), 0.005);
    flow.advance_to(25.0);
    const auto early = early_map(data, start(log_lambda));
    const auto large = early_map(data, start(0.0));
    int growing = 0;
    for (index j = 0; j < 20; ++j) {
      const auto& path = early[static_cast<std::size_t>(j)];
      BOOST_REQUIRE(path.has_value());
      if (!path->log_amplitude) {
        BOOST_TEST(path->active.empty());
        continue;
      }
      ++growing;
      const double expected = *path->log_amplitude + 2.0 * path->rate * flow.t();
      // Both sizes approach the same exponential, from below and above by e^(-2 rate t).
      const double slack = 20.0 * std::exp(-2.0 * path->rate * (flow.t() - 12.0)) + 1e-8;
      BOOST_TEST(std::abs(2.0 * std::log(flow.w().col(j).norm()) - expected) < slack);
      BOOST_TEST(std::abs(2.0 * std::log(std::abs(flow.a()[j])) - expected) < slack);
      const auto& other = large[static_cast<std::size_t>(j)];
      BOOST_TEST(*other->log_amplitude + 2.0 * log_lambda == *path->log_amplitude,
                 tolerance(1e-13));
      for (const index k : path->active) {
        BOOST_TEST(start(0.0).signs()[j] * data.labels()[k] > 0.0);
      }
    }
    BOOST_TEST(growing >= 8);
  }
}

BOOST_AUTO_TEST_CASE(the_early_map_loses_no_digit_at_any_size) {
  const dataset data = axes(vec({1.0, -0.8, 1.3, -1.1}));
  const auto unit = early_map(data, balanced_gaussian(30, 4, 0.0, 9));
  const auto tiny = early_map(data, balanced_gaussian(30, 4, -1e5, 9));
  std::size_t extinctions = 0;
  for (std::size_t j = 0; j < unit.size(); ++j) {
    BOOST_REQUIRE(unit[j]->extinctions.size() == tiny[j]->extinctions.size());
    for (std::size_t i = 0; i < unit[j]->extinctions.size(); ++i) {
      BOOST_TEST(unit[j]->extinctions[i].time == tiny[j]->extinctions[i].time);
      ++extinctions;
    }
    BOOST_TEST(unit[j]->log_amplitude.has_value() == tiny[j]->log_amplitude.has_value());
    if (unit[j]->log_amplitude) {
      BOOST_TEST(*unit[j]->log_amplitude - 2e5 == *tiny[j]->log_amplitude, tolerance(1e-15));
    }
  }
  BOOST_TEST(extinctions >= 20U);
}

BOOST_AUTO_TEST_CASE(samples_that_die_together_and_samples_of_label_zero) {
  // Twins: equal labels, equal z. Both die at one time; the third sample has no label to pull with.
  const dataset data = axes(vec({-1.0, -1.0, 0.0, 2.0}));
  const auto path = early_map(data, one_neuron(1.0, vec({0.5, 0.5, 0.5, 0.5})))[0];
  BOOST_REQUIRE(path->extinctions.size() == 2U);
  BOOST_TEST(path->extinctions[0].time == path->extinctions[1].time, tolerance(1e-14));
  BOOST_TEST(path->active == (std::vector<index>{2, 3}));
  BOOST_TEST(path->rate == 0.5);
}

BOOST_AUTO_TEST_CASE(samples_that_die_together_up_to_rounding_keep_the_order_of_time) {
  // z_k in proportion to the pull |y_k|: all wrong-signed samples die at one time.
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> size(0.1, 3.0);
    Eigen::VectorXd y(6);
    for (index k = 0; k < 6; ++k) {
      y[k] = k == 5 ? size(engine) : -size(engine);
    }
    const auto path = early_map(axes(y), one_neuron(1.0, y.cwiseAbs()))[0];
    BOOST_REQUIRE(path->extinctions.size() == 5U);
    for (std::size_t i = 1; i < 5; ++i) {
      BOOST_TEST(path->extinctions[i].time >= path->extinctions[i - 1].time);
      BOOST_TEST(path->extinctions[i].time == path->extinctions[0].time, tolerance(1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_output_weight_that_changes_sign_has_no_path) {
  const dataset data = axes(vec({1.0, -1.0}));
  // <w, D> < 0 and |w| > |a|: a falls through zero.
  const network net =
      network::cartesian(vec({0.1, 0.0, 0.1}), Eigen::MatrixXd{{0.1, 1.0, 2.0}, {2.0, 1.0, 0.1}});
  const auto paths = early_map(data, net);
  BOOST_TEST(!paths[0].has_value());
  BOOST_TEST(!paths[1].has_value());  // a = 0: no sign to speak of
  BOOST_TEST(paths[2].has_value());
}

}  // namespace reluflow::orthogonal
