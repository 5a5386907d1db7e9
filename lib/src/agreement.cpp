#include "reluflow/agreement.hpp"

#include "reluflow/detail/switch_alignment.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace reluflow {
namespace {

using history = std::map<std::pair<index, index>, std::vector<switch_event>>;

history by_pair(const trajectory& run) {
  history result;
  for (const switch_event& event : run.switches) {
    result[{event.neuron, event.sample}].push_back(event);
  }
  return result;
}

/// Holds the times of two switches that are partners, and certain, against each other.
void compare_times(const switch_event& one, const switch_event& other, agreement& result) {
  const double apart = std::abs(one.t - other.t);
  const double error = one.t_error + other.t_error;
  result.switch_time = std::max(result.switch_time, apart);
  if (error > 0.0) result.switch_errors = std::max(result.switch_errors, apart / error);
  // An error that is not known is a NaN, and explains nothing.
  if (apart <= agreement::allowed_errors * error) return;
  result.unexplained_time = std::max(result.unexplained_time, apart);
}

/// Holds the switches of one pair in both runs against each other, in order of time.
void compare_pair(const std::vector<switch_event>& one, const std::vector<switch_event>& other,
                  double until, agreement& result) {
  for (const detail::alignment_entry& entry : detail::aligned(one, other, {until, 0.0})) {
    if (!entry.one || !entry.other) {
      result.missed += !entry.excused;
    } else if (entry.one->t < until) {
      ++result.matched;
      if (is_certain_match(entry)) compare_times(*entry.one, *entry.other, result);
    }
  }
}

/// |a - b| / scale; 0 for equal numbers, whatever the scale.
double relative_difference(double a, double b, double scale) {
  return a == b ? 0.0 : std::abs(a - b) / scale;
}

void require_same_problem(const trajectory& one, const trajectory& other) {
  if (one.initial_network.width() != other.initial_network.width()) {
    throw invalid_input("the runs to compare",
                        fmt::format("{} and {} neurons", one.initial_network.width(),
                                    other.initial_network.width()),
                        "runs of one problem");
  }
  const std::size_t rows = std::min(one.rows.size(), other.rows.size());
  for (std::size_t i = 0; i < rows; ++i) {
    if (one.rows[i].t == other.rows[i].t) continue;
    throw invalid_input("the runs to compare",
                        fmt::format("rows at {} and {}", one.rows[i].t, other.rows[i].t),
                        "the same recorded times");
  }
}

/// L(0), to which differences are relative: by the energy, because t = 0 need not be recorded.
double initial_loss(const trajectory& run) { return run.end.loss + run.statistics.dissipated; }

}  // namespace

bool agreement::within(const agreement_bounds& bounds) const noexcept {
  return same_outcome && missed == 0 && loss_curve <= bounds.loss && final_loss <= bounds.loss &&
         unexplained_time <= bounds.switch_time;
}

agreement_bounds agreement_bounds::at(double rtol, double t_end) noexcept {
  const double accuracy = std::max(rtol, 1e-12);
  return {10.0 * accuracy, 1000.0 * accuracy * std::max(1.0, t_end)};
}

double end_of_meaning(const trajectory& run) {
  if (run.rows.empty()) return run.t;
  const auto by_gradient = [](const record_row& a, const record_row& b) {
    return a.gradient_norm < b.gradient_norm;
  };
  const auto steepest = std::max_element(run.rows.begin(), run.rows.end(), by_gradient);
  const double least = 1e-3 * steepest->gradient_norm;
  const auto last =
      std::find_if(run.rows.rbegin(), std::make_reverse_iterator(steepest),
                   [&](const record_row& row) { return !(row.gradient_norm < least); });
  // `last.base()` is the first row after the last one of a gradient that counts.
  return last.base() == run.rows.end() ? run.t : last.base()->t;
}

agreement compare(const trajectory& one, const trajectory& other) {
  require_same_problem(one, other);
  agreement result;
  const double scale = initial_loss(one);
  for (std::size_t i = 0; i < std::min(one.rows.size(), other.rows.size()); ++i) {
    const double difference = relative_difference(one.rows[i].loss, other.rows[i].loss, scale);
    // std::max drops NaN in its second argument.
    result.loss_curve =
        std::isnan(difference) ? difference : std::max(result.loss_curve, difference);
    if (std::isnan(difference)) break;
  }
  result.final_loss = relative_difference(one.end.loss, other.end.loss, scale);
  const double until = std::min(end_of_meaning(one), end_of_meaning(other));
  history first = by_pair(one);
  history second = by_pair(other);
  for (const auto& [pair, events] : first) compare_pair(events, second[pair], until, result);
  for (const auto& [pair, events] : second) {
    if (!first.contains(pair)) compare_pair({}, events, until, result);
  }
  result.same_outcome = one.ending == other.ending;
  return result;
}

}  // namespace reluflow
