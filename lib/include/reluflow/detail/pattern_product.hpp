#pragma once

#include "reluflow/activation.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace reluflow::detail {

// The two sums that the flow consists of, with the pattern A (neurons x samples, 1 where active):
// forces gather over samples, outputs over neurons. Columns may hold any number of coordinates, so
// that polynomials are summed coefficient by coefficient in one pass. Sums run in a fixed order,
// whatever the number of threads.
//
// Four columns at a time are replaced by a table of their 16 partial sums ("four Russians"), which
// costs a quarter of the additions of a masked product and no multiplication at all.

/// result.col(j) = sum of values.col(k) over the samples k on which neuron j is active.
/// @param values  p x samples
/// @param result  p x neurons, resized
void sum_over_samples(const activation_pattern& pattern, const Eigen::MatrixXd& values,
                      Eigen::MatrixXd& result);

/// result.col(k) = sum of values.col(j) over the neurons j that are active on sample k.
/// @param values  p x neurons
/// @param result  p x samples, resized
void sum_over_neurons(const activation_pattern& pattern, const Eigen::MatrixXd& values,
                      Eigen::MatrixXd& result);

/// Bit s of `words` stands for surface s.
struct near_surfaces {
  std::vector<std::uint64_t> words;  ///< ceil(surfaces / 64)
  Eigen::VectorXf line{};            ///< scratch
};

/// The normals of surfaces (d x surfaces) as `surfaces_near_line` wants them: rounded, one a row,
/// and rows of zeros up to a multiple of 64.
Eigen::MatrixXf rough_normals(const Eigen::MatrixXd& normals);

/// Finds the surfaces to which the line from `from` to `from` + `along` comes nearer than `slack`:
/// the pass over all pairs that finds the few which may switch. It calculates with floats, so that
/// it may also find some that are farther away by (d + 2) 2^-22 of the lengths of `from` and
/// `along`.
/// @param normals_by_row  unit normals, by `rough_normals`
void surfaces_near_line(const Eigen::MatrixXf& normals_by_row, index surfaces,
                        const Eigen::Ref<const Eigen::VectorXd>& from,
                        const Eigen::Ref<const Eigen::VectorXd>& along, double slack,
                        near_surfaces& near);

}  // namespace reluflow::detail
