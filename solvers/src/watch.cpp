#include "watch.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

/// Bits of the fraction of a step to which a time is found.
constexpr int location_bits = 50;

/// The smallest fraction in (low, high] at which `excess` is no longer negative, up to rounding;
/// it is negative at `low` and not at `high`. `excess` may jump.
template <class Function>
double first_reached(const Function& excess, double low, double high, double at_low,
                     double at_high) {
  // A zero would be taken for the root, but a functional that jumps may be zero all the way back.
  const auto signed_excess = [&](double value) {
    return value == 0.0 ? std::numeric_limits<double>::min() : std::clamp(value, -1e100, 1e100);
  };
  std::uintmax_t iterations = 200;
  return boost::math::tools::toms748_solve(
             [&](double fraction) { return signed_excess(excess(fraction)); }, low, high,
             signed_excess(at_low), signed_excess(at_high),
             boost::math::tools::eps_tolerance<double>(location_bits), iterations)
      .second;
}

/// The time at a fraction of a step.
double time_at(const step_solution& solution, double fraction) {
  return fraction == 1.0
             ? solution.t1
             : std::min(solution.t0 + fraction * (solution.t1 - solution.t0), solution.t1);
}

}  // namespace

watch::moment watch::moment_at(const step_solution& solution, double fraction) const {
  moment now{time_at(solution, fraction),
             solution.state_at(fraction),
             solution.modes_at(fraction),
             {},
             {}};
  Eigen::VectorXd rate;
  field_->derivative(now.state, now.modes, rate, now.values);
  now.values.forces = span_->expand_vectors(std::move(now.values.forces));
  now.net = span_->expand(field_->unpack(now.state));
  now.fraction = fraction;
  if (solution.occupied) now.occupied = solution.occupied(fraction, now.modes.pattern);
  return now;
}

double watch::excess(const stopping_time& one, const step_solution& solution, moment& now) const {
  const double alpha = field_->output_scale();
  const double loss = now.values.loss;
  const auto value_of = [&](const network& net, const Eigen::MatrixXd& forces,
                            const activation_pattern& modes) {
    return one.value({now.t, span_->all_data(), net, now.values.residuals, forces, modes, loss,
                      loss > 0.0 ? alpha * now.values.speed / loss : 0.0,
                      alpha * std::sqrt(now.values.speed), reached_});
  };
  double value = 0.0;
  if (solution.unfold && !one.collective) {
    if (!now.unfolded) {
      now.unfolded = solution.unfold(now.fraction, now.state, now.modes, now.values);
    }
    value = value_of(now.unfolded->net, now.unfolded->forces, now.unfolded->modes);
  } else {
    value = value_of(now.net, now.values.forces, now.occupied ? *now.occupied : now.modes.pattern);
  }
  const double beyond = one.direction == passage::rising ? value - one.level : one.level - value;
  return std::isnan(beyond) ? -std::numeric_limits<double>::infinity() : beyond;
}

std::vector<stop_found> watch::search(const step_solution& solution) {
  const double t0 = solution.t0;
  const double t1 = solution.t1;
  const auto at = [&](double fraction) { return moment_at(solution, fraction); };
  // The last step's end serves unless a switch has changed the modes since.
  if (!last_ || last_->modes.pattern != solution.modes_at(0.0).pattern) last_ = at(0.0);
  moment begin = std::move(*last_);
  last_ = t1 > t0 ? at(1.0) : begin;
  moment& end = *last_;

  std::vector<std::pair<double, std::size_t>> hits;  // fraction, which
  for (std::size_t i = 0; i < wanted_->size(); ++i) {
    const stopping_time& one = (*wanted_)[i];
    if (progress_[i].done || one.start > t1) continue;
    const double from = one.start > t0 ? (one.start - t0) / (t1 - t0) : 0.0;
    const auto beyond_at = [&](double fraction) {
      moment there = at(fraction);
      return excess(one, solution, there);
    };
    const double first = from > 0.0 ? beyond_at(from) : excess(one, solution, begin);
    const double last = excess(one, solution, end);
    const bool hit_at_once = progress_[i].armed && first >= 0.0;
    const bool hit_later = first < 0.0 && last >= 0.0;
    progress_[i].armed = last < 0.0;
    progress_[i].done = (hit_at_once || hit_later) && !one.repeated;
    if (hit_at_once) hits.emplace_back(from, i);
    if (hit_later) {
      hits.emplace_back(first_reached(beyond_at, from, 1.0, first, last), i);
    }
  }

  std::stable_sort(hits.begin(), hits.end());
  std::vector<stop_found> found;
  for (const auto& [fraction, which] : hits) {
    const stopping_time& one = (*wanted_)[which];
    const double t = std::max(time_at(solution, fraction), one.start);
    found.push_back({which, t, fraction, solution.state_at(fraction), solution.modes_at(fraction)});
    reached_.emplace(one.name, t);
  }
  if (solution.unfold) last_.reset();  // others may stand in for the members of cells from here on
  return found;
}

stopping_event watch::describe(const stop_found& found, const record_row& row,
                               network state) const {
  const stopping_time& one = (*wanted_)[found.which];
  return {one.name, found.t, one.terminal, one.note, row, std::move(state)};
}

}  // namespace reluflow::detail
