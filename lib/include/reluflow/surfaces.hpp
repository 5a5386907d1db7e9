#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/detail/column_ranges.hpp"
#include "reluflow/detail/pattern_product.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reluflow {

/// The switching surfaces <w, x_k> = 0 of a data set. Parallel inputs (repeated, scaled, antipodal)
/// share one surface, because only their joint sign patterns can be realised (theory.md 4.5).
class switching_surfaces {
 public:
  /// Samples whose inputs agree up to sign to within `tolerance` (sine of the angle) are merged.
  explicit switching_surfaces(const dataset& data, double tolerance = 1e-13);

  /// Number of distinct surfaces, at most n.
  [[nodiscard]] index size() const noexcept { return static_cast<index>(representatives_.size()); }
  /// First sample of each surface; its side is the surface's positive side.
  [[nodiscard]] index representative(index surface) const noexcept {
    return representatives_[static_cast<std::size_t>(surface)];
  }
  /// Samples of a surface in increasing order.
  [[nodiscard]] const std::vector<index>& members(index surface) const noexcept {
    return members_[static_cast<std::size_t>(surface)];
  }
  /// The surface of a sample.
  [[nodiscard]] index surface_of(index sample) const noexcept {
    return surface_of_[static_cast<std::size_t>(sample)];
  }
  /// +1 when the sample points to the positive side of its surface, -1 when to the other.
  [[nodiscard]] double orientation(index sample) const noexcept { return orientation_[sample]; }
  /// True when no sample of the surface is antipodal to another: below it all are inactive.
  [[nodiscard]] bool one_sided(index surface) const noexcept {
    return one_sided_[static_cast<std::size_t>(surface)];
  }
  /// Unit normals, d x size(), one surface a column: x_k/|x_k| of the representative.
  [[nodiscard]] const Eigen::MatrixXd& normals() const noexcept { return normals_; }

  /// z = <n_s, w> for one surface s.
  template <class Vector>
  [[nodiscard]] double distance(index surface, const Vector& w) const {
    return ranges_.dot(normals_, surface, w);
  }
  /// z = <n_s, w> for every surface s (size(), resized).
  void distances(const Eigen::Ref<const Eigen::VectorXd>& w, Eigen::VectorXd& z) const {
    if (!ranges_.narrow()) {
      z.noalias() = normals_by_row_ * w;
      return;
    }
    z.resize(size());
    for (index s = 0; s < size(); ++s) z[s] = distance(s, w);
  }
  /// Adds `by` n_s to a vector (d).
  template <class Vector>
  void move_along(index surface, double by, Vector&& w) const {
    w.segment(ranges_.first(surface), ranges_.size(surface)) +=
        by * ranges_.part(surface, normals_.col(surface));
  }

  /// Calls visit(s) for every surface s to which the line from `from` to `from` + `along` comes
  /// nearer than `slack`, and perhaps for some that are hardly farther away, in increasing order,
  /// until one call returns false.
  /// @param near  scratch
  template <class Visit>
  void visit_near_line(const Eigen::Ref<const Eigen::VectorXd>& from,
                       const Eigen::Ref<const Eigen::VectorXd>& along, double slack,
                       detail::near_surfaces& near, Visit&& visit) const {
    if (ranges_.narrow()) {
      for (index s = 0; s < size(); ++s) {
        const double first = distance(s, from);
        const double last = first + distance(s, along);
        const bool misses = std::min(first, last) > slack || std::max(first, last) < -slack;
        if (!misses && !visit(s)) return;
      }
      return;
    }
    detail::surfaces_near_line(rough_normals_, size(), from, along, slack, near);
    for (std::size_t word = 0; word < near.words.size(); ++word) {
      for (std::uint64_t bits = near.words[word]; bits != 0; bits &= bits - 1) {
        if (!visit(static_cast<index>(64 * word) + std::countr_zero(bits))) return;
      }
    }
  }

  /// Puts all members of `surface` into the modes that belong to the representative's `mode`.
  void set_mode(activation_pattern& pattern, index neuron, index surface, pair_mode mode) const;

 private:
  std::vector<index> representatives_;
  std::vector<std::vector<index>> members_;
  std::vector<index> surface_of_;
  Eigen::VectorXd orientation_;
  std::vector<bool> one_sided_;
  Eigen::MatrixXd normals_;
  Eigen::MatrixXd normals_by_row_;  // the transpose: columns run over surfaces; empty when narrow
  Eigen::MatrixXf rough_normals_;   // the same, rounded
  detail::column_ranges ranges_;    // of the normals
};

}  // namespace reluflow
