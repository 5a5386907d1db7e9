#pragma once

#include "reluflow/predictions/prediction.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/trajectory.hpp"

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace reluflow {

/// A row of phases.csv: a stopping time, or a phase that begins at t.
struct phase_row {
  std::string name;  ///< of the stopping time or phase
  double t = 0.0;    ///< when it was reached, or begins
  std::string note;  ///< what it is
  /// End of a phase; in the file the note then begins with "until t = " and this time.
  std::optional<double> until{};
};

/// A row of predictions.csv. A number that is NaN is written as an empty field.
struct prediction_row {
  std::string name;  ///< of the prediction
  std::string kind;  ///< "exact", "asymptotic" or "bound"
  double predicted = std::numeric_limits<double>::quiet_NaN();   ///< what the closed form gives
  double measured = std::numeric_limits<double>::quiet_NaN();    ///< what the run gave
  double difference = std::numeric_limits<double>::quiet_NaN();  ///< measured - predicted
  std::string reference;         ///< where the formula stands, e.g. "paper A, Lemma 4"
  std::string note;              ///< whether a bound holds, what fails, why a number is missing
  bool assumptions_hold = true;  ///< where one fails nothing is claimed of `measured`
};

/// A run with what it started from and what is said of it: the contents of a run directory.
struct run_record {
  problem setup;                            ///< what was solved
  trajectory run;                           ///< what came out
  std::vector<phase_row> phases;            ///< rows of phases.csv
  std::vector<prediction_row> predictions;  ///< rows of predictions.csv
  std::string version;                      ///< of the reluflow that made the run
};

/// What a run says about its phases, in order of time: the stopping times that were reached, the
/// last switch, and phases_of(run).
[[nodiscard]] std::vector<phase_row> phase_rows(const trajectory& run);
/// Comparisons as rows of a file.
[[nodiscard]] std::vector<prediction_row> prediction_rows(const std::vector<comparison>& compared);

/// Makes `directory` (and its parents) ready to receive a run. Call it before a long integration.
/// @param force  false refuses a directory that already holds a file which a run would write
/// @throws invalid_input when the directory is refused; nothing has been touched then
/// @throws file_error when the directory cannot be made
void prepare_run_directory(const std::filesystem::path& directory, bool force = false);

/// Writes the files of a run: problem.toml with points.csv and network_initial.csv, trajectory.csv,
/// switches.csv, sliding.csv, phases.csv, predictions.csv, network.csv, trajectory.npz when states
/// were kept, and summary.json last. A directory with a summary.json holds a complete run.
///
/// trajectory.npz holds t (T), log_norm (T x m), a (T x m), sign (m) and direction (T x m x d).
/// @throws invalid_input as prepare_run_directory does
/// @throws file_error when a file cannot be written
void write_run(const std::filesystem::path& directory, const run_record& record,
               bool force = false);

/// Reads a run directory. What the files do not hold is rebuilt or left out: resting pairs read as
/// inactive, `switch_event::repelling` as false, there is no dense output.
/// @throws invalid_input when the directory holds no complete run or a file is malformed
[[nodiscard]] run_record read_run(const std::filesystem::path& directory);

}  // namespace reluflow
