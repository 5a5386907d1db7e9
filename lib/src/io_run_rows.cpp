#include "reluflow/io/run_directory.hpp"
#include "reluflow/phases.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace reluflow {

std::vector<phase_row> phase_rows(const trajectory& run) {
  std::vector<phase_row> rows;
  for (const phase& one : phases_of(run)) {
    rows.push_back({one.name, one.t_begin, "", one.t_end});
  }
  for (const stopping_event& one : run.stopping_times) {
    rows.push_back({one.name, one.t, one.note});
  }
  const auto last = std::find_if(run.switches.rbegin(), run.switches.rend(),
                                 [](const switch_event& one) { return one.certain; });
  if (last != run.switches.rend()) {
    rows.push_back({"last_switch", last->t,
                    fmt::format("neuron {}, sample {}, {} to {}", last->neuron, last->sample,
                                to_string(last->from), to_string(last->to))});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const phase_row& a, const phase_row& b) { return a.t < b.t; });
  return rows;
}

std::vector<prediction_row> prediction_rows(const std::vector<comparison>& compared) {
  std::vector<prediction_row> rows;
  for (const comparison& one : compared) {
    prediction_row row;
    row.name = one.name;
    row.kind = to_string(one.kind);
    row.predicted = one.predicted.value_or(row.predicted);
    row.measured = one.measured.value_or(row.measured);
    row.difference = one.difference.value_or(row.difference);
    row.reference = one.reference;
    row.note = one.note;
    row.assumptions_hold = one.assumptions_hold;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace reluflow
