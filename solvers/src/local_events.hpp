#pragma once

#include "local_outlook.hpp"
#include "local_walk.hpp"

#include <Eigen/Core>
#include <boost/math/tools/roots.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace reluflow::detail {

/// What ends a piece before its own end.
struct local_event {
  double u = 2.0;      ///< beyond every piece: there is none
  index surface = -1;  ///< that is met, or left
  surface_side guess = surface_side::below;
  bool sign_change = false;  ///< a passes through 0 while the neuron slides
  bool origin = false;       ///< w passes through 0
  zero_passage released{};   ///< where a surface is left
};

/// Finds the first event on the piece of a walk.
template <int Dimension>
class local_events {
 public:
  explicit local_events(local_walk<Dimension>& neuron) : walk_(neuron) {}

  /// The first event, given what may be met. Pairs that turn out to lie on their surface come to
  /// rest.
  local_event first(std::vector<nearby_surface>& candidates) {
    const local_piece<Dimension>& piece = walk_.piece;
    const local_path& path = walk_.path;
    const double noise = walk_.noise();
    const double slow = walk_.drive.force_error * std::abs(path.a) * piece.series.h;
    const std::optional<index> on_line =
        walk_.on_surface && walk_.field.chart() == chart_kind::cartesian
            ? farthest_on_a_line(walk_.surfaces, path.modes.row, 0, walk_.w)
            : std::nullopt;
    // z lies between z_0 + z_1 u -+ bend u^2, and bend u^2 <= bend u.
    const double bend = piece.series.bend;
    for (nearby_surface& c : candidates) {
      c.soonest = local_event{}.u;
      if (is_held(c.mode) || (on_line && c.surface != *on_line)) continue;
      const double sense = sense_of(c.mode);
      c.z = sense * walk_.across(c.surface, walk_.w);
      c.speed = sense * piece.series.phi(0, 1) * walk_.across(c.surface, piece.force.col(0));
      if (c.z > noise && c.z + c.speed - bend > noise) continue;
      c.soonest = c.z > noise ? c.z / (bend - c.speed) : 0.0;
    }
    local_event first;
    while (true) {
      const auto next = std::min_element(
          candidates.begin(), candidates.end(),
          [](const nearby_surface& x, const nearby_surface& y) { return x.soonest < y.soonest; });
      if (next == candidates.end() || next->soonest >= first.u) break;
      nearby_surface& c = *next;
      const double soonest = std::exchange(c.soonest, local_event{}.u);
      const bool touched = walk_.touches(c.surface);
      if (touched && c.speed - bend > noise + slow) continue;
      const std::optional<double> root =
          !touched && !on_line && c.z > noise && c.speed + 2.0 * bend < -(slow + noise)
              ? only_root(c, soonest, std::min(1.0, first.u))
              : first_root(c, touched, slow, noise);
      if (!root || *root >= first.u) continue;
      first = {*root, c.surface, walk_.settle.guess(c.surface, path.modes.row, 0), false,
               on_line.has_value()};
    }
    if (path.modes.frame) search_releases(first);
    return first;
  }

 private:
  /// z of a surface as a polynomial of u.
  [[nodiscard]] std::array<double, largest_degree + 1> polynomial(const nearby_surface& c) const {
    const local_piece<Dimension>& piece = walk_.piece;
    quintic pull;
    for (int i = 0; i <= piece.products.degree; ++i) {
      pull[i] = sense_of(c.mode) * walk_.across(c.surface, piece.force.col(i));
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

  /// Where z falls below zero on [0, until], for one whose z is > 0 at first and falls
  /// all the way.
  [[nodiscard]] std::optional<double> only_root(const nearby_surface& c, double from,
                                                double until) const {
    const std::array<double, largest_degree + 1> z = polynomial(c);
    const auto value_and_slope = [&](double u) {
      double value = 0.0;
      double slope = 0.0;
      for (int m = walk_.piece.series.degree; m >= 0; --m) {
        slope = slope * u + value;
        value = value * u + z[static_cast<std::size_t>(m)];
      }
      return std::pair(value, slope);
    };
    if (!(value_and_slope(until).first < 0.0)) return {};
    std::uintmax_t iterations = 50;
    return boost::math::tools::newton_raphson_iterate(value_and_slope, std::min(from, until), 0.0,
                                                      until, 50, iterations);
  }

  /// Where z falls below zero first; pairs that turn out to lie on their surface come to rest.
  std::optional<double> first_root(nearby_surface& c, bool touched, double slow, double noise) {
    const int degree = walk_.piece.series.degree;
    std::array<double, largest_degree + 1> powers_of_u = polynomial(c);
    if (touched) powers_of_u[0] = 0.0;
    bernstein_polynomial z = from_monomials(powers_of_u.data(), degree);
    const double last_move = derivative(z).b[static_cast<std::size_t>(degree) - 1];
    const bool slow_start = std::abs(powers_of_u[1]) <= slow + noise;
    if (touched) {
      z = divide_by_x(z);
      // A pair that leaves tangentially has no velocity yet: look at what comes next.
      if (slow_start && !(powers_of_u[1] > 0.0)) z = divide_by_x(z);
      if (z.bound() <= noise + slow) return {};
    } else if (z.bound() <= noise) {
      return {};
    }
    const auto root = first_descent(z);
    if (root && slow_start && std::abs(last_move) <= slow + noise) {
      if (c.mode == pair_mode::inactive && walk_.surfaces.one_sided(c.surface)) {
        walk_.surfaces.set_mode(walk_.path.modes.row, 0, c.surface, pair_mode::resting);
        walk_.on_surface = true;
        c.mode = pair_mode::resting;
      }
      return {};
    }
    return root;
  }

  /// @param p  a multiplier's distance from its bound on the piece
  [[nodiscard]] zero_passage passage_at(const bernstein_polynomial& p, double u,
                                        double gain) const {
    const double h = walk_.drive.h * walk_.piece.length;
    const bernstein_polynomial slope = derivative(p);
    return {slope(u) / h, derivative(slope)(u) / (h * h), gain, true};
  }

  void search_releases(local_event& first) const {
    const local_piece<Dimension>& piece = walk_.piece;
    const sliding_frame& frame = *walk_.path.modes.frame;
    const double a = walk_.path.a;
    const double sign = a != 0.0 ? a : piece.series.a[1];
    const double sense = sign < 0.0 ? 1.0 : -1.0;
    Eigen::MatrixXd multipliers = sense * (frame.multiplier_map * walk_.active);
    Eigen::MatrixXd strengths(multipliers.rows(), 6);
    for (index f = 0; f < multipliers.rows(); ++f) {
      const index s = frame.surfaces[static_cast<std::size_t>(f)];
      for (index i = 0; i < 6; ++i) {
        const auto residual = [&](index k) { return walk_.drive.by_sample(i, k); };
        strengths(f, i) = sense * walk_.settle.strength(s, residual);
        multipliers(f, i) += sense * walk_.settle.strength_below(s, residual);
      }
    }
    shift(multipliers, piece.begin, piece.length);
    shift(strengths, piece.begin, piece.length);
    for (index f = 0; f < multipliers.rows(); ++f) {
      const Eigen::Matrix<double, 1, 6> held = multipliers.row(f);
      const Eigen::Matrix<double, 1, 6> left = strengths.row(f) - held;
      const multiplier_noise noise = noise_of(frame, f, walk_.drive.force_error);
      const auto look = [&](const Eigen::Matrix<double, 1, 6>& monomials, surface_side side,
                            double known_to) {
        const bernstein_polynomial p = from_monomials(monomials.data(), 5);
        const auto root = first_descent(p, known_to, piece.length);
        if (root && *root < first.u) {
          first = {*root, frame.surfaces[static_cast<std::size_t>(f)], side};
          first.released = passage_at(p, *root, noise.gain);
        }
      };
      look(held, surface_side::below, noise.below);
      look(left, surface_side::above, noise.above);
    }
    std::array<double, largest_degree + 1> weight{};
    for (std::size_t m = 0; m <= static_cast<std::size_t>(piece.series.degree); ++m) {
      weight[m] = sign < 0.0 ? -piece.series.a[m] : piece.series.a[m];
    }
    const auto root = first_descent(from_monomials(weight.data(), piece.series.degree));
    if (root && *root > 0.0 && *root < first.u) first = {*root, -1, surface_side::below, true};
  }

  local_walk<Dimension>& walk_;
};

}  // namespace reluflow::detail
