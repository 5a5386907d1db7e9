#pragma once

#include "reluflow/dataset.hpp"

#include <cstdint>

namespace reluflow {

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

/// Orthonormal inputs, the first n columns of a uniformly random rotation, with labels uniform on
/// [-2, -1] u [1, 2] (paper B, appendix B).
/// @param samples    n >= 1
/// @param dimension  d >= n
/// @throws invalid_input when a value is out of its range
[[nodiscard]] dataset orthonormal_data(index samples, index dimension, std::uint64_t seed);

}  // namespace reluflow
