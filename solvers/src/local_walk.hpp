#pragma once

#include "length.hpp"
#include "local_flow.hpp"
#include "local_piece.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <limits>

namespace reluflow::detail {

/// Distances and forces below this, relative to the numbers that they come from, are zero.
constexpr double rounding = 8.0 * std::numeric_limits<double>::epsilon();

/// The modes in which a surface holds a neuron.
inline bool is_held(pair_mode mode) {
  return mode == pair_mode::sliding || mode == pair_mode::resting;
}

/// +1 on the side of a surface where the pair is active, -1 on the other.
inline double sense_of(pair_mode mode) { return mode == pair_mode::active ? 1.0 : -1.0; }

/// Where a neuron stands on its way through a step, what drives it there, and how it goes on.
template <int Dimension>
struct local_walk {
  using vector = Eigen::Matrix<double, Dimension, 1>;
  using coefficients = Eigen::Matrix<double, Dimension, 6>;
  using column_view = Eigen::Map<const vector>;

  const vector_field& field;
  const switching_surfaces& surfaces;
  const settler& settle;
  const residual_path& drive;
  local_path& path;
  double accuracy;  ///< relative error that integrals along the path may have

  vector w;
  double w_size = 0.0;          ///< |w|
  coefficients active;          ///< D_act on the whole step in powers of the fraction
  step_force<Dimension> force;  ///< the same without what sliding takes away
  local_piece<Dimension> piece;
  bool on_surface = false;  ///< held on some

  /// x_k
  [[nodiscard]] column_view input(index sample) const {
    const Eigen::MatrixXd& inputs = field.data().inputs();
    return column_view(inputs.data() + sample * inputs.rows(), inputs.rows());
  }

  /// <n_s, v>
  template <class Vector>
  [[nodiscard]] double across(index surface, const Vector& v) const {
    if constexpr (Dimension == Eigen::Dynamic) {
      return surfaces.distance(surface, v);
    } else {
      const Eigen::MatrixXd& normals = surfaces.normals();
      return column_view(normals.data() + surface * normals.rows(), normals.rows()).dot(v);
    }
  }

  [[nodiscard]] pair_mode mode_on(index surface) const {
    return path.modes.row(0, surfaces.representative(surface));
  }

  /// Distances below this are zero.
  [[nodiscard]] double noise() const { return rounding * w_size; }

  /// True when it stands on a surface, settled, and has not left it yet.
  [[nodiscard]] bool touches(index surface) const {
    return std::find(path.contacts.begin(), path.contacts.end(), surface) != path.contacts.end();
  }

  /// Adds q(t) x_k to a force.
  void add_sample(index k, const quintic& q, coefficients& sum) const {
    if constexpr (Dimension == Eigen::Dynamic) {
      const column_ranges& ranges = field.products().ranges();
      sum.middleRows(ranges.first(k), ranges.size(k)).noalias() +=
          ranges.part(k, field.data().inputs().col(k)) * q.transpose();
    } else {
      sum.noalias() += input(k) * q.transpose();
    }
  }

  /// The force of a neuron that nothing holds grows by q(t) x_k; its sizes are bounds from here on.
  void grow(index k, const quintic& q) {
    add_sample(k, q, force.coefficients);
    force.sizes += field.data().norms()[k] * q.cwiseAbs();
  }

  /// Takes off the force what sliding takes away.
  void project(const sliding_frame* frame) {
    force.coefficients = active;
    if (frame != nullptr) frame->project(force.coefficients);
    for (int i = 0; i < 6; ++i) force.sizes[i] = length(force.coefficients.col(i));
  }

  /// Makes the piece from `from` to `until`, or as far as its series converges fast.
  void expand(double from, double until) {
    piece.expand({from, until}, drive.h, accuracy, path.a, w, force);
    w_size = length(w);
  }
};

}  // namespace reluflow::detail
