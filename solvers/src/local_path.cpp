#include "local_path.hpp"

#include <algorithm>

namespace reluflow::detail {
namespace {

/// From int a u^l to int a t^i, t = begin + length u: what `shift` does to coefficients,
/// transposed.
quintic on_step(quintic phi, double begin, double length) {
  double power = length;
  for (int l = 1; l < 6; ++l, power *= length) phi[l] *= power;
  for (int i = 4; i >= 0; --i) {
    for (int l = i; l < 5; ++l) phi[l + 1] += begin * phi[l];
  }
  return phi;
}

double fraction_of(const piece_span& span, double u) { return span.begin + span.length * u; }

double part_of(const piece_span& span, double fraction) {
  return (fraction - span.begin) / span.length;
}

}  // namespace

void local_path::restart(const dataset& data, const sample_products& products, double accuracy) {
  data_ = &data;
  ranges_ = &products.ranges();
  accuracy_ = accuracy;
  changes.clear();
  moments_before.clear();
  if (integrals == path_integrals::all) moments.setZero(data.dimension(), 6);
  dissipated = 0.0;
  disturbance = 0.0;
  finished = false;
  reach_.setZero();
  anchors_.clear();
  kicks_.clear();
  pieces_.clear();
  ends_.clear();
  numbers_.clear();
}

void local_path::anchor(const double* w_0, const double* force) {
  const index d = w.size();
  anchors_.push_back({numbers_.size(), kicks_.size(), reach_});
  numbers_.insert(numbers_.end(), w_0, w_0 + d);
  numbers_.insert(numbers_.end(), force, force + 6 * d);
}

void local_path::kick(index sample, const quintic& q) {
  kicks_.push_back({sample, q, pieces_.size()});
}

bool local_path::wants_anchor() const {
  const auto most = static_cast<std::size_t>(std::max<index>(16, w.size() / 2));
  return kicks_.size() - anchors_.back().kicks > most;
}

void local_path::append(const piece_span& span, const local_series& series, int force_degree,
                        const quintic& phi, double rate) {
  pieces_.push_back({span, series.h, rate, dissipated, reach_, numbers_.size(), anchors_.size() - 1,
                     kicks_.size(), series.degree, force_degree});
  ends_.push_back(span.end);
  numbers_.insert(numbers_.end(), series.a.data(), series.a.data() + series.degree + 1);
  reach_ += on_step(phi, span.begin, span.length);
}

const local_path::piece& local_path::piece_at(double fraction) const {
  const auto later = std::lower_bound(ends_.begin(), ends_.end(), fraction);
  return later == ends_.end() ? pieces_.back()
                              : pieces_[static_cast<std::size_t>(later - ends_.begin())];
}

quintic local_path::reach(const piece& own, double u) const {
  const double* const series = numbers_.data() + own.numbers;
  quintic phi = quintic::Zero();
  double power = own.h * u;
  for (int i = 0; i <= own.force_degree; ++i, power *= u) {
    for (int m = own.degree - 1 - i; m >= 0; --m) phi[i] = phi[i] * u + series[m] / (m + i + 1);
    phi[i] *= power;
  }
  return own.reach + on_step(phi, own.span.begin, own.span.length);
}

double local_path::output_weight(const piece& own, double u) const {
  const double* const series = numbers_.data() + own.numbers;
  double a_there = 0.0;
  for (int m = own.degree; m >= 0; --m) a_there = a_there * u + series[m];
  return a_there;
}

/// w at the fractions where Phi is this.
Eigen::MatrixXd local_path::weights(const piece& own, const quintics& reaches) const {
  const index d = w.size();
  const anchor_point& from = anchors_[own.anchor];
  const double* const start = numbers_.data() + from.numbers;
  Eigen::MatrixXd result = Eigen::Map<const Eigen::MatrixXd>(start + d, d, 6)
                               .lazyProduct(reaches.colwise() - from.reach);
  result.colwise() += Eigen::Map<const Eigen::VectorXd>(start, d);
  for (std::size_t i = from.kicks; i < own.kicks; ++i) {
    const sample_kick& one = kicks_[i];
    add(one.sample, one.q.transpose() * (reaches.colwise() - pieces_[one.piece].reach), result);
  }
  return result;
}

/// D where the powers of the fraction are these.
Eigen::MatrixXd local_path::forces(const piece& own, const quintics& powers_of_t) const {
  const index d = w.size();
  const anchor_point& from = anchors_[own.anchor];
  Eigen::MatrixXd result =
      Eigen::Map<const Eigen::MatrixXd>(numbers_.data() + from.numbers + d, d, 6)
          .lazyProduct(powers_of_t);
  for (std::size_t i = from.kicks; i < own.kicks; ++i) {
    add(kicks_[i].sample, kicks_[i].q.transpose() * powers_of_t, result);
  }
  return result;
}

/// Adds x_k in so many multiples, one a column.
template <class Multiples>
void local_path::add(index sample, const Multiples& multiples, Eigen::MatrixXd& sum) const {
  sum.middleRows(ranges_->first(sample), ranges_->size(sample)) +=
      ranges_->part(sample, data_->inputs().col(sample)).lazyProduct(multiples.eval());
}

Eigen::VectorXd local_path::at(double fraction) const {
  const piece& own = piece_at(fraction);
  const double u = part_of(own.span, fraction);
  Eigen::VectorXd result(w.size() + 1);
  result << output_weight(own, u), weights(own, reach(own, u));
  return result;
}

double local_path::dissipated_until(double fraction) const {
  if (fraction >= 1.0) return dissipated;
  const piece& own = piece_at(fraction);
  const double until = part_of(own.span, fraction);
  const gauss_rule& rule = rule_for(own.rate * until, accuracy_);
  quintics reaches(6, rule.nodes);
  quintics powers_of_t(6, rule.nodes);
  for (int i = 0; i < rule.nodes; ++i) {
    const double u = until * rule.node[static_cast<std::size_t>(i)];
    reaches.col(i) = reach(own, u);
    powers_of_t.col(i) = powers(fraction_of(own.span, u));
  }
  const Eigen::MatrixXd at_nodes = weights(own, reaches);
  const Eigen::MatrixXd pulls = forces(own, powers_of_t);
  double sum = 0.0;
  for (int i = 0; i < rule.nodes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double weight = output_weight(own, until * rule.node[at]);
    const double growth = pulls.col(i).dot(at_nodes.col(i));
    sum += rule.weight[at] * (growth * growth + weight * weight * pulls.col(i).squaredNorm());
  }
  return own.dissipated + own.span.length * until * sum;
}

}  // namespace reluflow::detail
