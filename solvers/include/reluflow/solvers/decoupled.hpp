#pragma once

#include "reluflow/network.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"

#include <vector>

namespace reluflow {

/// Follows the two autonomous systems into which the flow falls apart once every neuron keeps to
/// the half of the samples that its sign belongs to (paper C, Lemma 4; theory.md C8):
///
///     w_i' = a_i D_o,  a_i' = <w_i, D_o>,  D_o = -Sigma_{n,o} (bh_o - beta_{n,o}),
///     bh_o = sum over I_o of a_i w_i,
///
/// with I_+ the neurons with a_i > 0 and I_- those with a_i < 0. No activations and no switches: a
/// solver that shares nothing with `integrate`, exact for as long as the cones are kept.
/// @param initial  the network at time 0; output scale 1; weights that doubles hold
/// @param times    increasing, >= 0
/// @param rtol     in [1e-13, 1e-2], error of a step relative to the weights
/// @returns the network at each time
/// @throws invalid_input when dimensions disagree or a value is out of its range
[[nodiscard]] std::vector<network> follow_decoupled(const simplicity::halves& parts,
                                                    const network& initial,
                                                    const std::vector<double>& times,
                                                    double rtol = 1e-11);

}  // namespace reluflow
