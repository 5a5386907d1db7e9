// What the neurons that leave their modes do to the residuals, and how far others feel it.

#include "asynchronous.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <Eigen/LU>
#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

/// Maps the moments against the Bernstein basis to the coefficients of the L2 projection on
/// quintics: the inverse of the Gram matrix of the basis.
const matrix6& projection() {
  static const matrix6 inverse = [] {
    matrix6 gram = matrix6::Zero();
    using gauss = boost::math::quadrature::gauss<double, 10>;
    for (int i = 0; i < 6; ++i) {
      for (int l = 0; l < 6; ++l) {
        gram(i, l) = gauss::integrate(
            [&](double x) { return bernstein_weights(x)[i] * bernstein_weights(x)[l]; }, 0.0, 1.0);
      }
    }
    return matrix6(gram.inverse());
  }();
  return inverse;
}

/// What a change adds to relu' of its pair: +1, -1, or 0 where it stays on the surface.
double activation_gain(const mode_change& change) {
  return static_cast<double>(change.to == pair_mode::active) -
         static_cast<double>(change.from == pair_mode::active);
}

}  // namespace

/// How far a change of the residuals moves any neuron during the step, relative to its size, and
/// the outputs relative to the labels: where outputs are small differences of large neurons, what
/// the neurons can do together counts.
double asynchronous_step::effect(const Eigen::MatrixXd& change, double h) const {
  return together_ * h * change.cwiseAbs().rowwise().maxCoeff().dot(field_->data().norms()) /
         static_cast<double>(field_->samples());
}

/// max(1, alpha max|x| sum of (a_j^2 + |w_j|^2) / max|y|).
double asynchronous_step::strength_together(const Eigen::VectorXd& state) const {
  const dataset& data = field_->data();
  double squares = 0.0;
  for (index j = 0; j < field_->neurons(); ++j) squares += unit(state, j) * unit(state, j);
  const double outputs = field_->output_scale() * data.norms().maxCoeff() * squares;
  const double labels = data.labels().cwiseAbs().maxCoeff();
  return labels > 0.0 ? std::max(1.0, outputs / labels) : 1.0;
}

/// One switch changes D by at most the strongest pull of a sample, S being that of all, and so
/// (a, w) by h S of its size, which may grow by e^(h S); a sample that begins to be active adds no
/// more than half as much to the output on it. What that does to the others is as in `effect`.
double asynchronous_step::unfelt(const Eigen::VectorXd& state, const residual_path& drive) const {
  const double moved = drive.h * drive.strengths.sum();
  const double felt = moved * felt_per_move(state, drive);
  return felt > 0.0 ? undone() / felt : std::numeric_limits<double>::infinity();
}

double asynchronous_step::felt_per_move(const Eigen::VectorXd& state,
                                        const residual_path& drive) const {
  const Eigen::VectorXd& norms = field_->data().norms();
  return 1.5 * field_->output_scale() * norms.maxCoeff() *
         std::exp(2.0 * drive.h * drive.strengths.sum()) * strength_together(state) * drive.h *
         norms.mean();
}

/// The same for the switches that have happened: what each of them does to D lasts for the rest of
/// the step.
double asynchronous_step::felt_at_most(const frozen_step& step) const {
  double sum = 0.0;
  for (const index j : followed_) sum += square_of(step.state, j) * path(j).disturbance;
  return step.drive.h * sum * felt_per_move(step.state, step.drive);
}

Eigen::MatrixXd asynchronous_step::outputs(const frozen_step& step, bool without_frozen) {
  const index d = field_->dimension();
  const index n = field_->samples();
  const Eigen::MatrixXd& inputs = field_->data().inputs();
  pushes_.setZero(6 * d, field_->neurons());
  const auto count = static_cast<index>(followed_.size());
#pragma omp parallel for schedule(static) if (count >= worth_a_pass)
  for (index i = 0; i < count; ++i) {
    const index j = followed_[static_cast<std::size_t>(i)];
    const double size = unit(step, j);
    auto push = pushes_.col(j).reshaped(d, 6);
    push.noalias() = path(j).moments.lazyProduct(size * size * projection());
    if (without_frozen) push -= frozen(j).moments.lazyProduct(size * size * projection());
  }

  Eigen::MatrixXd result;
  if (count >= worth_a_pass || field_->products().ranges().narrow()) {
    field_->products().outputs(step.modes.pattern, pushes_, sums_, result);
  } else {
    result.setZero(6, n);
    for (const index j : followed_) {
      const auto push = pushes_.col(j).reshaped(d, 6);
      for (index word = 0; word < step.modes.pattern.words(); ++word) {
        std::uint64_t bits = step.modes.pattern.active_word(j, word);
        for (; bits != 0; bits &= bits - 1) {
          const index k = 64 * word + std::countr_zero(bits);
          result.col(k).noalias() += push.transpose() * inputs.col(k);
        }
      }
    }
  }

  kinks_.clear();
  const double kink_scale =
      together_ * field_->output_scale() * step.drive.h / static_cast<double>(n);
  for (const index j : followed_) {
    const local_path& own = path(j);
    const double square = unit(step, j) * unit(step, j);
    for (std::size_t i = 0; i < own.changes.size(); ++i) {
      const timed_change& timed = own.changes[i];
      const double gain = activation_gain(timed.change);
      if (gain == 0.0) continue;
      const index k = timed.change.sample;
      const quintic after = own.moments.transpose() * inputs.col(k) - own.moments_before[i];
      const quintic bend = square * (projection() * after);
      result.col(k) += gain * bend;
      kinks_.push_back(
          {timed.fraction, kink_scale * bend.cwiseAbs().maxCoeff() * field_->data().norms()[k]});
    }
  }
  return result.transpose();
}

/// How far the residuals, bent by the neurons that leave, are from the quintics `change` on top of
/// the frozen ones, at three fractions (n x 3).
Eigen::MatrixXd asynchronous_step::roughness(const frozen_step& step,
                                             const Eigen::MatrixXd& change) {
  constexpr int looks_inside = 3;
  constexpr std::array<double, looks_inside> look{0.21, 0.5, 0.83};
  const index d = field_->dimension();
  const auto count = static_cast<index>(followed_.size());
  Eigen::MatrixXd products(looks_inside * d, count);
  Eigen::MatrixXd push = Eigen::MatrixXd::Zero(looks_inside * d, field_->neurons());
#pragma omp parallel for schedule(static) if (count >= worth_a_pass)
  for (index i = 0; i < count; ++i) {
    const index j = followed_[static_cast<std::size_t>(i)];
    const double square = unit(step, j) * unit(step, j);
    for (int q = 0; q < looks_inside; ++q) {
      const Eigen::VectorXd value = path(j).at(look[static_cast<std::size_t>(q)]);
      const Eigen::VectorXd still = frozen(j).at(look[static_cast<std::size_t>(q)]);
      products.col(i).segment(q * d, d) = square * value[0] * value.tail(d);
      push.col(j).segment(q * d, d) =
          products.col(i).segment(q * d, d) - square * still[0] * still.tail(d);
    }
  }
  Eigen::MatrixXd outputs;  // looks_inside x n
  field_->products().outputs(step.modes.pattern, push, sums_, outputs);
  for (index i = 0; i < count; ++i) {
    for (const timed_change& timed : path(followed_[static_cast<std::size_t>(i)]).changes) {
      const auto x = field_->data().inputs().col(timed.change.sample);
      for (int q = 0; q < looks_inside; ++q) {
        if (timed.fraction > look[static_cast<std::size_t>(q)]) continue;
        outputs(q, timed.change.sample) +=
            activation_gain(timed.change) * products.col(i).segment(q * d, d).dot(x);
      }
    }
  }
  Eigen::MatrixXd result = -field_->output_scale() * outputs.transpose();
  for (int q = 0; q < looks_inside; ++q) {
    result.col(q) -= change * bernstein_weights(look[static_cast<std::size_t>(q)]);
  }
  return result;
}

}  // namespace reluflow::detail
