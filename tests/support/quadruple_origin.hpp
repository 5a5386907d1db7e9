#pragma once

#include "support/quadruple_series.hpp"

#include <optional>
#include <vector>

namespace reluflow::test {

/// How a neuron with w = 0 that arrived along `arrival` goes on: the flow w' = sign D(w) with the
/// residuals frozen, from -arrival. Its orbits have the directions of the alignment flow
/// v' = sign (D - <D, v> v), and as D is constant between switches they are broken lines, followed
/// here vertex by vertex.
/// @returns the sides with which it leaves w = 0, or nothing when it stays there
[[nodiscard]] std::optional<std::vector<quad_side>> sides_behind_origin(
    const quad_data& data, const quad_vector& residuals, const quad_vector& arrival, int sign);

}  // namespace reluflow::test
