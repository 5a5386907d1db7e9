#include "asynchronous.hpp"

#include "active_forces.hpp"
#include "length.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <Eigen/LU>
#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace reluflow::detail {
namespace {

using matrix6 = Eigen::Matrix<double, 6, 6>;

/// Share of the tolerance that the corrections of the residuals may leave undone.
constexpr double share = 0.02;

/// A quintic follows a kink of the residuals to within about a hundredth of what the kink does to
/// others. Steps in which the switches move others by more than this many tolerances are looked at
/// more closely: many small kinks are smoother together than one large one.
constexpr double bendable = 10.0;

/// What a quintic may leave of the bent residuals inside the step, by its effect in tolerances; at
/// the end of the step its moments are right.
constexpr double rough = 0.1;

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

/// Moments of the series of a piece against the Bernstein basis of the step.
struct piece_moments {
  quintic plain;  ///< int a B_l
  matrix6 phi;    ///< int a phi_i B_l, by (i, l)
};

piece_moments moments(const local_piece& piece) {
  piece_moments result{quintic::Zero(), matrix6::Zero()};
  const auto& [node, weight] = quadrature();
  const double span = piece.end - piece.begin;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const double fraction = piece.begin + node[i] * span;
    const double u = piece.at(fraction);
    const quintic test = weight[i] * span * piece.output_weight(u) * bernstein_weights(fraction);
    result.plain += test;
    result.phi.noalias() += piece.phi(u) * test.transpose();
  }
  return result;
}

}  // namespace

double asynchronous_step::unit(const frozen_step& step, index neuron) const {
  if (field_->chart() == chart_kind::spherical) return std::exp(step.state[neuron]);
  return std::hypot(step.state[neuron], length(field_->vectors(step.state).col(neuron)));
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
  all_followed_ = false;
  shorter_ = 0.5;
  leaves_.assign(paths_.size(), false);
  for (const index j : step.leaving) leaves_[static_cast<std::size_t>(j)] = true;
  follow(step, step.drive, step.leaving);
  if (!all_finished()) return false;
  const double alpha = field_->output_scale();
  Eigen::MatrixXd change = -alpha * outputs(step, true);
  double last = effect(change, step.drive.h);
  dissipated_change_ = 0.0;
  if (last <= share * rtol_) {
    for (const index j : followed_) {
      dissipated_change_ += dissipation(step, j) - frozen_dissipation(step, j);
    }
    return true;
  }
  double sharpest = 0.0;
  for (const kink& k : kinks_) sharpest = std::max(sharpest, k.effect);
  if (sharpest > bendable * rtol_ ||
      (last > bendable * rtol_ && effect(roughness(step, change), step.drive.h) > rough * rtol_)) {
    shorter_ = shorten(bendable * rtol_);
    return false;
  }

  std::vector<index> everyone(paths_.size());
  std::iota(everyone.begin(), everyone.end(), index{0});
  all_followed_ = true;
  residual_path drive = step.drive;
  for (int round = 0; round < most_corrections; ++round) {
    drive.control += change;
    drive.expand();
    follow(step, drive, everyone);
    if (!all_finished()) return false;
    change = (-alpha * outputs(step, false) - drive.control).colwise() + field_->data().labels();
    const double now = effect(change, drive.h);
    if (now <= share * rtol_ && !more_leave(step)) {
      dissipated_ = step.state[step.state.size() - 1];
      for (const index j : everyone) dissipated_ += dissipation(step, j);
      return true;
    }
    if (!(now <= std::max(0.5 * last, share * rtol_))) return false;
    last = now;
  }
  return false;
}

/// True when the corrected residuals have driven further neurons across a surface: they join those
/// that leave their modes.
bool asynchronous_step::more_leave(const frozen_step& step) {
  const auto m = static_cast<index>(paths_.size());
  std::vector<char> crossed(paths_.size(), 0);
#pragma omp parallel for schedule(static) if (m >= worth_a_pass)
  for (index j = 0; j < m; ++j) {
    const auto at = static_cast<std::size_t>(j);
    if (leaves_[at]) continue;
    const Eigen::VectorXd w = paths_[at].at(1.0).tail(field_->dimension());
    Eigen::VectorXd z;
    surfaces_->distances(w, z);
    const double noise = 8.0 * std::numeric_limits<double>::epsilon() * length(w);
    for (index s = 0; s < z.size() && crossed[at] == 0; ++s) {
      const index k = surfaces_->representative(s);
      const bool active = (step.modes.pattern.active_word(j, k / 64) >> (k % 64) & 1U) != 0;
      if ((active ? z[s] : -z[s]) >= -noise) continue;
      const pair_mode mode = step.modes.pattern(j, k);
      if (mode == pair_mode::active || mode == pair_mode::inactive) crossed[at] = 1;
    }
  }
  bool any = false;
  for (std::size_t at = 0; at < crossed.size(); ++at) {
    if (crossed[at] == 0) continue;
    leaves_[at] = true;
    any = true;
  }
  return any;
}

/// How far the residuals, bent by the neurons that leave, are from the quintics `change` on top of
/// the frozen ones, at three fractions (n x 3).
Eigen::MatrixXd asynchronous_step::roughness(const frozen_step& step,
                                             const Eigen::MatrixXd& change) {
  constexpr std::array<double, 3> look{0.21, 0.5, 0.83};
  const index d = field_->dimension();
  const Eigen::MatrixXd& inputs = field_->data().inputs();
  Eigen::MatrixXd result(field_->samples(), 3);
  Eigen::MatrixXd push(d, field_->neurons());
  for (int q = 0; q < 3; ++q) {
    const double at = look[static_cast<std::size_t>(q)];
    push.setZero();
    for (const index j : followed_) {
      const Eigen::VectorXd value = path(j).at(at);
      const Eigen::VectorXd frozen = frozen_at(step, j, at);
      const double square = unit(step, j) * unit(step, j);
      push.col(j) = square * (value[0] * value.tail(d) - frozen[0] * frozen.tail(d));
    }
    sum_over_neurons(step.modes.pattern, push, sums_);
    result.col(q) = sums_.cwiseProduct(inputs).colwise().sum().transpose();
    for (const index j : followed_) {
      const double square = unit(step, j) * unit(step, j);
      for (const timed_change& timed : path(j).changes) {
        if (timed.fraction > at) break;
        const double was = timed.change.from == pair_mode::active ? 1.0 : 0.0;
        const double is = timed.change.to == pair_mode::active ? 1.0 : 0.0;
        if (was == is) continue;
        const Eigen::VectorXd value = path(j).at(at);
        const index k = timed.change.sample;
        result(k, q) += (is - was) * square * value[0] * value.tail(d).dot(inputs.col(k));
      }
    }
    result.col(q) = -field_->output_scale() * result.col(q) - change * bernstein_weights(at);
  }
  return result;
}

bool asynchronous_step::all_finished() const {
  return std::all_of(followed_.begin(), followed_.end(), [&](index j) { return path(j).finished; });
}

/// The fraction of the step after which the kinks inside it have no more than `limit` of effect:
/// just behind the first one that matters. The effect of a kink grows with the square of the time
/// behind it.
double asynchronous_step::shorten(double limit) const {
  double keep = 0.5;
  double first = 1.0;
  for (const kink& k : kinks_) {
    if (k.effect <= 0.25 * limit || k.fraction >= first) continue;
    first = k.fraction;
    keep = k.fraction + (1.0 - k.fraction) * std::sqrt(0.1 * limit / k.effect);
  }
  return std::clamp(keep, 1e-12, 0.8);
}

local_start asynchronous_step::start_of(const frozen_step& step, const residual_path& drive,
                                        index neuron) const {
  const index d = field_->dimension();
  const bool spherical = field_->chart() == chart_kind::spherical;
  local_start start;
  start.state.resize(d + 1);
  start.state[0] = spherical ? field_->sign(step.state, neuron) : step.state[neuron];
  start.state.tail(d) = field_->vectors(step.state).col(neuron);
  if (const double size = unit(step, neuron); !spherical && size > 0.0) start.state /= size;
  start.modes.row = step.modes.pattern.row(neuron);
  if (const auto frame = step.modes.frames.find(neuron); frame != step.modes.frames.end()) {
    start.modes.frame = frame->second;
  }
  for (auto c = step.contacts.lower_bound({neuron, 0});
       c != step.contacts.end() && c->first == neuron; ++c) {
    start.contacts.push_back(c->second);
  }
  if (forces_.size() > 0) {
    start.force = forces_.col(neuron).reshaped(d, 6);
  } else {
    start.force.resize(d, 6);
    Eigen::VectorXd residual(field_->samples());
    for (index i = 0; i < 6; ++i) {
      residual = drive.monomials.col(i);
      field_->active_force(step.modes.pattern, neuron, residual, start.force.col(i));
    }
  }
  return start;
}

void asynchronous_step::follow(const frozen_step& step, const residual_path& drive,
                               const std::vector<index>& who) {
  for (const index j : followed_) paths_[static_cast<std::size_t>(j)].count = 0;
  followed_ = who;
  const auto count = static_cast<index>(who.size());
  forces_.resize(0, 0);
  if (count >= worth_a_pass) {
    active_forces(*field_, step.modes.pattern, drive.monomials, pulls_, forces_);
  }
#pragma omp parallel for schedule(dynamic, 8) if (count >= worth_a_pass)
  for (index i = 0; i < count; ++i) {
    const index j = who[static_cast<std::size_t>(i)];
    local_path& own = paths_[static_cast<std::size_t>(j)];
    if (leaves_[static_cast<std::size_t>(j)]) {
      flow_.follow(start_of(step, drive, j), drive, own);
    } else {
      flow_.follow_fixed(start_of(step, drive, j), drive, own);
    }
  }
}

Eigen::MatrixXd asynchronous_step::outputs(const frozen_step& step, bool without_frozen) {
  const index d = field_->dimension();
  const index n = field_->samples();
  const Eigen::MatrixXd& inputs = field_->data().inputs();
  pushes_.setZero(6 * d, field_->neurons());
  const auto count = static_cast<index>(followed_.size());
  // What a sample sees that is active from piece p on: the sum of the moments of later pieces.
  std::vector<std::vector<Eigen::MatrixXd>> tails(static_cast<std::size_t>(count));
#pragma omp parallel for schedule(dynamic, 8) if (count >= worth_a_pass)
  for (index i = 0; i < count; ++i) {
    const index j = followed_[static_cast<std::size_t>(i)];
    const local_path& own = path(j);
    const double size = unit(step, j);
    const double square = size * size;
    if (square == 0.0) continue;
    auto push = pushes_.col(j).reshaped(d, 6);
    Eigen::MatrixXd tail = Eigen::MatrixXd::Zero(d, 6);
    std::vector<Eigen::MatrixXd>& kept = tails[static_cast<std::size_t>(i)];
    if (!own.changes.empty()) kept.resize(own.count + 1, tail);
    for (std::size_t p = own.count; p-- > 0;) {
      const piece_moments part = moments(own.pieces[p]);
      const Eigen::Matrix<double, 1, 6> plain = square * part.plain.transpose() * projection();
      const matrix6 phi = square * part.phi * projection();
      tail += own.pieces[p].w.lazyProduct(plain);
      tail += own.pieces[p].force.lazyProduct(phi);
      if (!kept.empty()) kept[p] = tail;
    }
    push = tail;
    if (!without_frozen) continue;
    Eigen::MatrixXd values(d, 6);
    for (int node = 0; node < 6; ++node) {
      const Eigen::VectorXd value = frozen_at(step, j, node / 5.0);
      values.col(node) = square * value[0] * value.tail(d);
    }
    push -= bernstein_from_values(values);
  }

  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(n, 6);
  if (count >= worth_a_pass) {
    sum_over_neurons(step.modes.pattern, pushes_, sums_);
    for (index k = 0; k < n; ++k) {
      result.row(k) = inputs.col(k).transpose() * sums_.col(k).reshaped(d, 6);
    }
  } else {
    for (const index j : followed_) {
      const auto push = pushes_.col(j).reshaped(d, 6);
      for (index word = 0; word < step.modes.pattern.words(); ++word) {
        std::uint64_t bits = step.modes.pattern.active_word(j, word);
        for (; bits != 0; bits &= bits - 1) {
          const index k = 64 * word + std::countr_zero(bits);
          result.row(k) += inputs.col(k).transpose() * push;
        }
      }
    }
  }

  kinks_.clear();
  for (index i = 0; i < count; ++i) {
    const std::vector<Eigen::MatrixXd>& tail = tails[static_cast<std::size_t>(i)];
    if (tail.empty()) continue;
    const local_path& own = path(followed_[static_cast<std::size_t>(i)]);
    std::size_t p = 0;
    for (const timed_change& timed : own.changes) {
      while (p < own.count && own.pieces[p].begin < timed.fraction) ++p;
      const bool was = timed.change.from == pair_mode::active;
      const bool is = timed.change.to == pair_mode::active;
      if (was == is) continue;
      const index k = timed.change.sample;
      const Eigen::RowVectorXd bend = inputs.col(k).transpose() * tail[p];
      result.row(k) += is ? bend : -bend;
      kinks_.push_back({timed.fraction, field_->output_scale() * step.drive.h *
                                            bend.cwiseAbs().maxCoeff() * field_->data().norms()[k] /
                                            static_cast<double>(n)});
    }
  }
  return result;
}

/// How far a change of the residuals moves any neuron during the step, relative to its size.
double asynchronous_step::effect(const Eigen::MatrixXd& change, double h) const {
  return h * change.cwiseAbs().rowwise().maxCoeff().dot(field_->data().norms()) /
         static_cast<double>(field_->samples());
}

double asynchronous_step::dissipation(const frozen_step& step, index neuron) const {
  const auto& [node, weight] = quadrature();
  const local_path& own = path(neuron);
  double sum = 0.0;
  for (std::size_t p = 0; p < own.count; ++p) {
    const local_piece& piece = own.pieces[p];
    const matrix6 gram = piece.force.transpose() * piece.force;
    const quintic along = piece.force.transpose() * piece.w;
    const double span = piece.end - piece.begin;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const double u = piece.at(piece.begin + node[i] * span);
      const quintic at_u = powers(u);
      const double a = piece.output_weight(u);
      const double own_rate = at_u.dot(along + gram * piece.phi(u));
      sum += weight[i] * span * (own_rate * own_rate + a * a * at_u.dot(gram * at_u));
    }
  }
  const double size = unit(step, neuron);
  return field_->output_scale() * step.drive.h * size * size * sum;
}

double asynchronous_step::frozen_dissipation(const frozen_step& step, index neuron) const {
  const index d = field_->dimension();
  const auto& [node, weight] = quadrature();
  Eigen::MatrixXd force = start_of(step, step.drive, neuron).force;
  if (const auto frame = step.modes.frames.find(neuron); frame != step.modes.frames.end()) {
    frame->second.project(force);
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const double u = node[i];
    const Eigen::VectorXd value = frozen_at(step, neuron, u);
    const Eigen::VectorXd own_force = force * powers(u);
    const double own = own_force.dot(value.tail(d));
    sum += weight[i] * (own * own + value[0] * value[0] * own_force.squaredNorm());
  }
  const double size = unit(step, neuron);
  return field_->output_scale() * step.drive.h * size * size * sum;
}

Eigen::VectorXd asynchronous_step::state_at(const frozen_step& step, double fraction) const {
  const index d = field_->dimension();
  const bool spherical = field_->chart() == chart_kind::spherical;
  Eigen::VectorXd state = step.control * bernstein_weights(fraction);
  for (const index neuron : followed_) {
    const Eigen::VectorXd value = path(neuron).at(fraction);
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
  for (const index j : followed_) {
    for (std::size_t p = 0; p < path(j).count; ++p) ends.push_back(path(j).pieces[p].end);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

flow_modes asynchronous_step::modes_at(const frozen_step& step, double fraction) const {
  flow_modes modes = step.modes;
  for (const index neuron : followed_) {
    const local_path& own = path(neuron);
    if (own.changes.empty() && fraction < 1.0) continue;
    if (fraction >= 1.0) {
      modes.pattern.set_row(neuron, own.modes.row);
      if (own.changes.empty()) continue;
      modes.frames.erase(neuron);
      if (own.modes.frame) modes.frames[neuron] = *own.modes.frame;
      continue;
    }
    for (const timed_change& timed : own.changes) {
      if (timed.fraction > fraction) break;
      modes.pattern.set(neuron, timed.change.sample, timed.change.to);
    }
    std::vector<index> sliding = surfaces_in(modes.pattern, neuron, pair_mode::sliding, *surfaces_);
    modes.frames.erase(neuron);
    if (!sliding.empty()) modes.frames[neuron] = make_sliding_frame(*surfaces_, std::move(sliding));
  }
  return modes;
}

}  // namespace reluflow::detail
