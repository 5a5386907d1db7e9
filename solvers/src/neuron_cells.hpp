#pragma once

#include "chebyshev_series.hpp"
#include "local_flow.hpp"
#include "local_path.hpp"
#include "reluflow/activation.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cereal {
class access;
}

namespace reluflow::detail {

/// The neurons of a balanced network that are not integrated one by one.
///
/// Neurons with the same modes and the same sign of a make a *cell*. They feel the same D(t), so
/// one linear map carries all of them: (a, w)(t) = Phi(t) (a, w)(0) with Phi' = [0 D^T; D 0] Phi.
/// To the others a cell is its second moments, sum of (a, w) (a, w)^T, and these are the moments of
/// at most d + 1 balanced neurons as well, its *stand-ins*. What is integrated instead of the
/// members is Phi and the stand-ins. A member is looked at only when the surfaces, carried back by
/// Phi, may have come as far as it. One that crosses a surface goes on in the cell on the other
/// side, or, where that matters to the others, leaves to be integrated by itself (docs/cells.md).
class neuron_cells {
 public:
  /// No members yet.
  /// @param signs  of a, for all neurons of the network; empty where cells are not to be used
  neuron_cells(const vector_field& field, const switching_surfaces& surfaces, const settler& settle,
               double rtol, Eigen::VectorXd signs);

  /// One balanced neuron; its sign of a is known otherwise.
  struct neuron {
    double log_norm = 0.0;
    Eigen::VectorXd direction;
  };

  /// A neuron that is smaller by this in its log norm does not show in moments.
  static constexpr double beyond_rounding = 40.0;

  /// False where cells are not to be used.
  [[nodiscard]] bool possible() const noexcept { return signs_.size() > 0; }
  /// Number of neurons in cells.
  [[nodiscard]] index members() const noexcept { return members_; }
  /// Cells have numbers from 0 up to this; some of them may be without members.
  [[nodiscard]] index size() const noexcept { return static_cast<index>(cells_.size()); }
  [[nodiscard]] index members(index cell) const { return own(cell).members; }
  /// The members of a cell, increasing.
  [[nodiscard]] std::vector<index> names(index cell) const;
  [[nodiscard]] double sign(index cell) const { return own(cell).sign; }
  /// What all members of a cell have in common.
  [[nodiscard]] const neuron_modes& modes(index cell) const { return own(cell).modes; }
  /// Signs of a, for all neurons of the network.
  [[nodiscard]] const Eigen::VectorXd& signs() const noexcept { return signs_; }
  /// The cell of a neuron; -1 where it is by itself.
  [[nodiscard]] index cell_of(index name) const { return cell_of_[static_cast<std::size_t>(name)]; }

  /// The cell with the modes of a row of a pattern and this sign, with or without members.
  [[nodiscard]] std::optional<index> find(const activation_pattern& pattern, index row,
                                          double sign) const;
  /// Numbers the cells anew when most of them are without members, which are dropped.
  void tidy();
  /// A new cell, without members.
  index found(neuron_modes modes, double sign);
  /// Puts a neuron into a cell; between steps.
  void join(index cell, index name, const neuron& who);
  /// Takes a neuron out of its cell, as it is at the start of the step.
  neuron leave(index name);

  /// True when a cell has gained or lost members since its stand-ins were made.
  [[nodiscard]] bool has_changed(index cell) const { return own(cell).changed; }
  /// True when one has.
  [[nodiscard]] bool have_changed() const {
    return std::any_of(cells_.begin(), cells_.end(), [](const one_cell& c) { return c.changed; });
  }
  /// Makes the stand-ins of a cell as they are at the start of the step: none without members.
  std::vector<neuron> make_stand_ins(index cell);
  /// How many were made last.
  [[nodiscard]] index stand_ins(index cell) const { return own(cell).stand_ins; }

  // Through a step (neuron_cells_step.cpp, neuron_cells_transfers.cpp):

  /// A member crosses a surface inside the step and goes on in another cell.
  struct transfer {
    double fraction = 0.0;  ///< of the step
    index name = 0;
    index from = 0;  ///< the cell in which it was
    index cell = 0;  ///< into which it goes
    mode_change change;
    neuron base;           ///< as it is at the base of that cell
    double spared = 0.0;   ///< dissipated there until then, had it always been there, less that in
                           ///< the other, over h alpha
    double nearest = 0.0;  ///< how far it is from the surfaces at the end of the step
  };

  /// Carries all cells through a step.
  /// @param force  of a cell, in powers of the fraction (d x 6)
  void carry(const residual_path& drive, const std::function<Eigen::MatrixXd(index cell)>& force);
  /// Looks for the members that leave their modes in the step through which they are carried.
  /// Those whose modes change by crossings alone go on in other cells (`transfers`); the names of
  /// those that have to be followed by themselves are returned, increasing.
  /// @param unfelt  sum of a^2 + |w|^2 of the members that may go on in other cells
  [[nodiscard]] std::vector<index> leaving(const residual_path& drive, double unfelt);
  /// Members that go from cell to cell in the step, in the order of time.
  [[nodiscard]] const std::vector<transfer>& transfers() const noexcept { return transfers_; }
  /// The step is not taken.
  void forget_step() { transfers_.clear(); }
  /// A fraction of the step becomes the start of the next one.
  void arrive(double fraction);
  /// Writes all members, as they are at a fraction of the step, into those of the whole network.
  void expand(double fraction, Eigen::VectorXd& log_norms, Eigen::MatrixXd& directions) const;

  /// What the transfers until a fraction of the step change of the cells between which they are.
  struct change_of_cells {
    std::vector<std::pair<index, std::vector<neuron>>> stand_ins;  ///< cell, what stands for it
    double dissipated = 0.0;                                       ///< over h alpha
  };
  [[nodiscard]] change_of_cells changes_until(double fraction) const;

  /// The cells of all neurons at a fraction of the step, as `cell_of`.
  [[nodiscard]] std::vector<index> cells_at(double fraction) const;
  /// For cells that nobody is in any more at a fraction of the step: the one into which the last
  /// member went. -1 for all others.
  [[nodiscard]] std::vector<index> left_for(double fraction) const;

  /// Pairs of members in this mode at a fraction of the step, less those of the stand-ins.
  [[nodiscard]] index additional(pair_mode mode, double fraction) const;
  /// After a checkpoint was read: false when that contradicts itself or the problem
  /// (checkpoint_checks.cpp).
  [[nodiscard]] bool restore();

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(members_, cell_of_, log_norms_, directions_, safe_until_, cells_);
  }

  struct one_cell {
    neuron_modes modes;
    double sign = 1.0;
    index members = 0;
    index stand_ins = 0;  // d + 1, or none
    bool changed = false;
    Eigen::MatrixXd carried;  // Phi from the base of its members to the start of the step
    Eigen::MatrixXd moments;  // of the members at their base
    double log_scale = 0.0;   // moments are in units of exp(2 log_scale)
    double most = 0.0;        // the largest M_00 since they were summed
    double travelled = 0.0;   // how far the surfaces have come since the base, at most

    // What follows from the modes:
    std::vector<index> free;     // the surfaces on which its members are not held, increasing
    std::vector<index> resting;  // those on which they rest

    // What follows from `carried`, made when somebody joins:
    Eigen::MatrixXd inverse;
    Eigen::VectorXd spreads;  // lengths of the normals of the free surfaces, carried back

    // Of the step through which it is carried:
    Eigen::MatrixXd force;         // D in powers of the fraction (d x 6)
    std::vector<local_path> ways;  // of the unit vectors: the columns of its Phi
    chebyshev_series phi;          // the same between the ends of the step
    chebyshev_series dissipation;  // form of (a, w) at the start: int a'^2 + |w'|^2 from there on
    Eigen::MatrixXd distances;     // from w at the base to z > 0 on the free surfaces one after the
                                   // other, in Bernstein coefficients; 6 rows each, d + 1 columns
    Eigen::VectorXd lengths;       // of the carried normals of these at the end
    double reach = 0.0;            // how far these come, at most

    template <class Archive>
    void serialize(Archive& archive) {
      archive(modes.row, modes.frame, sign, members, stand_ins, changed, carried, moments,
              log_scale, most, travelled);
    }
  };

  [[nodiscard]] one_cell& own(index cell) { return cells_[static_cast<std::size_t>(cell)]; }
  [[nodiscard]] const one_cell& own(index cell) const {
    return cells_[static_cast<std::size_t>(cell)];
  }
  /// Where a member meets a surface, or how far it is from all at the end of the step.
  struct meeting {
    double fraction = 2.0;  ///< of the step; beyond it: there is none
    index free = -1;        ///< which of the free surfaces of its cell
    double nearest = 0.0;
  };
  /// A member that leaves its modes.
  struct leaver {
    index name = 0;
    double square = 0.0;  ///< a^2 + |w|^2
    index transfers = 0;  ///< none when it has to be followed by itself
  };
  /// Of one thread.
  struct workspace {
    Eigen::VectorXd base;
    Eigen::VectorXd start;
    Eigen::VectorXd there;
    Eigen::VectorXd z;
    Eigen::MatrixXd phi;
    activation_pattern row;
  };

  /// Moments are summed anew when so little of them is left that rounding may show.
  static constexpr double little_left = 1e-3;

  [[nodiscard]] index dimension() const noexcept { return field_->dimension(); }
  void sort_surfaces(one_cell& cell) const;
  [[nodiscard]] neuron at_base(index name) const;
  [[nodiscard]] neuron carried(const neuron& base, const one_cell& cell,
                               const Eigen::MatrixXd& by) const;
  void enter(index cell, index name);
  void quit(index name);
  void hold(const one_cell& cell, Eigen::VectorXd& w) const;
  [[nodiscard]] Eigen::MatrixXd in_step(const one_cell& cell, double fraction) const;
  [[nodiscard]] Eigen::MatrixXd carried_to(const one_cell& cell, double fraction) const;
  [[nodiscard]] meeting meet(const one_cell& cell, double from, index crossed,
                             workspace& space) const;
  [[nodiscard]] leaver follow(index name, meeting next, const residual_path& drive,
                              workspace& space, std::vector<transfer>& transfers) const;
  [[nodiscard]] bool arrive_at(const one_cell& cell, index surface, const residual_path& drive,
                               double& fraction, workspace& space) const;
  [[nodiscard]] std::optional<pair_mode> settle(const one_cell& cell, index surface,
                                                double fraction, const residual_path& drive) const;
  void pass(const transfer& one);
  [[nodiscard]] neuron base_before(std::size_t which) const;
  [[nodiscard]] double dissipated(const one_cell& cell, const neuron& base, double fraction) const;
  [[nodiscard]] std::vector<neuron> factors(const one_cell& cell, const Eigen::MatrixXd& moments,
                                            double log_scale, const Eigen::MatrixXd& by) const;
  void sum_members(index cell, const std::vector<index>& cells, double fraction,
                   Eigen::MatrixXd& moments, double& log_scale) const;
  void keep_cells_peopled(std::vector<index>& leaving);
  void add(one_cell& cell, index name, double times) const;
  void add(const neuron& base, double times, double sign, double log_scale,
           Eigen::MatrixXd& moments) const;
  void sum_moments();
  void rebase();

  const vector_field* field_;
  const switching_surfaces* surfaces_;
  local_flow flow_;
  double grown_;  // members get a new base when Phi has grown to this
  Eigen::VectorXd signs_;
  index members_ = 0;
  // By neuron: its cell, or -1; as it is at the base of the cell; no surface reaches it before all
  // have travelled so far.
  std::vector<index> cell_of_;
  Eigen::VectorXd log_norms_;
  Eigen::MatrixXd directions_;
  Eigen::VectorXd safe_until_;
  std::vector<one_cell> cells_;
  std::unordered_multimap<std::size_t, index> by_hash_;
  std::vector<std::pair<index, double>> seen_;  // in the step, and how far from surfaces at its end
  std::vector<transfer> transfers_;
};

}  // namespace reluflow::detail
