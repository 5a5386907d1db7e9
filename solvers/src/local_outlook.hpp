#pragma once

#include "local_walk.hpp"
#include "surface_window.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace reluflow::detail {

/// A surface that the neuron may meet on the piece ahead.
struct nearby_surface {
  index surface;
  pair_mode mode;
  double z = 0.0;        ///< signed so that it is >= 0 before a switch
  double speed = 0.0;    ///< dz/du at the start of the piece
  double soonest = 0.0;  ///< u before which it is not met
};

/// Keeps the surfaces that a neuron may meet next, out of all: those of a window on the stretch
/// ahead, which is made so short that few surfaces are in it, and which is chosen among those of an
/// outlook on a longer one.
template <int Dimension>
class local_outlook {
 public:
  using vector = Eigen::Matrix<double, Dimension, 1>;

  explicit local_outlook(local_walk<Dimension>& neuron) : walk_(neuron) {}

  /// A guess of how long a window of few surfaces is, were their normals spread evenly: half of
  /// those within reach are met, and a fraction of about 0.8 sqrt(d) r is within r of a unit
  /// vector.
  void guess_length() {
    const double reach = walk_.drive.h * std::abs(walk_.path.a) * walk_.force.sizes.sum();
    const double met = 0.4 * std::sqrt(static_cast<double>(walk_.w.size())) * reach *
                       static_cast<double>(walk_.surfaces.size());
    longest_ = met > 0.0 ? std::min(1.0, wanted_switches * length(walk_.w) / met) : 1.0;
  }

  /// How far to look from `at`: to the end of the window, or so far that a new one holds few
  /// surfaces.
  [[nodiscard]] double prospect(double at) const {
    return at < window_->end() ? window_->end() : std::min(1.0, at + longest_);
  }

  /// Makes sure that the candidates are all surfaces that the piece from `at` on may meet. False
  /// when the piece is to be expanded again.
  bool see(double at) {
    const double noise = walk_.noise();
    const local_piece<Dimension>& piece = walk_.piece;
    const vector along = piece.displacement(1.0);
    if (window_->covers(at, piece.end, walk_.w, along, piece.series.stray + noise)) return true;
    const double kick =
        walk_.drive.h * piece.length * std::abs(walk_.path.a) * walk_.drive.strongest;
    const double slack = 2.0 * (piece.series.stray + noise) + bends_in_a_window * kick;
    if (recall(at) && piece.end > far_.end()) return false;
    if (far_.covers(at, piece.end, walk_.w, along, slack)) {
      near_.open(far_, at, piece.end, walk_.w, along, slack);
      return look_through(near_);
    }
    walk_.expand(at, std::min(1.0, at + windows_of_an_outlook * piece.length));
    far_.open(walk_.surfaces, at, piece.end, walk_.w, piece.displacement(1.0),
              2.0 * (piece.series.stray + noise + slack) +
                  bends_in_a_window * windows_of_an_outlook * kick);
    if (walk_.path.integrals == path_integrals::all) far_.keep(walk_.path.windows);
    return look_through(far_);
  }

  /// The neuron jumped: what is known of the surfaces around it is void.
  void close() {
    far_.close();
    near_.close();
  }

  /// The modes of the neuron changed.
  void look_at_modes() {
    for (nearby_surface& c : candidates_) c.mode = walk_.mode_on(c.surface);
  }
  /// Its mode on one surface changed.
  void look_at_mode(index surface) {
    for (nearby_surface& c : candidates_) {
      if (c.surface == surface) c.mode = walk_.mode_on(surface);
    }
  }

  /// All surfaces that the piece may meet, and others.
  [[nodiscard]] std::vector<nearby_surface>& candidates() { return candidates_; }

 private:
  /// Where no outlook is open, opens the one again that was open here when the neuron was followed
  /// before. False when there is none; what it does not cover needs a new one.
  bool recall(double at) {
    if (at < far_.end() || !far_.recall(walk_.surfaces, walk_.path.windows, at)) return false;
    longest_ = std::min(longest_, far_.end() - at);
    near_.close();
    window_ = &near_;
    return true;
  }

  /// At every switch all surfaces of the window are looked at again. It is made so short that about
  /// so many are met in it, out of so many that are near.
  static constexpr double wanted_switches = 4.0;
  static constexpr double wanted_surfaces = 8.0;

  /// In fractions of the step: no shorter window is made for the sake of few candidates.
  static constexpr double shortest_window = 1e-4;

  /// Windows whose surfaces are looked for at once among all.
  static constexpr double windows_of_an_outlook = 8.0;

  /// Switches that a window has room for, in units of the largest one that can happen.
  static constexpr double bends_in_a_window = 3.0;

  /// Makes the surfaces of a window that begins here the candidates. False when they are too many.
  bool look_through(surface_window<Dimension>& opened) {
    candidates_.clear();
    for (const index s : opened.within()) candidates_.push_back({s, walk_.mode_on(s)});
    // What holds the neuron is in every window, however short, and is not looked at.
    const auto free = std::count_if(candidates_.begin(), candidates_.end(),
                                    [](const nearby_surface& c) { return !is_held(c.mode); });
    const double looks = static_cast<double>(std::max<index>(opened.crossed(), 1)) *
                         static_cast<double>(std::max<std::ptrdiff_t>(free, 1));
    longest_ = std::max(
        shortest_window,
        walk_.piece.length * std::min(2.0, std::sqrt(wanted_switches * wanted_surfaces / looks)));
    window_ = &opened;
    // Twice, because the length of a piece is known to rounding only.
    if (looks <= 2.0 * wanted_switches * wanted_surfaces ||
        walk_.piece.length <= 2.0 * shortest_window) {
      return true;
    }
    near_.close();
    window_ = &near_;
    return false;
  }

  local_walk<Dimension>& walk_;
  surface_window<Dimension> far_;
  surface_window<Dimension> near_;
  const surface_window<Dimension>* window_ = &near_;  // which of both the candidates are from
  double longest_ = 1.0;  // what the next window should be at most, in fractions of the step
  std::vector<nearby_surface> candidates_;
};

}  // namespace reluflow::detail
