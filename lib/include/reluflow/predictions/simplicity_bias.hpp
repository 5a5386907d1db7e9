#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/predictions/prediction.hpp"
#include "reluflow/stopping_time.hpp"
#include "reluflow/trajectory.hpp"

#include <optional>
#include <vector>

/// Closed forms of paper C for a linear teacher y = <beta, x> + noise, output scale alpha = 1 and a
/// small initialisation: all neurons align with beta or with -beta, and the flow ends at one
/// least-squares fit for each half of the samples instead of interpolating. Formulas are those of
/// theory.md, section 3, which corrects the printed ones.
///
/// "Plus" is the half of the samples with <beta, x_k> >= 0 and the neurons with a_j > 0, "minus"
/// the rest and the neurons with a_j < 0.
namespace reluflow::simplicity {

/// Ordinary least squares without an intercept.
struct least_squares {
  Eigen::VectorXd beta;  ///< d; of least norm when the inputs do not span
  double loss = 0.0;     ///< RSS/(2n) on the samples of the fit
  bool unique = false;   ///< the inputs span
};

/// The fit to all samples.
[[nodiscard]] least_squares least_squares_of(const dataset& data);

/// 1/(2n) sum of (y_k - <beta, x_k>)^2 on other samples: test loss of a linear function.
/// @throws invalid_input when dimensions disagree
[[nodiscard]] double linear_loss(const dataset& data, const Eigen::VectorXd& beta);

/// The loss L of the teacher itself on fresh samples: half of the noise variance. The paper plots
/// the mean square, which is twice L.
[[nodiscard]] double noise_loss(double deviation);

/// One half of the samples and what the theory says of it (theory.md C7 - C10).
struct half {
  double sign = 1.0;                 ///< +1 or -1
  std::vector<index> samples;        ///< increasing
  Eigen::MatrixXd covariance;        ///< Sigma_{n,o} = (1/n) sum x x^T over the half (d x d)
  Eigen::VectorXd beta;              ///< beta_{n,o}: least squares on the half (d)
  double loss = 0.0;                 ///< L_{n,o} = RSS/(2n) on the half
  bool unique = false;               ///< the inputs of the half span
  double smallest_eigenvalue = 0.0;  ///< of the covariance
  Eigen::VectorXd D;  ///< D_n(beta) or D_n(-beta) = (1/n) sum y_k x_k over the half (d)
};

/// The two halves of the samples.
struct halves {
  half plus;   ///< samples with <beta, x_k> >= 0
  half minus;  ///< the rest
};

/// @param beta  d, not zero: the teacher, or an estimate of it
/// @throws invalid_input when dimensions disagree or beta is zero
[[nodiscard]] halves halves_of(const dataset& data, const Eigen::VectorXd& beta);

/// h_inf(x) = relu(<beta_+, x>) - relu(-<beta_-, x>) as a network of two neurons, the limit of the
/// flow when neurons keep their halves (paper C, Theorem 2; theory.md C10). Its loss on the data is
/// L_+ + L_-.
[[nodiscard]] network limit_network(const halves& parts);

/// The neurons with a_j of the half's sign, in increasing order: I_+ or I_- (theory.md C7).
[[nodiscard]] std::vector<index> neurons_of(const network& net, const half& part);

/// bh_o = sum of a_j w_j over the neurons of the half (d).
[[nodiscard]] Eigen::VectorXd effective_weights(const network& net, const half& part);

/// |v|_S = sqrt(v^T S v).
[[nodiscard]] double covariance_norm(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& v);

// --- alignment ----------------------------------------------------------------------------------

/// The population field Sigma beta / 2, the same for every direction, for a symmetric law of inputs
/// (theory.md C4).
[[nodiscard]] Eigen::VectorXd population_field(const Eigen::MatrixXd& covariance,
                                               const Eigen::VectorXd& beta);

/// <w/a, Sigma beta> at time t while outputs are negligible: b tanh((b/2)(t + t_0)), b = |Sigma
/// beta| (paper C, eq (22); theory.md C5). Exact in the population.
/// @param initial  its value at t = 0, in [-b, b]
[[nodiscard]] double aligned_product(double initial, double b, double t);

/// Samples k and directions w (columns) with sign <x_k, D_n(w)> != sign <x_k, beta>: where there
/// are none, every neuron ends in one of the two cones (theory.md C4, cond2).
[[nodiscard]] index cone_violations(const dataset& data, const Eigen::VectorXd& beta,
                                    const Eigen::MatrixXd& directions);

/// sup over w of |D_n(w) - D|, over all columns of `directions` (paper C, Theorem 1; theory.md C4:
/// it falls like sqrt(d ln n / n)).
[[nodiscard]] double field_deviation(const dataset& data, const Eigen::VectorXd& D,
                                     const Eigen::MatrixXd& directions);

// --- growth and convergence ---------------------------------------------------------------------

/// sum of a_j^2 over the neurons of a half: Lambda exp(2|D|t) while small, with the limit
/// |beta_{n,o}| (theory.md C7). Asymptotic in lambda and n; `half_fit_time` of it is the sharp
/// time.
/// @returns empty when the half has no neurons
[[nodiscard]] std::optional<orthogonal::mass_law> growth_law(const network& net, const half& part);

/// ln of the sum of a_j^2 over `neurons`, also where squares underflow; -infinity when empty.
[[nodiscard]] double log_mass(const network& net, const std::vector<index>& neurons);

/// nu in L_o - L_{n,o} <= C exp(-nu t) while sum a_j^2 >= mass: 2 lambda_min(Sigma_{n,o}) mass
/// (theory.md C9).
[[nodiscard]] double pl_constant(const half& part, double mass);

/// The rate at which L_o - L_{n,o} decays in the end: 2 lambda_min(|beta| S^{1/2} (I + b b^T)
/// S^{1/2}), S = Sigma_{n,o}, b = beta/|beta| (theory.md C9).
[[nodiscard]] double limit_rate(const half& part);

/// a^2 at a w = beta with a^2 - |w|^2 = imbalance (theory.md C11).
[[nodiscard]] double endpoint_mass(double beta_norm, double imbalance);

// --- stopping times -----------------------------------------------------------------------------

/// Levels of the paper's stopping times (theory.md C7).
struct levels {
  double lambda = 1e-3;   ///< > 0: sum of a_j(0)^2 = lambda^2 in eq (8)
  double epsilon = 0.1;   ///< in (0, 1/4)
  double mass = 1e-2;     ///< epsilon_2 > 0
  double distance = 0.1;  ///< epsilon_3 > 0
  double cone = 1e-3;     ///< delta_3 > 0: smallest |<w/a, x>|/|x|

  /// @throws invalid_input that names the level
  void validate() const;
};

/// tau, t_1, tau_2+, tau_2-, tau_3+, tau_3-, cone_+, cone_- (the paper's T_+, T_-): the last two
/// are reached when a neuron leaves its half after tau, and so is tau_4, which `departure`
/// measures.
/// @throws invalid_input when dimensions disagree or a level is out of range
[[nodiscard]] std::vector<stopping_time> stopping_times(const dataset& data, const halves& parts,
                                                        const Eigen::VectorXd& beta,
                                                        const levels& at);

/// The largest |bh_o(t) - bh_o(tau_3)|_{Sigma_{n,o}} over recorded t >= tau_3: tau_4 is never
/// reached for levels above (theory.md C7). Empty when the run did not reach tau_3 or kept no
/// states.
[[nodiscard]] std::optional<double> departure(const trajectory& run, const half& part);

}  // namespace reluflow::simplicity

namespace reluflow {

/// Every closed form of paper C on this problem, with the assumptions that fail.
/// @param beta  the teacher; by default the least-squares fit stands in for it
/// @throws invalid_input when dimensions disagree
[[nodiscard]] std::vector<prediction> simplicity_predictions(
    const dataset& data, const network& net,
    const std::optional<Eigen::VectorXd>& beta = std::nullopt);

/// The same beside what the run shows: limit_loss, limit_plus, limit_minus (distances of bh_o to
/// least squares), half_fit_time_plus, half_fit_time_minus.
[[nodiscard]] std::vector<comparison> compare_simplicity(
    const dataset& data, const trajectory& run,
    const std::optional<Eigen::VectorXd>& beta = std::nullopt);

}  // namespace reluflow
