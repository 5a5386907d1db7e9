#pragma once

#include "reluflow/alignment.hpp"
#include "reluflow/surfaces.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace reluflow::detail {

/// The side (-1, 0, +1) of every surface on which a face lies.
using sign_vector = std::vector<std::int8_t>;

/// The faces of a central arrangement of hyperplanes, each with a point of it (unit, except for the
/// face of all zeros, whose point is 0).
using face_map = std::map<sign_vector, Eigen::VectorXd>;

/// All faces, that of all zeros included.
/// @param normals    d x N, unit columns, no two parallel
/// @param tolerance  cosines up to this count as zero
/// @throws invalid_input when there are more than `max_faces`, or as many candidates for vertices
[[nodiscard]] face_map faces_of(const Eigen::MatrixXd& normals, double tolerance,
                                std::int64_t max_faces);

/// A unit vector orthogonal to all normals, if there is one: a point of the face of all zeros.
[[nodiscard]] std::optional<Eigen::VectorXd> free_direction(const Eigen::MatrixXd& normals,
                                                            double tolerance);

/// The fields of a data set as a function of the face: with one surface s for parallel inputs,
/// D = base + sum over s of eta_s jump_s normal_s, eta_s = 1 on the positive side and 0 on the
/// other.
class field_arrangement {
 public:
  field_arrangement(const dataset& data, const extremal_options& options);

  [[nodiscard]] const switching_surfaces& surfaces() const noexcept { return surfaces_; }

  /// The extremal vector that belongs to a face, if there is one.
  /// @param inside  a unit vector of the face, used when D = 0
  [[nodiscard]] std::optional<extremal_vector> on_face(const sign_vector& face,
                                                       const Eigen::VectorXd& inside) const;

 private:
  // Signs of D are those of the face (+1), opposite (-1), or neither (0).
  [[nodiscard]] int orientation(const Eigen::VectorXd& D, const sign_vector& face) const;
  // eta in [0, 1] with sum of eta jump normal = target over the zero set, if any.
  [[nodiscard]] std::optional<Eigen::VectorXd> multipliers(const std::vector<index>& zero_set,
                                                           const Eigen::VectorXd& target) const;
  // The same with all but `basic` of the coordinates at a bound; dependent normals need it.
  [[nodiscard]] std::optional<Eigen::VectorXd> at_bounds(const Eigen::MatrixXd& columns,
                                                         const Eigen::VectorXd& target,
                                                         index basic) const;
  // Turns multipliers of surfaces into those of samples.
  void spread(const std::vector<index>& zero_set, const Eigen::VectorXd& eta,
              extremal_vector& result) const;

  extremal_options options_;
  switching_surfaces surfaces_;
  Eigen::VectorXd base_;   // d
  Eigen::VectorXd jumps_;  // one for each surface
  double scale_ = 0.0;     // (1/n) sum |y_k||x_k|
};

/// @throws invalid_input when `found` things are more than `max_faces`
void check_count(double found, std::int64_t max_faces);

/// Number of choices of k out of n.
[[nodiscard]] double binomial(index n, index k);

/// Keeps each D once, the one with w = D/|D| if there is such a face.
void add_distinct(std::vector<extremal_vector>& list, extremal_vector candidate, double tolerance);

/// Calls `visit` with every increasing choice of `size` numbers out of 0, ..., count - 1, until it
/// returns false.
template <class Visit>
void for_each_choice(index count, index size, Visit&& visit) {
  std::vector<index> choice(static_cast<std::size_t>(size));
  for (index i = 0; i < size; ++i) {
    choice[static_cast<std::size_t>(i)] = i;
  }
  while (size <= count && visit(static_cast<const std::vector<index>&>(choice))) {
    index i = size;
    while (i > 0 && choice[static_cast<std::size_t>(i - 1)] == count - size + i - 1) {
      --i;
    }
    if (i == 0) {
      return;
    }
    ++choice[static_cast<std::size_t>(i - 1)];
    for (; i < size; ++i) {
      choice[static_cast<std::size_t>(i)] = choice[static_cast<std::size_t>(i - 1)] + 1;
    }
  }
}

}  // namespace reluflow::detail
