#include "hunt_verdict.hpp"

#include "reluflow/detail/switch_alignment.hpp"
#include "reluflow/solvers/flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

namespace reluflow::bench {
namespace {

using detail::aligned;
using detail::alignment_entry;
using detail::comparison_end;

using pair_switches = std::map<std::pair<index, index>, std::vector<switch_event>>;

trajectory run(problem task, switching_method method, double rtol, double limit) {
  using clock = std::chrono::steady_clock;
  task.flow.switching = method;
  task.flow.rtol = rtol;
  const auto start = clock::now();
  observers watch;
  watch.on_step = [&](const progress&) {
    return std::chrono::duration<double>(clock::now() - start).count() < limit;
  };
  return integrate(task, watch);
}

/// When the run has come to rest, or its end.
comparison_end end_of_comparison(const trajectory& run, double t_end) {
  double largest = 0.0;
  for (const record_row& row : run.rows) largest = std::max(largest, row.gradient_norm);
  for (const record_row& row : run.rows) {
    if (row.gradient_norm < 1e-8 * largest || row.loss < 1e-16 * run.rows.front().loss) {
      return {row.t, 1e-3 * std::max(1.0, row.t)};
    }
  }
  // A switch next to the end may fall beyond it in the other run.
  return {t_end, 1e-6 * std::max(1.0, t_end)};
}

pair_switches switches_before(const trajectory& run, double t) {
  pair_switches pairs;
  for (const switch_event& event : run.switches) {
    if (event.t < t) pairs[{event.neuron, event.sample}].push_back(event);
  }
  return pairs;
}

/// Everything aligned, pair by pair.
std::vector<alignment_entry> compared(const trajectory& truth, const trajectory& other,
                                      const comparison_end& end) {
  pair_switches a = switches_before(truth, end.t);
  pair_switches b = switches_before(other, end.t);
  for (const auto& entry : b) a.try_emplace(entry.first);
  std::vector<alignment_entry> all;
  for (const auto& [pair, events] : a) {
    const auto one = aligned(events, b[pair], end);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::string in_words(const std::optional<switch_event>& event) {
  if (!event) return "none";
  return fmt::format("t={:.12g} {}>{}{}", event->t, to_string(event->from), to_string(event->to),
                     event->certain ? "" : " (uncertain)");
}

/// What is off among the entries: how many, and the first.
std::string differences(const std::vector<alignment_entry>& entries, double tolerance) {
  std::size_t count = 0;
  const alignment_entry* first = nullptr;
  for (const alignment_entry& entry : entries) {
    if (!is_off(entry, tolerance)) continue;
    const double t = entry.one ? entry.one->t : entry.other->t;
    const bool earlier = !first || t < (first->one ? first->one->t : first->other->t);
    if (earlier) first = &entry;
    ++count;
  }
  if (!first) return {};
  const switch_event& event = first->one ? *first->one : *first->other;
  std::string text =
      fmt::format("{} switches, first neuron {} sample {}: {} against {}", count, event.neuron,
                  event.sample, in_words(first->one), in_words(first->other));
  if (first->one && first->other) {
    text += fmt::format(" apart {:.1e}", std::abs(first->one->t - first->other->t));
  }
  return text;
}

/// The largest difference of the loss at the rows both have, relative to the first.
double loss_difference(const trajectory& a, const trajectory& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(a.rows.size(), b.rows.size()); ++i) {
    const double difference = std::abs(a.rows[i].loss - b.rows[i].loss);
    if (!(difference <= largest)) largest = difference;
  }
  return largest / a.rows.front().loss;
}

void count_matches(const std::vector<alignment_entry>& entries, double rtol, verdict& found) {
  tolerance_count& count = found.counts.back();
  for (const alignment_entry& entry : entries) {
    if (entry.other && !entry.other->certain) ++count.uncertain;
    if (!is_certain_match(entry)) continue;
    const double apart = std::abs(entry.one->t - entry.other->t);
    if (apart > 10.0 * (entry.one->t_error + entry.other->t_error)) ++count.understated;
    found.matched.push_back({0, rtol, *entry.one, *entry.other});
  }
}

void judge_tolerance(const problem& task, double rtol, double limit, const trajectory& truth,
                     verdict& found) {
  const trajectory other = run(task, switching_method::asynchronous, rtol, limit);
  found.counts.push_back({rtol});
  if (!is_success(other.ending)) {
    found.lines.push_back(
        fmt::format("{:g}: ends with {} at t={:.6g}", rtol, to_string(other.ending), other.t));
    return;
  }
  if (!is_success(truth.ending)) return;
  const auto entries = compared(truth, other, end_of_comparison(truth, task.flow.t_end));
  const std::string off = differences(entries, std::max(1e-7, 1e4 * rtol));
  if (!off.empty()) found.lines.push_back(fmt::format("{:g}: {}", rtol, off));
  const double loss = loss_difference(truth, other);
  if (!(loss <= 30.0 * rtol)) {
    found.lines.push_back(fmt::format("{:g}: loss off by {:.1e} of L(0)", rtol, loss));
  }
  if (!found.degenerate) count_matches(entries, rtol, found);
}

}  // namespace

verdict judge(const problem& task, const std::vector<double>& rtols, double limit) {
  verdict found;
  const trajectory truth = run(task, switching_method::global, 1e-12, limit);
  const trajectory second = run(task, switching_method::global, 1e-11, limit);
  if (!is_success(truth.ending) || !is_success(second.ending)) {
    found.degenerate = true;
    found.lines.push_back(fmt::format("global ends with {} at t={:.6g} and {} at t={:.6g}",
                                      to_string(truth.ending), truth.t, to_string(second.ending),
                                      second.t));
  } else {
    const auto entries = compared(truth, second, end_of_comparison(truth, task.flow.t_end));
    const std::string off = differences(entries, 1e-6);
    found.degenerate = !off.empty();
    if (found.degenerate) found.lines.push_back("global 1e-11 against 1e-12: " + off);
  }
  for (const double rtol : rtols) judge_tolerance(task, rtol, limit, truth, found);
  found.off = !found.lines.empty() && !found.degenerate;
  return found;
}

}  // namespace reluflow::bench
