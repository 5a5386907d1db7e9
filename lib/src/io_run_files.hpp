#pragma once

#include <array>
#include <string_view>

namespace reluflow::detail {

// The files of a run directory. Writer and reader share names and headers.

inline constexpr std::string_view problem_file = "problem.toml";
inline constexpr std::string_view trajectory_file = "trajectory.csv";
inline constexpr std::string_view switches_file = "switches.csv";
inline constexpr std::string_view sliding_file = "sliding.csv";
inline constexpr std::string_view phases_file = "phases.csv";
inline constexpr std::string_view predictions_file = "predictions.csv";
inline constexpr std::string_view network_file = "network.csv";
inline constexpr std::string_view states_file = "trajectory.npz";
inline constexpr std::string_view summary_file = "summary.json";

/// Everything that write_run may write into the directory itself.
inline constexpr std::array<std::string_view, 11> run_files{
    summary_file,     problem_file,  "points.csv", "network_initial.csv",
    trajectory_file,  switches_file, sliding_file, phases_file,
    predictions_file, network_file,  states_file};

inline constexpr std::string_view trajectory_header =
    "t,loss,mu,mu_mean,gradient_norm,active,sliding";
inline constexpr std::string_view switches_header = "t,neuron,sample,from,to,t_error,certain";
inline constexpr std::string_view sliding_header =
    "neuron,sample,t_begin,t_end,eta_begin,eta_end,open,t_begin_error,t_end_error,certain";
/// As versions that did not know the errors of times wrote them.
inline constexpr std::string_view switches_header_before = "t,neuron,sample,from,to";
inline constexpr std::string_view sliding_header_before =
    "neuron,sample,t_begin,t_end,eta_begin,eta_end,open";
inline constexpr std::string_view phases_header = "name,t,note";
/// How the note of a phase begins; the time at which it ends follows.
inline constexpr std::string_view phase_until = "until t = ";
inline constexpr std::string_view predictions_header =
    "name,kind,predicted,measured,difference,reference,note,assumptions";
/// As versions without the last column wrote it; `failing_assumption` then stands in the note.
inline constexpr std::string_view predictions_header_before =
    "name,kind,predicted,measured,difference,reference,note";
inline constexpr std::string_view failing_assumption = "not met: ";
/// Values of the last column.
inline constexpr std::string_view assumptions_hold = "hold";
inline constexpr std::string_view assumptions_fail = "fail";

}  // namespace reluflow::detail
