#include "local_flow.hpp"

#include "length.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double rounding = 8.0 * epsilon;

/// The Taylor series of a piece converges fast when length * |D| is at most this.
constexpr double longest_piece = 1.0;

/// Switches of one neuron in one step beyond which the step is given up.
constexpr int most_switches = 4000;

/// Pieces are made so short that they may meet no more surfaces than this: every switch begins a
/// new piece, and all surfaces that it may meet are looked at again.
constexpr std::size_t most_candidates = 12;

/// In units of the step: no shorter piece is made for the sake of few candidates.
constexpr double shortest_piece = 1e-3;

using matrix6 = Eigen::Matrix<double, 6, 6>;

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

/// Right-multiplication by this turns powers of t into powers of u, t = begin + length u.
matrix6 shift(double begin, double length) {
  static constexpr double choose[6][6] = {{1, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0},
                                          {1, 2, 1, 0, 0, 0}, {1, 3, 3, 1, 0, 0},
                                          {1, 4, 6, 4, 1, 0}, {1, 5, 10, 10, 5, 1}};
  const quintic begins = powers(begin);
  const quintic lengths = powers(length);
  matrix6 result = matrix6::Zero();
  for (int i = 0; i < 6; ++i) {
    for (int l = 0; l <= i; ++l) result(i, l) = choose[i][l] * begins[i - l] * lengths[l];
  }
  return result;
}

double sense_of(pair_mode mode) { return mode == pair_mode::active ? 1.0 : -1.0; }

}  // namespace

double local_piece::output_weight(double u) const {
  double value = 0.0;
  for (int m = degree; m >= 0; --m) value = value * u + a[static_cast<std::size_t>(m)];
  return value;
}

quintic local_piece::phi(double u) const {
  quintic value;
  double power = u;
  for (int i = 0; i < 6; ++i) {
    double sum = 0.0;
    for (int m = degree; m > i; --m) sum = sum * u + phi_coefficient(i, m);
    value[i] = sum * power;
    power *= u;
  }
  return value;
}

Eigen::VectorXd local_path::at(double fraction) const {
  std::size_t i = 0;
  while (i + 1 < count && fraction > pieces[i].end) ++i;
  const local_piece& piece = pieces[i];
  const double u = piece.at(fraction);
  Eigen::VectorXd value(piece.w.size() + 1);
  value[0] = piece.output_weight(u);
  value.tail(piece.w.size()) = piece.w + piece.force * piece.phi(u);
  return value;
}

void residual_path::expand() { monomials = control * to_monomials(); }

/// The state of one walk through a step.
struct local_flow::traveller {
  const local_flow& flow;
  const residual_path& drive;
  local_path& path;
  double a;
  Eigen::VectorXd w;
  Eigen::MatrixXd active;  // D_act on the whole step in powers of the fraction, d x 6
  Eigen::MatrixXd force;   // the same without what sliding takes away
  matrix6 to_piece;  // right-multiplication: powers of the fraction to those of the last piece

  // Surfaces that the neuron can reach while it stays within `reach` of where they were collected.
  std::vector<index> near;
  Eigen::VectorXd all;  // z of all surfaces where they were collected
  struct candidate {
    index surface;
    pair_mode mode;
    double z;  // signed so that it is >= 0 before a switch
  };
  std::vector<candidate> candidates;  // those that the last piece may meet
  double longest = 1.0;               // length of a piece that meets few surfaces
  double reach = -1.0;
  double travelled = 0.0;

  struct event {
    double u = 2.0;
    index surface = -1;
    surface_side guess = surface_side::below;
    bool sign_change = false;
    bool origin = false;
  };

  traveller(const local_flow& owner, const residual_path& residuals, local_start start,
            local_path& result)
      : flow(owner), drive(residuals), path(result), active(std::move(start.force)) {
    a = start.state[0];
    w = start.state.tail(start.state.size() - 1);
    path.modes = std::move(start.modes);
    path.contacts = std::move(start.contacts);
    path.changes.clear();
    path.count = 0;
    path.finished = false;
    project();
  }

  void project() {
    force = active;
    if (path.modes.frame) path.modes.frame->project(force);
  }

  void run(bool search_switches) {
    double at = 0.0;
    for (int switches = 0; at < 1.0;) {
      local_piece& piece = expand(at);
      if (search_switches && !collect(piece)) {
        --path.count;
        continue;
      }
      const event first = search_switches ? search(piece) : event{};
      if (first.u > 1.0) {
        piece.end = piece.begin + piece.length;
        if (piece.end > 1.0 - epsilon) piece.end = 1.0;
        at = piece.end;
        advance(piece, 1.0);
        continue;
      }
      if (++switches > most_switches) return;
      piece.end = std::min(1.0, piece.begin + first.u * piece.length);
      at = piece.end;
      advance(piece, first.u);
      if (!(piece.end > piece.begin)) --path.count;
      settle(at, first);
    }
    path.finished = true;
  }

  /// The series from `begin` to the end of the step or as far as they converge fast.
  local_piece& expand(double begin) {
    if (path.count == path.pieces.size()) path.pieces.emplace_back();
    local_piece& piece = path.pieces[path.count++];
    piece.begin = begin;
    piece.length = std::min(longest, 1.0 - begin);
    // |D| <= sum of |D_i| on the step.
    double largest = 0.0;
    for (index i = 0; i < 6; ++i) largest += length(force.col(i));
    if (drive.h * piece.length * largest > longest_piece) {
      piece.length = longest_piece / (drive.h * largest);
    }
    piece.h = drive.h * piece.length;
    piece.w = w;
    to_piece = shift(begin, piece.length);
    piece.force = force.lazyProduct(to_piece);
    const matrix6 gram = piece.force.transpose().lazyProduct(piece.force);
    const quintic along = piece.force.transpose().lazyProduct(w);
    const quintic sizes = gram.diagonal().cwiseSqrt();
    const double size = std::abs(a) + length(w);

    piece.a[0] = a;
    double last = size;
    int m = 0;
    for (; m < largest_degree; ++m) {
      const auto next = static_cast<std::size_t>(m) + 1;
      double sum = m < 6 ? along[m] : 0.0;
      double moved = 0.0;
      for (int l = 0; l <= std::min(5, m); ++l) {
        for (int i = 0; i < std::min(6, m - l); ++i) {
          sum += gram(i, l) * piece.phi_coefficient(i, m - l);
        }
      }
      piece.a[next] = piece.h * sum / static_cast<double>(m + 1);
      for (int i = 0; i <= std::min(5, m); ++i) {
        moved += std::abs(piece.phi_coefficient(i, m + 1)) * sizes[i];
      }
      const double term = std::abs(piece.a[next]) + moved;
      if (m >= 5 && term + last <= 0.5 * epsilon * size) break;
      last = term;
    }
    piece.degree = std::min(m + 1, largest_degree);
    return piece;
  }

  void advance(const local_piece& piece, double u) {
    const quintic phi = piece.phi(u);
    const Eigen::VectorXd step = piece.force.lazyProduct(phi);
    travelled += length(step);
    w += step;
    a = piece.output_weight(u);
    leave_contacts();
  }

  /// Finds the surfaces that the piece may meet. False when there are too many of them: then the
  /// piece is to be taken again, shorter.
  bool collect(const local_piece& piece) {
    double travel = 0.0;
    for (int i = 0; i < 6; ++i) {
      double sum = 0.0;
      for (int m = i + 1; m <= piece.degree; ++m) sum += std::abs(piece.phi_coefficient(i, m));
      travel += sum * length(piece.force.col(i));
    }
    look_around(travel);
    const double noise = rounding * length(w);
    candidates.clear();
    for (const index s : near) {
      const pair_mode mode = path.modes.row(0, flow.surfaces_->representative(s));
      if (mode == pair_mode::sliding || mode == pair_mode::resting) continue;
      const double z = sense_of(mode) * flow.surfaces_->normals().col(s).dot(w);
      if (z <= travel + noise) candidates.push_back({s, mode, z});
    }
    if (candidates.size() <= most_candidates || piece.length < shortest_piece) {
      if (2 * candidates.size() < most_candidates) longest *= 2.0;
      return true;
    }
    longest = piece.length * 0.5 * static_cast<double>(most_candidates) /
              static_cast<double>(candidates.size());
    reach = -1.0;
    return false;
  }

  /// Makes sure that `near` holds every surface that the piece can reach.
  void look_around(double travel) {
    if (travelled + travel <= reach) return;
    reach = 6.0 * travel + rounding * length(w);
    travelled = 0.0;
    near.clear();
    flow.surfaces_->distances(w, all);
    for (index s = 0; s < all.size(); ++s) {
      if (std::abs(all[s]) <= reach) near.push_back(s);
    }
  }

  event search(const local_piece& piece) {
    const double noise = rounding * length(w);
    const double slow = drive.force_error * std::abs(a) * piece.h;
    const std::optional<index> on_line =
        flow.field_->chart() == chart_kind::cartesian
            ? farthest_on_a_line(*flow.surfaces_, path.modes.row, 0, w)
            : std::nullopt;
    event first;
    for (const auto& [s, mode, z_start] : candidates) {
      if (on_line && s != *on_line) continue;
      const quintic pull =
          sense_of(mode) * piece.force.transpose().lazyProduct(flow.surfaces_->normals().col(s));
      std::array<double, largest_degree + 1> coefficients;
      coefficients[0] = z_start;
      double movement = 0.0;
      for (int m = 1; m <= piece.degree; ++m) {
        double sum = 0.0;
        for (int i = 0; i < std::min(6, m); ++i) sum += pull[i] * piece.phi_coefficient(i, m);
        coefficients[static_cast<std::size_t>(m)] = sum;
        movement += std::abs(sum);
      }
      if (z_start > movement + noise) continue;
      bernstein_polynomial z = from_monomials(coefficients.data(), piece.degree);
      const double last_move = derivative(z).b[static_cast<std::size_t>(piece.degree) - 1];
      const bool slow_start = std::abs(coefficients[1]) <= slow + noise;
      if (std::find(path.contacts.begin(), path.contacts.end(), s) != path.contacts.end()) {
        z = divide_by_x(z);
        if (slow_start) z = divide_by_x(z);
        if (z.bound() <= noise + slow) continue;
      } else if (z.bound() <= noise) {
        continue;
      }
      const auto root = first_descent(z);
      if (!root || *root >= first.u) continue;
      if (slow_start && std::abs(last_move) <= slow + noise) {
        if (mode == pair_mode::inactive && flow.surfaces_->one_sided(s)) {
          flow.surfaces_->set_mode(path.modes.row, 0, s, pair_mode::resting);
        }
        continue;
      }
      first = {*root, s, flow.settler_->guess(s, path.modes.row, 0), false, on_line.has_value()};
    }
    if (path.modes.frame) search_releases(piece, first);
    return first;
  }

  void search_releases(const local_piece& piece, event& first) const {
    const sliding_frame& frame = *path.modes.frame;
    const double sign = a != 0.0 ? a : piece.a[1];
    const double sense = sign < 0.0 ? 1.0 : -1.0;
    const Eigen::MatrixXd multipliers = sense * (frame.multiplier_map * (active * to_piece));
    for (std::size_t f = 0; f < frame.surfaces.size(); ++f) {
      const index s = frame.surfaces[f];
      Eigen::RowVectorXd strength(6);
      Eigen::RowVectorXd from_below(6);
      for (index i = 0; i < 6; ++i) {
        const auto residual = [&](index k) { return drive.monomials(k, i); };
        strength[i] = sense * flow.settler_->strength(s, residual);
        from_below[i] = sense * flow.settler_->strength_below(s, residual);
      }
      const Eigen::RowVectorXd held =
          multipliers.row(static_cast<index>(f)) + from_below * to_piece;
      const Eigen::RowVectorXd left = strength * to_piece - held;
      const auto look = [&](const Eigen::RowVectorXd& monomials, surface_side side) {
        const bernstein_polynomial p = from_monomials(monomials.data(), 5);
        if (p.bound() <= 2.0 * drive.force_error) return;
        const auto root = first_descent(p);
        if (root && *root < first.u) first = {*root, s, side};
      };
      look(held, surface_side::below);
      look(left, surface_side::above);
    }
    std::array<double, largest_degree + 1> weight{};
    for (std::size_t m = 0; m <= static_cast<std::size_t>(piece.degree); ++m) {
      weight[m] = sign < 0.0 ? -piece.a[m] : piece.a[m];
    }
    const auto root = first_descent(from_monomials(weight.data(), piece.degree));
    if (root && *root > 0.0 && *root < first.u) first = {*root, -1, surface_side::below, true};
  }

  void settle(double at, const event& first) {
    if (crosses(at, first)) return;
    const quintic weights = powers(at);
    std::vector<arrival> arrivals;
    if (first.sign_change) {
      a = 0.0;
      for (const index s : path.modes.frame->surfaces) arrivals.push_back({s, surface_side::below});
    } else {
      arrivals.push_back({first.surface, first.guess});
    }
    neuron_force push;
    push.active = active * weights;
    push.residual = [&](index k) { return drive.monomials.row(k).dot(weights); };
    push.error = drive.force_error;
    push.sign = std::copysign(1.0, a != 0.0 ? a : push.active.dot(w));
    std::vector<mode_change> changes;
    if (first.origin) {
      const auto line = flow.settler_->pass_origin(first.surface, push, path.modes, changes);
      w.setZero();
      if (line) w = beyond_origin * std::abs(a) * *line;
      reach = -1.0;
    } else {
      for (const index s : flow.settler_->settle(arrivals, push, path.modes, changes)) touch(s);
    }
    const dataset& data = flow.field_->data();
    for (const mode_change& change : changes) {
      const double before = change.from == pair_mode::active ? 1.0 : 0.0;
      const double after = change.to == pair_mode::active ? 1.0 : 0.0;
      if (before != after) {
        active.noalias() += (after - before) / static_cast<double>(data.size()) *
                            data.inputs().col(change.sample) * drive.monomials.row(change.sample);
      }
      path.changes.push_back({at, change});
    }
    if (path.modes.frame) path.modes.frame->project(w);
    project();
  }

  /// The common case, without the machinery of boundaries: a neuron that nothing holds meets one
  /// surface and both fields carry it across.
  bool crosses(double at, const event& first) {
    if (first.sign_change || first.origin || path.modes.frame ||
        !flow.surfaces_->one_sided(first.surface) ||
        flow.surfaces_->members(first.surface).size() > 1) {
      return false;
    }
    for (index word = 0; word < path.modes.row.words(); ++word) {
      if (path.modes.row.surface_word(0, word) != 0) return false;
    }
    const index k = flow.surfaces_->representative(first.surface);
    const pair_mode before = path.modes.row(0, k);
    const pair_mode after = before == pair_mode::active ? pair_mode::inactive : pair_mode::active;
    const quintic weights = powers(at);
    const dataset& data = flow.field_->data();
    const double share = 1.0 / static_cast<double>(data.size());
    const double direction = -sense_of(before) * (a < 0.0 ? -1.0 : 1.0);
    const double jump =
        -sense_of(before) * share * data.norms()[k] * drive.monomials.row(k).dot(weights);
    const double velocity = flow.surfaces_->normals().col(first.surface).dot(active * weights);
    if (!(direction * velocity > drive.force_error) ||
        !(direction * (velocity + jump) > drive.force_error)) {
      return false;
    }
    path.modes.row.set(0, k, after);
    path.changes.push_back({at, {k, before, after, false, 0.0}});
    touch(first.surface);
    const Eigen::RowVectorXd added = -sense_of(before) * share * drive.monomials.row(k);
    active.noalias() += data.inputs().col(k) * added;
    force = active;
    return true;
  }

  void touch(index surface) {
    if (std::find(path.contacts.begin(), path.contacts.end(), surface) == path.contacts.end()) {
      path.contacts.push_back(surface);
    }
  }

  void leave_contacts() {
    std::erase_if(path.contacts, [&](index s) {
      const pair_mode mode = path.modes.row(0, flow.surfaces_->representative(s));
      if (mode == pair_mode::sliding || mode == pair_mode::resting) return true;
      return sense_of(mode) * flow.surfaces_->normals().col(s).dot(w) > rounding * length(w);
    });
  }
};

void local_flow::follow(local_start start, const residual_path& drive, local_path& path) const {
  traveller(*this, drive, std::move(start), path).run(true);
}

void local_flow::follow_fixed(local_start start, const residual_path& drive,
                              local_path& path) const {
  traveller(*this, drive, std::move(start), path).run(false);
}

}  // namespace reluflow::detail
