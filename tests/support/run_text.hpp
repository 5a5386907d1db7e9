#pragma once

#include "reluflow/trajectory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace reluflow::test {

namespace run_text_detail {

template <class Matrix>
std::string numbers(const Matrix& matrix) {
  std::string text;
  for (const double x : matrix.reshaped()) text += fmt::format(" {}", x);
  return text;
}

inline std::string network_text(const network& net) {
  return fmt::format("{}:{};{};{};{};{}", net.is_balanced(), net.output_scale(),
                     numbers(net.signs()), numbers(net.log_norms()), numbers(net.directions()),
                     net.is_balanced() ? "" : numbers(net.output_weights()));
}

inline std::string row_text(const record_row& r) {
  return fmt::format("{} {} {} {} {} {} {}", r.t, r.loss, r.mu, r.mu_mean, r.gradient_norm,
                     r.active, r.sliding);
}

inline std::string pattern_text(const activation_pattern& pattern) {
  std::string text;
  for (index j = 0; j < pattern.neurons(); ++j) {
    for (index k = 0; k < pattern.samples(); ++k) {
      text += static_cast<char>('0' + static_cast<int>(pattern(j, k)));
    }
  }
  return text;
}

}  // namespace run_text_detail

/// All that a run has found, digit by digit, a line an item; two runs are the same to the last bit
/// when their texts are. What depends on the clock is left out.
inline std::string run_text(const trajectory& run) {
  using namespace run_text_detail;
  const run_statistics& s = run.statistics;
  std::string text = fmt::format("{} at {} in chart {}\n", to_string(run.ending), run.t,
                                 static_cast<int>(run.chart));
  text += fmt::format("counts {} {} {} {} {} {} {} {} {} {}\n", s.steps, s.rejected,
                      s.field_evaluations, s.switches, s.certain_switches, s.slides, s.repelling,
                      s.dissipated, s.loss_error, s.invariant_drift);
  text += fmt::format("end {}\n", row_text(run.end));
  for (const record_row& row : run.rows) text += fmt::format("row {}\n", row_text(row));
  for (const network& net : run.states) text += fmt::format("state {}\n", network_text(net));
  text += fmt::format("initial {} {}\n", network_text(run.initial_network),
                      pattern_text(run.initial_pattern));
  text += fmt::format("final {} {}\n", network_text(run.final_network),
                      pattern_text(run.final_pattern));
  for (const switch_event& e : run.switches) {
    text += fmt::format("switch {} {} {} {} {} {} {} {}\n", e.t, e.neuron, e.sample,
                        static_cast<int>(e.from), static_cast<int>(e.to), e.repelling, e.t_error,
                        e.certain);
  }
  for (const sliding_interval& i : run.slides) {
    text +=
        fmt::format("slide {} {} {} {} {} {} {} {} {} {}\n", i.neuron, i.sample, i.t_begin, i.t_end,
                    i.eta_begin, i.eta_end, i.open, i.t_begin_error, i.t_end_error, i.certain);
  }
  for (const dense_segment& d : run.dense) {
    text += fmt::format("dense {} {}{}\n", d.t0, d.t1, numbers(d.control));
  }
  for (const stopping_event& e : run.stopping_times) {
    text += fmt::format("stop {} {} {} {} {} {}\n", e.name, e.t, e.terminal, e.note,
                        row_text(e.row), network_text(e.state));
  }
  for (const auto& [neuron, sample] : run.stalled_pairs) {
    text += fmt::format("stalled {} {}\n", neuron, sample);
  }
  return text;
}

/// The first line in which two texts differ, from both; empty when there is none.
inline std::string first_difference(const std::string& one, const std::string& other) {
  const auto [a, b] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  if (a == one.end() && b == other.end()) return {};
  const auto line_at = [](const std::string& text, std::size_t at) {
    const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return text.substr(begin, std::min<std::size_t>(text.find('\n', at) - begin, 300));
  };
  const auto at = static_cast<std::size_t>(a - one.begin());
  return fmt::format("\n  {}\n  {}", line_at(one, at), line_at(other, at));
}

}  // namespace reluflow::test
