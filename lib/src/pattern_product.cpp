#include "reluflow/detail/pattern_product.hpp"

#include "pattern_kernel.hpp"

#include <algorithm>

namespace reluflow::detail {
namespace {

/// Work (in pairs times coordinates) above which threads pay.
constexpr double worth_threads = 4e5;

using kernel = void (*)(const product&, std::int64_t, std::int64_t);

/// The fastest version that this machine can run.
kernel best_kernel() {
#ifdef RELUFLOW_AVX2
  if (__builtin_cpu_supports("avx2")) return &multiply_avx2;
#endif
  return &multiply_baseline;
}

void multiply(const product& p) {
  static const kernel rows = best_kernel();
  const double work =
      static_cast<double>(p.rows) * static_cast<double>(p.columns) * static_cast<double>(p.height);
  if (work < worth_threads) return rows(p, 0, p.rows);
  // Blocks of rows do not depend on the number of threads, nor does the sum of a row.
  const index block = std::max<index>(64, (p.rows + 15) / 16);
  const index blocks = (p.rows + block - 1) / block;
#pragma omp parallel for schedule(static)
  for (index b = 0; b < blocks; ++b) {
    rows(p, b * block, std::min(p.rows, (b + 1) * block));
  }
}

}  // namespace

void surfaces_near_line(const Eigen::MatrixXd& normals_by_row, const double* from,
                        const double* along, double slack, std::uint64_t* near) {
  static void (*const best)(const nearness&) = [] {
#ifdef RELUFLOW_AVX2
    if (__builtin_cpu_supports("avx2")) return &find_near_avx2;
#endif
    return &find_near_baseline;
  }();
  best({normals_by_row.data(), normals_by_row.rows(), normals_by_row.cols(), from, along, slack,
        near});
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
