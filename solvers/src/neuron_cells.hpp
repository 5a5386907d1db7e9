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
#include <cstdint>
#include <functional>
#include <limits>
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

  /// Members are counted in numbers of this type.
  static constexpr index most_members = std::numeric_limits<std::int32_t>::max();

  /// A neuron that is smaller by this in its log norm does not show in moments.
  static constexpr double beyond_rounding = 40.0;

  /// False where cells are not to be used.
  [[nodiscard]] bool possible() const noexcept { return signs_.size() > 0; }
  /// Number of neurons in cells.
  [[nodiscard]] index members() const noexcept { return members_; }
  /// Cells have numbers from 0 up to this; some of them may be without members.
  [[nodiscard]] index size() const noexcept { return static_cast<index>(cells_.size()); }
  [[nodiscard]] index members(index cell) const { return own(cell).members(); }
  /// The members of a cell, increasing.
  [[nodiscard]] std::vector<index> names(index cell) const;
  [[nodiscard]] double sign(index cell) const { return own(cell).sign; }
  /// What all members of a cell have in common.
  [[nodiscard]] const neuron_modes& modes(index cell) const { return own(cell).modes; }
  /// Signs of a, for all neurons of the network.
  [[nodiscard]] const Eigen::VectorXd& signs() const noexcept { return signs_; }
  /// The cell of a neuron; -1 where it is by itself.
  [[nodiscard]] index cell_of(index name) const { return place(name).cell; }

  /// The cell with the modes of a row of a pattern and this sign, with or without members.
  [[nodiscard]] std::optional<index> find(const activation_pattern& pattern, index row,
                                          double sign) const;
  /// Numbers the cells anew when most of them are without members, which are dropped.
  void tidy();
  /// A new cell, without members.
  /// @param expected  so many will join
  index found(neuron_modes modes, double sign, index expected);
  /// Puts a neuron into a cell; between steps.
  void join(index cell, index name, double log_norm,
            const Eigen::Ref<const Eigen::VectorXd>& direction);
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

  /// How far a member is from the free surfaces of its cell.
  struct margins {
    double nearest = std::numeric_limits<double>::infinity();
    double others = std::numeric_limits<double>::infinity();  ///< the least of all other surfaces
    std::int32_t surface = 0;                                 ///< the nearest of the free ones

    void add(index free, double distance);
  };

  /// A member crosses a surface inside the step and goes on in another cell.
  struct transfer {
    double fraction = 0.0;  ///< of the step
    index name = 0;
    index from = 0;  ///< the cell in which it was
    index slot = 0;  ///< in the roster of its first one
    index cell = 0;  ///< into which it goes
    mode_change change;
    zero_passage at;       ///< of the surface
    std::size_t base = 0;  ///< its place in `arrivals_`: as it is at the base of that cell
    double spared = 0.0;   ///< dissipated there until then, had it always been there, less that in
                           ///< the other, over h alpha
    margins far;           ///< at the end of the step
  };

  /// Carries all cells through a step.
  /// @param force  of a cell, in powers of the fraction (d x 6)
  void carry(const residual_path& drive, const std::function<Eigen::MatrixXd(index cell)>& force);
  /// Looks for the members that leave their modes in the step through which they are carried.
  /// Those whose modes change by crossings alone go on in other cells (`transfers`); the names of
  /// those that have to be followed by themselves are returned, increasing.
  /// @param unfelt  sum of a^2 + |w|^2 of the members that may go on in other cells
  [[nodiscard]] std::vector<index> leaving(const residual_path& drive, double unfelt);
  /// Members that go from cell to cell in the step: one member after the other, its own transfers
  /// in the order of time.
  [[nodiscard]] const std::vector<transfer>& transfers() const noexcept { return transfers_; }
  /// When the first one goes; beyond the step: there is none.
  [[nodiscard]] double first_transfer() const noexcept { return first_transfer_; }
  /// The step is not taken.
  void forget_step();
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

  /// The cells of all neurons at a fraction of the step; -1 for those by themselves.
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
    archive(members_, cells_);
  }

  /// A member, and how far the surfaces of its cell may travel before it has to be looked at.
  struct entry {
    double nearest_until = 0.0;  // that which was nearest
    double others_until = 0.0;   // all others
    std::int32_t surface = 0;    // which was nearest, of the free ones
    std::int32_t name = 0;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(nearest_until, others_until, surface, name);
    }
  };

  /// How far surfaces may travel before somebody in a part of a roster has to be looked at.
  struct lull {
    bool known = false;
    Eigen::VectorXd nearest_until;  // by free surface
    double others_until = 0.0;
  };

  struct one_cell {
    neuron_modes modes;
    double sign = 1.0;
    std::vector<entry> roster;  // its members
    std::vector<double> bases;  // ln|w| and w/|w| of these, one after the other, at their base
    index stand_ins = 0;        // d + 1, or none
    bool changed = false;
    Eigen::MatrixXd carried;    // Phi from their base to the start of the step
    Eigen::MatrixXd moments;    // of the members at their base
    double log_scale = 0.0;     // moments are in units of exp(2 log_scale)
    double most = 0.0;          // the largest M_00 since they were summed
    Eigen::VectorXd travelled;  // how far the free surfaces have come since the base
    double farthest = 0.0;      // the same of the farthest in each step

    // What follows from the modes:
    std::vector<index> free;     // the surfaces on which its members are not held, increasing
    std::vector<index> resting;  // those on which they rest

    // What follows from the roster:
    std::vector<lull> lulls;  // of its parts, as far as they were looked through

    // What follows from `carried`, made when somebody joins:
    bool moved = false;  // it is not 1
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
    Eigen::VectorXd reaches;       // how far these come, at most
    double reach = 0.0;            // the largest of these
    Eigen::MatrixXd pulls;         // of the force across them, in powers of the fraction (x 6)

    template <class Archive>
    void serialize(Archive& archive) {
      archive(modes.row, modes.frame, sign, roster, bases, stand_ins, changed, carried, moments,
              log_scale, most, travelled, farthest);
    }
    [[nodiscard]] index members() const { return static_cast<index>(roster.size()); }
  };

  [[nodiscard]] one_cell& own(index cell) { return cells_[static_cast<std::size_t>(cell)]; }
  [[nodiscard]] const one_cell& own(index cell) const {
    return cells_[static_cast<std::size_t>(cell)];
  }
  /// Where a neuron is: in which cell, or -1, and where in its roster.
  struct placed {
    std::int32_t cell = -1;
    std::int32_t slot = 0;
  };
  [[nodiscard]] const placed& place(index name) const {
    return places_[static_cast<std::size_t>(name)];
  }
  /// One balanced neuron that stands elsewhere.
  struct neuron_view {
    double log_norm = 0.0;
    Eigen::Map<const Eigen::VectorXd> direction;
  };
  /// Where a member meets a surface, or how far it is from all at the end of the step.
  struct meeting {
    double fraction = 2.0;  ///< of the step; beyond it: there is none
    index free = -1;        ///< which of the free surfaces of its cell
    margins far;
  };
  /// A member that leaves its modes.
  struct leaver {
    index name = 0;
    double square = 0.0;  ///< a^2 + |w|^2
    index transfers = 0;  ///< none when it has to be followed by itself
  };
  /// A member of a cell that met nothing.
  struct look {
    std::int32_t slot = 0;
    std::int32_t name = 0;
    margins far;  ///< at the end of the step
  };
  /// What is found of a part of a cell.
  struct findings {
    index cell = 0;
    index begin = 0;  ///< slots of its members
    index end = 0;
    std::vector<look> looks{};
    std::vector<leaver> leavers{};
    std::vector<transfer> transfers{};  ///< one leaver after the other
    std::vector<double> arrivals{};     ///< of these, as `arrivals_`
  };
  /// Of one thread.
  struct workspace {
    Eigen::VectorXd base;
    Eigen::VectorXd start;
    Eigen::VectorXd there;
    Eigen::VectorXd z;
    Eigen::VectorXd force;
    Eigen::VectorXd product;
    chebyshev_series::polynomials at;
    Eigen::MatrixXd phi;
    Eigen::MatrixXd form;
    activation_pattern row;
  };

  /// So many members of a cell are looked through together.
  static constexpr index members_in_a_part = 1024;
  /// For fewer of them other threads are not woken up.
  static constexpr index members_for_threads = 4 * members_in_a_part;

  /// Moments are summed anew when so little of them is left that rounding may show.
  static constexpr double little_left = 1e-3;

  [[nodiscard]] index dimension() const noexcept { return field_->dimension(); }
  void sort_surfaces(one_cell& cell) const;
  [[nodiscard]] neuron_view view(const double* numbers) const {
    return {numbers[0], {numbers + 1, dimension()}};
  }
  [[nodiscard]] neuron_view at_base(const one_cell& cell, index slot) const {
    return view(cell.bases.data() + slot * (dimension() + 1));
  }
  /// Where a member is in the roster of its cell; others may have left that since it was at `slot`.
  [[nodiscard]] index slot_of(const one_cell& cell, index name, index slot) const {
    const bool still =
        slot < cell.members() && cell.roster[static_cast<std::size_t>(slot)].name == name;
    return still ? slot : place(name).slot;
  }
  /// Where a member is, and as what, before its first transfer.
  [[nodiscard]] index slot_before(const transfer& first) const {
    return slot_of(own(first.from), first.name, first.slot);
  }
  [[nodiscard]] neuron_view departure(const transfer& first) const {
    return at_base(own(first.from), slot_before(first));
  }
  [[nodiscard]] neuron_view arrival(std::size_t place) const {
    return view(arrivals_.data() + place);
  }
  [[nodiscard]] double carried(const neuron_view& base, const one_cell& cell,
                               const Eigen::MatrixXd& by, Eigen::VectorXd& direction) const;
  [[nodiscard]] entry entry_of(const one_cell& cell, index name, const margins& far) const;
  void enter(index cell, index name, double log_norm,
             const Eigen::Ref<const Eigen::VectorXd>& direction, const margins& far);
  void quit(index cell, index slot);
  void hold(const one_cell& cell, Eigen::VectorXd& w) const;
  [[nodiscard]] Eigen::MatrixXd in_step(const one_cell& cell, double fraction) const;
  [[nodiscard]] Eigen::MatrixXd carried_to(const one_cell& cell, double fraction) const;
  void look_at(findings& found, const residual_path& drive);
  [[nodiscard]] static lull lull_of(const one_cell& cell, index begin, index end);
  static void end_lull(one_cell& cell, index slot);
  void take_up(const findings& found, double& unfelt, std::vector<index>& leaving);
  [[nodiscard]] meeting meet(const one_cell& cell, double from, index crossed,
                             workspace& space) const;
  [[nodiscard]] leaver follow(index slot, meeting next, const residual_path& drive,
                              workspace& space, findings& found) const;
  [[nodiscard]] bool arrive_at(const one_cell& cell, index free, const residual_path& drive,
                               double& fraction, zero_passage& at, workspace& space) const;
  [[nodiscard]] std::optional<pair_mode> settle(const one_cell& cell, index surface,
                                                double fraction, const residual_path& drive,
                                                Eigen::VectorXd& force) const;
  /// Calls visit(first, last) with the first transfer of every member that goes by a fraction of
  /// the step, and the last one by then.
  template <class Visit>
  void visit_leavers(double fraction, const Visit& visit) const {
    for (std::size_t i = 0, next = 0; i < transfers_.size(); i = next) {
      const transfer& first = transfers_[i];
      std::size_t last = i;
      for (next = i + 1; next < transfers_.size() && transfers_[next].name == first.name; ++next) {
        if (transfers_[next].fraction <= fraction) last = next;
      }
      if (first.fraction <= fraction) visit(first, transfers_[last]);
    }
  }
  [[nodiscard]] std::vector<neuron> factors(const one_cell& cell, const Eigen::MatrixXd& moments,
                                            double log_scale, const Eigen::MatrixXd& by) const;
  void sum_members(index cell, double fraction, Eigen::MatrixXd& moments, double& log_scale) const;
  void keep_cells_peopled(std::vector<index>& leaving);
  void add(one_cell& cell, index slot, double times) const;
  void add(const neuron_view& base, double times, double sign, double log_scale,
           Eigen::MatrixXd& moments) const;
  void sum_moments(one_cell& cell) const;
  void rebase(const std::vector<char>& which);

  const vector_field* field_;
  const switching_surfaces* surfaces_;
  local_flow flow_;
  double grown_;  // members get a new base when Phi has grown to this
  Eigen::VectorXd signs_;
  index members_ = 0;
  Eigen::VectorXd room_;        // for a base
  std::vector<placed> places_;  // by neuron
  std::vector<one_cell> cells_;
  std::unordered_multimap<std::size_t, index> by_hash_;
  // Of the step:
  std::vector<findings> findings_;  // the first `parts_` of them
  std::size_t parts_ = 0;
  std::vector<transfer> transfers_;
  std::vector<double> arrivals_;  // ln|w| and w/|w| of members behind their transfers
  double first_transfer_ = 2.0;
};

}  // namespace reluflow::detail
