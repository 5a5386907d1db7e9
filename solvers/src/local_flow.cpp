#include "local_flow.hpp"

#include "reluflow/detail/bernstein.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double rounding = 8.0 * epsilon;

/// The Taylor series of a piece converges fast when length * |D| is at most this.
constexpr double longest_piece = 1.0;

/// Switches of one neuron in one step beyond which the step is given up.
constexpr int most_switches = 400;

using matrix6 = Eigen::Matrix<double, 6, 6>;

/// Right-multiplication by this turns Bernstein coefficients into monomial ones.
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

double sense_of(pair_mode mode) { return mode == pair_mode::active ? 1.0 : -1.0; }

}  // namespace

Eigen::VectorXd local_path::at(double fraction) const {
  const auto found =
      std::find_if(pieces.begin(), pieces.end(), [&](const piece& p) { return fraction <= p.end; });
  const piece& p = found == pieces.end() ? pieces.back() : *found;
  const double u = (fraction - p.begin) / p.length;
  Eigen::VectorXd value = p.coefficients.rightCols(1);
  for (index i = p.coefficients.cols() - 2; i >= 0; --i) value = value * u + p.coefficients.col(i);
  return value;
}

/// The state of one walk through a step.
struct local_flow::traveller {
  const local_flow& flow;
  const residual_path& drive;
  local_path path;
  Eigen::VectorXd state;  // (a, w)
  Eigen::MatrixXd force;  // D_act on the whole step, Bernstein, d x 6
  std::vector<index>
      near;  // surfaces that the neuron can reach while it stays within `reach` of `anchor`
  Eigen::VectorXd anchor;
  double reach = 0.0;

  struct event {
    double u = 2.0;
    index surface = -1;
    surface_side guess = surface_side::below;
    bool sign_change = false;
    bool origin = false;
  };

  traveller(const local_flow& owner, const residual_path& residuals, const Eigen::VectorXd& start,
            neuron_modes modes, std::vector<index> contacts)
      : flow(owner), drive(residuals), state(start) {
    path.modes = std::move(modes);
    path.contacts = std::move(contacts);
    const dataset& data = flow.field_->data();
    force.setZero(data.dimension(), 6);
    for (index word = 0; word < path.modes.row.words(); ++word) {
      for (std::uint64_t bits = path.modes.row.active_word(0, word); bits != 0; bits &= bits - 1) {
        add_sample(word * 64 + std::countr_zero(bits), 1.0);
      }
    }
    path.frozen_force = force;
  }

  void add_sample(index k, double weight) {
    const dataset& data = flow.field_->data();
    force.noalias() +=
        (weight / static_cast<double>(data.size())) * data.inputs().col(k) * drive.control.row(k);
  }

  void run() {
    double at = 0.0;
    for (int switches = 0; at < 1.0;) {
      local_path::piece piece = expand(at);
      const event first = search(piece);
      if (first.u > 1.0) {
        piece.end = piece.begin + piece.length;
        if (piece.end > 1.0 - epsilon) piece.end = 1.0;
        at = piece.end;
        state = piece.coefficients.rowwise().sum();
        path.pieces.push_back(std::move(piece));
        leave_contacts();
        continue;
      }
      if (++switches > most_switches) return;
      piece.end = std::min(1.0, piece.begin + first.u * piece.length);
      at = piece.end;
      evaluate(piece, first.u);
      if (piece.end > piece.begin) path.pieces.push_back(std::move(piece));
      leave_contacts();
      settle(at, first);
    }
    path.finished = true;
  }

  /// The Taylor series of (a, w) from `begin` to the end of the step or as far as it converges
  /// fast.
  local_path::piece expand(double begin) const {
    local_path::piece piece;
    piece.begin = begin;
    piece.length = 1.0 - begin;
    const double largest = force.colwise().norm().maxCoeff();
    if (drive.h * piece.length * largest > longest_piece) {
      piece.length = longest_piece / (drive.h * largest);
    }
    const double end = begin + piece.length;
    piece.force = force * (bernstein_restriction(begin, std::min(1.0, end)) * to_monomials());
    if (path.modes.frame) {
      const Eigen::MatrixXd& basis = path.modes.frame->basis;
      piece.force -= basis * (basis.transpose() * piece.force).eval();
    }
    const index d = piece.force.rows();
    const double h = drive.h * piece.length;
    Eigen::MatrixXd& c = piece.coefficients;
    c.resize(d + 1, largest_degree + 1);
    c.col(0) = state;
    const double size = state.norm();
    index terms = 1;
    for (double last = size; terms <= largest_degree; ++terms) {
      const index reach_back = std::min<index>(5, terms - 1);
      double own = 0.0;
      c.col(terms).setZero();
      for (index l = 0; l <= reach_back; ++l) {
        own += piece.force.col(l).dot(c.col(terms - 1 - l).tail(d));
        c.col(terms).tail(d) += c(0, terms - 1 - l) * piece.force.col(l);
      }
      c(0, terms) = own;
      c.col(terms) *= h / static_cast<double>(terms);
      const double term = c.col(terms).norm();
      if (terms >= 6 && term + last <= 0.5 * epsilon * size) break;
      last = term;
    }
    c.conservativeResize(Eigen::NoChange, std::min<index>(terms + 1, largest_degree + 1));
    return piece;
  }

  void evaluate(const local_path::piece& piece, double u) {
    const Eigen::MatrixXd& c = piece.coefficients;
    state = c.rightCols(1);
    for (index i = c.cols() - 2; i >= 0; --i) state = (state * u + c.col(i)).eval();
  }

  /// Makes sure that `near` holds every surface that the piece can reach.
  void look_around(double travel) {
    const auto w = state.tail(state.size() - 1);
    if (!near.empty() || reach > 0.0) {
      if ((w - anchor).norm() + travel <= reach) return;
    }
    anchor = w;
    reach = 2.0 * travel + rounding * w.norm();
    near.clear();
    for (index s = 0; s < flow.surfaces_->size(); ++s) {
      const double z = flow.surfaces_->normals().col(s).dot(w);
      if (std::abs(z) <= reach) near.push_back(s);
    }
  }

  event search(const local_path::piece& piece) {
    const Eigen::MatrixXd& c = piece.coefficients;
    const index d = c.rows() - 1;
    const auto degree = static_cast<int>(c.cols()) - 1;
    const double travel = c.bottomRows(d).rightCols(degree).colwise().norm().sum();
    look_around(travel);
    const double noise = rounding * state.tail(d).norm();
    const double slow = drive.force_error * std::abs(state[0]) * drive.h * piece.length;
    const std::optional<index> on_line =
        flow.field_->chart() == chart_kind::cartesian
            ? farthest_on_a_line(*flow.surfaces_, path.modes.row, 0, state.tail(d))
            : std::nullopt;
    event first;
    for (const index s : near) {
      if (on_line && s != *on_line) continue;
      const pair_mode mode = path.modes.row(0, flow.surfaces_->representative(s));
      if (mode == pair_mode::sliding || mode == pair_mode::resting) continue;
      const auto normal = flow.surfaces_->normals().col(s);
      const double sense = sense_of(mode);
      if (sense * normal.dot(state.tail(d)) > travel + noise) continue;
      const Eigen::RowVectorXd q = sense * (normal.transpose() * c.bottomRows(d));
      bernstein_polynomial z = from_monomials(q.data(), degree);
      const double first_move = q[1];
      const double last_move = derivative(z).b[static_cast<std::size_t>(degree) - 1];
      const bool slow_start = std::abs(first_move) <= slow + noise;
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

  void search_releases(const local_path::piece& piece, event& first) const {
    const sliding_frame& frame = *path.modes.frame;
    const double sign = state[0] != 0.0 ? state[0] : piece.coefficients(0, 1);
    const double sense = sign < 0.0 ? 1.0 : -1.0;
    const matrix6 part =
        bernstein_restriction(piece.begin, std::min(1.0, piece.begin + piece.length));
    const Eigen::MatrixXd multipliers = sense * (frame.multiplier_map * (force * part));
    for (std::size_t f = 0; f < frame.surfaces.size(); ++f) {
      const index s = frame.surfaces[f];
      Eigen::RowVectorXd strength(6);
      Eigen::RowVectorXd held = multipliers.row(static_cast<index>(f));
      Eigen::RowVectorXd from_below(6);
      for (index i = 0; i < 6; ++i) {
        const auto residual = [&](index k) { return drive.control(k, i); };
        strength[i] = sense * flow.settler_->strength(s, residual);
        from_below[i] = sense * flow.settler_->strength_below(s, residual);
      }
      strength *= part;
      held += from_below * part;
      bernstein_polynomial below;
      bernstein_polynomial above;
      for (index i = 0; i < 6; ++i) {
        below.b[static_cast<std::size_t>(i)] = held[i];
        above.b[static_cast<std::size_t>(i)] = strength[i] - held[i];
      }
      const auto look = [&](const bernstein_polynomial& p, surface_side side) {
        if (p.bound() <= 2.0 * drive.force_error) return;
        const auto root = first_descent(p);
        if (root && *root < first.u) first = {*root, s, side};
      };
      look(below, surface_side::below);
      look(above, surface_side::above);
    }
    const auto degree = static_cast<int>(piece.coefficients.cols()) - 1;
    const Eigen::RowVectorXd a = (sign < 0.0 ? -1.0 : 1.0) * piece.coefficients.row(0);
    const auto root = first_descent(from_monomials(a.data(), degree));
    if (root && *root > 0.0 && *root < first.u) first = {*root, -1, surface_side::below, true};
  }

  void settle(double at, const event& first) {
    const quintic weights = bernstein_weights(at);
    std::vector<arrival> arrivals;
    if (first.sign_change) {
      state[0] = 0.0;
      for (const index s : path.modes.frame->surfaces) arrivals.push_back({s, surface_side::below});
    } else {
      arrivals.push_back({first.surface, first.guess});
    }
    neuron_force push;
    push.active = force * weights;
    push.residual = [&](index k) { return drive.control.row(k).dot(weights); };
    push.error = drive.force_error;
    push.sign = state[0] != 0.0 ? std::copysign(1.0, state[0])
                                : std::copysign(1.0, push.active.dot(state.tail(state.size() - 1)));
    std::vector<mode_change> changes;
    auto w = state.tail(state.size() - 1);
    if (first.origin) {
      const auto line = flow.settler_->pass_origin(first.surface, push, path.modes, changes);
      w.setZero();
      if (line) w = beyond_origin * std::abs(state[0]) * *line;
    } else {
      for (const index s : flow.settler_->settle(arrivals, push, path.modes, changes)) {
        if (std::find(path.contacts.begin(), path.contacts.end(), s) == path.contacts.end()) {
          path.contacts.push_back(s);
        }
      }
    }
    for (const mode_change& change : changes) {
      const double before = change.from == pair_mode::active ? 1.0 : 0.0;
      const double after = change.to == pair_mode::active ? 1.0 : 0.0;
      if (before != after) add_sample(change.sample, after - before);
      path.changes.push_back({at, change});
    }
    put_on_surfaces(*flow.surfaces_, path.modes.row, 0,
                    path.modes.frame ? &*path.modes.frame : nullptr, w);
  }

  void leave_contacts() {
    const auto w = state.tail(state.size() - 1);
    std::erase_if(path.contacts, [&](index s) {
      const pair_mode mode = path.modes.row(0, flow.surfaces_->representative(s));
      if (mode == pair_mode::sliding || mode == pair_mode::resting) return true;
      return sense_of(mode) * flow.surfaces_->normals().col(s).dot(w) > rounding * w.norm();
    });
  }
};

local_path local_flow::follow(const Eigen::VectorXd& start, neuron_modes modes,
                              std::vector<index> contacts, const residual_path& drive) const {
  traveller walk(*this, drive, start, std::move(modes), std::move(contacts));
  walk.run();
  return std::move(walk.path);
}

}  // namespace reluflow::detail
