#pragma once

#include "local_series.hpp"
#include "reluflow/detail/sample_products.hpp"
#include "settlement.hpp"
#include "surface_window.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace reluflow::detail {

/// A change of mode inside a step.
struct timed_change {
  double fraction = 0.0;  ///< of the step
  mode_change change;
  zero_passage at;  ///< of what brought it about
};

/// What is integrated along a path.
enum class path_integrals {
  dissipated,  ///< no more than that: for neurons whose outputs nobody feels
  all          ///< `moments` and `moments_before` as well
};

/// A part of a step, in its fractions, and what part of it the series of a piece are made for.
struct piece_span {
  double begin = 0.0;   ///< of the piece
  double end = 0.0;     ///< of the piece
  double length = 0.0;  ///< of what u in [0, 1] stands for; the piece may end before u = 1
};

/// One neuron's way through one step, by itself, as pieces on which its modes are fixed. (a, w) is
/// in units of the neuron's size at the start of the step.
///
/// With D(t) = sum of D_i t^i, t the fraction of the step, w moves by the sum of Phi_i D_i, where
/// Phi_i = h int_0^t a s^i ds. A sample that begins or ceases to drive the neuron at t' adds q(t)
/// x_k to D: a kick, which moves w by the sum of q_i (Phi_i(t) - Phi_i(t')) x_k. So a piece keeps
/// Phi and no vectors. Where D changes otherwise, and now and then lest sums grow long, w and D
/// themselves are kept: an anchor.
class local_path {
 public:
  double a = 0.0;               ///< output weight: where the walk begins, then where it has come to
  Eigen::VectorXd w;            ///< weights (d), likewise
  neuron_modes modes;           ///< likewise
  std::vector<index> contacts;  ///< surfaces on which it stands, settled, and has not left yet
  path_integrals integrals = path_integrals::all;  ///< what is wanted of the following

  window_memory windows;  ///< what was looked through on the way before: forget it in a new step
  std::vector<timed_change> changes;
  Eigen::MatrixXd moments;  ///< int a w B_l over fractions of the step (d x 6)
  std::vector<quintic>
      moments_before;       ///< int a <w, x_k> B_l up to each change, k being its sample
  double dissipated = 0.0;  ///< int a'^2 + |w'|^2 over fractions of the step
  /// The integral over fractions of the step of |what the switches change of D| is at most this,
  /// and what they change of w across the surfaces that it crosses.
  double disturbance = 0.0;
  bool finished = false;  ///< false: too many switches in one step

  /// Forgets the pieces and what was integrated along them. `data` and `products` have to live as
  /// long as the pieces are looked at.
  /// @param accuracy  relative error that what is dissipated up to a fraction may have
  void restart(const dataset& data, const sample_products& products, double accuracy);
  /// From here on w begins anew and D is another.
  /// @param w_0    weights (d)
  /// @param force  D_i, d x 6
  void anchor(const double* w_0, const double* force);
  /// From here on D is q(t) x_k larger.
  void kick(index sample, const quintic& q);
  /// True when an anchor is not much longer than the kicks since the last one.
  [[nodiscard]] bool wants_anchor() const;
  /// Appends a piece. There must be an anchor.
  /// @param phi   phi_i at its end, in powers of u
  /// @param rate  of its series, see there
  void append(const piece_span& span, const local_series& series, int force_degree,
              const quintic& phi, double rate);

  /// The part of `dissipated` that belongs to the fractions up to this one.
  [[nodiscard]] double dissipated_until(double fraction) const;
  /// (a, w) at a fraction of the step (d + 1).
  [[nodiscard]] Eigen::VectorXd at(double fraction) const;
  /// Where pieces end, increasing.
  [[nodiscard]] const std::vector<double>& ends() const { return ends_; }

 private:
  struct anchor_point {
    std::size_t numbers;  // w_0 and D_i stand in `numbers_`
    std::size_t kicks;    // how many there were before
    quintic reach;        // Phi
  };
  struct sample_kick {
    index sample;
    quintic q;
    std::size_t piece;  // that begins with it
  };
  /// Its series stands in `numbers_`.
  struct piece {
    piece_span span;
    double h;
    double rate;
    double dissipated;  // before the piece
    quintic reach;      // Phi at its begin
    std::size_t numbers;
    std::size_t anchor;  // the last one before it
    std::size_t kicks;   // how many there were before
    int degree;
    int force_degree;
  };
  [[nodiscard]] const piece& piece_at(double fraction) const;
  [[nodiscard]] quintic reach(const piece& own, double u) const;
  [[nodiscard]] double output_weight(const piece& own, double u) const;
  /// One a column, for the nodes of a rule.
  using quintics = Eigen::Matrix<double, 6, Eigen::Dynamic, Eigen::ColMajor, 6, gauss_rule::most>;
  [[nodiscard]] Eigen::MatrixXd weights(const piece& own, const quintics& reaches) const;
  [[nodiscard]] Eigen::MatrixXd forces(const piece& own, const quintics& powers_of_t) const;
  template <class Multiples>
  void add(index sample, const Multiples& multiples, Eigen::MatrixXd& sum) const;

  const dataset* data_ = nullptr;
  const column_ranges* ranges_ = nullptr;
  double accuracy_ = 0.0;
  quintic reach_ = quintic::Zero();  // Phi where the path has come to
  std::vector<anchor_point> anchors_;
  std::vector<sample_kick> kicks_;
  std::vector<piece> pieces_;
  std::vector<double> ends_;  // of the pieces: what is searched through
  std::vector<double> numbers_;
};

}  // namespace reluflow::detail
