#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "support/quadruple_polynomial.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace reluflow::test {

using quad_vector = std::vector<quad>;

[[nodiscard]] quad dot(const quad_vector& x, const quad_vector& y);
[[nodiscard]] quad norm(const quad_vector& x);

/// Where a neuron is relative to the surface of a sample. `resting`: on it, without a force.
enum class quad_side : unsigned char { inactive, active, sliding, resting };

/// All neurons with their modes.
struct quad_state {
  quad_vector a;                              ///< m
  std::vector<quad_vector> w;                 ///< m vectors of dimension d
  std::vector<std::vector<quad_side>> sides;  ///< m x n
};

/// The samples; no two of them parallel.
struct quad_data {
  std::vector<quad_vector> x;
  quad_vector y;
  quad output_scale;

  /// @throws std::invalid_argument when two inputs are parallel
  quad_data(const dataset& data, const network& initial);
  [[nodiscard]] std::size_t size() const { return x.size(); }
  [[nodiscard]] std::size_t dimension() const { return x.front().size(); }
  /// Largest |y_k| times largest |x_k|: what a force can be.
  [[nodiscard]] quad force_scale() const;
  [[nodiscard]] quad_vector residuals(const quad_state& state) const;
  [[nodiscard]] quad loss(const quad_state& state) const;
};

/// The multipliers gamma_k = eta_k r_k / n of sliding pairs as a linear map of the force of the
/// active samples: G gamma = -X^T D, row by row; nothing when the inputs are dependent.
[[nodiscard]] std::optional<std::vector<quad_vector>> multiplier_map(
    const quad_data& data, const std::vector<std::size_t>& sliding);

/// All ways of being inactive, active or sliding on `count` surfaces; few active or sliding first.
[[nodiscard]] std::vector<std::vector<quad_side>> combinations(std::size_t count);

/// Taylor polynomials in time with all modes fixed. The field is polynomial, so the coefficients
/// follow from each other by products of polynomials.
struct quad_series {
  std::vector<polynomial> a;                   ///< m, degree `order`
  std::vector<std::vector<polynomial>> w;      ///< m x d, degree `order`
  std::vector<polynomial> r;                   ///< n, degree order - 1
  std::vector<std::vector<polynomial>> force;  ///< m x d: D_j
  std::vector<std::vector<polynomial>> gamma;  ///< m x n, empty unless sliding

  /// z_jk.
  [[nodiscard]] polynomial activation(const quad_data& data, std::size_t j, std::size_t k) const;
  /// r_k / n - gamma_jk: vanishes at eta = 1.
  [[nodiscard]] polynomial slack(std::size_t j, std::size_t k) const;
};

/// Nothing when a neuron slides on dependent surfaces.
[[nodiscard]] std::optional<quad_series> taylor_series(const quad_data& data,
                                                       const quad_state& state, std::size_t order);

}  // namespace reluflow::test
