#include "asynchronous.hpp"

#include "length.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <Eigen/LU>
#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace reluflow::detail {
namespace {

using matrix6 = Eigen::Matrix<double, 6, 6>;

/// Share of the tolerance that the corrections of the residuals may leave undone.
constexpr double share = 0.02;

/// A quintic follows a kink of the residuals to within about a hundredth of what the kink does to
/// others, so kinks that move others by more than this many tolerances must stand at the end of a
/// step.
constexpr double bendable = 10.0;

constexpr int most_corrections = 6;

/// Six Gauss-Legendre nodes on [0, 1] and their weights: exact for degree 11.
struct gauss6 {
  std::array<double, 6> node;
  std::array<double, 6> weight;
};

const gauss6& quadrature() {
  static const gauss6 rule = [] {
    gauss6 result;
    using gauss = boost::math::quadrature::gauss<double, 6>;
    for (std::size_t i = 0; i < 3; ++i) {
      const double x = gauss::abscissa()[i];
      const double w = 0.5 * gauss::weights()[i];
      result.node[2 * i] = 0.5 * (1.0 - x);
      result.node[2 * i + 1] = 0.5 * (1.0 + x);
      result.weight[2 * i] = w;
      result.weight[2 * i + 1] = w;
    }
    return result;
  }();
  return rule;
}

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

template <class Visit>
void for_each_active(const activation_pattern& pattern, index neuron, Visit visit) {
  for (index word = 0; word < pattern.words(); ++word) {
    for (std::uint64_t bits = pattern.active_word(neuron, word); bits != 0; bits &= bits - 1) {
      visit(word * 64 + std::countr_zero(bits));
    }
  }
}

Eigen::VectorXd value_of(const Eigen::MatrixXd& monomials, double u) {
  Eigen::VectorXd value = monomials.rightCols(1);
  for (index i = monomials.cols() - 2; i >= 0; --i) value = (value * u + monomials.col(i)).eval();
  return value;
}

}  // namespace

double asynchronous_step::unit(const frozen_step& step, index neuron) const {
  if (field_->chart() == chart_kind::spherical) return std::exp(step.state[neuron]);
  return std::hypot(step.state[neuron], length(field_->vectors(step.state).col(neuron)));
}

double asynchronous_step::unit_square(const frozen_step& step, index neuron) const {
  const double size = unit(step, neuron);
  return size * size;
}

Eigen::VectorXd asynchronous_step::frozen_at(const frozen_step& step, index neuron,
                                             double fraction) const {
  const index m = field_->neurons();
  const index d = field_->dimension();
  const quintic weights = bernstein_weights(fraction);
  Eigen::VectorXd value(d + 1);
  value.tail(d) = step.control.middleRows(m + neuron * d, d) * weights;
  value[0] = step.control.row(neuron).dot(weights);
  if (field_->chart() == chart_kind::spherical) {
    const double size = std::exp(value[0] - step.state[neuron]);
    value[0] = field_->sign(step.state, neuron) * size;
    value.tail(d) *= size / value.tail(d).norm();
  } else if (const double size = unit(step, neuron); size > 0.0) {
    value /= size;
  }
  return value;
}

bool asynchronous_step::complete(const frozen_step& step) {
  const index n = field_->samples();
  const double alpha = field_->output_scale();
  all_followed_ = false;
  shorter_ = 0.5;
  kinks_.clear();
  follow(step, step.drive, step.leaving);
  Eigen::MatrixXd outputs = Eigen::MatrixXd::Zero(n, 6);
  for (const auto& [neuron, path] : paths_) {
    if (!path.finished) return false;
    add_outputs(step, neuron, path, outputs);
    add_frozen_outputs(step, neuron, -1.0, outputs);
  }
  Eigen::MatrixXd change = -alpha * outputs;
  double last = effect(change, step.drive.h);
  dissipated_change_ = 0.0;
  if (last <= share * rtol_) {
    for (const auto& [neuron, path] : paths_) {
      dissipated_change_ +=
          dissipation(step, neuron, path) - frozen_dissipation(step, neuron, path);
    }
    return true;
  }
  if (last > bendable * rtol_) {
    shorter_ = fraction_to_keep(last, bendable * rtol_);
    return false;
  }

  std::vector<index> everyone(static_cast<std::size_t>(field_->neurons()));
  std::iota(everyone.begin(), everyone.end(), index{0});
  all_followed_ = true;
  residual_path drive = step.drive;
  for (int round = 0; round < most_corrections; ++round) {
    drive.control += change;
    follow(step, drive, everyone);
    outputs.setZero();
    for (const auto& [neuron, path] : paths_) {
      if (!path.finished) return false;
      add_outputs(step, neuron, path, outputs);
    }
    change = (-alpha * outputs - drive.control).colwise() + field_->data().labels();
    const double now = effect(change, drive.h);
    if (now <= share * rtol_) {
      dissipated_ = step.state[step.state.size() - 1];
      for (const auto& [neuron, path] : paths_) dissipated_ += dissipation(step, neuron, path);
      return true;
    }
    if (!(now <= 0.5 * last)) return false;
    last = now;
  }
  return false;
}

/// The fraction of the step after which the kinks inside it have no more than `limit` of effect:
/// just behind the first one that matters. The effect of a kink grows with the square of the time
/// behind it.
double asynchronous_step::fraction_to_keep(double total, double limit) const {
  double keep = 0.9 * std::sqrt(limit / total);
  double first = 1.0;
  for (const kink& k : kinks_) {
    if (k.effect <= 0.25 * limit || k.fraction >= first) continue;
    first = k.fraction;
    keep = k.fraction + (1.0 - k.fraction) * std::sqrt(0.1 * limit / k.effect);
  }
  return std::clamp(keep, 1e-12, 0.8);
}

void asynchronous_step::follow(const frozen_step& step, const residual_path& drive,
                               const std::vector<index>& who) {
  const bool spherical = field_->chart() == chart_kind::spherical;
  const index d = field_->dimension();
  paths_.clear();
  for (const index j : who) {
    Eigen::VectorXd start(d + 1);
    start[0] = spherical ? field_->sign(step.state, j) : step.state[j];
    start.tail(d) = field_->vectors(step.state).col(j);
    if (const double size = unit(step, j); !spherical && size > 0.0) start /= size;
    neuron_modes modes{step.modes.pattern.row(j), std::nullopt};
    if (const auto frame = step.modes.frames.find(j); frame != step.modes.frames.end()) {
      modes.frame = frame->second;
    }
    std::vector<index> contacts;
    for (auto c = step.contacts.lower_bound({j, 0}); c != step.contacts.end() && c->first == j;
         ++c) {
      contacts.push_back(c->second);
    }
    paths_.emplace(j, flow_.follow(start, std::move(modes), std::move(contacts), drive));
  }
}

/// Adds the quintic nearest in L2 to a_j relu(<w_j, x_k>) along the path, for every sample k.
void asynchronous_step::add_outputs(const frozen_step& step, index neuron, const local_path& path,
                                    Eigen::MatrixXd& outputs) {
  const index d = field_->dimension();
  const double unit = unit_square(step, neuron);
  if (unit == 0.0) return;
  const auto& [node, weight] = quadrature();
  // Suffix sums: tail[p] is what an input sees that is active from piece p on.
  std::vector<Eigen::MatrixXd> tail(path.pieces.size() + 1, Eigen::MatrixXd::Zero(d, 6));
  for (std::size_t p = path.pieces.size(); p-- > 0;) {
    const local_path::piece& piece = path.pieces[p];
    const double span = piece.end - piece.begin;
    tail[p] = tail[p + 1];
    for (std::size_t i = 0; i < node.size(); ++i) {
      const double u = node[i] * span / piece.length;
      const Eigen::VectorXd value = value_of(piece.coefficients, u);
      const quintic test = bernstein_weights(piece.begin + node[i] * span);
      tail[p] += (weight[i] * span * unit * value[0]) * value.tail(d) * test.transpose();
    }
  }
  for (Eigen::MatrixXd& part : tail) part = (part * projection()).eval();
  const Eigen::MatrixXd& inputs = field_->data().inputs();
  for_each_active(step.modes.pattern, neuron,
                  [&](index k) { outputs.row(k) += inputs.col(k).transpose() * tail[0]; });
  std::size_t p = 0;
  for (const timed_change& timed : path.changes) {
    while (p < path.pieces.size() && path.pieces[p].begin < timed.fraction) ++p;
    const bool was = timed.change.from == pair_mode::active;
    const bool is = timed.change.to == pair_mode::active;
    if (was == is) continue;
    const index k = timed.change.sample;
    const Eigen::RowVectorXd bend = inputs.col(k).transpose() * tail[p];
    outputs.row(k) += is ? bend : -bend;
    kinks_.push_back({timed.fraction, field_->output_scale() * step.drive.h *
                                          bend.cwiseAbs().maxCoeff() * field_->data().norms()[k] /
                                          static_cast<double>(field_->samples())});
  }
}

/// The same for the frozen step, by the interpolation that its residuals were made with.
void asynchronous_step::add_frozen_outputs(const frozen_step& step, index neuron, double weight,
                                           Eigen::MatrixXd& outputs) const {
  const index d = field_->dimension();
  const double unit = unit_square(step, neuron);
  if (unit == 0.0) return;
  Eigen::MatrixXd values(d, 6);
  for (int i = 0; i < 6; ++i) {
    const Eigen::VectorXd value = frozen_at(step, neuron, i / 5.0);
    values.col(i) = (weight * unit * value[0]) * value.tail(d);
  }
  const Eigen::MatrixXd control = bernstein_from_values(values);
  const Eigen::MatrixXd& inputs = field_->data().inputs();
  for_each_active(step.modes.pattern, neuron,
                  [&](index k) { outputs.row(k) += inputs.col(k).transpose() * control; });
}

/// How far a change of the residuals moves any neuron during the step, relative to its size.
double asynchronous_step::effect(const Eigen::MatrixXd& change, double h) const {
  return h * change.cwiseAbs().rowwise().maxCoeff().dot(field_->data().norms()) /
         static_cast<double>(field_->samples());
}

double asynchronous_step::dissipation(const frozen_step& step, index neuron,
                                      const local_path& path) const {
  const index d = field_->dimension();
  const auto& [node, weight] = quadrature();
  double sum = 0.0;
  for (const local_path::piece& piece : path.pieces) {
    const double span = piece.end - piece.begin;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const double u = node[i] * span / piece.length;
      const Eigen::VectorXd value = value_of(piece.coefficients, u);
      const Eigen::VectorXd force = value_of(piece.force, u);
      const double own = force.dot(value.tail(d));
      sum += weight[i] * span * (own * own + value[0] * value[0] * force.squaredNorm());
    }
  }
  return field_->output_scale() * step.drive.h * unit_square(step, neuron) * sum;
}

double asynchronous_step::frozen_dissipation(const frozen_step& step, index neuron,
                                             const local_path& path) const {
  const index d = field_->dimension();
  const auto& [node, weight] = quadrature();
  const auto frame = step.modes.frames.find(neuron);
  double sum = 0.0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Eigen::VectorXd value = frozen_at(step, neuron, node[i]);
    Eigen::VectorXd force = path.frozen_force * bernstein_weights(node[i]);
    if (frame != step.modes.frames.end()) {
      const Eigen::MatrixXd& basis = frame->second.basis;
      force -= basis * (basis.transpose() * force).eval();
    }
    const double own = force.dot(value.tail(d));
    sum += weight[i] * (own * own + value[0] * value[0] * force.squaredNorm());
  }
  return field_->output_scale() * step.drive.h * unit_square(step, neuron) * sum;
}

Eigen::VectorXd asynchronous_step::state_at(const frozen_step& step, double fraction) const {
  const index d = field_->dimension();
  const bool spherical = field_->chart() == chart_kind::spherical;
  Eigen::VectorXd state = step.control * bernstein_weights(fraction);
  for (const auto& [neuron, path] : paths_) {
    const Eigen::VectorXd value = path.at(fraction);
    auto vector = field_->vectors(state).col(neuron);
    vector = value.tail(d);
    if (spherical) {
      const double norm = vector.norm();
      state[neuron] = step.state[neuron] + std::log(norm);
      vector /= norm;
    } else {
      const double size = unit(step, neuron);
      vector *= size;
      state[neuron] = value[0] * size;
    }
  }
  double& dissipated = state[state.size() - 1];
  if (all_followed_) {
    dissipated += fraction * (dissipated_ - step.control(state.size() - 1, 5));
  } else {
    dissipated += fraction * dissipated_change_;
  }
  return state;
}

std::vector<double> asynchronous_step::smooth_until() const {
  std::vector<double> ends{0.0, 1.0};
  for (const auto& [neuron, path] : paths_) {
    for (const local_path::piece& piece : path.pieces) ends.push_back(piece.end);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

flow_modes asynchronous_step::modes_at(const frozen_step& step, double fraction) const {
  flow_modes modes = step.modes;
  for (const auto& [neuron, path] : paths_) {
    if (fraction >= 1.0) {
      modes.pattern.set_row(neuron, path.modes.row);
    } else {
      for (const timed_change& timed : path.changes) {
        if (timed.fraction > fraction) break;
        modes.pattern.set(neuron, timed.change.sample, timed.change.to);
      }
    }
    std::vector<index> sliding = surfaces_in(modes.pattern, neuron, pair_mode::sliding, *surfaces_);
    modes.frames.erase(neuron);
    if (!sliding.empty()) modes.frames[neuron] = make_sliding_frame(*surfaces_, std::move(sliding));
  }
  return modes;
}

}  // namespace reluflow::detail
