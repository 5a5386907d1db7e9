#pragma once

#include "reluflow/problem.hpp"
#include "reluflow/trajectory.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Many runs of one problem: which cells a sweep has, what is kept of each, and what they say
/// together. Running the cells is the business of the caller; nothing here depends on the order in
/// which they are done.
namespace reluflow {

/// Values of the problem file that change together from one point of the sweep to the next.
struct sweep_axis {
  std::vector<std::string> keys;    ///< e.g. {"data.samples", "data.dimension"}
  std::vector<std::string> values;  ///< as they stand in a problem file, e.g. "100" or "\"ball\""
  std::vector<double> numbers;      ///< the same as numbers; NaN for what is none

  /// The keys joined by " ", for a column of a table.
  [[nodiscard]] std::string name() const;
};

/// What a sweep file describes (docs/sweep.md).
struct sweep_plan {
  std::filesystem::path problem;          ///< the base problem
  std::vector<std::string> overrides;     ///< "section.key=value" for every cell
  std::vector<sweep_axis> axes;           ///< in the order of the file
  bool grid = true;                       ///< every combination of values; else the i-th of each
  std::int64_t repetitions = 1;           ///< >= 1 cells at each point, with seeds of their own
  std::uint64_t seed = 1;                 ///< root of the seeds
  std::vector<std::string> kept{"loss"};  ///< names from `sweep_measures()`
  double fitted = 1e-3;  ///< the loss over that of h = 0 below which data are fitted

  /// Number of points: products or common length of the axes; 1 without axes.
  [[nodiscard]] std::int64_t points() const;
  /// points() * repetitions; cell = point * repetitions + repetition.
  [[nodiscard]] std::int64_t cells() const;
  /// Which value each axis has at a point; the last axis runs fastest.
  [[nodiscard]] std::vector<std::size_t> values_at(std::int64_t point) const;
  /// The problem of a cell, with its seed.
  /// @throws invalid_input as read_problem does, with the values of the axes in front
  [[nodiscard]] reluflow::problem problem_of(std::int64_t cell) const;
  /// All that decides the results, as text: plans with the same text have the same cells. Contains
  /// a hash of the base problem file and the version of reluflow.
  [[nodiscard]] std::string description() const;
};

/// Reads a sweep file; relative names are relative to it.
/// @throws invalid_input for whatever is wrong in it; one line
[[nodiscard]] sweep_plan read_sweep(const std::filesystem::path& file);

/// The seed of a cell: a hash of the root seed and the cell's index, below 2^63, so that neither
/// threads nor order matter.
[[nodiscard]] std::uint64_t cell_seed(std::uint64_t root, std::int64_t cell);

/// A number that a sweep can keep of a run.
struct sweep_measure {
  std::string_view name;   ///< as in a sweep file
  bool indicator = false;  ///< 0 or 1: its mean is a probability
  std::string_view what;   ///< one line for a reader
};

/// Everything that `keep` may name.
[[nodiscard]] const std::vector<sweep_measure>& sweep_measures();

/// What is known of one cell.
struct cell_result {
  std::int64_t cell = 0;       ///< number of the cell, from 0
  std::uint64_t seed = 0;      ///< seed of its problem
  std::string outcome;         ///< of the run, as in summary.json
  std::vector<double> values;  ///< in the order of `sweep_plan::kept`
};

/// The kept numbers of a finished run.
[[nodiscard]] cell_result result_of(const sweep_plan& plan, std::int64_t cell,
                                    const reluflow::problem& setup, const trajectory& run);

/// An estimate with its 95 % interval.
struct interval_estimate {
  double value = 0.0;  ///< mean, or probability
  double low = 0.0;    ///< lower end of the interval
  double high = 0.0;   ///< upper end of the interval
};

/// Mean with Student's interval; the interval is infinite for one value. Values that are not finite
/// are left out; NaN when nothing is left.
[[nodiscard]] interval_estimate mean_of(const std::vector<double>& values);
/// A probability with Wilson's interval.
/// @throws invalid_input unless 0 <= successes <= trials and trials >= 1
[[nodiscard]] interval_estimate probability_of(std::int64_t successes, std::int64_t trials);

/// All cells at one point together.
struct point_summary {
  std::int64_t point = 0;       ///< number of the point, from 0
  std::int64_t cells = 0;       ///< how many of its cells are done
  std::int64_t unanswered = 0;  ///< outcomes that do not answer (step_limit, accumulation, ...)
  std::vector<interval_estimate> kept;  ///< one for each measure that is kept
};

/// @param results  of any cells, in any order, each at most once
[[nodiscard]] std::vector<point_summary> summarise(const sweep_plan& plan,
                                                   const std::vector<cell_result>& results);

/// Writes sweep.csv: cell, a column for each axis, repetition, seed, outcome, the kept numbers;
/// rows by cell.
/// @throws file_error when it cannot be written
void write_sweep_table(const std::filesystem::path& file, const sweep_plan& plan,
                       std::vector<cell_result> results);
/// Writes summary.csv: a column for each axis, cells, unanswered, and NAME, NAME_low, NAME_high for
/// each kept number.
/// @throws file_error when it cannot be written
void write_sweep_summary(const std::filesystem::path& file, const sweep_plan& plan,
                         const std::vector<point_summary>& points);

}  // namespace reluflow
