#include "reluflow/predictions/simplicity_bias.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow {
namespace {

using namespace simplicity;

/// What all predictions look at.
struct setting {
  setting(const dataset& set, const network& start, const std::optional<Eigen::VectorXd>& teacher)
      : data(set), net(start), beta(teacher.value_or(least_squares_of(set).beta)) {
    if (beta.norm() > 0.0) parts = halves_of(set, beta);
  }

  const dataset& data;
  const network& net;
  Eigen::VectorXd beta;
  std::optional<halves> parts;
};

assumption unit_scale(const setting& s) {
  return {"output scale 1", s.net.output_scale() == 1.0,
          fmt::format("alpha = {:.4g}", s.net.output_scale())};
}

assumption dominated(const setting& s) {
  const Eigen::VectorXd c = s.net.invariants();
  const double least = c.size() > 0 ? c.minCoeff() : 0.0;
  return {"|a_j| >= |w_j| for every neuron", least >= 0.0,
          fmt::format("smallest a^2 - |w|^2 {:.3g}", least)};
}

assumption spans(const setting& s, const half& part) {
  return {fmt::format("samples of half {} span", part.sign > 0.0 ? '+' : '-'), part.unique,
          fmt::format("{} samples in dimension {}", part.samples.size(), s.data.dimension())};
}

/// Every sample is pushed to the side of beta by the fields of both cones (theory.md C4).
assumption cones(const setting& s) {
  Eigen::MatrixXd directions(s.data.dimension(), 2);
  directions << s.beta, -s.beta;
  const index violations = cone_violations(s.data, s.beta, directions);
  return {"both cones hold their neurons", violations == 0,
          fmt::format("{} samples on the wrong side of their fields", violations)};
}

/// Every neuron, wherever it points, is pushed into one of the two cones.
assumption all_directions(const setting& s) {
  constexpr index most = 200;
  const index looked_at = std::min(s.net.width(), most);
  const index violations = cone_violations(s.data, s.beta, s.net.directions().leftCols(looked_at));
  return {"the field of every initial direction points into a cone", violations == 0,
          fmt::format("{} of {} pairs do not", violations, looked_at * s.data.size())};
}

assumption both_signs(const setting& s) {
  const auto plus = (s.net.signs().array() > 0.0).count();
  const auto minus = (s.net.signs().array() < 0.0).count();
  return {"neurons of both signs", plus > 0 && minus > 0,
          fmt::format("{} positive, {} negative", plus, minus)};
}

std::vector<assumption> theorem(const setting& s) {
  return {unit_scale(s),
          dominated(s),
          both_signs(s),
          spans(s, s.parts->plus),
          spans(s, s.parts->minus),
          cones(s),
          all_directions(s)};
}

prediction entry(std::string name, prediction_kind kind, std::optional<double> value,
                 std::string order, std::string reference, std::vector<assumption> assumptions) {
  return {
      std::move(name),       kind, bound_side::none, value, std::move(order), std::move(reference),
      std::move(assumptions)};
}

std::optional<double> half_fit(const setting& s, const half& part) {
  const auto law = growth_law(s.net, part);
  return law ? std::optional(orthogonal::half_fit_time(*law)) : std::nullopt;
}

constexpr const char* small = "O(lambda) + O(n^(-1/2))";
constexpr const char* threshold = "for lambda below and n above thresholds that are not explicit";

std::vector<prediction> catalogue(const setting& s) {
  const halves& parts = *s.parts;
  std::vector<prediction> list;
  const auto add = [&](std::string name, std::optional<double> value, const char* order,
                       const char* reference, std::vector<assumption> assumptions) {
    list.push_back(entry(std::move(name), prediction_kind::asymptotic, value, order, reference,
                         std::move(assumptions)));
  };
  add("limit_loss", parts.plus.loss + parts.minus.loss, threshold, "paper C, Theorem 2; theory C10",
      theorem(s));
  for (const half* part : {&parts.plus, &parts.minus}) {
    const char* side = part->sign > 0.0 ? "plus" : "minus";
    add(fmt::format("limit_{}", side), 0.0, threshold, "paper C, Theorem 2; theory C10",
        theorem(s));
    add(fmt::format("half_fit_time_{}", side), half_fit(s, *part), small,
        "paper C, Lemma 5 (sharp); theory C7", theorem(s));
  }
  return list;
}

/// When the sum of a_j^2 over a half reaches half of its end, at recorded times by interpolation.
std::optional<double> measured_half_fit(const trajectory& run, const half& part) {
  const double level = std::log(0.5 * part.beta.norm());
  double before = 0.0;
  for (std::size_t i = 0; i < run.states.size(); ++i) {
    const double now = log_mass(run.states[i], neurons_of(run.states[i], part));
    if (now >= level && i > 0) {
      const double share = (level - before) / (now - before);
      return run.rows[i - 1].t + share * (run.rows[i].t - run.rows[i - 1].t);
    }
    before = now;
  }
  return std::nullopt;
}

}  // namespace

std::vector<prediction> simplicity_predictions(const dataset& data, const network& net,
                                               const std::optional<Eigen::VectorXd>& beta) {
  const setting s(data, net, beta);
  return s.parts ? catalogue(s) : std::vector<prediction>{};
}

std::vector<comparison> compare_simplicity(const dataset& data, const trajectory& run,
                                           const std::optional<Eigen::VectorXd>& beta) {
  const setting s(data, run.initial_network, beta);
  std::vector<comparison> rows;
  if (!s.parts) return rows;
  for (const prediction& one : catalogue(s)) {
    std::optional<double> measured;
    const half& part = one.name.ends_with("minus") ? s.parts->minus : s.parts->plus;
    if (one.name == "limit_loss") {
      measured = run.end.loss;
    } else if (one.name.starts_with("limit_")) {
      measured = (effective_weights(run.final_network, part) - part.beta).norm();
    } else {
      measured = measured_half_fit(run, part);
    }
    rows.push_back(compare(one, measured));
  }
  return rows;
}

}  // namespace reluflow
