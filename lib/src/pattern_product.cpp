#include "reluflow/detail/pattern_product.hpp"

#include "pattern_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace reluflow::detail {
namespace {

/// Work (in pairs times coordinates) above which threads pay.
constexpr double worth_threads = 4e5;

/// Rows below which tables cost more than a thread gains.
constexpr index least_block = 64;

int most_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// The fastest version that this machine can run.
const pattern_kernel& best_kernel() {
  static const pattern_kernel* const best = [] {
    const pattern_kernel* last = pattern_kernels();
    while (last[1].multiply != nullptr) ++last;
    return last;
  }();
  return *best;
}

void multiply(const product& p) {
  const auto rows = best_kernel().multiply;
  const double work =
      static_cast<double>(p.rows) * static_cast<double>(p.columns) * static_cast<double>(p.height);
  const auto threads = index{most_threads()};
  if (work < worth_threads || threads == 1) return rows(p, 0, p.rows);
  // The sum of a row does not depend on the block that it is in. Each block makes its own tables.
  const index block = std::max<index>(least_block, (p.rows + threads - 1) / threads);
  const index blocks = (p.rows + block - 1) / block;
#pragma omp parallel for schedule(static)
  for (index b = 0; b < blocks; ++b) {
    rows(p, b * block, std::min(p.rows, (b + 1) * block));
  }
}

}  // namespace

const pattern_kernel* pattern_kernels() {
  static const auto available = [] {
    std::array<pattern_kernel, 4> result{baseline_kernel};
    [[maybe_unused]] std::size_t count = 1;
#ifdef RELUFLOW_AVX2
    if (__builtin_cpu_supports("avx2")) result[count++] = avx2_kernel;
#endif
#ifdef RELUFLOW_AVX512
    if (__builtin_cpu_supports("avx512f")) result[count++] = avx512_kernel;
#endif
    return result;
  }();
  return available.data();
}

Eigen::MatrixXf rough_normals(const Eigen::MatrixXd& normals) {
  const index whole_words = (normals.cols() + 63) / 64;
  Eigen::MatrixXf result = Eigen::MatrixXf::Zero(64 * whole_words, normals.rows());
  result.topRows(normals.cols()) = normals.transpose().cast<float>();
  return result;
}

void surfaces_near_line(const Eigen::MatrixXf& normals_by_row, index surfaces,
                        const Eigen::Ref<const Eigen::VectorXd>& from,
                        const Eigen::Ref<const Eigen::VectorXd>& along, double slack,
                        near_surfaces& near) {
  const index d = from.size();
  near.words.resize(static_cast<std::size_t>(normals_by_row.rows() / 64));
  // To the middle of the range of floats, whatever the size of the neuron.
  const double size = std::max({from.lpNorm<Eigen::Infinity>(), along.lpNorm<Eigen::Infinity>(),
                                slack, std::numeric_limits<double>::min()});
  near.line.resize(2 * d);
  near.line.head(d) = (from / size).cast<float>();
  near.line.tail(d) = (along / size).cast<float>();
  // A product of unit normals with the line is rounded d + 2 times, to half of this.
  constexpr double rounding = std::numeric_limits<float>::epsilon();
  const double lengths = near.line.head(d).norm() + near.line.tail(d).norm();
  const double wide = slack / size + static_cast<double>(d + 2) * rounding * lengths;
  best_kernel().find_near({normals_by_row.data(), normals_by_row.rows(), normals_by_row.cols(),
                           near.line.data(), static_cast<float>(wide * (1.0 + rounding)),
                           near.words.data()});
  if (surfaces % 64 != 0) near.words.back() &= (std::uint64_t{1} << (surfaces % 64)) - 1;
}

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
