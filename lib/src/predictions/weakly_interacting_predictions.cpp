#include "predictions/weakly_interacting_setting.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace reluflow {
namespace {

using namespace weakly_interacting;
using weakly_interacting::detail::assumptions;
using weakly_interacting::detail::setting;

using list = std::vector<prediction>;

prediction exact(std::string name, std::optional<double> value, std::string reference,
                 assumptions hypotheses) {
  return {std::move(name),      prediction_kind::exact, bound_side::none, value, "",
          std::move(reference), std::move(hypotheses)};
}

prediction bound(std::string name, bound_side side, std::optional<double> value,
                 std::string reference, assumptions hypotheses) {
  return {std::move(name),      prediction_kind::bound, side, value, "",
          std::move(reference), std::move(hypotheses)};
}

prediction asymptotic(std::string name, std::optional<double> value, std::string error_order,
                      std::string reference, assumptions hypotheses) {
  return {std::move(name),        prediction_kind::asymptotic, bound_side::none,     value,
          std::move(error_order), std::move(reference),        std::move(hypotheses)};
}

/// Limits of a hypothesis: data that pass one do not meet it, and violate nothing.
void add_interaction(list& all, const setting& s) {
  all.push_back(bound("interaction_limit", bound_side::upper,
                      interaction_limit(s.constants, s.residuals),
                      "paper B, Assumption 2 (as needed), App. C.2; theory B3, B14",
                      {s.labels_differ_from_zero(), s.weak_interaction()}));
  all.push_back(bound("interaction_limit_printed", bound_side::upper,
                      printed_interaction_limit(s.constants),
                      "paper B, Assumption 2 (as printed); theory B3",
                      {s.labels_differ_from_zero(), s.printed_weak_interaction()}));
}

void add_event(list& all, const setting& s) {
  const auto positive = static_cast<double>((s.data.labels().array() > 0.0).count());
  const auto negative = static_cast<double>((s.data.labels().array() < 0.0).count());
  all.push_back(exact("missed_samples", static_cast<double>(s.missed.size()),
                      "paper B, event I; theory B5", {}));
  all.push_back(exact("miss_probability", miss_probability(positive, negative, s.net.width()),
                      "paper B, Lemma 5 (exact); theory B5 (b)", {s.orthogonality}));
  all.push_back(bound("miss_probability_bound", bound_side::upper,
                      std::min(1.0, miss_probability_bound(positive + negative, s.net.width())),
                      "paper B, Lemma 5; theory B5 (a)", {}));
  all.push_back(bound("loss_floor", bound_side::lower, loss_floor(s.data, s.net), "theory B5",
                      {s.orthogonality, s.dominated()}));
}

void add_bounds(list& all, const setting& s) {
  all.push_back(bound("mean_mu_floor", bound_side::lower, mean_curvature_floor(s.constants),
                      "paper B, Theorem 1 (corrected); theory B4", s.theorem_1()));
  all.push_back(bound("state_bound_lower", bound_side::lower, 1.0,
                      "paper B, Lemma 6 (corrected); theory B2", {}));
  all.push_back(bound("state_bound_upper", bound_side::upper, 1.0,
                      "paper B, Lemma 6 (corrected); theory B2", {}));
  all.push_back(bound("outputs_bound_lower", bound_side::lower, 1.0,
                      "paper B, Theorem 1 (corrected); theory B4", s.theorem_1()));
  all.push_back(bound("outputs_bound_upper", bound_side::upper, 1.0,
                      "paper B, Proposition 1 (corrected); theory B7",
                      {s.orthogonality, s.dominated(), s.labels_differ_from_zero()}));
  all.push_back(bound("extinction_bound", bound_side::upper, extinction_bound(s.data, s.net),
                      "paper B, Lemma 7 (corrected); theory B6",
                      {s.orthogonality, s.small_outputs(), s.wrong_signs_die()}));
}

void add_initial_mu(list& all, const setting& s) {
  const double variance =
      s.net.weights().squaredNorm() / static_cast<double>(s.net.width() * s.net.dimension());
  const double squared_output =
      s.net.output_weights().squaredNorm() / static_cast<double>(s.net.width());
  // The limit is of the outputs too: alpha = 1/m makes them O(1/sqrt(m)).
  const double scale = s.net.output_scale() * static_cast<double>(s.net.width());
  all.push_back(asymptotic("initial_mu",
                           scale * initial_curvature(s.data, variance, squared_output),
                           "O(1/sqrt(m)) for w ~ N(0, I) times its mean square, fair signs of a",
                           "paper B, Lemma 4 (corrected); theory B12", {s.many_neurons()}));
}

/// L(t) = half of the loss of h = 0.
std::optional<double> half_time(const setting& s) {
  const double target = 0.25 * s.data.labels().squaredNorm() / static_cast<double>(s.data.size());
  if (!(loss_at(*s.groups, 0.0) > target)) return std::nullopt;
  double low = 0.0;
  double high = 1.0;
  for (int doublings = 0; loss_at(*s.groups, high) > target; ++doublings) {
    if (doublings == 200) return std::nullopt;  // too many samples are out of reach
    low = high;
    high *= 2.0;
  }
  while (high - low > 1e-15 * high) {
    const double middle = low + 0.5 * (high - low);
    if (middle == low || middle == high) break;
    (loss_at(*s.groups, middle) > target ? low : high) = middle;
  }
  return high;
}

std::optional<double> limit_mu(const setting& s) {
  if (s.groups->groups.empty()) return 0.0;
  double least = std::numeric_limits<double>::infinity();
  for (const sample_group& one : s.groups->groups) {
    least = std::min(least, limit_curvature(one.law, static_cast<double>(one.samples.size())));
  }
  return s.groups->unreached > 0.0 ? 0.0 : least;
}

void add_groups(list& all, const setting& s) {
  const bool some = s.groups.has_value();
  const auto value = [&](auto compute) -> std::optional<double> {
    return some ? std::optional<double>(compute()) : std::nullopt;
  };
  all.push_back(exact("group_loss", value([&] { return loss_at(*s.groups, s.t); }),
                      "paper B, Proposition 2, (52)-(55) (corrected); theory B8, B9", s.grouping));
  all.push_back(exact("group_mu", value([&] { return curvature_at(*s.groups, s.t); }),
                      "paper B, Proposition 2 (corrected); theory B9, B10", s.grouping));
  all.push_back(asymptotic("group_limit_mu", some ? limit_mu(s) : std::nullopt,
                           "vanishes with time", "theory B9, B10", s.grouping));
  all.push_back(exact("group_half_time", some ? half_time(s) : std::nullopt,
                      "paper B, Theorem 2 (corrected); theory B9, B11", s.grouping));
}

void add_collapse(list& all, const setting& s) {
  const auto floor = collapse_floor(s.data, s.net);
  all.push_back(
      bound("collapse_floor", bound_side::lower, floor, "paper B, Proposition 3; theory B13",
            {{"two orthonormal inputs, equal neurons that the first label moves", floor.has_value(),
              fmt::format("{} samples, {} neurons", s.data.size(), s.net.width())}}));
}

}  // namespace

std::vector<prediction> weakly_interacting_predictions(const dataset& data, const network& net,
                                                       double t) {
  if (net.dimension() != data.dimension() || net.width() == 0) {
    throw invalid_input("network",
                        fmt::format("{} neurons in dimension {}", net.width(), net.dimension()),
                        fmt::format("neurons in dimension {}", data.dimension()));
  }
  const setting s(data, net, t);
  list all;
  add_interaction(all, s);
  add_event(all, s);
  add_bounds(all, s);
  add_initial_mu(all, s);
  add_groups(all, s);
  add_collapse(all, s);
  return all;
}

}  // namespace reluflow
