#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/detail/column_ranges.hpp"

#include <Eigen/Core>

namespace reluflow::detail {

/// The two products with inputs that the flow consists of, one pass over the pattern each: by the
/// kernels of pattern_product.hpp or, where columns are mostly zero, pair by pair.
class sample_products {
 public:
  /// @param data  is referred to
  explicit sample_products(const dataset& data);

  /// (1/n) sum of r_k x_k over the samples on which a neuron is active.
  /// @param residuals  n x c, for c forces on each neuron
  /// @param pulls      scratch
  /// @param forces     c d x m, resized; column j holds the c forces on neuron j, one below the
  ///                   other
  void forces(const activation_pattern& pattern, const Eigen::Ref<const Eigen::MatrixXd>& residuals,
              Eigen::MatrixXd& pulls, Eigen::MatrixXd& forces) const;
  /// The same for one neuron and one vector of residuals (n).
  void force(const activation_pattern& pattern, index neuron,
             const Eigen::Ref<const Eigen::VectorXd>& residuals,
             Eigen::Ref<Eigen::VectorXd> force) const;
  /// outputs(i, k) = sum of <p_ji, x_k> over the neurons j active on sample k.
  /// @param pushes   c d x m; column j holds p_j1, ..., p_jc, one below the other
  /// @param sums     scratch
  /// @param outputs  c x n, resized
  void outputs(const activation_pattern& pattern, const Eigen::MatrixXd& pushes,
               Eigen::MatrixXd& sums, Eigen::MatrixXd& outputs) const;

  /// Where the inputs are not zero.
  [[nodiscard]] const column_ranges& ranges() const noexcept { return ranges_; }

 private:
  const dataset* data_;
  column_ranges ranges_;
};

}  // namespace reluflow::detail
