// What changes the problem and not the flow. Each case is a change of data and network that maps
// solutions to solutions exactly, up to the units of time and loss.

#include "reluflow/solvers/flow.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "reluflow/stopping_time.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/network_change.hpp"
#include "support/printing.hpp"
#include "support/problems.hpp"

#include <Eigen/QR>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>

namespace reluflow::test {
namespace {

constexpr double t_end = 40.0;

Eigen::MatrixXd random_rotation(index d, std::mt19937_64& engine) {
  return gaussian_matrix(d, d, engine).householderQr().householderQ();
}

struct solved_problem {
  small_problem task;
  flow_options flow;
  trajectory run;
};

trajectory follow(const dataset& data, const network& initial, const flow_options& flow) {
  trajectory run = checked_run(data, initial, flow, {linear_times(flow.t_end, 41), false});
  BOOST_TEST(run.ending == outcome::reached_end);
  return run;
}

/// Balanced, Gaussian and dominating neurons, switched in either way.
const std::vector<solved_problem>& solved_problems() {
  static const std::vector<solved_problem> all = [] {
    std::vector<solved_problem> list;
    for (unsigned seed = 20; seed < 28; ++seed) {
      const small_problem task(seed);
      flow_options flow;
      flow.t_end = t_end;
      flow.rtol = 1e-10;
      flow.switching = seed % 2 == 0 ? switching_method::global : switching_method::asynchronous;
      list.push_back({task, flow, follow(task.data, task.initial, flow)});
      BOOST_TEST(list.back().run.statistics.switches > 20);
    }
    return list;
  }();
  return all;
}

/// A problem whose inputs have a last coordinate of zero, and the same in many more dimensions: the
/// inputs rotated into them, and for each neuron another direction beyond all inputs in place of
/// the last coordinate.
struct embedded_problem {
  static constexpr index dimension = 24;

  explicit embedded_problem(unsigned seed) : embedded_problem(small_problem(seed), seed) {}

  dataset small;
  dataset large;
  network small_network;
  network large_network;
  Eigen::MatrixXd basis = {};   // of the inputs
  Eigen::MatrixXd beyond = {};  // one column for each neuron

  /// The vectors of neurons of the small problem, or forces on them, in all dimensions.
  [[nodiscard]] Eigen::MatrixXd embedded(const Eigen::MatrixXd& vectors) const {
    return basis * vectors.topRows(basis.cols()) + beyond * vectors.row(basis.cols()).asDiagonal();
  }
  /// How far a network is from that of the small problem.
  [[nodiscard]] double distance(const network& of_large, const network& of_small) const {
    return (of_large.weights() - embedded(of_small.weights())).norm();
  }

 private:
  embedded_problem(const small_problem& task, unsigned seed)
      : small(flat(task.data)),
        large(small),
        small_network(task.initial),
        large_network(task.initial) {
    std::mt19937_64 engine(seed);
    const index r = small.dimension() - 1;
    const index m = small_network.width();
    const Eigen::MatrixXd rotation = random_rotation(dimension, engine);
    basis = rotation.leftCols(r);
    beyond = rotation.rightCols(dimension - r) * gaussian_matrix(dimension - r, m, engine);
    beyond.colwise().normalize();
    large = dataset(basis * small.inputs().topRows(r), small.labels());
    large_network =
        small_network.is_balanced()
            ? network::balanced(small_network.signs(), small_network.log_norms(),
                                embedded(small_network.directions()), small_network.output_scale())
            : network::cartesian(small_network.output_weights(), embedded(small_network.weights()),
                                 small_network.output_scale());
  }

  static dataset flat(const dataset& data) {
    Eigen::MatrixXd inputs = data.inputs();
    inputs.bottomRows(1).setZero();
    return {inputs, data.labels()};
  }
};

struct changed_problem {
  dataset data;
  network initial;
  double time_unit = 1.0;
  double loss_unit = 1.0;
};

/// L(t) is `loss_unit` times L(t / time_unit) of the problem that `change(task, engine)` returns.
template <class Change>
void check_invariance(Change change) {
  std::mt19937_64 engine(1);
  for (const solved_problem& one : solved_problems()) {
    const changed_problem other = change(one.task, engine);
    flow_options flow = one.flow;
    flow.t_end = t_end / other.time_unit;
    const trajectory run = follow(other.data, other.initial, flow);
    BOOST_REQUIRE(run.rows.size() == one.run.rows.size());
    const double start = one.run.rows.front().loss;
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      const double found = other.loss_unit * run.rows[i].loss;
      const double expected = one.run.rows[i].loss;
      BOOST_TEST(std::abs(found - expected) <= 1e-8 * start,
                 "t = " << one.run.rows[i].t << ": " << found << " instead of " << expected);
    }
  }
}

std::vector<index> shuffled(index count, std::mt19937_64& engine) {
  std::vector<index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), index{0});
  std::shuffle(order.begin(), order.end(), engine);
  return order;
}

}  // namespace

BOOST_AUTO_TEST_CASE(neurons_may_be_permuted) {
  check_invariance([](const small_problem& task, std::mt19937_64& engine) {
    const network_change change{.order = shuffled(task.initial.width(), engine)};
    return changed_problem{task.data, changed(task.initial, change)};
  });
}

BOOST_AUTO_TEST_CASE(samples_may_be_permuted) {
  check_invariance([](const small_problem& task, std::mt19937_64& engine) {
    const std::vector<index> order = shuffled(task.data.size(), engine);
    const dataset data(task.data.inputs()(Eigen::all, order), task.data.labels()(order));
    return changed_problem{data, task.initial};
  });
}

BOOST_AUTO_TEST_CASE(inputs_and_neurons_may_be_rotated_together) {
  check_invariance([](const small_problem& task, std::mt19937_64& engine) {
    const index d = task.data.dimension();
    const Eigen::MatrixXd rotation = random_rotation(d, engine);
    const dataset data(rotation * task.data.inputs(), task.data.labels());
    return changed_problem{data, changed(task.initial, {.linear_map = rotation})};
  });
}

BOOST_AUTO_TEST_CASE(labels_and_output_weights_may_change_sign_together) {
  check_invariance([](const small_problem& task, std::mt19937_64& /*engine*/) {
    const dataset data(task.data.inputs(), -task.data.labels());
    return changed_problem{data, changed(task.initial, {.sign = -1.0})};
  });
}

// What a neuron has beyond the span of the inputs stays, and counts by its length alone. Inputs
// span three or four dimensions here: in two, a sliding neuron is held on a line and may meet all
// surfaces at the same instant, and then rounding decides how it goes on.
BOOST_AUTO_TEST_CASE(what_lies_beyond_the_span_of_the_inputs_only_makes_neurons_longer) {
  for (const unsigned seed : {22U, 23U, 26U, 27U, 31U}) {
    const embedded_problem one(seed);
    flow_options flow;
    flow.t_end = t_end;
    flow.rtol = 1e-11;
    flow.switching = seed % 2 == 0 ? switching_method::global : switching_method::asynchronous;
    record_options record{linear_times(t_end, 21), true};
    record.dense = true;
    const stopping_time pushed{.name = "pushed",
                               .value =
                                   [](const flow_moment& now) {
                                     BOOST_TEST(now.net.dimension() == now.data.dimension());
                                     return now.t * now.forces.norm() + now.net.weights().norm();
                                   },
                               .level = 1.0};
    record.stopping_times = {pushed};
    const trajectory expected = checked_run(one.small, one.small_network, flow, record);
    const trajectory found = checked_run(one.large, one.large_network, flow, record);
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(one.distance(found.final_network, expected.final_network) < 1e-7);
      BOOST_REQUIRE(found.rows.size() == expected.rows.size());
      for (std::size_t i = 0; i < found.rows.size(); ++i) {
        const double t = found.rows[i].t;
        BOOST_TEST(std::abs(found.rows[i].loss - expected.rows[i].loss) <
                   1e-9 * expected.rows[0].loss);
        BOOST_TEST(one.distance(found.states[i], expected.states[i]) < 1e-7);
        BOOST_TEST(one.distance(found.at(t), expected.states[i]) < 1e-7);
      }
      BOOST_TEST(expected.switches.size() > 20);
      BOOST_REQUIRE(found.switches.size() == expected.switches.size());
      for (std::size_t i = 0; i < found.switches.size(); ++i) {
        BOOST_TEST(std::abs(found.switches[i].t - expected.switches[i].t) < 1e-6);
        BOOST_TEST(found.switches[i].neuron == expected.switches[i].neuron);
        BOOST_TEST(found.switches[i].sample == expected.switches[i].sample);
      }
      BOOST_REQUIRE(found.stopping_times.size() == expected.stopping_times.size());
      for (std::size_t i = 0; i < found.stopping_times.size(); ++i) {
        BOOST_TEST(std::abs(found.stopping_times[i].t - expected.stopping_times[i].t) < 1e-6);
        BOOST_TEST(one.distance(found.stopping_times[i].state, expected.stopping_times[i].state) <
                   1e-6);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_in_fewer_dimensions_than_its_inputs_goes_on_from_a_checkpoint) {
  const embedded_problem one(23);
  problem task{one.large, one.large_network, {}, {}, {}};
  task.flow.t_end = 10.0;
  task.record = {linear_times(10.0, 11), true};
  task.record.dense = true;
  task.record.stopping_times = {stopping::loss_falls_to("low", 1e-3)};
  flow_solver first(task);
  first.advance_to(5.0);
  BOOST_TEST(first.state().dimension() == embedded_problem::dimension);
  std::stringstream kept;
  first.save(kept);
  flow_solver second(task, kept);
  while (first.step()) {
  }
  while (second.step()) {
  }
  const trajectory expected = first.finish();
  const trajectory found = second.finish();
  BOOST_TEST((found.final_network.weights() - expected.final_network.weights()).norm() == 0.0);
  BOOST_TEST(found.rows.back().loss == expected.rows.back().loss);
}

// |s|^2 + |c|^2 = 1: the parts (s x, s y) and (c x, c y) push as the sample did. They lie on one
// surface. With n + 1 samples for n the clock runs slower by n / (n + 1).
BOOST_AUTO_TEST_CASE(a_sample_may_be_split_in_two) {
  check_invariance([](const small_problem& task, std::mt19937_64& engine) {
    const index n = task.data.size();
    const auto split = static_cast<index>(engine() % static_cast<std::uint64_t>(n));
    Eigen::MatrixXd x(task.data.dimension(), n + 1);
    Eigen::VectorXd y(n + 1);
    x << task.data.inputs(), 0.6 * task.data.inputs().col(split);
    y << task.data.labels(), 0.6 * task.data.labels()[split];
    x.col(split) *= 0.8;
    y[split] *= 0.8;
    const double ratio = static_cast<double>(n) / static_cast<double>(n + 1);
    return changed_problem{dataset(x, y), task.initial, ratio, 1.0 / ratio};
  });
}

BOOST_AUTO_TEST_CASE(all_samples_may_be_repeated) {
  check_invariance([](const small_problem& task, std::mt19937_64& /*engine*/) {
    const dataset data(task.data.inputs().replicate(1, 2), task.data.labels().replicate(2, 1));
    return changed_problem{data, task.initial};
  });
}

BOOST_AUTO_TEST_CASE(a_neuron_may_be_split_in_two) {
  check_invariance([](const small_problem& task, std::mt19937_64& engine) {
    const index m = task.initial.width();
    network_change change{.scales = Eigen::VectorXd::Ones(m + 1), .order = shuffled(m, engine)};
    change.order.push_back(change.order.front());
    change.scales[0] = 0.6;
    change.scales[m] = 0.8;
    return changed_problem{task.data, changed(task.initial, change)};
  });
}

BOOST_AUTO_TEST_CASE(the_unit_of_inputs_is_a_unit_of_time) {
  const double unit = 3.0;
  check_invariance([&](const small_problem& task, std::mt19937_64& /*engine*/) {
    const dataset data(unit * task.data.inputs(), unit * task.data.labels());
    return changed_problem{data, task.initial, unit * unit, 1.0 / (unit * unit)};
  });
}

BOOST_AUTO_TEST_CASE(the_unit_of_labels_is_a_unit_of_time) {
  const double unit = 0.3;
  check_invariance([&](const small_problem& task, std::mt19937_64& /*engine*/) {
    const dataset data(task.data.inputs(), unit * task.data.labels());
    const Eigen::VectorXd scales = Eigen::VectorXd::Constant(task.initial.width(), std::sqrt(unit));
    return changed_problem{data, changed(task.initial, {.scales = scales}), unit,
                           1.0 / (unit * unit)};
  });
}

BOOST_AUTO_TEST_CASE(the_output_scale_is_a_unit_of_weights) {
  const double alpha = 0.05;
  check_invariance([&](const small_problem& task, std::mt19937_64& /*engine*/) {
    const Eigen::VectorXd scales =
        Eigen::VectorXd::Constant(task.initial.width(), 1.0 / std::sqrt(alpha));
    return changed_problem{task.data,
                           changed(task.initial, {.scales = scales, .output_scale = alpha})};
  });
}

}  // namespace reluflow::test
