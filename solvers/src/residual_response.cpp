#include "residual_response.hpp"

#include <Eigen/QR>
#include <boost/math/quadrature/gauss.hpp>

#include <cmath>
#include <vector>

namespace reluflow::detail {
namespace {

using matrix6 = Eigen::Matrix<double, 6, 6>;

/// GMRES ends at this residual relative to the change: K itself moves during the step.
constexpr double accuracy = 0.02;

constexpr index most_directions = 12;

/// The integral of a change is smooth, and needs to be known no better than K: a cubic through 0
/// and its values at these fractions of the step serves, which halves what a product with K costs.
constexpr int nodes = 3;
constexpr double node(int i) { return (i + 1.0) / nodes; }

/// Right-multiplication by this integrates quintics (one a row, by Bernstein coefficients) from 0
/// to the nodes.
const Eigen::Matrix<double, 6, nodes>& integration() {
  static const auto matrix = [] {
    using gauss = boost::math::quadrature::gauss<double, 7>;
    Eigen::Matrix<double, 6, nodes> values;
    for (int l = 0; l < 6; ++l) {
      for (int i = 0; i < nodes; ++i) {
        values(l, i) =
            gauss::integrate([l](double x) { return bernstein_weights(x)[l]; }, 0.0, node(i));
      }
    }
    return values;
  }();
  return matrix;
}

/// Right-multiplication by this makes the cubic of its values at the nodes, as a quintic.
const Eigen::Matrix<double, nodes, 6>& interpolation() {
  static const auto matrix = [] {
    matrix6 values = matrix6::Zero();  // of the Lagrange polynomials at i / 5, one a row
    for (int l = 0; l < nodes; ++l) {
      for (int i = 0; i < 6; ++i) {
        const double x = i / 5.0;
        double value = x / node(l);
        for (int other = 0; other < nodes; ++other) {
          if (other != l) value *= (x - node(other)) / (node(l) - node(other));
        }
        values(l, i) = value;
      }
    }
    return Eigen::Matrix<double, nodes, 6>(bernstein_from_values(values).topRows(nodes));
  }();
  return matrix;
}

}  // namespace

/// `answer_` = K times every column of `change`.
void residual_response::apply_kernel(const Eigen::VectorXd& state, const flow_modes& modes,
                                     const Eigen::MatrixXd& change) {
  const vector_field& field = *field_;
  const index d = field.dimension();
  const index m = field.neurons();
  const bool spherical = field.chart() == chart_kind::spherical;
  field.products().forces(modes.pattern, change, pulls_, forces_);
  for (index j = 0; j < m; ++j) {
    // (a w)' = a^2 P D + w <w, D>, P along the surfaces on which it slides.
    const double unit = spherical ? std::exp(state[j]) : 1.0;
    const double a = spherical ? unit : state[j];
    const Eigen::VectorXd w = unit * field.vectors(state).col(j);
    auto force = forces_.col(j).reshaped(d, change.cols());
    const Eigen::RowVectorXd along = w.transpose() * force;
    if (const auto frame = modes.frames.find(j); frame != modes.frames.end()) {
      frame->second.project(force);
    }
    force *= a * a;
    force.noalias() += w * along;
  }
  field.products().outputs(modes.pattern, forces_, sums_, outputs_);
  answer_ = field.output_scale() * outputs_.transpose();
}

Eigen::MatrixXd residual_response::solve(const Eigen::VectorXd& state, const flow_modes& modes,
                                         const Eigen::MatrixXd& change, double h) {
  const double size = change.norm();
  if (!(size > 0.0)) return change;
  const auto apply = [&](const Eigen::MatrixXd& u) -> Eigen::MatrixXd {
    apply_kernel(state, modes, u * integration());
    return u + h * answer_ * interpolation();
  };
  std::vector<Eigen::MatrixXd> basis{change / size};
  Eigen::MatrixXd hessenberg = Eigen::MatrixXd::Zero(most_directions + 1, most_directions);
  Eigen::VectorXd weights;
  for (index count = 1; count <= most_directions; ++count) {
    Eigen::MatrixXd next = apply(basis.back());
    for (index i = 0; i < count; ++i) {
      const Eigen::MatrixXd& earlier = basis[static_cast<std::size_t>(i)];
      hessenberg(i, count - 1) = earlier.cwiseProduct(next).sum();
      next -= hessenberg(i, count - 1) * earlier;
    }
    const double rest = next.norm();
    hessenberg(count, count - 1) = rest;
    const auto small = hessenberg.topLeftCorner(count + 1, count);
    const Eigen::VectorXd target = size * Eigen::VectorXd::Unit(count + 1, 0);
    weights = small.colPivHouseholderQr().solve(target);
    if (!((small * weights - target).norm() > accuracy * size) || !(rest > 0.0)) break;
    basis.push_back(next / rest);
  }
  Eigen::MatrixXd solution = Eigen::MatrixXd::Zero(change.rows(), change.cols());
  for (index i = 0; i < weights.size(); ++i) {
    solution += weights[i] * basis[static_cast<std::size_t>(i)];
  }
  return solution;
}

}  // namespace reluflow::detail
