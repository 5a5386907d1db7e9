#pragma once

#include "commands.hpp"
#include "reluflow/io.hpp"
#include "reluflow/solvers/flow_solver.hpp"

#include <filesystem>

namespace reluflow::app {

/// Steps a run to its end, with a progress line and a checkpoint from time to time, and writes its
/// directory, which `begin_run` has made. A run that is interrupted leaves a checkpoint and what it
/// has computed, and stays unfinished.
/// @param replace  files of a run that stand in the directory already are replaced
[[nodiscard]] exit_code conduct(flow_solver solver, unfinished_run kept,
                                const std::filesystem::path& directory,
                                const course_arguments& arguments, bool replace);

}  // namespace reluflow::app
