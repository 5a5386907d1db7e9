#include "local_flow.hpp"

#include "length.hpp"
#include "local_events.hpp"
#include "local_outlook.hpp"
#include "local_walk.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace reluflow::detail {
namespace {

/// Switches of one neuron in one step beyond which the step is given up.
constexpr int most_switches = 20000;

/// Events one after the other that change no mode, beyond which it is given up as well.
constexpr int most_futile = 100;

/// Right-multiplication by this turns Bernstein coefficients into those of powers.
const matrix6& to_monomials() {
  static const matrix6 conversion = [] {
    matrix6 m = matrix6::Zero();
    const double choose[6] = {1, 5, 10, 10, 5, 1};
    for (int i = 0; i < 6; ++i) {
      double binomial = 1.0;  // C(5 - i, l - i) with alternating sign
      for (int l = i; l < 6; ++l) {
        m(i, l) = choose[i] * binomial;
        binomial *= -static_cast<double>(5 - l) / static_cast<double>(l - i + 1);
      }
    }
    return m;
  }();
  return conversion;
}

}  // namespace

void residual_path::expand(const Eigen::VectorXd& norms) {
  // Differences first: residuals that hardly change are to keep small coefficients.
  monomials = (control.colwise() - control.col(0)) * to_monomials();
  monomials.col(0) = control.col(0);
  by_sample = monomials.transpose();
  strengths = control.cwiseAbs().rowwise().maxCoeff().cwiseProduct(norms) /
              static_cast<double>(norms.size());
  strongest = strengths.maxCoeff();
}

void gather_force(const vector_field& field, const activation_pattern& pattern, index neuron,
                  const Eigen::MatrixXd& residuals, Eigen::Ref<Eigen::MatrixXd> force) {
  Eigen::VectorXd residual(residuals.rows());
  for (index i = 0; i < 6; ++i) {
    residual = residuals.col(i);
    field.active_force(pattern, neuron, residual, force.col(i));
  }
}

/// Takes one neuron through a step.
template <int Dimension>
class local_flow::traveller {
 public:
  traveller(const local_flow& owner, const residual_path& drive, const force_coefficients& force,
            local_path& path)
      : walk_{*owner.field_,
              *owner.surfaces_,
              *owner.settler_,
              drive,
              path,
              owner.accuracy_,
              path.w,
              0.0,
              force,
              {},
              {},
              false} {
    path.restart(walk_.field.data(), walk_.field.products(), owner.accuracy_);
  }

  void follow() {
    begin(walk_.path.modes.frame ? &*walk_.path.modes.frame : nullptr);
    look_at_holds();
    outlook_.guess_length();
    double at = 0.0;
    int futile = 0;
    for (int switches = 0; at < 1.0;) {
      walk_.expand(at, outlook_.prospect(at));
      if (!outlook_.see(at)) continue;
      const local_event first = events_.first(outlook_.candidates());
      at = advance(std::min(first.u, 1.0));
      if (first.u > 1.0) continue;
      const std::size_t before = walk_.path.changes.size();
      settle(at, first);
      futile = walk_.path.changes.size() > before ? 0 : futile + 1;
      if (++switches > most_switches || futile > most_futile) return;
    }
    finish();
  }

  void follow_fixed(const sliding_frame* frame) {
    begin(frame);
    for (double at = 0.0; at < 1.0; at = advance(1.0)) walk_.expand(at, 1.0);
    finish();
  }

 private:
  using vector = Eigen::Matrix<double, Dimension, 1>;

  void begin(const sliding_frame* frame) {
    walk_.project(frame);
    anchor();
  }

  void finish() {
    walk_.path.w = walk_.w;
    walk_.path.finished = true;
  }

  void anchor() { walk_.path.anchor(walk_.w.data(), walk_.force.coefficients.data()); }

  /// Goes on to `u` on the piece and keeps that part of it; the fraction of the step there.
  double advance(double u) {
    const local_piece<Dimension>& piece = walk_.piece;
    const double end = u < 1.0 ? std::min(piece.end, piece.begin + u * piece.length) : piece.end;
    const quintic phi = piece.series.phi_at(u, piece.products.degree);
    if (end > piece.begin) {
      walk_.path.append({piece.begin, end, piece.length}, piece.series, piece.products.degree, phi,
                        piece.series.rate(piece.products, piece.length));
      integrate(u);
    }
    walk_.w += piece.displacement(phi);
    walk_.w_size = length(walk_.w);
    walk_.path.a = piece.series.output_weight(u);
    leave_contacts();
    return end;
  }

  /// Adds the integrals over the piece up to `u`.
  void integrate(double u) {
    const local_piece<Dimension>& piece = walk_.piece;
    local_path& path = walk_.path;
    if (walk_.path.integrals == path_integrals::dissipated) {
      path.dissipated += piece.series.dissipated(piece.products, piece.length, u, walk_.accuracy);
      return;
    }
    const local_moments part =
        piece.series.moments(piece.products, piece.begin, piece.length, u, walk_.accuracy);
    const int terms = piece.products.degree + 1;
    path.moments.noalias() += walk_.w.lazyProduct(part.plain.transpose());
    path.moments.noalias() +=
        piece.force.leftCols(terms).lazyProduct(part.phi.leftCols(terms).transpose());
    path.dissipated += part.dissipated;
  }

  void settle(double at, const local_event& event) {
    const quintic weights = powers(at);
    if (crosses(at, weights, event)) return;
    local_path& path = walk_.path;
    const bool slid = path.modes.frame.has_value();
    const zero_passage how = passage_at(at, weights, event);
    if (event.sign_change) path.a = 0.0;
    neuron_force push;
    push.active = force_at(at);
    push.residual = [&](index k) { return walk_.drive.by_sample.col(k).dot(weights); };
    push.error = walk_.drive.force_error;
    push.sign = std::copysign(1.0, path.a != 0.0 ? path.a : push.active.dot(walk_.w));
    for (const mode_change& change : changes_by(event, push)) {
      const double before = change.from == pair_mode::active ? 1.0 : 0.0;
      const double after = change.to == pair_mode::active ? 1.0 : 0.0;
      note(at, change, how);
      if (before != after) switch_force(change.sample, after - before);
    }
    const bool slides = path.modes.frame.has_value();
    if (slides) path.modes.frame->project(walk_.w);
    walk_.project(slides ? &*path.modes.frame : nullptr);
    if (slid || slides || event.origin || path.wants_anchor()) anchor();
    look_at_holds();
    outlook_.look_at_modes();
  }

  [[nodiscard]] Eigen::VectorXd force_at(double at) const {
    const Eigen::VectorXd force = walk_.active * powers(at);
    if (!walk_.path.modes.frame) return force;
    return force_that_tells(
        force, walk_.drive.force_error, *walk_.path.modes.frame, walk_.surfaces, 1.0 - at,
        [&](double by) -> Eigen::VectorXd { return walk_.active * powers(at + by); });
  }

  /// How what the event is about passes through zero.
  [[nodiscard]] zero_passage passage_at(double at, const quintic& weights,
                                        const local_event& event) const {
    if (event.surface < 0) {
      return {(walk_.force.coefficients * weights).dot(walk_.w)};
    }
    if (is_held(walk_.mode_on(event.surface))) return event.released;
    const double velocity = walk_.across(event.surface, walk_.force.coefficients * weights);
    return crossing_at(at, event.surface, velocity);
  }

  /// @param velocity  across the surface, in units of |a|
  [[nodiscard]] zero_passage crossing_at(double at, index surface, double velocity) const {
    const double gain = std::abs(walk_.path.a);
    zero_passage result{gain * velocity};
    // The curvature matters where a surface is hardly more than touched.
    constexpr double steep = 0.01;
    if (std::abs(velocity) > steep * walk_.force.sizes.sum()) return result;
    double change = 0.0;
    double power = 1.0;
    for (int i = 1; i < 6; ++i, power *= at) {
      change += i * power * walk_.across(surface, walk_.force.coefficients.col(i));
    }
    result.curvature = gain * change / walk_.drive.h;
    return result;
  }

  /// Settles the neuron where the event has brought it.
  std::vector<mode_change> changes_by(const local_event& event, neuron_force push) {
    local_path& path = walk_.path;
    std::vector<mode_change> changes;
    if (event.origin) {
      const auto passage = walk_.settle.pass_origin(event.surface, push, path.modes, changes);
      walk_.w.setZero();
      if (passage.direction) walk_.w = beyond_origin * std::abs(path.a) * *passage.direction;
      for (const index s : passage.contacts) touch(s);
      outlook_.close();
      return changes;
    }
    std::vector<arrival> arrivals;
    if (event.sign_change) {
      for (const index s : path.modes.frame->surfaces) arrivals.push_back({s, surface_side::below});
    } else {
      arrivals.push_back({event.surface, event.guess});
    }
    for (const index s : walk_.settle.settle(arrivals, push, path.modes, changes)) touch(s);
    if (changes.empty()) {
      // Its velocity is zero up to the error, and yet it is on its way to the other side.
      const auto samples = static_cast<double>(walk_.drive.by_sample.cols());
      push.error = std::min(push.error, rounding * samples * walk_.drive.strongest);
      for (const index s : walk_.settle.settle(arrivals, push, path.modes, changes)) touch(s);
    }
    return changes;
  }

  void look_at_holds() {
    const activation_pattern& row = walk_.path.modes.row;
    walk_.on_surface = false;
    for (index word = 0; word < row.words() && !walk_.on_surface; ++word) {
      walk_.on_surface = row.surface_word(0, word) != 0;
    }
  }

  /// The common case, without the machinery of boundaries: a neuron that nothing holds meets one
  /// surface and both fields carry it across.
  bool crosses(double at, const quintic& weights, const local_event& event) {
    if (walk_.on_surface || event.sign_change || event.origin ||
        !walk_.surfaces.one_sided(event.surface) ||
        walk_.surfaces.members(event.surface).size() > 1) {
      return false;
    }
    const index k = walk_.surfaces.representative(event.surface);
    const residual_path& drive = walk_.drive;
    local_path& path = walk_.path;
    const pair_mode before = path.modes.row(0, k);
    const pair_mode after = before == pair_mode::active ? pair_mode::inactive : pair_mode::active;
    const dataset& data = walk_.field.data();
    const double direction = -sense_of(before) * (path.a < 0.0 ? -1.0 : 1.0);
    const double jump = -sense_of(before) * data.norms()[k] * drive.by_sample.col(k).dot(weights) /
                        static_cast<double>(data.size());
    const double velocity = walk_.across(event.surface, walk_.active * weights);
    if (!(direction * velocity > drive.force_error) ||
        !(direction * (velocity + jump) > drive.force_error)) {
      return false;
    }
    path.modes.row.set(0, k, after);
    note(at, {k, before, after, false, 0.0}, crossing_at(at, event.surface, velocity));
    touch(event.surface);
    const quintic grown = switch_force(k, -sense_of(before));
    if (path.wants_anchor()) {
      walk_.project(nullptr);
      anchor();
    } else {
      walk_.grow(k, grown);
    }
    outlook_.look_at_mode(event.surface);
    return true;
  }

  /// Sample k begins (+1) or ceases (-1) to drive the neuron. Returns q, q(t) x_k being what D
  /// grows by.
  quintic switch_force(index k, double gain) {
    const quintic q =
        gain / static_cast<double>(walk_.field.data().size()) * walk_.drive.by_sample.col(k);
    walk_.add_sample(k, q, walk_.active);
    walk_.path.kick(k, q);
    return q;
  }

  void note(double at, const mode_change& change, const zero_passage& how) {
    const index k = change.sample;
    local_path& path = walk_.path;
    path.changes.push_back({at, change, how});
    path.disturbance += (1.0 - at) * walk_.drive.strengths[k];
    // And by as much as it is beyond the surface its output on the sample is another.
    if (!how.of_force) path.disturbance += (1.0 - at) * std::abs(how.slope);
    if (path.integrals == path_integrals::dissipated) return;
    if constexpr (Dimension == Eigen::Dynamic) {
      const column_ranges& ranges = walk_.field.products().ranges();
      path.moments_before.push_back(
          path.moments.middleRows(ranges.first(k), ranges.size(k)).transpose() *
          ranges.part(k, walk_.field.data().inputs().col(k)));
    } else {
      path.moments_before.push_back(path.moments.transpose() * walk_.input(k));
    }
  }

  void touch(index surface) {
    if (!walk_.touches(surface)) walk_.path.contacts.push_back(surface);
  }

  void leave_contacts() {
    std::erase_if(walk_.path.contacts, [&](index s) {
      const pair_mode mode = walk_.mode_on(s);
      if (is_held(mode)) return true;
      return sense_of(mode) * walk_.across(s, walk_.w) > walk_.noise();
    });
  }

  local_walk<Dimension> walk_;
  local_outlook<Dimension> outlook_{walk_};
  local_events<Dimension> events_{walk_};
};

template <class Walk>
void local_flow::with_dimension(Walk&& walk) const {
  switch (field_->dimension()) {
    case 2:
      return walk.template operator()<2>();
    case 3:
      return walk.template operator()<3>();
    case 5:
      return walk.template operator()<5>();
    default:
      return walk.template operator()<Eigen::Dynamic>();
  }
}

void local_flow::follow(const force_coefficients& force, const residual_path& drive,
                        local_path& path) const {
  with_dimension(
      [&]<int Dimension>() { traveller<Dimension>(*this, drive, force, path).follow(); });
}

void local_flow::follow_fixed(const force_coefficients& force, const sliding_frame* frame,
                              const residual_path& drive, local_path& path) const {
  with_dimension([&]<int Dimension>() {
    traveller<Dimension>(*this, drive, force, path).follow_fixed(frame);
  });
}

}  // namespace reluflow::detail
