#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/detail/sample_products.hpp"
#include "reluflow/network.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/surfaces.hpp"

#include <map>
#include <utility>
#include <vector>

namespace reluflow {

/// The surfaces on which one neuron slides, prepared for projection. With unit normals N (d x s,
/// linearly independent) the field of the neuron is D = (I - Q Q^T) D_act, and the forces that hold
/// it are gamma = -(N^T N)^{-1} N^T D_act, where gamma_i = eta_i c_i (theory.md 4.3).
struct sliding_frame {
  std::vector<index> surfaces;     ///< s surfaces, increasing
  Eigen::MatrixXd basis;           ///< Q, d x s, orthonormal, spans the normals
  Eigen::MatrixXd multiplier_map;  ///< -(N^T N)^{-1} N^T, s x d

  /// Takes the part along the normals off the columns of `vectors` (d x any).
  template <class Vectors>
  void project(Vectors&& vectors) const {
    vectors -= basis * (basis.transpose() * vectors).eval();
  }
};

/// The frame of a neuron that slides on these surfaces.
[[nodiscard]] sliding_frame make_sliding_frame(const switching_surfaces& surfaces,
                                               std::vector<index> sliding);

/// The modes of all pairs together with what sliding neurons need: what a step holds fixed.
struct flow_modes {
  activation_pattern pattern;             ///< the mode of every pair
  std::map<index, sliding_frame> frames;  ///< by neuron; only neurons that slide
};

/// What one evaluation of the field leaves behind, for those who look at boundaries and at the
/// loss.
struct field_values {
  Eigen::VectorXd residuals;  ///< r (n)
  Eigen::MatrixXd forces;     ///< D_j with sliding projected out (d x m)
  double loss = 0.0;          ///< L
  double speed = 0.0;  ///< |theta'|^2, so that |grad L|^2 = alpha^2 speed and mu = alpha speed / L
  Eigen::VectorXd squares;  ///< |w_j|^2 (m) as a double: exp(2 ln|w_j|) in the spherical chart
  Eigen::VectorXd norms;    ///< |v_j| of the state's own vectors (m), spherical chart only
  Eigen::MatrixXd pushes;   ///< scratch: a_j w_j (d x m)
  Eigen::MatrixXd pulls;    ///< scratch: r_k x_k / n (d x n)
  Eigen::MatrixXd sums;     ///< scratch: sum of a_j w_j over the neurons active on a sample (d x n)
  Eigen::MatrixXd outputs;  ///< scratch: h(x_k)/alpha (1 x n)
};

/// The gradient flow with all modes held fixed, in either chart.
///
/// The state of m neurons in dimension d is one vector of m (d + 1) + 1 numbers:
///   spherical:  ln|w_1| ... ln|w_m|, then v_1, ..., v_m (d each)
///   Cartesian:  a_1 ... a_m,         then w_1, ..., w_m (d each)
/// followed by the dissipated loss int alpha |theta'|^2 dt.
/// The spherical field does not depend on |v_j|, which the flow keeps constant; only its direction
/// counts. Sources: paper A eq. (9); paper B with time sped up by m (theory.md 0.2).
class vector_field {
 public:
  /// @param chart  spherical needs a balanced network; automatic chooses
  /// @throws invalid_input when dimensions disagree or a chart does not fit the network
  vector_field(const dataset& data, const network& initial, chart_kind chart);
  /// Makes it the field of other balanced neurons on the same data; spherical chart only.
  /// @param signs  +1 or -1 for each of them
  void populate(Eigen::VectorXd signs) { signs_ = std::move(signs); }

  /// Coordinates of the state.
  [[nodiscard]] chart_kind chart() const noexcept { return chart_; }
  /// Number of neurons.
  [[nodiscard]] index neurons() const noexcept { return signs_.size(); }
  /// Of the inputs and of every w_j.
  [[nodiscard]] index dimension() const noexcept { return data_->dimension(); }
  /// Number of samples.
  [[nodiscard]] index samples() const noexcept { return data_->size(); }
  /// Length of a state.
  [[nodiscard]] index coordinates() const noexcept { return neurons() * (dimension() + 1) + 1; }
  /// alpha, the factor of the outputs.
  [[nodiscard]] double output_scale() const noexcept { return output_scale_; }
  /// The samples.
  [[nodiscard]] const dataset& data() const noexcept { return *data_; }
  /// Sums over samples or neurons, for those who follow pairs themselves.
  [[nodiscard]] const detail::sample_products& products() const noexcept { return products_; }

  /// The state of a network.
  [[nodiscard]] Eigen::VectorXd pack(const network& net) const;
  /// The network of a state.
  [[nodiscard]] network unpack(const Eigen::VectorXd& state) const;

  /// The d x m block of v or w in a state or in its derivative.
  [[nodiscard]] Eigen::Map<const Eigen::MatrixXd> vectors(const Eigen::VectorXd& state) const {
    return {state.data() + neurons(), dimension(), neurons()};
  }
  /// The vector part of a state, one neuron a column.
  [[nodiscard]] Eigen::Map<Eigen::MatrixXd> vectors(Eigen::VectorXd& state) const {
    return {state.data() + neurons(), dimension(), neurons()};
  }
  /// +1 or -1, the sense in which D_j moves w_j; 0 where a_j = 0.
  [[nodiscard]] double sign(const Eigen::Ref<const Eigen::VectorXd>& state, index neuron) const;

  /// d state / dt at `state`; `values` receives what was computed on the way.
  void derivative(const Eigen::VectorXd& state, const flow_modes& modes, Eigen::VectorXd& rate,
                  field_values& values) const;
  /// r at `state`, into `values.residuals` (n).
  void residuals(const Eigen::VectorXd& state, const activation_pattern& pattern,
                 field_values& values) const;

  /// (1/n) sum of r_k x_k over the samples on which the neuron is active: D_j before projection.
  void active_force(const activation_pattern& pattern, index neuron, const Eigen::VectorXd& r,
                    Eigen::Ref<Eigen::VectorXd> force) const {
    products_.force(pattern, neuron, r, force);
  }

 private:
  template <int Dimension>
  void rates_in(const Eigen::VectorXd& state, const flow_modes& modes, Eigen::VectorXd& rate,
                field_values& values) const;

  const dataset* data_;
  detail::sample_products products_;
  Eigen::VectorXd signs_;  // of the spherical chart
  double output_scale_;
  chart_kind chart_;
};

}  // namespace reluflow
