#pragma once

#include "reluflow/problem.hpp"

#include <filesystem>

/// What a run directory DIR holds while its run goes on, so that the run survives being stopped or
/// killed: DIR/unfinished with problem.toml, points.csv and network_initial.csv, the file
/// `checkpoint` once there is one, and run.json, which is written last and removed first. As long
/// as DIR/unfinished/run.json is there, the run is unfinished and can go on, whatever else DIR
/// holds: what was computed until it was interrupted, or a finished run that it is to replace.
namespace reluflow {

/// What belongs to a run that is going on.
struct unfinished_run {
  problem setup;        ///< without stopping times: those are functions, which no file holds
  bool figures = true;  ///< figures are wanted at the end
};

/// True when the directory holds a run that can be resumed.
[[nodiscard]] bool is_unfinished(const std::filesystem::path& directory);

/// Where the checkpoint of an unfinished run belongs.
[[nodiscard]] std::filesystem::path checkpoint_file(const std::filesystem::path& directory);

/// Makes `directory` ready, as prepare_run_directory does, and marks it as unfinished. A run that
/// stands there is left alone: it is replaced when write_run is called.
/// @param force  false refuses a directory with a run, finished or not
/// @throws invalid_input when the directory is refused, or the problem cannot be written as a file;
///         what was there is still there
/// @throws file_error when a file cannot be written
void begin_run(const std::filesystem::path& directory, const unfinished_run& run,
               bool force = false);

/// @throws invalid_input when the directory holds no unfinished run or a file is malformed
[[nodiscard]] unfinished_run read_unfinished_run(const std::filesystem::path& directory);

/// Removes DIR/unfinished, and temporary files that a killed process has left in either directory.
/// To be called when all files of the run are written.
/// @throws file_error when a file cannot be removed
void end_run(const std::filesystem::path& directory);

}  // namespace reluflow
