#include "local_flow.hpp"

#include "length.hpp"
#include "local_piece.hpp"
#include "surface_window.hpp"

#include <boost/math/tools/roots.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double rounding = 8.0 * epsilon;

/// A fraction beyond every piece.
constexpr double never = 2.0;

/// Switches of one neuron in one step beyond which the step is given up.
constexpr int most_switches = 20000;

/// At every switch all surfaces of the window are looked at again. It is made so short that about
/// so many are met in it, out of so many that are near.
constexpr double wanted_switches = 4.0;
constexpr double wanted_surfaces = 8.0;

/// In fractions of the step: no shorter window is made for the sake of few candidates.
constexpr double shortest_window = 1e-4;

/// Windows whose surfaces are looked for at once among all.
constexpr double windows_of_an_outlook = 8.0;

/// Switches that a window has room for, in units of the largest one that can happen.
constexpr double bends_in_a_window = 3.0;

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

bool is_held(pair_mode mode) { return mode == pair_mode::sliding || mode == pair_mode::resting; }

double sense_of(pair_mode mode) { return mode == pair_mode::active ? 1.0 : -1.0; }

}  // namespace

void residual_path::expand(const Eigen::VectorXd& norms) {
  // Differences first: residuals that hardly change are to keep small coefficients.
  monomials = (control.colwise() - control.col(0)) * to_monomials();
  monomials.col(0) = control.col(0);
  by_sample = monomials.transpose();
  strongest = control.cwiseAbs().rowwise().maxCoeff().cwiseProduct(norms).maxCoeff() /
              static_cast<double>(norms.size());
}

/// The state of one walk through a step.
template <int Dimension>
class local_flow::traveller {
 public:
  traveller(const local_flow& owner, const residual_path& residuals,
            const force_coefficients& initial_force, local_path& result)
      : flow(owner), drive(residuals), path(result), w(result.w), active(initial_force) {
    path.restart(w.size());
  }

  void follow() {
    project(path.modes.frame ? &*path.modes.frame : nullptr);
    look_at_holds();
    run(true);
  }

  void follow_fixed(const sliding_frame* frame) {
    project(frame);
    run(false);
  }

 private:
  using vector = Eigen::Matrix<double, Dimension, 1>;
  using coefficients = Eigen::Matrix<double, Dimension, 6>;

  struct candidate {
    index surface;
    pair_mode mode;
    double z = 0.0;        // signed so that it is >= 0 before a switch
    double speed = 0.0;    // dz/du at the start of the piece
    double soonest = 0.0;  // u before which it is not met
  };

  struct event {
    double u = never;
    index surface = -1;
    surface_side guess = surface_side::below;
    bool sign_change = false;
    bool origin = false;
  };

  using column_view = Eigen::Map<const vector>;
  [[nodiscard]] column_view normal(index surface) const {
    const Eigen::MatrixXd& normals = flow.surfaces_->normals();
    return column_view(normals.data() + surface * normals.rows(), normals.rows());
  }

  [[nodiscard]] column_view input(index sample) const {
    const Eigen::MatrixXd& inputs = flow.field_->data().inputs();
    return column_view(inputs.data() + sample * inputs.rows(), inputs.rows());
  }

  /// <n_s, v>
  template <class Vector>
  [[nodiscard]] double across(index surface, const Vector& v) const {
    if constexpr (Dimension == Eigen::Dynamic) return flow.surfaces_->distance(surface, v);
    return normal(surface).dot(v);
  }

  [[nodiscard]] pair_mode mode_on(index surface) const {
    return path.modes.row(0, flow.surfaces_->representative(surface));
  }

  void run(bool search_switches) {
    double at = 0.0;
    if (search_switches) longest = first_window();
    for (int switches = 0; at < 1.0;) {
      expand(at, search_switches ? prospect(at) : 1.0);
      if (search_switches && !see(at)) continue;
      const event first = search_switches ? search() : event{};
      const bool switched = first.u <= 1.0;
      const double u = switched ? first.u : 1.0;
      const double end = switched ? std::min(piece.end, piece.begin + u * piece.length) : piece.end;
      keep(u, end);
      at = end;
      advance(u);
      if (!switched) continue;
      if (++switches > most_switches) return;
      settle(at, first);
    }
    path.w = w;
    path.finished = true;
  }

  /// Takes off the force what sliding takes away.
  void project(const sliding_frame* frame) {
    force.coefficients = active;
    if (frame != nullptr) frame->project(force.coefficients);
    for (int i = 0; i < 6; ++i) force.sizes[i] = length(force.coefficients.col(i));
  }

  /// The piece from `from` to `until`, or as far as its series converges fast.
  void expand(double from, double until) {
    piece.expand({from, until}, drive.h, flow.accuracy_, path.a, w, force);
    w_size = length(w);
  }

  /// Keeps the piece up to `u`, where it ends at fraction `end`.
  void keep(double u, double end) {
    if (!(end > piece.begin)) return;
    path.append(piece.begin, end, piece.length, piece.series, w.data(), piece.force.data(),
                piece.products.degree);
    const local_moments part =
        piece.series.moments(piece.products, piece.begin, piece.length, u, flow.accuracy_);
    const int terms = piece.products.degree + 1;
    path.moments += w * part.plain.transpose();
    path.moments.noalias() +=
        piece.force.leftCols(terms).lazyProduct(part.phi.leftCols(terms).transpose());
    path.dissipated += part.dissipated;
  }

  void advance(double u) {
    const vector step = piece.displacement(u);
    w += step;
    path.a = piece.series.output_weight(u);
    w_size = length(w);
    leave_contacts();
  }

  /// A guess of how long a window of few surfaces is, were their normals spread evenly: half of
  /// those within reach are met, and a fraction of about 0.8 sqrt(d) r is within r of a unit
  /// vector.
  [[nodiscard]] double first_window() const {
    const double reach = drive.h * std::abs(path.a) * force.sizes.sum();
    const double met = 0.4 * std::sqrt(static_cast<double>(w.size())) * reach *
                       static_cast<double>(flow.surfaces_->size());
    return met > 0.0 ? std::min(1.0, wanted_switches * length(w) / met) : 1.0;
  }

  /// How far to look from `at`: to the end of the window, or so far that a new one holds few
  /// surfaces.
  [[nodiscard]] double prospect(double at) const {
    return at < window->end() ? window->end() : std::min(1.0, at + longest);
  }

  /// Makes sure that the candidates are all surfaces that the piece from `at` on may meet. False
  /// when the piece is to be expanded again.
  bool see(double at) {
    const double noise = rounding * w_size;
    const vector along = piece.displacement(1.0);
    if (window->covers(at, piece.end, w, along, piece.series.stray + noise)) return true;
    const double kick = drive.h * piece.length * std::abs(path.a) * drive.strongest;
    const double slack = 2.0 * (piece.series.stray + noise) + bends_in_a_window * kick;
    if (outlook.covers(at, piece.end, w, along, slack)) {
      closeup.open(outlook, at, piece.end, w, along, slack);
      return look_through(closeup);
    }
    expand(at, std::min(1.0, at + windows_of_an_outlook * piece.length));
    outlook.open(*flow.surfaces_, at, piece.end, w, piece.displacement(1.0),
                 2.0 * (piece.series.stray + noise + slack) +
                     bends_in_a_window * windows_of_an_outlook * kick);
    return look_through(outlook);
  }

  /// Makes the surfaces of a window that begins here the candidates. False when they are too many.
  bool look_through(surface_window<Dimension>& opened) {
    candidates.clear();
    for (const index s : opened.within()) candidates.push_back({s, mode_on(s)});
    // What holds the neuron is in every window, however short, and is not looked at.
    const auto free = std::count_if(candidates.begin(), candidates.end(),
                                    [](const candidate& c) { return !is_held(c.mode); });
    const double looks = static_cast<double>(std::max<index>(opened.crossed(), 1)) *
                         static_cast<double>(std::max<std::ptrdiff_t>(free, 1));
    longest = std::max(
        shortest_window,
        piece.length * std::min(2.0, std::sqrt(wanted_switches * wanted_surfaces / looks)));
    window = &opened;
    if (looks <= 2.0 * wanted_switches * wanted_surfaces || piece.length <= shortest_window) {
      return true;
    }
    closeup.close();
    window = &closeup;
    return false;
  }

  event search() {
    const double noise = rounding * w_size;
    const double slow = drive.force_error * std::abs(path.a) * piece.series.h;
    const std::optional<index> on_line =
        on_surface && flow.field_->chart() == chart_kind::cartesian
            ? farthest_on_a_line(*flow.surfaces_, path.modes.row, 0, w)
            : std::nullopt;
    // z lies between z_0 + z_1 u -+ bend u^2.
    const double bend = piece.series.bend;
    for (candidate& c : candidates) {
      c.soonest = never;
      if (is_held(c.mode) || (on_line && c.surface != *on_line)) continue;
      const double sense = sense_of(c.mode);
      c.z = sense * across(c.surface, w);
      c.speed = sense * piece.series.phi(0, 1) * across(c.surface, piece.force.col(0));
      if (c.z > noise && c.z + c.speed - bend > noise) continue;
      const double root = std::sqrt(c.speed * c.speed + 4.0 * bend * std::max(c.z, 0.0));
      c.soonest = c.z > noise ? 2.0 * c.z / (root - c.speed) : 0.0;
    }
    event first;
    while (true) {
      const auto next = std::min_element(
          candidates.begin(), candidates.end(),
          [](const candidate& x, const candidate& y) { return x.soonest < y.soonest; });
      if (next == candidates.end() || next->soonest >= first.u) break;
      const candidate c = *next;
      next->soonest = never;
      const bool touched =
          std::find(path.contacts.begin(), path.contacts.end(), c.surface) != path.contacts.end();
      if (touched && c.speed - bend > noise + slow) continue;
      const std::optional<double> root =
          !touched && !on_line && c.z > noise && c.speed + 2.0 * bend < -(slow + noise)
              ? only_root(c, std::min(1.0, first.u))
              : first_root(c, touched, slow, noise);
      if (!root || *root >= first.u) continue;
      first = {*root, c.surface, flow.settler_->guess(c.surface, path.modes.row, 0), false,
               on_line.has_value()};
    }
    if (path.modes.frame) search_releases(first);
    return first;
  }

  /// z of a candidate as a polynomial of u.
  [[nodiscard]] std::array<double, largest_degree + 1> polynomial(const candidate& c) const {
    quintic pull;
    for (int i = 0; i <= piece.products.degree; ++i) {
      pull[i] = sense_of(c.mode) * across(c.surface, piece.force.col(i));
    }
    std::array<double, largest_degree + 1> result;
    result[0] = c.z;
    for (int m = 1; m <= piece.series.degree; ++m) {
      double sum = 0.0;
      for (int i = 0; i <= piece.products.degree; ++i) sum += pull[i] * piece.series.phi(i, m);
      result[static_cast<std::size_t>(m)] = sum;
    }
    return result;
  }

  /// Where z falls below zero on [0, until], for a candidate whose z is > 0 at first and falls all
  /// the way.
  [[nodiscard]] std::optional<double> only_root(const candidate& c, double until) const {
    const std::array<double, largest_degree + 1> z = polynomial(c);
    const auto value_and_slope = [&](double u) {
      double value = 0.0;
      double slope = 0.0;
      for (int m = piece.series.degree; m >= 0; --m) {
        slope = slope * u + value;
        value = value * u + z[static_cast<std::size_t>(m)];
      }
      return std::pair(value, slope);
    };
    if (!(value_and_slope(until).first < 0.0)) return {};
    std::uintmax_t iterations = 50;
    return boost::math::tools::newton_raphson_iterate(value_and_slope, std::min(c.soonest, until),
                                                      0.0, until, 50, iterations);
  }

  /// Where z falls below zero first; pairs that turn out to lie on their surface come to rest.
  std::optional<double> first_root(const candidate& c, bool touched, double slow, double noise) {
    const std::array<double, largest_degree + 1> powers_of_u = polynomial(c);
    bernstein_polynomial z = from_monomials(powers_of_u.data(), piece.series.degree);
    const double last_move = derivative(z).b[static_cast<std::size_t>(piece.series.degree) - 1];
    const bool slow_start = std::abs(powers_of_u[1]) <= slow + noise;
    if (touched) {
      z = divide_by_x(z);
      // A pair that leaves tangentially has no velocity yet: look at what comes next.
      if (slow_start) z = divide_by_x(z);
      if (z.bound() <= noise + slow) return {};
    } else if (z.bound() <= noise) {
      return {};
    }
    const auto root = first_descent(z);
    if (root && slow_start && std::abs(last_move) <= slow + noise) {
      if (c.mode == pair_mode::inactive && flow.surfaces_->one_sided(c.surface)) {
        flow.surfaces_->set_mode(path.modes.row, 0, c.surface, pair_mode::resting);
        on_surface = true;
        look_at_modes();
      }
      return {};
    }
    return root;
  }

  void search_releases(event& first) const {
    const sliding_frame& frame = *path.modes.frame;
    const double sign = path.a != 0.0 ? path.a : piece.series.a[1];
    const double sense = sign < 0.0 ? 1.0 : -1.0;
    Eigen::MatrixXd multipliers = sense * (frame.multiplier_map * active);
    Eigen::MatrixXd strengths(multipliers.rows(), 6);
    for (index f = 0; f < multipliers.rows(); ++f) {
      const index s = frame.surfaces[static_cast<std::size_t>(f)];
      for (index i = 0; i < 6; ++i) {
        const auto residual = [&](index k) { return drive.by_sample(i, k); };
        strengths(f, i) = sense * flow.settler_->strength(s, residual);
        multipliers(f, i) += sense * flow.settler_->strength_below(s, residual);
      }
    }
    shift(multipliers, piece.begin, piece.length);
    shift(strengths, piece.begin, piece.length);
    for (index f = 0; f < multipliers.rows(); ++f) {
      const Eigen::Matrix<double, 1, 6> held = multipliers.row(f);
      const Eigen::Matrix<double, 1, 6> left = strengths.row(f) - held;
      const auto look = [&](const Eigen::Matrix<double, 1, 6>& monomials, surface_side side) {
        const bernstein_polynomial p = from_monomials(monomials.data(), 5);
        if (p.bound() <= 2.0 * drive.force_error) return;
        const auto root = first_descent(p);
        if (root && *root < first.u) {
          first = {*root, frame.surfaces[static_cast<std::size_t>(f)], side};
        }
      };
      look(held, surface_side::below);
      look(left, surface_side::above);
    }
    std::array<double, largest_degree + 1> weight{};
    for (std::size_t m = 0; m <= static_cast<std::size_t>(piece.series.degree); ++m) {
      weight[m] = sign < 0.0 ? -piece.series.a[m] : piece.series.a[m];
    }
    const auto root = first_descent(from_monomials(weight.data(), piece.series.degree));
    if (root && *root > 0.0 && *root < first.u) first = {*root, -1, surface_side::below, true};
  }

  void settle(double at, const event& first) {
    const quintic weights = powers(at);
    if (crosses(at, weights, first)) return;
    std::vector<arrival> arrivals;
    if (first.sign_change) {
      path.a = 0.0;
      for (const index s : path.modes.frame->surfaces) arrivals.push_back({s, surface_side::below});
    } else {
      arrivals.push_back({first.surface, first.guess});
    }
    neuron_force push;
    push.active = active * weights;
    push.residual = [&](index k) { return drive.by_sample.col(k).dot(weights); };
    push.error = drive.force_error;
    push.sign = std::copysign(1.0, path.a != 0.0 ? path.a : push.active.dot(w));
    std::vector<mode_change> changes;
    if (first.origin) {
      const auto line = flow.settler_->pass_origin(first.surface, push, path.modes, changes);
      w.setZero();
      if (line) w = beyond_origin * std::abs(path.a) * *line;
      outlook.close();
      closeup.close();
    } else {
      for (const index s : flow.settler_->settle(arrivals, push, path.modes, changes)) touch(s);
    }
    for (const mode_change& change : changes) {
      const double before = change.from == pair_mode::active ? 1.0 : 0.0;
      const double after = change.to == pair_mode::active ? 1.0 : 0.0;
      note(at, change);
      if (before != after) switch_force(change.sample, after - before);
    }
    if (path.modes.frame) path.modes.frame->project(w);
    project(path.modes.frame ? &*path.modes.frame : nullptr);
    look_at_holds();
    look_at_modes();
  }

  void look_at_modes() {
    for (candidate& c : candidates) c.mode = mode_on(c.surface);
  }

  void look_at_holds() {
    on_surface = false;
    for (index word = 0; word < path.modes.row.words() && !on_surface; ++word) {
      on_surface = path.modes.row.surface_word(0, word) != 0;
    }
  }

  /// The common case, without the machinery of boundaries: a neuron that nothing holds meets one
  /// surface and both fields carry it across.
  bool crosses(double at, const quintic& weights, const event& first) {
    if (on_surface || first.sign_change || first.origin ||
        !flow.surfaces_->one_sided(first.surface) ||
        flow.surfaces_->members(first.surface).size() > 1) {
      return false;
    }
    const index k = flow.surfaces_->representative(first.surface);
    const pair_mode before = path.modes.row(0, k);
    const pair_mode after = before == pair_mode::active ? pair_mode::inactive : pair_mode::active;
    const dataset& data = flow.field_->data();
    const double direction = -sense_of(before) * (path.a < 0.0 ? -1.0 : 1.0);
    const double jump = -sense_of(before) * data.norms()[k] * drive.by_sample.col(k).dot(weights) /
                        static_cast<double>(data.size());
    const double velocity = across(first.surface, active * weights);
    if (!(direction * velocity > drive.force_error) ||
        !(direction * (velocity + jump) > drive.force_error)) {
      return false;
    }
    path.modes.row.set(0, k, after);
    note(at, {k, before, after, false, 0.0});
    touch(first.surface);
    switch_force(k, -sense_of(before));
    project(nullptr);
    look_at_modes();
    return true;
  }

  /// Sample k begins (+1) or ceases (-1) to drive the neuron.
  void switch_force(index k, double gain) {
    const dataset& data = flow.field_->data();
    const double share = gain / static_cast<double>(data.size());
    const Eigen::Matrix<double, 1, 6> pull = share * drive.by_sample.col(k).transpose();
    if constexpr (Dimension == Eigen::Dynamic) {
      const column_ranges& ranges = flow.field_->products().ranges();
      active.middleRows(ranges.first(k), ranges.size(k)).noalias() +=
          ranges.part(k, data.inputs().col(k)) * pull;
    } else {
      active.noalias() += input(k) * pull;
    }
  }

  void note(double at, const mode_change& change) {
    const index k = change.sample;
    quintic before;
    if constexpr (Dimension == Eigen::Dynamic) {
      const column_ranges& ranges = flow.field_->products().ranges();
      before = path.moments.middleRows(ranges.first(k), ranges.size(k)).transpose() *
               ranges.part(k, flow.field_->data().inputs().col(k));
    } else {
      before = path.moments.transpose() * input(k);
    }
    path.changes.push_back({at, change, before});
  }

  void touch(index surface) {
    if (std::find(path.contacts.begin(), path.contacts.end(), surface) == path.contacts.end()) {
      path.contacts.push_back(surface);
    }
  }

  void leave_contacts() {
    std::erase_if(path.contacts, [&](index s) {
      const pair_mode mode = mode_on(s);
      if (is_held(mode)) return true;
      return sense_of(mode) * across(s, w) > rounding * w_size;
    });
  }

  const local_flow& flow;
  const residual_path& drive;
  local_path& path;
  vector w;
  coefficients active;          // D_act on the whole step in powers of the fraction
  step_force<Dimension> force;  // the same without what sliding takes away
  bool on_surface = false;      // held on some

  local_piece<Dimension> piece;
  double w_size = 0.0;

  // The surfaces that may be met soon, those among them that may be met next, and the one of both
  // that the candidates are taken from.
  surface_window<Dimension> outlook;
  surface_window<Dimension> closeup;
  const surface_window<Dimension>* window = &closeup;
  double longest = 1.0;  // what the next window should be at most, in fractions of the step
  std::vector<candidate> candidates;
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
