// A step that contains switches: who is followed, and when it is complete.

#include "asynchronous.hpp"

#include "length.hpp"
#include "propagated_error.hpp"
#include "reluflow/detail/bernstein.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace reluflow::detail {
namespace {

/// What a quintic misses of a kink is a few hundredths of the kink and changes its sign: the
/// integral of it, which is what others feel, is a thousandth of what the kink does to them. A
/// single switch that moves others by more than this many tolerances ends the step.
constexpr double bendable = 200.0;

/// Below so many tolerances what the switches do to others is smooth enough without a look.
constexpr double noticeable = 8.0;

/// The integral of what a quintic misses, relative to the largest value that is seen of it. For a
/// kink anywhere in the step it is 0.09 in the middle and 0.2 in nine cases out of ten.
constexpr double averaged = 0.1;

/// What a quintic misses of a kink at one time, relative to its effect, where it is not measured.
constexpr double typically_missed = 0.05;

/// What a quintic misses may move a release by so many tolerances, relative to max(1, t). Ten times
/// less would make the steps of runs with many slides half as long.
constexpr double blur = 1e4;

/// What a quintic may leave of the bent residuals inside the step, by its effect in tolerances. At
/// the end of the step its moments are right, but until then it moves the times of switches.
constexpr double rough = 0.2;

constexpr int most_corrections = 6;

const sliding_frame* frame_of(const flow_modes& modes, index neuron) {
  const auto own = modes.frames.find(neuron);
  return own == modes.frames.end() ? nullptr : &own->second;
}

}  // namespace

double asynchronous_step::unit(const frozen_step& step, index neuron) const {
  return unit(step.state, neuron);
}

double asynchronous_step::unit(const Eigen::VectorXd& state, index neuron) const {
  if (field_->chart() == chart_kind::spherical) return std::exp(state[neuron]);
  return std::hypot(state[neuron], length(field_->vectors(state).col(neuron)));
}

/// a^2 + |w|^2
double asynchronous_step::square_of(const Eigen::VectorXd& state, index neuron) const {
  const double size = unit(state, neuron);
  return (field_->chart() == chart_kind::spherical ? 2.0 : 1.0) * size * size;
}

bool asynchronous_step::complete(const frozen_step& step) {
  paths_.resize(static_cast<std::size_t>(field_->neurons()));
  frozen_.resize(paths_.size());
  drive_ = step.drive;
  all_followed_ = false;
  at_a_kink_ = false;
  together_ = strength_together(step.state);
  shorter_ = 0.5;
  longer_ = std::numeric_limits<double>::infinity();
  leaves_.assign(paths_.size(), 0);
  for (local_path& path : paths_) path.windows.clear();
  double squares = 0.0;
  for (const index j : step.leaving) {
    leaves_[static_cast<std::size_t>(j)] = 1;
    squares += square_of(step.state, j);
  }
  // Which integrals are made at first is a guess, and changes nothing but the time it takes.
  const double most = squares / unfelt(step.state, step.drive) * undone();
  integrals_ = 2.0 * usual_ * most > undone() ? path_integrals::all : path_integrals::dissipated;
  follow(step, step.drive, step.leaving, true);
  if (!all_finished()) return false;
  const double felt = felt_at_most(step);
  usual_ = most > 0.0 ? std::min(1.0, felt / most) : 1.0;
  left_ = missed_ = felt;
  if (felt <= undone() && moves_no_release(step)) return true;
  if (std::exchange(integrals_, path_integrals::all) != path_integrals::all) {
    follow(step, step.drive, step.leaving, true);
  }
  const double alpha = field_->output_scale();
  Eigen::MatrixXd change = -alpha * outputs(step, true);
  const double bent = effect(change, step.drive.h);
  left_ = missed_ = bent;
  if (bent <= share * rtol_ && moves_no_release(step)) return true;
  double sharpest = 0.0;
  for (const kink& k : kinks_) sharpest = std::max(sharpest, k.effect);
  if (sharpest > bendable * rtol_) {
    at_a_kink_ = true;
    shorter_ = shorten(bendable * rtol_);
    return false;
  }
  missed_ = typically_missed * bent;
  if (bent > noticeable * rtol_ || blurred_release(step) <= 1.0) {
    missed_ = effect(roughness(step, change), step.drive.h);
    // What a quintic misses shrinks at least like the cube of the step.
    const double missed = averaged * missed_ / (rough * rtol_);
    longer_ = 0.9 / std::cbrt(missed);
    shorter_ = std::clamp(longer_, 0.2, 0.9);
    if (missed > 1.0) return false;
  }

  std::vector<index> everyone(paths_.size());
  std::iota(everyone.begin(), everyone.end(), index{0});
  all_followed_ = true;
  residual_path& drive = drive_;
  // The first round also finds what the frozen step itself has missed.
  double last = std::numeric_limits<double>::infinity();
  for (int round = 0; round < most_corrections; ++round) {
    drive.control += response_.solve(step.state, step.modes, change, drive.h);
    drive.expand(field_->data().norms());
    follow(step, drive, everyone, false);
    if (!all_finished()) return false;
    change = (-alpha * outputs(step, false) - drive.control).colwise() + field_->data().labels();
    const double now = effect(change, drive.h);
    if (now <= share * rtol_) {
      left_ = now;
      if (!more_leave(step)) {
        const double release = blurred_release(step);
        if (release > 1.0) return true;
        shorter_ = away_from_kinks(release);
        return false;
      }
      last = std::numeric_limits<double>::infinity();  // they have not been followed yet
      continue;
    }
    if (!(now <= 0.5 * last)) return false;
    last = now;
  }
  return false;
}

/// True when the corrected residuals drive further neurons out of their modes: they join those that
/// leave them. The certificates are those of the frozen step.
bool asynchronous_step::more_leave(const frozen_step& step) {
  const Eigen::MatrixXd control = control_of_paths(step);
  const step_view view{control, drive_.control, drive_.h, drive_.force_error, step.alone};
  std::vector<std::pair<index, index>> at_rest;  // the next step finds them again
  bool any = false;
  for (const index j : search_->leaving(view, step.modes, step.contacts, at_rest).neurons) {
    any = std::exchange(leaves_[static_cast<std::size_t>(j)], 1) == 0 || any;
  }
  return any;
}

/// The state along the paths of all neurons, as if none left its modes, where they are followed
/// with fixed modes (coordinates x 6); for the others it stands still, because their paths have
/// been searched already. In the spherical chart w is relative to its length at the start.
Eigen::MatrixXd asynchronous_step::control_of_paths(const frozen_step& step) const {
  const index m = step.alone;
  const index d = field_->dimension();
  Eigen::MatrixXd values = step.state.replicate(1, 6);
  const bool spherical = field_->chart() == chart_kind::spherical;
#pragma omp parallel for schedule(static) if (m >= worth_a_pass)
  for (index j = 0; j < m; ++j) {
    if (leaves_[static_cast<std::size_t>(j)] != 0) continue;
    const double size = spherical ? 1.0 : unit(step, j);
    for (int i = 1; i < 6; ++i) {
      const Eigen::VectorXd there = size * path(j).at(i / 5.0);
      values.col(i).segment(field_->neurons() + j * d, d) = there.tail(d);
      if (!spherical) values(j, i) = there[0];
    }
  }
  return bernstein_from_values(values);
}

bool asynchronous_step::all_finished() const {
  return std::all_of(followed_.begin(), followed_.end(), [&](index j) { return path(j).finished; });
}

bool asynchronous_step::moves_no_release(const frozen_step& step) const {
  return inside() <= step.clearance && blurred_release(step) > 1.0;
}

double asynchronous_step::blurred_release(const frozen_step& step) const {
  const double allowed = blur * rtol_ * std::max(1.0, step.t);
  for (const index j : followed_) {
    for (const timed_change& timed : path(j).changes) {
      if (!timed.at.of_force) continue;
      if (propagated_error::of_time(timed.at, 0.0, inside()) > allowed) return timed.fraction;
    }
  }
  return 2.0;
}

/// The part of the step that ends between a release and the kink that blurs it most.
double asynchronous_step::away_from_kinks(double release) const {
  double fraction = 0.0;
  double largest = 0.0;
  for (const kink& k : kinks_) {
    if (k.fraction == release || k.effect <= largest) continue;
    largest = k.effect;
    fraction = k.fraction;
  }
  // Behind a kink that comes before; before one that comes behind.
  return std::clamp(fraction + 0.1 * (release - fraction), 1e-12, 0.9);
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

/// Puts a path at the start of the step.
void asynchronous_step::place(const frozen_step& step, index neuron, local_path& path) const {
  const bool spherical = field_->chart() == chart_kind::spherical;
  path.a = spherical ? field_->sign(step.state, neuron) : step.state[neuron];
  path.w = field_->vectors(step.state).col(neuron);
  if (const double size = unit(step, neuron); !spherical && size > 0.0) {
    path.a /= size;
    path.w /= size;
  }
}

/// The same for a neuron that may leave its modes.
void asynchronous_step::place_with_modes(const frozen_step& step, index neuron,
                                         local_path& path) const {
  place(step, neuron, path);
  path.modes.row = step.modes.pattern.row(neuron);
  path.modes.frame.reset();
  if (const sliding_frame* frame = frame_of(step.modes, neuron)) path.modes.frame = *frame;
  path.contacts.clear();
  for (auto c = step.contacts.lower_bound({neuron, 0});
       c != step.contacts.end() && c->first == neuron; ++c) {
    path.contacts.push_back(c->second);
  }
}

/// D_j of all neurons in `who` against the residuals of `drive`, into `forces_`.
void asynchronous_step::gather_forces(const frozen_step& step, const residual_path& drive,
                                      const std::vector<index>& who) {
  const index d = field_->dimension();
  if (static_cast<index>(who.size()) >= worth_a_pass) {
    field_->products().forces(step.modes.pattern, drive.monomials, pulls_, forces_);
    return;
  }
  forces_.resize(6 * d, field_->neurons());
  for (const index j : who) {
    gather_force(*field_, step.modes.pattern, j, drive.monomials, forces_.col(j).reshaped(d, 6));
  }
}

/// Follows neurons against the residuals of `drive`; with `and_frozen` also as if they did not
/// leave their modes.
void asynchronous_step::follow(const frozen_step& step, const residual_path& drive,
                               const std::vector<index>& who, bool and_frozen) {
  followed_ = who;
  gather_forces(step, drive, who);
  const index d = field_->dimension();
  const auto count = static_cast<index>(who.size());
#pragma omp parallel for schedule(dynamic, 8) if (count >= worth_a_pass)
  for (index i = 0; i < count; ++i) {
    const index j = who[static_cast<std::size_t>(i)];
    const force_coefficients force(forces_.col(j).data(), d, 6);
    local_path& own = paths_[static_cast<std::size_t>(j)];
    own.integrals = integrals_;
    if (leaves_[static_cast<std::size_t>(j)] != 0) {
      place_with_modes(step, j, own);
      flow_.follow(force, drive, own);
    } else {
      place(step, j, own);
      flow_.follow_fixed(force, frame_of(step.modes, j), drive, own);
    }
    if (!and_frozen) continue;
    local_path& still = frozen_[static_cast<std::size_t>(j)];
    still.integrals = integrals_;
    place(step, j, still);
    flow_.follow_fixed(force, frame_of(step.modes, j), drive, still);
  }
}

}  // namespace reluflow::detail
