#include "io_text.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/sweep.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace reluflow {
namespace {

struct finished_cell {
  const sweep_plan& plan;
  const problem& setup;
  const trajectory& run;

  /// The loss over that of h = 0.
  [[nodiscard]] double relative_loss() const {
    const double whole =
        0.5 * setup.data.labels().squaredNorm() / static_cast<double>(setup.data.size());
    return run.end.loss / whole;
  }
  [[nodiscard]] curvature_bounds bounds() const {
    return state_bounds(interaction_of(setup.data), run.final_network, run.final_pattern);
  }
};

struct measure_entry {
  sweep_measure measure;
  double (*value)(const finished_cell&);
};

double as_number(bool flag) { return flag ? 1.0 : 0.0; }

/// A new number that a sweep can keep is one more line here.
const std::vector<measure_entry>& entries() {
  using cell = const finished_cell&;
  static const std::vector<measure_entry> all{
      {{"fitted", true, "the loss is below `fitted` times that of h = 0"},
       [](cell c) { return as_number(c.relative_loss() < c.plan.fitted); }},
      {{"converged", true, "the run ended at stop_loss or stop_gradient"},
       [](cell c) { return as_number(c.run.ending == outcome::converged); }},
      {{"event", true, "every sample has an active neuron with the sign of its label at t = 0"},
       [](cell c) {
         return as_number(
             weakly_interacting::missed_samples(c.setup.data, c.setup.initial).empty());
       }},
      {{"t", false, "time reached"}, [](cell c) { return c.run.t; }},
      {{"loss", false, "at the end"}, [](cell c) { return c.run.end.loss; }},
      {{"relative_loss", false, "over that of h = 0"}, [](cell c) { return c.relative_loss(); }},
      {{"mu", false, "at the end"}, [](cell c) { return c.run.end.mu; }},
      {{"mu_mean", false, "mean of mu over the run"}, [](cell c) { return c.run.end.mu_mean; }},
      {{"mu_lower", false, "Lemma 6's lower bound of mu at the end"},
       [](cell c) { return c.bounds().lower; }},
      {{"mu_upper", false, "Lemma 6's upper bound of mu at the end"},
       [](cell c) { return c.bounds().upper; }},
      {{"limit_rate", false, "twice the smallest eigenvalue of the residual kernel at the end"},
       [](cell c) { return limit_rate(c.setup.data, c.run); }},
      {{"gradient_norm", false, "at the end"}, [](cell c) { return c.run.end.gradient_norm; }},
      {{"switches", false, "activation switches"},
       [](cell c) { return static_cast<double>(c.run.statistics.switches); }},
      {{"slides", false, "entries into sliding"},
       [](cell c) { return static_cast<double>(c.run.statistics.slides); }},
      {{"sliding_pairs", false, "at the end"},
       [](cell c) { return static_cast<double>(c.run.end.sliding); }},
      {{"steps", false, "of the integrator"},
       [](cell c) { return static_cast<double>(c.run.statistics.steps); }},
      {{"width", false, "number of neurons"},
       [](cell c) { return static_cast<double>(c.setup.initial.width()); }},
      {{"squared_norm", false, "|theta|^2 at the end"},
       [](cell c) {
         return c.run.final_network.weights().squaredNorm() +
                c.run.final_network.output_weights().squaredNorm();
       }},
  };
  return all;
}

bool is_indicator(std::string_view name) {
  const auto& all = sweep_measures();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const sweep_measure& one) { return one.name == name; });
  return found != all.end() && found->indicator;
}

bool answers(std::string_view ending) {
  return ending == to_string(outcome::reached_end) || ending == to_string(outcome::converged) ||
         ending == to_string(outcome::stopping_time);
}

interval_estimate estimate_of(std::string_view name, const std::vector<double>& values) {
  if (!is_indicator(name)) return mean_of(values);
  return probability_of(std::count(values.begin(), values.end(), 1.0),
                        static_cast<std::int64_t>(values.size()));
}

/// The columns of the axes, e.g. "data.samples,network.width,".
std::string axis_header(const sweep_plan& plan) {
  std::string header;
  for (const sweep_axis& axis : plan.axes) header += axis.name() + ",";
  return header;
}

std::string axis_fields(const sweep_plan& plan, std::int64_t point) {
  std::string fields;
  const std::vector<std::size_t> at = plan.values_at(point);
  for (std::size_t i = 0; i < plan.axes.size(); ++i) {
    fields += plan.axes[i].values[at[i]] + ",";
  }
  return fields;
}

}  // namespace

const std::vector<sweep_measure>& sweep_measures() {
  static const std::vector<sweep_measure> all = [] {
    std::vector<sweep_measure> list;
    for (const measure_entry& one : entries()) list.push_back(one.measure);
    return list;
  }();
  return all;
}

cell_result result_of(const sweep_plan& plan, std::int64_t cell, const problem& setup,
                      const trajectory& run) {
  cell_result result{cell, cell_seed(plan.seed, cell), std::string(to_string(run.ending)), {}};
  const finished_cell finished{plan, setup, run};
  for (const std::string& name : plan.kept) {
    const auto entry = std::find_if(entries().begin(), entries().end(),
                                    [&](const auto& one) { return one.measure.name == name; });
    result.values.push_back(entry->value(finished));
  }
  return result;
}

interval_estimate mean_of(const std::vector<double>& values) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double v) { return std::isfinite(v); });
  const auto n = static_cast<double>(finite.size());
  if (finite.empty()) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {nothing, nothing, nothing};
  }
  double mean = 0.0;
  for (const double v : finite) mean += v / n;
  if (finite.size() == 1) return {mean, -infinity, infinity};
  double squares = 0.0;
  for (const double v : finite) squares += (v - mean) * (v - mean);
  const double quantile =
      boost::math::quantile(boost::math::students_t_distribution<double>(n - 1.0), 0.975);
  const double half = quantile * std::sqrt(squares / (n - 1.0) / n);
  return {mean, mean - half, mean + half};
}

interval_estimate probability_of(std::int64_t successes, std::int64_t trials) {
  if (trials < 1 || successes < 0 || successes > trials) {
    throw invalid_input("probability", fmt::format("{} of {}", successes, trials),
                        "0 <= successes <= trials, trials >= 1");
  }
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
  const double half = z / (1.0 + z * z / n) * std::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
  return {p, successes == 0 ? 0.0 : centre - half, successes == trials ? 1.0 : centre + half};
}

std::vector<point_summary> summarise(const sweep_plan& plan,
                                     const std::vector<cell_result>& results) {
  std::map<std::int64_t, std::vector<const cell_result*>> by_point;
  for (const cell_result& one : results) by_point[one.cell / plan.repetitions].push_back(&one);
  std::vector<point_summary> points;
  for (auto& [point, own] : by_point) {
    // Sums in one order, whatever the order of the results.
    std::sort(own.begin(), own.end(),
              [](const auto* a, const auto* b) { return a->cell < b->cell; });
    point_summary summary{point, static_cast<std::int64_t>(own.size()), 0, {}};
    for (const cell_result* one : own) summary.unanswered += answers(one->outcome) ? 0 : 1;
    for (std::size_t i = 0; i < plan.kept.size(); ++i) {
      std::vector<double> values;
      for (const cell_result* one : own) values.push_back(one->values[i]);
      summary.kept.push_back(estimate_of(plan.kept[i], values));
    }
    points.push_back(std::move(summary));
  }
  return points;
}

void write_sweep_table(const std::filesystem::path& file, const sweep_plan& plan,
                       std::vector<cell_result> results) {
  std::sort(results.begin(), results.end(),
            [](const cell_result& a, const cell_result& b) { return a.cell < b.cell; });
  detail::output_file out(file);
  std::string line = "cell," + axis_header(plan) + "repetition,seed,outcome";
  for (const std::string& name : plan.kept) line += "," + name;
  out.write(line + "\n");
  for (const cell_result& one : results) {
    line = fmt::format("{},{}{},{},{}", one.cell, axis_fields(plan, one.cell / plan.repetitions),
                       one.cell % plan.repetitions, one.seed, one.outcome);
    for (const double value : one.values) line += "," + detail::number_text(value);
    out.write(line + "\n");
  }
  out.commit();
}

void write_sweep_summary(const std::filesystem::path& file, const sweep_plan& plan,
                         const std::vector<point_summary>& points) {
  std::string text = axis_header(plan) + "cells,unanswered";
  for (const std::string& name : plan.kept) text += fmt::format(",{0},{0}_low,{0}_high", name);
  text += "\n";
  for (const point_summary& one : points) {
    text += fmt::format("{}{},{}", axis_fields(plan, one.point), one.cells, one.unanswered);
    for (const interval_estimate& kept : one.kept) {
      text += fmt::format(",{},{},{}", detail::number_text(kept.value),
                          detail::number_text(kept.low), detail::number_text(kept.high));
    }
    text += "\n";
  }
  detail::write_text(file, text);
}

}  // namespace reluflow
