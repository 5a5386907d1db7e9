#pragma once

#include <cstdint>

// The kernel of pattern_product.cpp, compiled once for each instruction set by a file that includes
// this one. Nothing here may be shared between these files, and no header may be included that has
// inline functions: the linker would keep one of their versions, possibly one that the machine does
// not have. All versions add in the same order.

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

/// Rows [begin, end) of the product.
void multiply_baseline(const product& p, std::int64_t begin, std::int64_t end);
void multiply_avx2(const product& p, std::int64_t begin, std::int64_t end);

/// Which surfaces a line comes near to: bit s of `near` is set when z_s is within [-slack, slack]
/// somewhere from z = sum of from_i columns to z + sum of along_i columns.
struct nearness {
  const double* normals_by_row;  // surfaces x dimension, column by column
  std::int64_t surfaces;
  std::int64_t dimension;
  const double* from;
  const double* along;
  double slack;
  std::uint64_t* near;  // ceil(surfaces / 64) words
};

void find_near_baseline(const nearness& task);
void find_near_avx2(const nearness& task);

namespace {

inline std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Four coordinates, added at once.
using four [[gnu::vector_size(32)]] = double;

/// Four doubles anywhere in memory.
using four_anywhere [[gnu::vector_size(32), gnu::aligned(8)]] = double;
using four_masks [[gnu::vector_size(32)]] = long long;

/// One bit for each of four masks.
inline std::uint64_t bits_of(const four_masks& masks) {
#ifdef __AVX2__
  return static_cast<std::uint64_t>(__builtin_ia32_movmskpd256(reinterpret_cast<four>(masks)));
#else
  return static_cast<std::uint64_t>((masks[0] & 1) | (masks[1] & 2) | (masks[2] & 4) |
                                    (masks[3] & 8));
#endif
}

/// The bits of 16 surfaces from `first` on.
inline std::uint64_t near_of_16(const nearness& task, std::int64_t first) {
  four z[4] = {};
  four change[4] = {};
  for (std::int64_t i = 0; i < task.dimension; ++i) {
    const double* const column = task.normals_by_row + i * task.surfaces + first;
    const four from = {task.from[i], task.from[i], task.from[i], task.from[i]};
    const four along = {task.along[i], task.along[i], task.along[i], task.along[i]};
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      const four normals = *reinterpret_cast<const four_anywhere*>(column + 4 * q);
      z[q] += normals * from;
      change[q] += normals * along;
    }
  }
  std::uint64_t bits = 0;
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    const four end = z[q] + change[q];
    const four_masks above = (z[q] > task.slack) & (end > task.slack);
    const four_masks below = (z[q] < -task.slack) & (end < -task.slack);
    bits |= bits_of(~(above | below)) << (4 * q);
  }
  return bits;
}

inline void find_near(const nearness& task) {
  std::int64_t first = 0;
  for (; first + 64 <= task.surfaces; first += 64) {
    std::uint64_t bits = 0;
    for (int part = 0; part < 64; part += 16) bits |= near_of_16(task, first + part) << part;
    *(task.near + first / 64) = bits;
  }
  if (first == task.surfaces) return;
  std::uint64_t bits = 0;
  for (std::int64_t s = first; s < task.surfaces; ++s) {
    double z = 0.0;
    double change = 0.0;
    for (std::int64_t i = 0; i < task.dimension; ++i) {
      z += task.normals_by_row[i * task.surfaces + s] * task.from[i];
      change += task.normals_by_row[i * task.surfaces + s] * task.along[i];
    }
    const double end = z + change;
    const bool above = z > task.slack && end > task.slack;
    const bool below = z < -task.slack && end < -task.slack;
    if (!above && !below) bits |= std::uint64_t{1} << (s - first);
  }
  *(task.near + first / 64) = bits;
}

/// Rows whose sums are kept at hand while the tables of the next columns are made.
constexpr std::int64_t rows_at_once = 128;

/// Rows [begin, end), coordinates [first, first + 4 Width) as far as there are so many, by tables
/// of the 16 sums of each four columns, a word of 64 columns at a time.
template <int Width>
inline void add(const product& p, std::int64_t first, std::int64_t begin, std::int64_t end) {
  four table[16][16][Width];
  four sums[rows_at_once][Width] = {};
  const std::int64_t lanes = least(4 * Width, p.height - first);
  for (std::int64_t word = 0; word < p.words; ++word) {
    const std::int64_t groups = least(16, (p.columns - 64 * word + 3) / 4);
    for (std::int64_t group = 0; group < groups; ++group) {
      for (int i = 0; i < Width; ++i) table[group][0][i] = four{};
      for (int bit = 0; bit < 4; ++bit) {
        const std::int64_t column = 64 * word + 4 * group + bit;
        four own[Width] = {};
        if (column < p.columns) {
          for (std::int64_t lane = 0; lane < lanes; ++lane) {
            own[lane / 4][lane % 4] = p.in[column * p.height + first + lane];
          }
        }
        const int half = 1 << bit;
        for (int entry = 0; entry < half; ++entry) {
          for (int i = 0; i < Width; ++i) {
            table[group][half + entry][i] = table[group][entry][i] + own[i];
          }
        }
      }
    }
    for (std::int64_t row = begin; row < end; ++row) {
      std::uint64_t bits = p.bits[row * p.words + word];
      four* const kept = sums[row - begin];
      four sum[Width];
      for (int i = 0; i < Width; ++i) sum[i] = kept[i];
      if (groups == 16) {
        // Two chains of additions, so that one need not wait for the other.
        four odd[Width] = {};
#pragma GCC unroll 8
        for (unsigned group = 0; group < 16; group += 2) {
          const four* const one = table[group][(bits >> (4 * group)) & 15U];
          const four* const other = table[group + 1][(bits >> (4 * group + 4)) & 15U];
          for (int i = 0; i < Width; ++i) sum[i] += one[i];
          for (int i = 0; i < Width; ++i) odd[i] += other[i];
        }
        for (int i = 0; i < Width; ++i) sum[i] += odd[i];
      } else {
        for (std::int64_t group = 0; group < groups; ++group, bits >>= 4U) {
          const four* const entry = table[group][bits & 15U];
          for (int i = 0; i < Width; ++i) sum[i] += entry[i];
        }
      }
      for (int i = 0; i < Width; ++i) kept[i] = sum[i];
    }
  }
  for (std::int64_t row = begin; row < end; ++row) {
    double* const out = p.out + row * p.height + first;
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      out[lane] = sums[row - begin][lane / 4][lane % 4];
  }
}

/// Few rows: the tables would not pay.
inline void add_directly(const product& p, std::int64_t row) {
  double* const out = p.out + row * p.height;
  for (std::int64_t i = 0; i < p.height; ++i) out[i] = 0.0;
  for (std::int64_t word = 0; word < p.words; ++word) {
    for (std::uint64_t bits = p.bits[row * p.words + word]; bits != 0; bits &= bits - 1) {
      const double* const in = p.in + (64 * word + __builtin_ctzll(bits)) * p.height;
      for (std::int64_t i = 0; i < p.height; ++i) out[i] += in[i];
    }
  }
}

constexpr std::int64_t few_rows = 6;

/// Rows [begin, end), all coordinates.
inline void multiply_rows(const product& p, std::int64_t begin, std::int64_t end) {
  if (p.rows < few_rows) {
    for (std::int64_t row = begin; row < end; ++row) add_directly(p, row);
    return;
  }
  for (; begin < end; begin += rows_at_once) {
    const std::int64_t until = least(end, begin + rows_at_once);
    std::int64_t first = 0;
    for (; first + 4 < p.height; first += 8) add<2>(p, first, begin, until);
    if (first < p.height) add<1>(p, first, begin, until);
  }
}

}  // namespace
}  // namespace reluflow::detail
