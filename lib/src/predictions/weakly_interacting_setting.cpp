#include "predictions/weakly_interacting_setting.hpp"

#include "predictions/orthogonal_setting.hpp"

#include <fmt/format.h>

#include <cmath>

namespace reluflow::weakly_interacting::detail {
namespace {

/// Data that do not interact at all are below any limit.
assumption interaction_below(const char* formula, double strength, double limit) {
  return {fmt::format("|X^T X - diag| < {}", formula), strength == 0.0 || strength < limit,
          fmt::format("{:.4g} against {:.4g}", strength, limit)};
}

}  // namespace

setting::setting(const dataset& points, const network& start, double until)
    : data(points),
      net(start),
      t(until),
      constants(antipodal_interaction_of(points)),
      residuals(reluflow::residuals(points, start)),
      missed(missed_samples(points, start)),
      orthogonality(orthogonal::detail::orthogonal_inputs(points)),
      grouping(group_hypotheses(points, start)),
      groups(partition_of(points, start)) {}

assumption setting::dominated() const {
  const char* text = "|a_j| >= |w_j| for every neuron (Assumption 1)";
  if (net.is_balanced()) return {text, true, "neurons are balanced"};
  const Eigen::VectorXd invariants = net.invariants();
  index worst = 0;
  const double least = invariants.minCoeff(&worst);
  return {text, least >= 0.0,
          fmt::format("smallest a_j^2 - |w_j|^2 is {:.4g}, neuron {}", least, worst)};
}

assumption setting::event() const {
  return {"every sample has an active neuron with the sign of its label (event I)", missed.empty(),
          missed.empty() ? "all have"
                         : fmt::format("{} of {} have none, the first is sample {}", missed.size(),
                                       data.size(), missed.front())};
}

assumption setting::labels_differ_from_zero() const {
  const auto zeros = (data.labels().array() == 0.0).count();
  return {"no label is zero", zeros == 0,
          fmt::format("{} of {} labels are zero", zeros, data.size())};
}

assumption setting::weak_interaction() const {
  return interaction_below("(C_x^-)^2 C_y^-/|r(0)|", constants.strength,
                           interaction_limit(constants, residuals));
}

assumption setting::printed_weak_interaction() const {
  return interaction_below("(C_x^-)^2 C_y^-/(sqrt(n) C_y^+)", constants.strength,
                           printed_interaction_limit(constants));
}

assumption setting::small_outputs() const {
  const Eigen::VectorXd outputs = data.labels() - residuals;
  index worst = 0;
  const double largest =
      (outputs.array().abs() / data.labels().array().abs().max(1e-300)).maxCoeff(&worst);
  return {"|h(x_k)| <= |y_k|/2 until then", largest <= 0.5,
          fmt::format("at t = 0 the largest |h/y| is {:.4g}, sample {}", largest, worst)};
}

assumption setting::wrong_signs_die() const {
  const bool all = extinction_bound(data, net).has_value();
  return {"|a_j| > |w_j| for neurons that are active on a sample of the other sign", all,
          all ? "all are so" : "one is not"};
}

assumption setting::many_neurons() const {
  constexpr index many = 50;
  return {"many neurons", net.width() >= many, fmt::format("{} neurons", net.width())};
}

assumptions setting::theorem_1() const {
  return {dominated(), labels_differ_from_zero(), event(), weak_interaction()};
}

}  // namespace reluflow::weakly_interacting::detail
