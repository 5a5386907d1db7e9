// The vector field and its kernels against plain loops that anyone can read.

#include "pattern_kernels.hpp"
#include "support/printing.hpp"
#include "test_vector_field_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace reluflow::test {
namespace {

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

}  // namespace reluflow::test
