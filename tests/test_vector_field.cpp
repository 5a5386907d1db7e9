#include "pattern_kernels.hpp"
#include "reluflow/boundary.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/vector_field.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <Eigen/QR>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace reluflow::test {
namespace {

constexpr std::array charts{chart_kind::spherical, chart_kind::cartesian};

/// Random numbers, problems and modes from one seed.
class source {
 public:
  explicit source(unsigned seed) : engine_(seed) {}

  double normal() { return normal_(engine_); }
  std::size_t below(std::size_t count) { return engine_() % count; }
  Eigen::VectorXd vector(index size) {
    return Eigen::VectorXd::NullaryExpr(size, [&] { return normal(); });
  }
  Eigen::MatrixXd matrix(index rows, index cols) {
    return Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return normal(); });
  }
  dataset data(index d, index n) {
    Eigen::MatrixXd x = matrix(d, n);
    return {std::move(x), vector(n)};
  }
  network balanced(index d, index m, double output_scale) {
    const Eigen::VectorXd signs =
        vector(m).unaryExpr([](double x) { return x < 0.0 ? -1.0 : 1.0; });
    Eigen::VectorXd log_norms = 0.3 * vector(m);
    return network::balanced(signs, std::move(log_norms), matrix(d, m), output_scale);
  }
  /// Any mode for any pair; a neuron slides on at most d - 1 surfaces.
  flow_modes modes(const dataset& data, index m) {
    const switching_surfaces surfaces(data);
    flow_modes result{activation_pattern(m, data.size()), {}};
    for (index j = 0; j < m; ++j) {
      std::vector<index> sliding;
      for (index k = 0; k < data.size(); ++k) {
        auto mode = static_cast<pair_mode>(below(4));
        if (mode == pair_mode::sliding) {
          if (static_cast<index>(sliding.size()) + 1 < data.dimension()) {
            sliding.push_back(surfaces.surface_of(k));
          } else {
            mode = pair_mode::active;
          }
        }
        result.pattern.set(j, k, mode);
      }
      if (!sliding.empty()) result.frames.emplace(j, make_sliding_frame(surfaces, sliding));
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
};

/// The modes that the signs of z give.
flow_modes modes_by_sign(const dataset& data, const network& net) {
  const Eigen::MatrixXd z = data.inputs().transpose() * net.directions();
  flow_modes modes{activation_pattern(net.width(), data.size()), {}};
  for (index j = 0; j < net.width(); ++j) {
    for (index k = 0; k < data.size(); ++k) {
      if (z(k, j) > 0.0) modes.pattern.set(j, k, pair_mode::active);
    }
  }
  return modes;
}

/// The field in weights, one loop for each sum.
struct plain_field {
  plain_field(const dataset& data, const Eigen::VectorXd& a, const Eigen::MatrixXd& w, double alpha,
              const activation_pattern& pattern)
      : r(data.labels()), forces(w.rows(), w.cols()), a_rate(a.size()), w_rate(w.rows(), w.cols()) {
    const index n = data.size();
    for (index k = 0; k < n; ++k) {
      for (index j = 0; j < a.size(); ++j) {
        if (pattern(j, k) == pair_mode::active)
          r[k] -= alpha * a[j] * w.col(j).dot(data.inputs().col(k));
      }
    }
    for (index j = 0; j < a.size(); ++j) {
      Eigen::VectorXd D = Eigen::VectorXd::Zero(w.rows());
      Eigen::MatrixXd held = Eigen::MatrixXd::Zero(w.rows(), n);
      for (index k = 0; k < n; ++k) {
        const double size = static_cast<double>(n);
        if (pattern(j, k) == pair_mode::active) D += r[k] * data.inputs().col(k) / size;
        if (pattern(j, k) == pair_mode::sliding) held.col(k) = data.inputs().col(k);
      }
      D -= held * held.completeOrthogonalDecomposition().solve(D);
      forces.col(j) = D;
      a_rate[j] = D.dot(w.col(j));
      w_rate.col(j) = a[j] * D;
    }
  }
  [[nodiscard]] double speed() const { return a_rate.squaredNorm() + w_rate.squaredNorm(); }

  Eigen::VectorXd r;
  Eigen::MatrixXd forces;
  Eigen::VectorXd a_rate;
  Eigen::MatrixXd w_rate;
};

struct evaluation {
  evaluation(const vector_field& field, const Eigen::VectorXd& state, const flow_modes& modes) {
    field.derivative(state, modes, rate, values);
  }
  Eigen::VectorXd rate;
  field_values values;
};

void check_against_plain_loops(const dataset& data, const network& net, const flow_modes& modes) {
  const double alpha = net.output_scale();
  const plain_field plain(data, net.output_weights(), net.weights(), alpha, modes.pattern);
  for (const chart_kind chart : charts) {
    const vector_field field(data, net, chart);
    const evaluation found(field, field.pack(net), modes);
    const auto vector_rate = field.vectors(found.rate);
    BOOST_TEST((found.values.residuals - plain.r).norm() < 1e-12);
    BOOST_TEST((found.values.forces - plain.forces).norm() < 1e-12);
    BOOST_TEST(std::abs(found.values.loss - plain.r.squaredNorm() / (2.0 * double(data.size()))) <
               1e-12);
    BOOST_TEST(std::abs(found.values.speed - plain.speed()) < 1e-12 * (1.0 + plain.speed()));
    BOOST_TEST(found.rate[field.coordinates() - 1] == alpha * found.values.speed);
    for (index j = 0; j < net.width(); ++j) {
      const Eigen::VectorXd w = net.weights().col(j);
      const Eigen::VectorXd w_rate = plain.w_rate.col(j);
      if (chart == chart_kind::cartesian) {
        BOOST_TEST(std::abs(found.rate[j] - plain.a_rate[j]) < 1e-12);
        BOOST_TEST((vector_rate.col(j) - w_rate).norm() < 1e-12);
      } else {
        // By the chain rule for (ln|w|, w/|w|).
        const double growth = w.dot(w_rate) / w.squaredNorm();
        BOOST_TEST(std::abs(found.rate[j] - growth) < 1e-12);
        BOOST_TEST((vector_rate.col(j) - (w_rate - growth * w) / w.norm()).norm() < 1e-12);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_field_is_that_of_plain_loops_in_any_dimension_for_any_modes) {
  for (index d = 1; d <= 7; ++d) {
    for (unsigned seed = 0; seed < 10; ++seed) {
      source draw(seed);
      const index n = 3 + 31 * static_cast<index>(seed % 3);  // one word and two
      const dataset data = draw.data(d, n);
      const network net = draw.balanced(d, 4, 0.25);
      BOOST_TEST_CONTEXT("d = " << d << ", seed " << seed) {
        check_against_plain_loops(data, net, draw.modes(data, 4));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_field_is_that_of_plain_loops_where_inputs_are_zero_but_in_a_few_rows) {
  constexpr index d = 40;
  for (unsigned seed = 0; seed < 20; ++seed) {
    source draw(seed);
    const index n = 3 + 67 * static_cast<index>(seed % 2);
    Eigen::MatrixXd inputs = Eigen::MatrixXd::Zero(d, n);
    for (index k = 0; k < n; ++k) {
      // The first are not parallel to any other.
      const index rows = k < 3 ? 3 : 1 + static_cast<index>(draw.below(2));
      const auto first = static_cast<index>(draw.below(static_cast<std::size_t>(d - rows + 1)));
      inputs.col(k).segment(first, rows) = draw.vector(rows);
    }
    const dataset data(inputs, draw.vector(n));
    const network net = draw.balanced(d, 5, 0.25);
    const switching_surfaces surfaces(data);
    flow_modes modes{activation_pattern(5, n), {}};
    for (index j = 0; j < 5; ++j) {
      for (index k = 0; k < n; ++k) {
        modes.pattern.set(j, k, draw.below(2) == 0 ? pair_mode::active : pair_mode::inactive);
      }
      if (j >= 3) continue;
      modes.pattern.set(j, j, pair_mode::sliding);
      modes.frames.emplace(j, make_sliding_frame(surfaces, {surfaces.surface_of(j)}));
    }
    BOOST_TEST_CONTEXT("seed " << seed) {
      check_against_plain_loops(data, net, modes);
      const vector_field field(data, net, chart_kind::automatic);
      BOOST_TEST(field.products().ranges().narrow());
      // Several residuals and several pushes at once, as polynomials need them.
      const Eigen::MatrixXd residuals = draw.matrix(n, 3);
      const Eigen::MatrixXd pushes = draw.matrix(3 * d, 5);
      Eigen::MatrixXd scratch;
      Eigen::MatrixXd forces;
      Eigen::MatrixXd outputs;
      field.products().forces(modes.pattern, residuals, scratch, forces);
      field.products().outputs(modes.pattern, pushes, scratch, outputs);
      for (index j = 0; j < 5; ++j) {
        for (index i = 0; i < 3; ++i) {
          Eigen::VectorXd force(d);
          field.active_force(modes.pattern, j, residuals.col(i), force);
          BOOST_TEST((forces.col(j).segment(i * d, d) - force).norm() < 1e-13);
        }
      }
      for (index k = 0; k < n; ++k) {
        Eigen::Vector3d expected = Eigen::Vector3d::Zero();
        for (index j = 0; j < 5; ++j) {
          if (modes.pattern(j, k) != pair_mode::active) continue;
          expected += pushes.col(j).reshaped(d, 3).transpose() * inputs.col(k);
        }
        BOOST_TEST((outputs.col(k) - expected).norm() < 1e-13 * (1.0 + expected.norm()));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(all_versions_of_the_pattern_kernel_sum_the_same_to_the_last_bit) {
  source draw(11);
  for (const index height : {1, 3, 4, 5, 7, 8, 9, 12, 16, 17, 30, 45}) {
    for (const index columns : {1, 31, 33, 64, 90, 130}) {
      for (const index rows : {1, 5, 6, 50, 140}) {
        const index words = (columns + 63) / 64;
        const Eigen::MatrixXd in = draw.matrix(height, columns);
        std::vector<std::uint64_t> bits(static_cast<std::size_t>(rows * words));
        Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(height, rows);
        for (index row = 0; row < rows; ++row) {
          for (index column = 0; column < columns; ++column) {
            if (draw.below(2) == 0) continue;
            bits[static_cast<std::size_t>(row * words + column / 64)] |= std::uint64_t{1}
                                                                         << (column % 64);
            expected.col(row) += in.col(column);
          }
        }
        Eigen::MatrixXd first;
        for (auto one = detail::pattern_kernels(); one->multiply != nullptr; ++one) {
          // Rows in two blocks, as two threads would have them.
          Eigen::MatrixXd out = Eigen::MatrixXd::Constant(height, rows, -1.0);
          const detail::product p{bits.data(), rows, columns, words, in.data(), out.data(), height};
          one->multiply(p, 0, rows / 3);
          one->multiply(p, rows / 3, rows);
          if (first.size() == 0) first = out;
          BOOST_TEST_CONTEXT(height << " coordinates, " << columns << " columns, " << rows
                                    << " rows") {
            BOOST_TEST((out - expected).norm() < 1e-13 * (1.0 + expected.norm()));
            BOOST_TEST((out - first).cwiseAbs().maxCoeff() == 0.0);
          }
        }
      }
    }
  }
}

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
