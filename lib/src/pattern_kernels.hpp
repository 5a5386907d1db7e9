#pragma once

#include <cstdint>

// What the kernels of pattern_kernel.hpp compute, and which versions of them there are. No header
// may be included here that has inline functions (see there).

namespace reluflow::detail {

/// One product: out.col(i) = sum over the set bits k of row i of in.col(k), where columns have
/// `height` coordinates.
struct product {
  const std::uint64_t* bits;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t words;  // of a row
  const double* in;
  double* out;
  std::int64_t height;
};

/// Which surfaces a line comes near to: bit s of `near` is set when z_s is within [-slack, slack]
/// somewhere from z = sum of from_i columns to z + sum of along_i columns.
struct nearness {
  const float* normals_by_row;  // surfaces x dimension, column by column
  std::int64_t surfaces;        // a multiple of 64
  std::int64_t dimension;
  const float* line;  // from, then along
  float slack;
  std::uint64_t* near;  // ceil(surfaces / 64) words
};

/// The kernels for one instruction set.
struct pattern_kernel {
  /// Rows [begin, end) of the product.
  void (*multiply)(const product& p, std::int64_t begin, std::int64_t end);
  void (*find_near)(const nearness& task);
};

extern const pattern_kernel baseline_kernel;
extern const pattern_kernel avx2_kernel;
extern const pattern_kernel avx512_kernel;

/// The versions that this machine can run, the fastest last, and then one without functions. All
/// give the same results, to the last bit.
const pattern_kernel* pattern_kernels();

}  // namespace reluflow::detail
