#pragma once

#include "reluflow/boundary.hpp"
#include "reluflow/solvers/alignment_flow.hpp"
#include "reluflow/surfaces.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace reluflow::detail {

/// The fields of a data set while the residuals stand still, with one surface for parallel inputs:
/// on the positive side of surface s the field is larger by jumps[s] * normal_s than on the
/// negative one.
struct alignment_fields {
  /// @param residuals  n; the labels while h = 0
  /// @param error      fields up to this size are zero, as are those of the size of rounding
  alignment_fields(const dataset& data, const switching_surfaces& surfaces,
                   const Eigen::VectorXd& residuals, double error = 0.0);

  const dataset& data;
  const switching_surfaces& surfaces;
  Eigen::VectorXd base;   ///< d: the field on the negative side of all surfaces
  Eigen::VectorXd jumps;  ///< one a surface: (1/n) sum of r_k |x_k|
  double zero = 0.0;      ///< fields and velocities up to this size are zero
};

/// Where a neuron that nothing stops stands at the end of its path, surface by surface.
struct path_end {
  bool grows = false;  ///< goes off along w
  Eigen::VectorXd w;   ///< its direction (d)
  /// One a surface, of the representative; never resting on antipodal inputs.
  std::vector<pair_mode> modes;
  Eigen::VectorXd eta;          ///< multiplier of each surface on which it slides
  std::vector<index> contacts;  ///< the surfaces that w lies on
};

/// One neuron on its way.
class alignment_path {
 public:
  alignment_path(const alignment_fields& fields, index neuron, double a, Eigen::VectorXd w,
                 double log_scale, bool balanced);
  /// A balanced neuron of size one.
  /// @param on  the surfaces on which w lies, whatever rounding says
  alignment_path(const alignment_fields& fields, double sign, Eigen::VectorXd w,
                 const std::vector<index>& on);

  /// Runs to the end.
  void follow(const alignment_options& options);

  [[nodiscard]] path_end end() const;
  [[nodiscard]] aligned_neuron result() && { return std::move(result_); }
  [[nodiscard]] const std::vector<switch_event>& switches() const { return switches_; }

 private:
  struct meeting {
    double tau = 0.0;             // |D| times the time until then
    std::vector<index> surfaces;  // those that are met, empty where a passes through 0
  };

  void start(const std::vector<index>& on);
  [[nodiscard]] double sign() const;
  [[nodiscard]] bool still() const { return !(D_.norm() > fields_.zero); }
  [[nodiscard]] double root(index surface, double z, double g, double b) const;
  [[nodiscard]] std::optional<meeting> next() const;
  void advance(double tau);
  /// Chooses sides for the surfaces that hold the neuron and those just met.
  bool resolve(const std::vector<index>& met);
  void note(index surface, pair_mode to);
  void compute_field();
  void keep_on_surfaces();
  void straighten();
  void open_segment();
  void close(outcome ending);
  [[nodiscard]] extremal_vector limit() const;

  const alignment_fields& fields_;
  index neuron_;
  bool balanced_;  // |a| = |w|
  double t_ = 0.0;
  double a_;
  Eigen::VectorXd w_;
  double log_scale_;
  bool shrinks_ = false;           // points straight against its field
  std::vector<std::int8_t> side_;  // -1 below, +1 above, 0 on the surface
  std::vector<pair_mode> mode_;    // of the representative
  std::vector<bool> left_;         // on it at the beginning of this segment, and leaving
  Eigen::VectorXd eta_;            // where side is 0
  std::vector<index> on_;          // surfaces with side 0, increasing
  Eigen::VectorXd D_;
  std::vector<switch_event> switches_;
  aligned_neuron result_;
};

}  // namespace reluflow::detail
