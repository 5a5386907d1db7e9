#pragma once

#include "reluflow/activation.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/detail/sample_products.hpp"
#include "reluflow/network.hpp"
#include "reluflow/trajectory.hpp"

#include <Eigen/Core>

/// The local curvature mu(t) = -L'/L of the loss along the flow and what paper B says of it. All
/// formulas are those of theory.md, which corrects the printed ones; they hold for any output scale
/// alpha (the paper has alpha = 1/m with time sped up by m).
namespace reluflow {

// --- The curvature ------------------------------------------------------------------------------

/// The modes of all pairs by the sign of <w_j, x_k> alone; 0 counts as inactive, relu'(0) = 0.
/// @throws invalid_input when dimensions disagree
[[nodiscard]] activation_pattern pattern_of_signs(const dataset& data, const network& net);

/// mu = |grad L|^2/(alpha L) at one state, with the minimal-norm Clarke subgradient where neurons
/// slide: (2 alpha/(n |r|^2)) sum_j [ <w_j, X P_j r>^2 + a_j^2 |X P_j r|^2 ] (theory.md B1). 0
/// where L = 0.
/// @param modes  of the state, as `trajectory::final_pattern` or `pattern_at`
/// @throws invalid_input when dimensions disagree
[[nodiscard]] double local_curvature(const dataset& data, const network& net,
                                     const activation_pattern& modes);

/// (1/t) int_0^t mu = ln(L(0)/L(t))/t (paper B, Lemma 2; theory.md B1).
/// @param initial_loss, loss  > 0
/// @param t                   > 0
/// @throws invalid_input when a value is out of its range
[[nodiscard]] double mean_curvature(double initial_loss, double loss, double t);

// --- The residual kernel ------------------------------------------------------------------------

/// Smallest and largest eigenvalue of a symmetric matrix.
struct eigenvalue_range {
  double smallest = 0.0;  ///< of all eigenvalues
  double largest = 0.0;   ///< of all eigenvalues
};

/// K with r' = -K r while the modes do not change:
/// K = (alpha/n) sum_j P_j X^T (w_j w_j^T + a_j^2 Q_j) X P_j, where P_j keeps the samples on which
/// neuron j is active and Q_j projects off the surfaces on which it slides (theory.md 0.2, 4.3). K
/// is symmetric and positive semidefinite, and mu = 2 <r, K r>/|r|^2.
///
///     const residual_kernel kernel(data, run.final_network, run.final_pattern);
///     const double rate = 2.0 * kernel.extremes().smallest;   // at which the loss goes on falling
class residual_kernel {
 public:
  /// @throws invalid_input when dimensions disagree
  residual_kernel(const dataset& data, const network& net, const activation_pattern& modes);

  /// n, the number of samples.
  [[nodiscard]] index size() const noexcept { return data_->size(); }
  /// K v for v (n), without forming K: O(m n d).
  [[nodiscard]] Eigen::VectorXd operator*(const Eigen::VectorXd& v) const;
  /// K itself (n x n): O(m n^2 + d n^2).
  [[nodiscard]] Eigen::MatrixXd matrix() const;
  /// The extreme eigenvalues: of the matrix up to n = 600, by Lanczos iterations on products above,
  /// to a relative accuracy of 1e-10 of the largest.
  [[nodiscard]] eigenvalue_range extremes() const;

 private:
  const dataset* data_;
  detail::sample_products products_;
  const activation_pattern* modes_;
  Eigen::VectorXd output_weights_;      // a (m)
  Eigen::MatrixXd weights_;             // w (d x m)
  std::vector<index> sliding_;          // neurons that slide
  std::vector<Eigen::MatrixXd> bases_;  // of the normals of their surfaces, orthonormal
  double factor_;                       // alpha/n
};

/// 2 lambda_min(K) at the end of a run: near a limit where all samples are fitted, the rate at
/// which the loss falls in the long run (theory.md B4, A15). 0 when some residual moves no more.
/// @throws invalid_input when the data do not fit the run
[[nodiscard]] double limit_rate(const dataset& data, const trajectory& run);

// --- Bounds -------------------------------------------------------------------------------------

/// The constants of paper B, section 2.
struct interaction {
  double least_norm = 0.0;     ///< C_x^-, smallest |x_k|
  double largest_norm = 0.0;   ///< C_x^+
  double least_label = 0.0;    ///< C_y^-, smallest |y_k|
  double largest_label = 0.0;  ///< C_y^+
  /// del = |X^T X - diag(|x_k|^2)|, operator norm: 0 for orthogonal inputs.
  double strength = 0.0;
  index samples = 0;  ///< n
};

/// These constants of a data set.
[[nodiscard]] interaction interaction_of(const dataset& data);

/// The same where antipodal inputs are allowed (paper B, App. C.2; theory.md B14): what the
/// products of antipodal pairs contribute to X^T X is no interaction.
[[nodiscard]] interaction antipodal_interaction_of(const dataset& data);

/// Bounds of mu at one state.
struct curvature_bounds {
  double lower = 0.0;  ///< mu is not below
  double upper = 0.0;  ///< mu is not above
};

/// Bounds that hold at every state (paper B, Lemma 6, corrected; theory.md B2):
/// (2/n)((C_x^-)^2 - del) min_k alpha sum_j a_j^2 1_jk  <=  mu  <=
/// (2/n)((C_x^+)^2 + del) max_k alpha sum_j (a_j^2 + |w_j|^2) 1_jk.
/// Neurons that slide do not count towards the lower bound, which is 0 for del >= (C_x^-)^2.
/// @throws invalid_input when dimensions disagree
[[nodiscard]] curvature_bounds state_bounds(const interaction& constants, const network& net,
                                            const activation_pattern& modes);

/// A lower bound of mu from the outputs h(x_k) = y_k - r_k (paper B, Theorem 1, corrected;
/// theory.md B4): (2/n)((C_x^-)^2 - del)/C_x^+ min_k |y_k - r_k|. It needs |a_j(0)| >= |w_j(0)|,
/// event I, and del below `interaction_limit`; it holds from t = 0 on.
[[nodiscard]] double outputs_lower_bound(const interaction& constants,
                                         const Eigen::VectorXd& outputs);

/// Under the same hypotheses, the limit inferior of the mean of mu is at least
/// ((2 - sqrt(2))/n) (C_x^-)^2/C_x^+ C_y^-, and 2 in place of 2 - sqrt(2) for orthogonal inputs.
[[nodiscard]] double mean_curvature_floor(const interaction& constants);

/// An upper bound for orthogonal inputs, once no pair with a_j y_k < 0 is active (paper B,
/// Proposition 1, corrected; theory.md B7): (2 (C_x^+)^2/n) Cbar
/// + (4 pi/sqrt(6)) (C_x^+)^2/C_x^- sqrt(m/n) max_k |h(x_k)|, Cbar = alpha sum_j (a_j(0)^2 +
/// |w_j(0)|^2).
/// @param initial  the network at t = 0
[[nodiscard]] double outputs_upper_bound(const interaction& constants, const network& initial,
                                         const Eigen::VectorXd& outputs);

/// The del that Theorem 1 allows: (C_x^-)^2 C_y^-/|r(0)| (theory.md B3). The printed Assumption 2
/// has sqrt(n) C_y^+ in place of |r(0)|, which is enough for small outputs only.
/// @param initial_residuals  r(0) (n)
[[nodiscard]] double interaction_limit(const interaction& constants,
                                       const Eigen::VectorXd& initial_residuals);
/// The limit as Assumption 2 prints it: (C_x^-)^2 C_y^-/(sqrt(n) C_y^+).
[[nodiscard]] double printed_interaction_limit(const interaction& constants);

}  // namespace reluflow
