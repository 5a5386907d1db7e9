#include "reluflow/detail/pattern_product.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

// The kernels are compiled for several instruction sets, chosen when the program starts. They add
// in the same order on all of them. Sanitizers cannot follow the choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RELUFLOW_MULTIVERSIONED __attribute__((target_clones("avx2", "default")))
#else
#define RELUFLOW_MULTIVERSIONED
#endif

namespace reluflow::detail {
namespace {

/// One product: out.col(i) = sum over the set bits k of row i of in.col(k), for coordinates
/// [first, first + P) of columns with `height` coordinates.
struct product {
  const std::uint64_t* bits;
  index rows;
  index columns;
  index words;  // of a row
  const double* in;
  double* out;
  index height;
};

/// Rows below which the tables do not pay.
constexpr index few_rows = 6;

/// Work (in pairs times coordinates) above which threads pay.
constexpr double worth_threads = 4e5;

template <int P>
[[gnu::always_inline]] inline void add_directly(const product& p, index first, index row) {
  double* out = p.out + row * p.height + first;
  double sum[P] = {};
  for (index word = 0; word < p.words; ++word) {
    for (std::uint64_t bits = p.bits[row * p.words + word]; bits != 0; bits &= bits - 1) {
      const double* in = p.in + (64 * word + std::countr_zero(bits)) * p.height + first;
      for (int i = 0; i < P; ++i) sum[i] += in[i];
    }
  }
  for (int i = 0; i < P; ++i) out[i] = sum[i];
}

/// Rows [begin, end) by tables of the 16 sums of each four columns, a word of 64 columns at a time.
template <int P>
[[gnu::always_inline]] inline void add_by_tables(const product& p, index first, index begin,
                                                 index end) {
  alignas(64) double table[16][16][P];
  for (index row = begin; row < end; ++row) {
    std::fill_n(p.out + row * p.height + first, P, 0.0);
  }
  for (index word = 0; word < p.words; ++word) {
    const index groups = std::min<index>(16, (p.columns - 64 * word + 3) / 4);
    for (index group = 0; group < groups; ++group) {
      auto& sums = table[group];
      std::fill_n(sums[0], P, 0.0);
      for (int bit = 0; bit < 4; ++bit) {
        const index column = 64 * word + 4 * group + bit;
        const int half = 1 << bit;
        for (int entry = 0; entry < half; ++entry) {
          for (int i = 0; i < P; ++i) {
            const double own = column < p.columns ? p.in[column * p.height + first + i] : 0.0;
            sums[half + entry][i] = sums[entry][i] + own;
          }
        }
      }
    }
    for (index row = begin; row < end; ++row) {
      std::uint64_t bits = p.bits[row * p.words + word];
      if (bits == 0) continue;
      double* out = p.out + row * p.height + first;
      double sum[P];
      for (int i = 0; i < P; ++i) sum[i] = out[i];
      for (index group = 0; group < groups; ++group, bits >>= 4U) {
        const double* entry = table[group][bits & 15U];
        for (int i = 0; i < P; ++i) sum[i] += entry[i];
      }
      for (int i = 0; i < P; ++i) out[i] = sum[i];
    }
  }
}

template <int P>
[[gnu::always_inline]] inline void add(const product& p, index first, index begin, index end) {
  if (p.rows >= few_rows) {
    add_by_tables<P>(p, first, begin, end);
  } else {
    for (index row = begin; row < end; ++row) add_directly<P>(p, first, row);
  }
}

/// Rows [begin, end), all coordinates, in strips of up to eight.
RELUFLOW_MULTIVERSIONED
void multiply(const product& p, index begin, index end) {
  index first = 0;
  for (; first + 8 <= p.height; first += 8) add<8>(p, first, begin, end);
  switch (p.height - first) {
    case 7:
      return add<7>(p, first, begin, end);
    case 6:
      return add<6>(p, first, begin, end);
    case 5:
      return add<5>(p, first, begin, end);
    case 4:
      return add<4>(p, first, begin, end);
    case 3:
      return add<3>(p, first, begin, end);
    case 2:
      return add<2>(p, first, begin, end);
    case 1:
      return add<1>(p, first, begin, end);
    default:
      return;
  }
}

void multiply(const product& p) {
  const double work =
      static_cast<double>(p.rows) * static_cast<double>(p.columns) * static_cast<double>(p.height);
  if (work < worth_threads) return multiply(p, 0, p.rows);
  // Blocks of rows do not depend on the number of threads, nor does the sum of a row.
  const index block = std::max<index>(64, (p.rows + 7) / 8);
  const index blocks = (p.rows + block - 1) / block;
#pragma omp parallel for schedule(static)
  for (index b = 0; b < blocks; ++b) {
    multiply(p, b * block, std::min(p.rows, (b + 1) * block));
  }
}

}  // namespace

void sum_over_samples(const activation_pattern& pattern, const Eigen::MatrixXd& values,
                      Eigen::MatrixXd& result) {
  result.resize(values.rows(), pattern.neurons());
  multiply({pattern.active_by_neuron(), pattern.neurons(), pattern.samples(), pattern.words(),
            values.data(), result.data(), values.rows()});
}

void sum_over_neurons(const activation_pattern& pattern, const Eigen::MatrixXd& values,
                      Eigen::MatrixXd& result) {
  result.resize(values.rows(), pattern.samples());
  multiply({pattern.active_by_sample(), pattern.samples(), pattern.neurons(),
            (pattern.neurons() + 63) / 64, values.data(), result.data(), values.rows()});
}

}  // namespace reluflow::detail
