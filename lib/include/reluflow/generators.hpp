#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <cstdint>

namespace reluflow {

/// The law of label noise, always centred.
enum class noise_law : std::uint8_t {
  gaussian,
  uniform,  ///< on an interval
  sign,     ///< plus or minus the deviation, fair
  laplace,  ///< two-sided exponential: heavier tails
};

/// Noise added to labels.
struct label_noise {
  double deviation = 0.0;               ///< standard deviation, finite and >= 0
  noise_law law = noise_law::gaussian;  ///< of the noise
};

// Every generator draws from the data stream of its seed (mt19937_64 and the distributions of
// Boost.Random, whose numbers do not change between standard libraries), sample by sample.

/// Standard Gaussian inputs x ~ N(0, I_d) with the linear teacher y = x_1 + noise * N(0, 1)
/// (paper C, eq 7 with beta = (1, 0, ..., 0)).
/// @param samples    n >= 1
/// @param dimension  d >= 1
/// @param noise      standard deviation of the label noise, >= 0
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset gaussian_data(index samples, index dimension, double noise,
                                    std::uint64_t seed);

/// Standard Gaussian inputs with the linear teacher y = <beta, x> + noise (paper C, eq 7).
/// @param beta  d >= 1 finite numbers
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset linear_data(index samples, const Eigen::VectorXd& beta,
                                  const label_noise& noise, std::uint64_t seed);

/// Standard Gaussian inputs with the labels of a network, y = h(x) + noise.
/// @param teacher  any network
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset taught_data(index samples, const network& teacher, const label_noise& noise,
                                  std::uint64_t seed);

/// The teacher of paper C, appendix A.7: (1/m) sum_j relu(<beta_j, x>), beta_j ~ N(0, I_d). It has
/// a stream of its own, so the same seed may serve for the data.
/// @throws invalid_input when a value is out of its range
[[nodiscard]] network relu_teacher(index width, index dimension, std::uint64_t seed);

/// The law of theory.md C6, which satisfies the assumptions of paper C's Theorem 2 as nearly as a
/// law can: x = s beta/|beta| + sqrt(d - 1) v, s uniform on +-[1 - spread, 1 + spread], v uniform
/// on the unit sphere of the complement of beta; y = <beta, x> + noise. Its covariance is I +
/// (spread^2/3) beta beta^T/|beta|^2.
/// @param beta    d >= 2 finite numbers, not zero
/// @param spread  in [0, 1)
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset cylinder_data(index samples, const Eigen::VectorXd& beta, double spread,
                                    const label_noise& noise, std::uint64_t seed);

/// Orthonormal inputs, the first n columns of a uniformly random rotation, with labels uniform on
/// [-2, -1] u [1, 2] (paper B, appendix B).
/// @param samples    n >= 1
/// @param dimension  d >= n
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset orthonormal_data(index samples, index dimension, std::uint64_t seed);

// The next four have labels uniform on [-2, -1] u [1, 2], and sizes |x| uniform on `norms` (paper
// B, appendix B, has [1, 2]).

/// From least to largest.
struct norm_interval {
  double least = 1.0;    ///< > 0, finite
  double largest = 1.0;  ///< >= least, finite
};

/// Inputs along the first n coordinate axes. What is rotation-invariant of a flow (any network with
/// Gaussian weights) has the same law here as on orthonormal inputs, and no product of large
/// matrices is needed.
/// @param samples    n >= 1
/// @param dimension  d >= n
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset axis_data(index samples, index dimension, norm_interval norms,
                                std::uint64_t seed);

/// Orthogonal inputs in the directions of orthonormal_data.
/// @throws invalid_input as axis_data
[[nodiscard]] dataset orthogonal_data(index samples, index dimension, norm_interval norms,
                                      std::uint64_t seed);

/// Independent directions, uniform on the sphere: weakly interacting for d far above n^2.
/// @param samples    n >= 1
/// @param dimension  d >= 1
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset sphere_data(index samples, index dimension, norm_interval norms,
                                  std::uint64_t seed);

/// n/2 axes and n/2 inputs opposite to them (paper B, appendix C.2): sample n/2 + k is -x_k/|x_k|
/// turned by `angle` towards a random direction orthogonal to it, times its own size.
/// @param samples    n >= 2, even
/// @param dimension  d >= n/2; d >= 2 when angle > 0
/// @param angle      in [0, pi): 0 is exactly antipodal
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset antipodal_data(index samples, index dimension, double angle,
                                     norm_interval norms, std::uint64_t seed);

}  // namespace reluflow
