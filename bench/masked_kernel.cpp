#include "masked_kernel.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace reluflow::bench {
namespace {

/// Eight doubles; the compiler splits them where registers are shorter.
using pack = double __attribute__((vector_size(64)));
constexpr std::size_t lanes = 8;

/// Neurons and packs that a product of matrices keeps in registers.
constexpr std::size_t columns = 4;
constexpr std::size_t rows = 2;
constexpr std::size_t chunk = rows * lanes;

inline pack load(const double* from) {
  pack value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store(double* to, const pack& value) { std::memcpy(to, &value, sizeof value); }

inline double sum(const pack& value) {
  double total = 0.0;
  for (std::size_t i = 0; i < lanes; ++i) total += value[i];
  return total;
}

inline std::size_t whole(std::size_t count, std::size_t part) {
  return (count + part - 1) / part * part;
}

bool few_coordinates(std::size_t dimension) { return dimension == 2 || dimension == 5; }

using accumulators = std::array<std::array<pack, rows>, columns>;

/// One block of a product: result[c] = sum over k of factors[c][k] times the chunk of numbers
/// at matrix + k * stride.
inline void multiply(const double* matrix, std::size_t stride, std::size_t depth,
                     const std::array<const double*, columns>& factors, accumulators& result) {
  for (auto& column : result) column.fill(pack{});
  for (std::size_t k = 0; k < depth; ++k) {
    const pack low = load(matrix + k * stride);
    const pack high = load(matrix + k * stride + lanes);
    for (std::size_t c = 0; c < columns; ++c) {
      const double factor = factors[c][k];
      result[c][0] += factor * low;
      result[c][1] += factor * high;
    }
  }
}

}  // namespace

masked_kernel::masked_kernel(const double* inputs, std::size_t dimension, std::size_t samples)
    : d_(dimension),
      padded_(whole(samples, few_coordinates(dimension) ? lanes : chunk)),
      padded_d_(whole(dimension, chunk)),
      by_coordinate_(d_ * padded_, 0.0),
      by_sample_(padded_ * padded_d_, 0.0) {
  for (std::size_t k = 0; k < samples; ++k) {
    for (std::size_t i = 0; i < d_; ++i) {
      by_coordinate_[i * padded_ + k] = inputs[k * d_ + i];
      by_sample_[k * padded_d_ + i] = inputs[k * d_ + i];
    }
  }
}

// --- few coordinates: all of a sample stays in registers, neurons side by side share its loads

template <std::size_t Dimension>
void masked_kernel::add_outputs_in(const double* a, const double* w, std::size_t first,
                                   std::size_t last, double* outputs) const {
  const auto add = [&]<std::size_t Count>(std::size_t j, std::array<char, Count>) {
    for (std::size_t k = 0; k < padded_; k += lanes) {
      std::array<pack, Dimension> x;
      for (std::size_t i = 0; i < Dimension; ++i) x[i] = load(&by_coordinate_[i * padded_ + k]);
      pack h = load(outputs + k);
      for (std::size_t c = 0; c < Count; ++c) {
        pack z = w[(j + c) * Dimension] * x[0];
        for (std::size_t i = 1; i < Dimension; ++i) z += w[(j + c) * Dimension + i] * x[i];
        h += a[j + c] * (z > 0.0 ? z : pack{});
      }
      store(outputs + k, h);
    }
  };
  std::size_t j = first;
  for (; j + columns <= last; j += columns) add(j, std::array<char, columns>{});
  for (; j < last; ++j) add(j, std::array<char, 1>{});
}

template <std::size_t Dimension>
void masked_kernel::rates_in(const double* r, const double* a, const double* w, std::size_t first,
                             std::size_t last, double* a_rate, double* w_rate) const {
  const auto gather = [&]<std::size_t Count>(std::size_t j, std::array<char, Count>) {
    std::array<std::array<pack, Dimension>, Count> force{};
    for (std::size_t k = 0; k < padded_; k += lanes) {
      std::array<pack, Dimension> x;
      for (std::size_t i = 0; i < Dimension; ++i) x[i] = load(&by_coordinate_[i * padded_ + k]);
      const pack residual = load(r + k);
      for (std::size_t c = 0; c < Count; ++c) {
        pack z = w[(j + c) * Dimension] * x[0];
        for (std::size_t i = 1; i < Dimension; ++i) z += w[(j + c) * Dimension + i] * x[i];
        const pack masked = z > 0.0 ? residual : pack{};
        for (std::size_t i = 0; i < Dimension; ++i) force[c][i] += masked * x[i];
      }
    }
    for (std::size_t c = 0; c < Count; ++c) {
      double along = 0.0;
      for (std::size_t i = 0; i < Dimension; ++i) {
        const double component = sum(force[c][i]);
        along += component * w[(j + c) * Dimension + i];
        w_rate[(j + c) * Dimension + i] = a[j + c] * component;
      }
      a_rate[j + c] = along;
    }
  };
  std::size_t j = first;
  for (; j + 2 <= last; j += 2) gather(j, std::array<char, 2>{});
  for (; j < last; ++j) gather(j, std::array<char, 1>{});
}

// --- many coordinates: products of matrices, block by block

void masked_kernel::add_outputs_wide(const double* a, const double* w, std::size_t first,
                                     std::size_t last, double* outputs) const {
  accumulators z;
  for (std::size_t j = first; j < last; j += columns) {
    const std::size_t count = std::min(columns, last - j);
    std::array<const double*, columns> own;
    for (std::size_t c = 0; c < columns; ++c) own[c] = w + (j + std::min(c, count - 1)) * d_;
    for (std::size_t k = 0; k < padded_; k += chunk) {
      multiply(&by_coordinate_[k], padded_, d_, own, z);
      for (std::size_t row = 0; row < rows; ++row) {
        pack h = load(outputs + k + row * lanes);
        for (std::size_t c = 0; c < count; ++c) {
          h += a[j + c] * (z[c][row] > 0.0 ? z[c][row] : pack{});
        }
        store(outputs + k + row * lanes, h);
      }
    }
  }
}

void masked_kernel::rates_wide(const double* r, const double* a, const double* w, std::size_t first,
                               std::size_t last, double* a_rate, double* w_rate) const {
  std::vector<double> masked(columns * padded_);
  std::vector<double> force(columns * padded_d_);
  accumulators block;
  for (std::size_t j = first; j < last; j += columns) {
    const std::size_t count = std::min(columns, last - j);
    std::array<const double*, columns> own;
    for (std::size_t c = 0; c < columns; ++c) own[c] = w + (j + std::min(c, count - 1)) * d_;
    for (std::size_t k = 0; k < padded_; k += chunk) {
      multiply(&by_coordinate_[k], padded_, d_, own, block);
      for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t row = 0; row < rows; ++row) {
          const pack residual = load(r + k + row * lanes);
          store(&masked[c * padded_ + k + row * lanes], block[c][row] > 0.0 ? residual : pack{});
        }
      }
    }
    for (std::size_t c = 0; c < columns; ++c) own[c] = &masked[c * padded_];
    for (std::size_t i = 0; i < padded_d_; i += chunk) {
      multiply(&by_sample_[i], padded_d_, padded_, own, block);
      for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t row = 0; row < rows; ++row) {
          store(&force[c * padded_d_ + i + row * lanes], block[c][row]);
        }
      }
    }
    for (std::size_t c = 0; c < count; ++c) {
      double along = 0.0;
      for (std::size_t i = 0; i < d_; ++i) {
        const double component = force[c * padded_d_ + i];
        along += component * w[(j + c) * d_ + i];
        w_rate[(j + c) * d_ + i] = a[j + c] * component;
      }
      a_rate[j + c] = along;
    }
  }
}

void masked_kernel::add_outputs(const double* a, const double* w, std::size_t first,
                                std::size_t last, double* outputs) const {
  switch (d_) {
    case 2:
      return add_outputs_in<2>(a, w, first, last, outputs);
    case 5:
      return add_outputs_in<5>(a, w, first, last, outputs);
    default:
      return add_outputs_wide(a, w, first, last, outputs);
  }
}

void masked_kernel::rates(const double* r, const double* a, const double* w, std::size_t first,
                          std::size_t last, double* a_rate, double* w_rate) const {
  switch (d_) {
    case 2:
      return rates_in<2>(r, a, w, first, last, a_rate, w_rate);
    case 5:
      return rates_in<5>(r, a, w, first, last, a_rate, w_rate);
    default:
      return rates_wide(r, a, w, first, last, a_rate, w_rate);
  }
}

}  // namespace reluflow::bench
