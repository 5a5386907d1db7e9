#pragma once

#include "pattern_kernels.hpp"

// The kernels of pattern_product.cpp, compiled once for each instruction set by a file that
// includes this one. Nothing here may be shared between these files, and no header may be included
// that has inline functions: the linker would keep one of their versions, possibly one that the
// machine does not have. All versions add in the same order.

namespace reluflow::detail {
namespace {

inline std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Eight surfaces at once.
using eight [[gnu::vector_size(32)]] = float;

/// Eight floats anywhere in memory.
using eight_anywhere [[gnu::vector_size(32), gnu::aligned(4)]] = float;
using eight_masks [[gnu::vector_size(32)]] = int;

/// One bit for each of eight masks.
inline std::uint64_t bits_of(const eight_masks& masks) {
#ifdef __AVX2__
  return static_cast<std::uint64_t>(
      static_cast<unsigned>(__builtin_ia32_movmskps256(reinterpret_cast<eight>(masks))));
#else
  const eight_masks own = masks & eight_masks{1, 2, 4, 8, 16, 32, 64, 128};
  return static_cast<std::uint64_t>(own[0] | own[1] | own[2] | own[3] | own[4] | own[5] | own[6] |
                                    own[7]);
#endif
}

/// The bits of 32 surfaces from `first` on.
inline std::uint64_t near_of_32(const nearness& task, std::int64_t first) {
  eight z[4] = {};
  eight change[4] = {};
  for (std::int64_t i = 0; i < task.dimension; ++i) {
    const float* const column = task.normals_by_row + i * task.surfaces + first;
    const float from = task.line[i];
    const float along = task.line[task.dimension + i];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      const eight normals = *reinterpret_cast<const eight_anywhere*>(column + 8 * q);
      z[q] += normals * from;
      change[q] += normals * along;
    }
  }
  std::uint64_t bits = 0;
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    const eight end = z[q] + change[q];
    const eight_masks above = (z[q] > task.slack) & (end > task.slack);
    const eight_masks below = (z[q] < -task.slack) & (end < -task.slack);
    bits |= bits_of(~(above | below)) << (8 * q);
  }
  return bits;
}

inline void find_near(const nearness& task) {
  for (std::int64_t first = 0; first < task.surfaces; first += 64) {
    *(task.near + first / 64) = near_of_32(task, first) | near_of_32(task, first + 32) << 32;
  }
}

/// The widest vector of this instruction set, in doubles.
#if defined __AVX512F__
constexpr int widest = 8;
#elif defined __AVX2__
constexpr int widest = 4;
#else
constexpr int widest = 2;
#endif

/// Rows whose sums are kept at hand while the tables of the next columns are made.
constexpr std::int64_t rows_at_once = 128;

/// `Tile` coordinates, added at once.
template <int Tile>
struct tile {
  static constexpr int lanes = Tile < widest ? Tile : widest;
  static constexpr int parts = Tile / lanes;
  using part [[gnu::vector_size(8 * lanes)]] = double;
  using part_anywhere [[gnu::vector_size(8 * lanes), gnu::aligned(8)]] = double;

  part own[parts];

  void load(const double* from) {
#pragma GCC unroll 8
    for (int i = 0; i < parts; ++i) {
      own[i] = *reinterpret_cast<const part_anywhere*>(from + i * lanes);
    }
  }
  void store(double* to, std::int64_t height) const {
    for (std::int64_t i = 0; i < height; ++i) to[i] = own[i / lanes][i % lanes];
  }
  friend tile operator+(const tile& a, const tile& b) {
    tile sum;
#pragma GCC unroll 8
    for (int i = 0; i < parts; ++i) sum.own[i] = a.own[i] + b.own[i];
    return sum;
  }
};

/// The coordinates of a column from `first` on, with zeros or what does not matter behind its end.
template <int Tile>
inline tile<Tile> read(const product& p, std::int64_t column, std::int64_t first) {
  tile<Tile> own{};
  const std::int64_t at = column * p.height + first;
  const std::int64_t left = p.columns * p.height - at;
  if (left >= Tile) {
    own.load(p.in + at);
  } else if (left > 0) {
    double last[Tile] = {};
    for (std::int64_t i = 0; i < left; ++i) last[i] = p.in[at + i];
    own.load(last);
  }
  return own;
}

/// The sums of four columns, from `column` on.
template <int Tile>
inline void make_table(const product& p, std::int64_t column, std::int64_t first,
                       tile<Tile>* table) {
  const tile<Tile> own[4] = {read<Tile>(p, column, first), read<Tile>(p, column + 1, first),
                             read<Tile>(p, column + 2, first), read<Tile>(p, column + 3, first)};
#pragma GCC unroll 8
  for (int i = 0; i < tile<Tile>::parts; ++i) {
    typename tile<Tile>::part sums[16] = {};
#pragma GCC unroll 16
    for (int entry = 1; entry < 16; ++entry) {
      const int bit = entry >= 8 ? 3 : entry >= 4 ? 2 : entry >= 2 ? 1 : 0;
      sums[entry] = sums[entry - (1 << bit)] + own[bit].own[i];
    }
#pragma GCC unroll 16
    for (int entry = 0; entry < 16; ++entry) table[entry].own[i] = sums[entry];
  }
}

/// Rows [begin, end), coordinates [first, first + Tile) as far as there are so many, by tables of
/// the 16 sums of each four columns, 32 columns at a time.
template <int Tile>
inline void add(const product& p, std::int64_t first, std::int64_t begin, std::int64_t end) {
  constexpr unsigned bytes = sizeof(tile<Tile>);
  alignas(64) tile<Tile> tables[8][16];
  alignas(64) tile<Tile> sums[rows_at_once];
  for (std::int64_t row = begin; row < end; ++row) sums[row - begin] = tile<Tile>{};
  for (std::int64_t column = 0; column < p.columns; column += 32) {
    for (int group = 0; group < 8; ++group) make_table(p, column + 4 * group, first, tables[group]);
    const std::uint64_t* const bits = p.bits + column / 64;
    for (std::int64_t row = begin; row < end; ++row) {
      // Already multiplied by the size of an entry.
      const std::uint64_t entries = (bits[row * p.words] >> (column % 64) & 0xffffffffU) * bytes;
      const auto entry = [&](unsigned group) -> const tile<Tile>& {
        const char* const table = reinterpret_cast<const char*>(tables[group]);
        return *reinterpret_cast<const tile<Tile>*>(table + (entries >> 4 * group & 15U * bytes));
      };
      // In pairs, so that one addition need not wait for the other.
      tile<Tile> sum = sums[row - begin];
      sum = sum + (entry(0) + entry(1));
      sum = sum + (entry(2) + entry(3));
      sum = sum + (entry(4) + entry(5));
      sum = sum + (entry(6) + entry(7));
      sums[row - begin] = sum;
    }
  }
  const std::int64_t height = least(Tile, p.height - first);
  for (std::int64_t row = begin; row < end; ++row) {
    sums[row - begin].store(p.out + row * p.height + first, height);
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
    for (; first + 8 < p.height; first += 16) add<16>(p, first, begin, until);
    if (first + 4 < p.height) {
      add<8>(p, first, begin, until);
    } else if (first < p.height) {
      add<4>(p, first, begin, until);
    }
  }
}

}  // namespace
}  // namespace reluflow::detail
