#pragma once

#include "polynomial.hpp"
#include "reluflow/surfaces.hpp"
#include "reluflow/vector_field.hpp"
#include "settlement.hpp"

#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace reluflow::detail {

/// Neurons above which one pass over the pattern is cheaper than one neuron at a time.
constexpr index worth_a_pass = 16;

enum class event_kind : std::uint8_t {
  crossing,       ///< z reaches 0 from the side of the pair's mode
  release_below,  ///< a sliding multiplier reaches eta = 0
  release_above,  ///< a sliding multiplier reaches eta = 1
  origin,         ///< w_j, held on a line, reaches 0 and with it all surfaces at once
  sign_change,    ///< a_j passes through 0 while the neuron is held on a surface
};

/// A neuron leaves its modes at `fraction` of the step. `slope` is the derivative of the function
/// that vanishes there with respect to the fraction.
struct candidate {
  double fraction = 0.0;
  event_kind kind = event_kind::crossing;
  index neuron = 0;
  index surface = 0;
  double slope = 0.0;
  double curvature = 0.0;  ///< its second derivative
  double gain = 1.0;       ///< as `zero_passage::gain`
};

/// (neuron, surface) pairs that stand exactly on a surface at the start of a step because they were
/// settled there.
using contact_set = std::set<std::pair<index, index>>;

/// One step, as far as the search for switches needs it.
struct step_view {
  const Eigen::MatrixXd& control;  ///< Bernstein coefficients of the state, coordinates x 6
  const Eigen::MatrixXd&
      residual_control;  ///< the same for the residuals, n x 6; empty when none slides
  double h = 0.0;
  double force_error = 0.0;  ///< forces below this size are zero
  index alone = 0;           ///< neurons from here on stand in for others and meet no surface
};

/// Who leaves its modes in a step.
struct departures {
  std::vector<index> neurons;  ///< increasing
  /// No other sliding neuron is released by forces that differ by less than this from those of the
  /// step.
  double clearance = std::numeric_limits<double>::infinity();
};

/// Finds where a step leaves the modes that it was taken with. Every pair is either certified by
/// the Bernstein coefficients of z on the step, or its first root is isolated: no switch on the
/// interpolant is missed, double crossings included.
class switch_search {
 public:
  switch_search(const vector_field& field, const switching_surfaces& surfaces,
                const settler& settle)
      : field_(&field), surfaces_(&surfaces), settler_(&settle) {}

  /// All candidates up to `window` behind the earliest one, in order of the fraction. A pair at
  /// rest or whose approach is slower than the error of the force does not switch; inactive ones
  /// among them are added to `at_rest`.
  [[nodiscard]] std::vector<candidate> find(const step_view& step, const flow_modes& modes,
                                            const contact_set& contacts, double window,
                                            std::vector<std::pair<index, index>>& at_rest) const;

  /// The neurons that leave their modes within the step, increasing. `at_rest` as above, for the
  /// others.
  [[nodiscard]] departures leaving(const step_view& step, const flow_modes& modes,
                                   const contact_set& contacts,
                                   std::vector<std::pair<index, index>>& at_rest) const;

  /// The function that vanishes at the event: z (signed so that it is >= 0 before), or a
  /// multiplier's distance from its bound, at one state with known residuals.
  [[nodiscard]] double value(const candidate& event, const Eigen::VectorXd& state,
                             const Eigen::VectorXd& residuals, const flow_modes& modes) const;

 private:
  /// Sign of a_j during the step; where it starts at 0, the one that it takes.
  [[nodiscard]] double output_sign(const step_view& step, index neuron) const;
  enum class wanted { all, any };
  /// The crossings and releases of all neurons: all of them, or any one of each neuron that has
  /// some. In no particular order, but always the same.
  /// @param clearance  receives that of `departures`
  [[nodiscard]] std::vector<candidate> search(const step_view& step, const flow_modes& modes,
                                              const contact_set& contacts, wanted which,
                                              std::vector<std::pair<index, index>>& at_rest,
                                              double& clearance) const;
  void search_crossings(const step_view& step, const flow_modes& modes, const contact_set& contacts,
                        index neuron, wanted which, near_surfaces& near,
                        std::vector<candidate>& found,
                        std::vector<std::pair<index, index>>& at_rest) const;
  void search_releases(const step_view& step, const flow_modes& modes,
                       std::vector<candidate>& found, double& clearance) const;
  /// @param force  D_act in Bernstein coefficients (d x 6)
  void search_releases(const step_view& step, index neuron, const sliding_frame& frame,
                       const Eigen::MatrixXd& force, std::vector<candidate>& found,
                       double& clearance) const;

  const vector_field* field_;
  const switching_surfaces* surfaces_;
  const settler* settler_;
};

}  // namespace reluflow::detail
