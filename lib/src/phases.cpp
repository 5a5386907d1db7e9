#include "reluflow/phases.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace reluflow {
namespace {

/// The loss rests or falls during a stretch.
struct stretch {
  bool plateau = false;
  double t_begin = 0.0;
  double t_end = 0.0;
};

/// Passages of mu through its levels, read as a switch with two thresholds.
std::vector<stretch> stretches_of(const trajectory& run) {
  std::vector<stretch> found;
  for (const stopping_event& one : run.stopping_times) {
    const bool entry = one.name == "plateau_entry";
    if (!entry && one.name != "plateau_exit") continue;
    if (!found.empty() && found.back().plateau == entry) continue;
    if (found.empty() && one.t > 0.0) found.push_back({!entry, 0.0, one.t});
    if (!found.empty()) found.back().t_end = one.t;
    found.push_back({entry, one.t, run.t});
  }
  std::erase_if(found, [](const stretch& one) { return !(one.t_end > one.t_begin); });
  return found;
}

/// When the last sign of neurons is aligned; empty when none is within [0, limit].
std::optional<double> time_aligned(const trajectory& run, double limit) {
  std::optional<double> last;
  for (const std::string_view name : {"aligned_+", "aligned_-"}) {
    const stopping_event* one = run.reached(name);
    if (one != nullptr && one->t <= limit) last = std::max(last.value_or(0.0), one->t);
  }
  return last;
}

std::string name_of_descent(const trajectory& run, const stretch& descent) {
  const auto within = [&](std::string_view name) {
    const stopping_event* one = run.reached(name);
    return one != nullptr && one->t >= descent.t_begin && one->t <= descent.t_end;
  };
  const bool positive = within("half_residual_+");
  const bool negative = within("half_residual_-");
  if (positive && negative) return "fit";
  if (positive) return "fit +";
  return negative ? "fit -" : "descent";
}

void add(std::vector<phase>& phases, std::string name, double t_begin, double t_end) {
  if (t_end > t_begin) phases.push_back({std::move(name), t_begin, t_end});
}

}  // namespace

std::vector<phase> phases_of(const trajectory& run) {
  std::vector<phase> phases;
  for (const stretch& one : stretches_of(run)) {
    if (!one.plateau) {
      add(phases, name_of_descent(run, one), one.t_begin, one.t_end);
    } else if (one.t_begin == 0.0) {
      const double aligned = time_aligned(run, one.t_end).value_or(one.t_end);
      add(phases, "alignment", 0.0, aligned);
      add(phases, "growth", aligned, one.t_end);
    } else {
      add(phases, one.t_end < run.t ? "saddle" : "rest", one.t_begin, one.t_end);
    }
  }
  return phases;
}

}  // namespace reluflow
