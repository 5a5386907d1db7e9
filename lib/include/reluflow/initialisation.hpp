#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <cstdint>

namespace reluflow {

/// The factor alpha in h(x) = alpha * sum_j a_j relu(<w_j, x>).
enum class output_scaling : std::uint8_t {
  unit,  ///< alpha = 1: papers A and C
  mean,  ///< alpha = 1/m: paper B
};

/// alpha for a network of `width` neurons.
[[nodiscard]] double output_scale(output_scaling scaling, index width);

// Every initialisation draws from the network stream of its seed (mt19937_64 and the distributions
// of Boost.Random), neuron by neuron. All throw invalid_input when width or dimension is below 1 or
// a scale is out of its range.

/// Balanced neurons (papers A and C): w_j ~ N(0, scale^2 I_d), a_j = s_j |w_j|, s_j a fair sign.
/// @param log_scale  ln(scale), finite; -1e5 costs no digits
[[nodiscard]] network balanced_network(index width, index dimension, double log_scale,
                                       std::uint64_t seed,
                                       output_scaling scaling = output_scaling::unit);

/// Neurons with |a_j| > |w_j| (paper B, appendix B): w_j ~ N(0, scale^2 I_d / d),
/// |a_j| - |w_j| ~ scale * Exp(1), the sign of a_j fair.
/// @param scale  finite and > 0; the paper has 1
[[nodiscard]] network dominated_network(index width, index dimension, double scale,
                                        std::uint64_t seed,
                                        output_scaling scaling = output_scaling::unit);

/// Paper C, eq 8: w_j uniform in the ball of radius scale / (2 sqrt(m)), a_j = +-scale / sqrt(m).
/// @param scale  lambda, finite and > 0
[[nodiscard]] network ball_network(index width, index dimension, double scale, std::uint64_t seed,
                                   output_scaling scaling = output_scaling::unit);

/// All entries of a and w independent N(0, scale^2): plain Gaussian, neither balanced nor
/// dominated.
/// @param scale  finite and > 0
[[nodiscard]] network gaussian_network(index width, index dimension, double scale,
                                       std::uint64_t seed,
                                       output_scaling scaling = output_scaling::unit);

/// Group initialisation (paper B, eq 9): the n samples form m groups of n/m consecutive ones;
/// neuron j has norm `scale`, is active on group j and on no other sample, and a_j = s_j |w_j| with
/// s_j the sign of the labels of its group.
///
/// The direction is sum_k u_k x_k/|x_k| over the group, u_k = |N(0, 1)|, and leans away from all
/// other samples by 1e-9 of its size, so that rounding activates none of them.
/// @param log_scale  ln(scale), finite
/// @throws invalid_input also when the width does not divide n, the labels of a group differ in
/// sign,
///         or the inputs are too far from orthogonal for such a network
[[nodiscard]] network group_network(const dataset& data, index width, double log_scale,
                                    std::uint64_t seed,
                                    output_scaling scaling = output_scaling::unit);

}  // namespace reluflow
