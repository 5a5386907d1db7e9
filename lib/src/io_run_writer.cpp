#include "io_csv_reader.hpp"
#include "io_polar.hpp"
#include "io_run_files.hpp"
#include "io_summary.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/io/run_directory.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <system_error>

namespace reluflow {
namespace {

namespace fs = std::filesystem;

/// Writes a header and one line for each row, a line at a time.
template <typename Rows, typename Format>
void write_table(const fs::path& file, std::string_view header, const Rows& rows, Format&& format) {
  detail::output_file out(file);
  out.write(header);
  out.write("\n");
  for (const auto& row : rows) {
    const std::string line = format(row);
    // An empty line stands for a row that is left out.
    out.write(line);
  }
  out.commit();
}

std::string trajectory_line(const record_row& row) {
  return fmt::format("{},{},{},{},{},{},{}\n", row.t, row.loss, row.mu, row.mu_mean,
                     row.gradient_norm, row.active, row.sliding);
}

std::string switch_line(const switch_event& event) {
  const std::string_view from = to_string(event.from);
  const std::string_view to = to_string(event.to);
  // inactive <-> resting: nothing changes in what is written.
  if (from == to) {
    return {};
  }
  return fmt::format("{},{},{},{},{},{},{}\n", event.t, event.neuron, event.sample, from, to,
                     event.t_error, event.certain ? 1 : 0);
}

std::string sliding_line(const sliding_interval& slide) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{}\n", slide.neuron, slide.sample, slide.t_begin,
                     slide.t_end, slide.eta_begin, slide.eta_end, slide.open ? 1 : 0,
                     slide.t_begin_error, slide.t_end_error, slide.certain ? 1 : 0);
}

std::string phase_line(const phase_row& row) {
  std::string note = row.note;
  if (row.until) {
    note = fmt::format("{}{}{}{}", detail::phase_until, *row.until, note.empty() ? "" : "; ", note);
  }
  return fmt::format("{},{},{}\n", detail::csv_field(row.name), row.t, detail::csv_field(note));
}

std::string optional_number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string prediction_line(const prediction_row& row) {
  return fmt::format("{},{},{},{},{},{},{},{}\n", detail::csv_field(row.name),
                     detail::csv_field(row.kind), optional_number(row.predicted),
                     optional_number(row.measured), optional_number(row.difference),
                     detail::csv_field(row.reference), detail::csv_field(row.note),
                     row.assumptions_hold ? detail::assumptions_hold : detail::assumptions_fail);
}

void append(std::vector<double>& values, const Eigen::Ref<const Eigen::VectorXd>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

npz_arrays state_arrays(const trajectory& run) {
  const auto times = run.states.size();
  const auto m = static_cast<std::size_t>(run.initial_network.width());
  const auto d = static_cast<std::size_t>(run.initial_network.dimension());
  npz_arrays arrays{{"t", {{times}, {}}},
                    {"log_norm", {{times, m}, {}}},
                    {"a", {{times, m}, {}}},
                    {"sign", {{m}, {}}},
                    {"direction", {{times, m, d}, {}}}};
  arrays["direction"].values.reserve(times * m * d);
  for (std::size_t i = 0; i < times; ++i) {
    const detail::polar_neurons neurons = detail::to_polar(run.states[i]);
    arrays["t"].values.push_back(run.rows[i].t);
    append(arrays["log_norm"].values, neurons.log_norms);
    append(arrays["a"].values, neurons.output_weights);
    // Column-major d x m is row-major m x d.
    append(arrays["direction"].values, neurons.directions.reshaped());
  }
  append(arrays["sign"].values, run.initial_network.signs());
  return arrays;
}

void remove_file(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) {
    throw file_error(file, error.value());
  }
}

/// Removes the figures of the run that is replaced; they would show the wrong run.
/// A link in the place of their directory leads to files that are not ours to remove.
void remove_figures(const fs::path& directory) {
  std::error_code error;
  if (fs::is_symlink(directory, error)) return;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension().string();
    if (extension == ".gp" || extension == ".svg" || extension == ".png" || extension == ".gif") {
      remove_file(it->path());
    }
  }
}

/// From here on the directory holds no complete run. Files that are about to be replaced stay until
/// then: an input of the run may be among them, and the disk may be full.
void invalidate_old_run(const fs::path& directory) {
  remove_file(directory / detail::summary_file);
  remove_file(directory / detail::states_file);
  remove_figures(directory / "figures");
}

}  // namespace

void prepare_run_directory(const fs::path& directory, bool force) {
  for (const std::string_view name : detail::run_files) {
    std::error_code ignored;
    if (!force && fs::exists(fs::symlink_status(directory / name, ignored))) {
      throw invalid_input(directory.string(),
                          name == detail::summary_file ? std::string("a finished run")
                                                       : fmt::format("the file {}", name),
                          "a directory without the files of a run (--force overwrites)");
    }
  }
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || !fs::is_directory(directory)) {
    throw file_error(directory, error ? error.value() : ENOTDIR);
  }
}

void write_run(const fs::path& directory, const run_record& record, bool force) {
  prepare_run_directory(directory, force);
  invalidate_old_run(directory);
  const trajectory& run = record.run;
  write_problem(directory / detail::problem_file, record.setup);
  write_table(directory / detail::trajectory_file, detail::trajectory_header, run.rows,
              &trajectory_line);
  write_table(directory / detail::switches_file, detail::switches_header, run.switches,
              &switch_line);
  write_table(directory / detail::sliding_file, detail::sliding_header, run.slides, &sliding_line);
  write_table(directory / detail::phases_file, detail::phases_header, record.phases, &phase_line);
  write_table(directory / detail::predictions_file, detail::predictions_header, record.predictions,
              &prediction_line);
  write_final_network(directory / detail::network_file, run.final_network);
  if (!run.states.empty()) {
    write_npz(directory / detail::states_file, state_arrays(run));
  }
  detail::write_text(directory / detail::summary_file, detail::summary_text(record));
}

}  // namespace reluflow
