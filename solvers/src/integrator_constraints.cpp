// After a step: what holds exactly along the flow is put right again.

#include "integrator.hpp"
#include "length.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

}  // namespace

/// Moves what the step has dissipated from the state to the account, so that it keeps its digits
/// however much was dissipated before.
void integrator::book_energy() {
  double& dissipated = state_[state_.size() - 1];
  account_.book(dissipated, values_.loss);
  dissipated = 0.0;
}

/// Puts sliding neurons back on their surfaces, directions back on the sphere, and a_j^2 - |w_j|^2
/// back to its value; all drift by rounding and by the error of the step alone. The spherical field
/// is homogeneous in |v|, so the rate scales along.
void integrator::restore_constraints() {
  auto v = field_.vectors(state_);
  auto v_rate = field_.vectors(rate_);
  auto frame = modes_.frames.begin();
  for (index j = 0; j < field_.neurons(); ++j) {
    const bool slides = frame != modes_.frames.end() && frame->first == j;
    const sliding_frame* own = slides ? &(frame++)->second : nullptr;
    if (own != nullptr) {
      own->project(v.col(j));
      own->project(v_rate.col(j));
    }
    if (field_.chart() == chart_kind::cartesian) {
      restore_invariant(j);
      continue;
    }
    const double norm = v.col(j).norm();
    if (norm == 1.0 || norm == 0.0) continue;
    v.col(j) /= norm;
    v_rate.col(j) /= norm;
  }
}

/// With |a_j| >= |w_j| the sign of a_j is conserved and a_j follows from |w_j|; otherwise |w_j|
/// follows from a_j. Without it rounding in a_j - |w_j| would outlive a neuron that decays.
void integrator::restore_invariant(index neuron) {
  auto w = field_.vectors(state_).col(neuron);
  const double size = length(w);
  double& a = state_[neuron];
  if (invariants_[neuron] >= 0.0) {
    const double before = a;
    a = run_.initial_network.signs()[neuron] * std::hypot(size, invariants_[neuron]);
    if (before != 0.0) field_.vectors(rate_).col(neuron) *= a / before;
  } else if (size > 0.0) {
    const double scale = std::hypot(a, invariants_[neuron]) / size;
    w *= scale;
    rate_[neuron] *= scale;
  }
}

/// A contact lasts until the neuron has left the surface by more than rounding.
void integrator::refresh_contacts() {
  std::erase_if(contacts_, [&](const std::pair<index, index>& pair) {
    const auto [neuron, surface] = pair;
    const pair_mode mode = modes_.pattern(neuron, surfaces_.representative(surface));
    if (mode == pair_mode::sliding || mode == pair_mode::resting) return true;
    const auto w = field_.vectors(state_).col(neuron);
    const double side = mode == pair_mode::active ? 1.0 : -1.0;
    return side * surfaces_.distance(surface, w) > 8.0 * epsilon * w.norm();
  });
}

}  // namespace reluflow::detail
