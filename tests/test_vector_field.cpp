#include "reluflow/errors.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"
#include "test_vector_field_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace reluflow::test {

// theta' = -(1/alpha) grad L, away from the surfaces.
BOOST_AUTO_TEST_CASE(the_field_is_minus_the_gradient_of_the_loss) {
  const double alpha = 0.5;
  for (unsigned seed = 0; seed < 10; ++seed) {
    source draw(seed);
    const dataset data = draw.data(3, 6);
    const Eigen::VectorXd a = draw.vector(4);
    const network net = network::cartesian(a, draw.matrix(3, 4), alpha);
    const vector_field field(data, net, chart_kind::automatic);
    const Eigen::VectorXd state = field.pack(net);
    const evaluation found(field, state, modes_by_sign(data, net));
    for (index i = 0; i + 1 < field.coordinates(); ++i) {
      const double h = 1e-6;
      Eigen::VectorXd shifted = state;
      shifted[i] = state[i] + h;
      const double right = loss(data, field.unpack(shifted));
      shifted[i] = state[i] - h;
      const double left = loss(data, field.unpack(shifted));
      BOOST_TEST(std::abs(found.rate[i] + (right - left) / (2.0 * h * alpha)) < 1e-8);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_loss_falls_at_the_rate_of_the_last_coordinate) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    source draw(seed);
    const dataset data = draw.data(4, 6);
    const network anywhere = draw.balanced(4, 4, 0.5);
    const flow_modes modes = draw.modes(data, 4);
    Eigen::MatrixXd directions = anywhere.directions();
    for (const auto& [j, frame] : modes.frames) {
      directions.col(j) -= frame.basis * (frame.basis.transpose() * directions.col(j));
    }
    const network net = network::balanced(anywhere.signs(), anywhere.log_norms(), directions, 0.5);
    for (const chart_kind chart : charts) {
      const vector_field field(data, net, chart);
      const Eigen::VectorXd state = field.pack(net);
      const evaluation found(field, state, modes);
      const auto loss_after = [&](double h) {
        return evaluation(field, state + h * found.rate, modes).values.loss;
      };
      const double dissipation = found.rate[field.coordinates() - 1];
      BOOST_TEST(dissipation > 0.0);
      BOOST_TEST(std::abs((loss_after(1e-6) - loss_after(-1e-6)) / 2e-6 + dissipation) < 1e-8);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_sliding_neuron_has_no_velocity_normal_to_its_surfaces) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    source draw(seed);
    const index d = 2 + seed % 5;
    const dataset data = draw.data(d, 12);
    const network net = draw.balanced(d, 3, 1.0);
    const flow_modes modes = draw.modes(data, 3);
    const switching_surfaces surfaces(data);
    for (const chart_kind chart : charts) {
      const vector_field field(data, net, chart);
      const evaluation found(field, field.pack(net), modes);
      for (const auto& [j, frame] : modes.frames) {
        for (const index s : frame.surfaces) {
          const auto normal = surfaces.normals().col(s);
          BOOST_TEST(std::abs(normal.dot(found.values.forces.col(j))) < 1e-14);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(multipliers_are_those_of_the_complementarity_problem) {
  int held = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    source draw(seed);
    const index d = 2 + seed % 4;
    const index s = 1 + seed % (d - 1);
    const dataset data = draw.data(d, 12);
    const switching_surfaces surfaces(data);
    const network net = draw.balanced(d, 1, 1.0);
    flow_modes modes = modes_by_sign(data, net);
    std::vector<index> sliding;
    for (index k = 0; k < s; ++k) {
      sliding.push_back(k);
      modes.pattern.set(0, k, pair_mode::inactive);
    }
    const sliding_frame frame = make_sliding_frame(surfaces, sliding);
    boundary_problem problem;
    problem.sign = net.signs()[0];
    Eigen::VectorXd r = draw.vector(12);
    r.head(s) = -3.0 * problem.sign * r.head(s).cwiseAbs();  // attracting
    problem.normals = surfaces.normals().leftCols(s);
    problem.strengths = r.head(s).cwiseProduct(data.norms().head(s)) / 12.0;
    problem.base.resize(d);
    vector_field(data, net, chart_kind::spherical).active_force(modes.pattern, 0, r, problem.base);
    problem.guess.assign(static_cast<std::size_t>(s), surface_side::held);
    const boundary_solution solution = resolve_boundary(problem);
    const Eigen::VectorXd gamma = frame.multiplier_map * problem.base;
    BOOST_TEST((problem.normals.transpose() * (problem.base + problem.normals * gamma)).norm() <
               1e-13);
    BOOST_TEST((frame.basis.transpose() * frame.basis - Eigen::MatrixXd::Identity(s, s)).norm() <
               1e-14);
    if (solution.sides != problem.guess) continue;
    ++held;
    BOOST_TEST((gamma - solution.eta.cwiseProduct(problem.strengths)).norm() < 1e-13);
  }
  BOOST_TEST(held > 20);
}

BOOST_AUTO_TEST_CASE(only_the_directions_of_the_spherical_vectors_count) {
  source draw(1);
  const dataset data = draw.data(4, 9);
  const network net = draw.balanced(4, 5, 1.0);
  const flow_modes modes = draw.modes(data, 5);
  const vector_field field(data, net, chart_kind::spherical);
  const Eigen::VectorXd state = field.pack(net);
  const double factors[] = {2.0, 0.5, 1e-3, 1.0 / 3.0, 7.0};
  Eigen::VectorXd scaled = state;
  for (index j = 0; j < 5; ++j) field.vectors(scaled).col(j) *= factors[j];
  const evaluation unit(field, state, modes);
  const evaluation other(field, scaled, modes);
  BOOST_TEST((unit.values.residuals - other.values.residuals).norm() < 1e-14);
  BOOST_TEST((unit.rate.head(5) - other.rate.head(5)).norm() < 1e-14);
  BOOST_TEST(unit.values.speed == other.values.speed, boost::test_tools::tolerance(1e-14));
  for (index j = 0; j < 5; ++j) {
    const auto rate = field.vectors(other.rate).col(j);
    BOOST_TEST((rate / factors[j] - field.vectors(unit.rate).col(j)).norm() < 1e-14);
    // |v| is kept.
    BOOST_TEST(std::abs(rate.dot(field.vectors(scaled).col(j))) < 1e-13 * factors[j] * factors[j]);
  }
}

BOOST_AUTO_TEST_CASE(neurons_below_the_smallest_double_move_as_the_labels_say) {
  source draw(3);
  const dataset data = draw.data(3, 8);
  const network near = draw.balanced(3, 6, 1.0);
  const network tiny =
      network::balanced(near.signs(), Eigen::VectorXd::Constant(6, -1e5), near.directions());
  const flow_modes modes = modes_by_sign(data, tiny);
  const vector_field field(data, tiny, chart_kind::automatic);
  const evaluation found(field, field.pack(tiny), modes);
  BOOST_TEST((found.values.residuals == data.labels()));
  const plain_field plain(data, near.signs(), near.directions(), 0.0, modes.pattern);
  for (index j = 0; j < 6; ++j) {
    const double growth = near.signs()[j] * plain.forces.col(j).dot(near.directions().col(j));
    BOOST_TEST(std::abs(found.rate[j] - growth) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(states_are_packed_and_unpacked_without_loss) {
  source draw(5);
  const dataset data = draw.data(3, 4);
  const network balanced = draw.balanced(3, 2, 0.5);
  const vector_field spherical(data, balanced, chart_kind::automatic);
  BOOST_TEST(spherical.chart() == chart_kind::spherical);
  BOOST_TEST(spherical.coordinates() == 9);
  const network back = spherical.unpack(spherical.pack(balanced));
  BOOST_TEST((back.log_norms() == balanced.log_norms()));
  BOOST_TEST((back.directions() == balanced.directions()));
  BOOST_TEST((back.signs() == balanced.signs()));
  BOOST_TEST(back.output_scale() == 0.5);

  const network any = network::cartesian(vec({0.0, -2.0}), draw.matrix(3, 2), 0.5);
  const vector_field cartesian(data, any, chart_kind::automatic);
  BOOST_TEST(cartesian.chart() == chart_kind::cartesian);
  const Eigen::VectorXd state = cartesian.pack(any);
  BOOST_TEST(state[8] == 0.0);
  BOOST_TEST((cartesian.unpack(state).output_weights() == any.output_weights()));
  BOOST_TEST((cartesian.unpack(state).weights() - any.weights()).norm() < 1e-15);
  BOOST_TEST(cartesian.sign(state, 0) == 0.0);
  BOOST_TEST(cartesian.sign(state, 1) == -1.0);
  BOOST_TEST(spherical.sign(spherical.pack(balanced), 0) == balanced.signs()[0]);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  source draw(7);
  const dataset data = draw.data(3, 4);
  const network any = network::cartesian(vec({1.0}), draw.matrix(3, 1));
  BOOST_CHECK_THROW(vector_field(data, any, chart_kind::spherical), invalid_input);
  BOOST_CHECK_NO_THROW(vector_field(data, any, chart_kind::cartesian));
  BOOST_CHECK_THROW(vector_field(data, draw.balanced(2, 1, 1.0), chart_kind::automatic),
                    invalid_input);
}

}  // namespace reluflow::test
