#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"

#include <Eigen/Core>

#include <optional>

namespace reluflow::detail {

/// The same flow in fewer dimensions.
///
/// Every D_j is a combination of the inputs, so w_j moves in their span, of dimension r; what it
/// has beyond the span stays as it is and counts by its length alone. With an orthonormal basis Q
/// (d x r) of the span a neuron is described by the r + 1 coordinates (Q^T w_j, |w_j - Q Q^T w_j|)
/// and an input by (Q^T x_k, 0). Pre-activations, lengths and forces are the same. That is done
/// when there are fewer inputs than d - 1; otherwise everything is handed through.
class span_reduction {
 public:
  span_reduction(const dataset& data, const network& initial);

  /// The samples in as many dimensions as are needed.
  [[nodiscard]] const dataset& data() const noexcept { return reduced_ ? *reduced_ : *data_; }
  /// The network of the constructor in as many dimensions as are needed.
  /// @param room  where it is made, if there is anything to do
  [[nodiscard]] const network& reduced(const network& initial, network& room) const;

  /// The samples of the constructor.
  [[nodiscard]] const dataset& all_data() const noexcept { return *data_; }
  /// d, the dimension of what is handed out.
  [[nodiscard]] index dimension() const noexcept { return data_->dimension(); }
  /// A network of the flow, forces on its neurons (one a column), or a state, in all d dimensions.
  [[nodiscard]] network expand(network net) const;
  [[nodiscard]] Eigen::MatrixXd expand_vectors(Eigen::MatrixXd vectors) const;
  [[nodiscard]] Eigen::VectorXd expand_state(Eigen::VectorXd state) const;

 private:
  [[nodiscard]] Eigen::MatrixXd reduced(const Eigen::MatrixXd& vectors) const;

  const dataset* data_;
  std::optional<dataset> reduced_;  // when there is something to gain
  Eigen::MatrixXd basis_;           // Q, d x r
  Eigen::MatrixXd beyond_;          // d x m, unit vectors: the part of each neuron beyond the span
};

}  // namespace reluflow::detail
