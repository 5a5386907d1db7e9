#include "io_csv_reader.hpp"
#include "io_polar.hpp"
#include "io_run_files.hpp"
#include "io_summary.hpp"
#include "reluflow/curvature.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/io/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace reluflow {
namespace {

namespace fs = std::filesystem;
using detail::csv_reader;

constexpr index any_count = std::numeric_limits<std::int32_t>::max();

/// The rows of a table with a fixed header, or with the one that older versions wrote.
template <typename Row, typename Parse>
std::vector<Row> read_table(const fs::path& file, std::string_view header, Parse&& parse,
                            std::string_view header_before = {}) {
  csv_reader reader(file, header);
  if (!reader.has_header(header_before)) reader.require_header();
  std::vector<Row> rows;
  while (reader.next()) {
    rows.push_back(parse(reader));
  }
  return rows;
}

record_row parse_record(const csv_reader& row) {
  record_row out;
  out.t = row.number(0);
  // Where the loss is zero the curvature is 0/0.
  out.loss = row.any_number(1);
  out.mu = row.any_number(2);
  out.mu_mean = row.any_number(3);
  out.gradient_norm = row.any_number(4);
  out.active = row.index_below(5, any_count);
  out.sliding = row.index_below(6, any_count);
  return out;
}

pair_mode parse_mode(const csv_reader& row, std::size_t column) {
  const std::string text = row.text(column);
  for (const pair_mode mode : {pair_mode::inactive, pair_mode::active, pair_mode::sliding}) {
    if (text == to_string(mode)) {
      return mode;
    }
  }
  row.fail_field(column, "inactive, active or sliding");
}

/// What older versions did not write.
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

std::vector<switch_event> read_switches(const fs::path& file, const problem& setup) {
  const auto parse = [&](const csv_reader& row) {
    switch_event event;
    event.t = row.number(0);
    event.neuron = row.index_below(1, setup.initial.width());
    event.sample = row.index_below(2, setup.data.size());
    event.from = parse_mode(row, 3);
    event.to = parse_mode(row, 4);
    const bool known = row.header().size() > 5;
    event.t_error = known ? row.any_number(5) : unknown;
    event.certain = !known || row.index_below(6, 2) == 1;
    return event;
  };
  return read_table<switch_event>(file, detail::switches_header, parse,
                                  detail::switches_header_before);
}

std::vector<sliding_interval> read_slides(const fs::path& file, const problem& setup) {
  const auto parse = [&](const csv_reader& row) {
    sliding_interval slide;
    slide.neuron = row.index_below(0, setup.initial.width());
    slide.sample = row.index_below(1, setup.data.size());
    slide.t_begin = row.number(2);
    slide.t_end = row.number(3);
    slide.eta_begin = row.any_number(4);
    slide.eta_end = row.any_number(5);
    slide.open = row.index_below(6, 2) == 1;
    const bool known = row.header().size() > 7;
    slide.t_begin_error = known ? row.any_number(7) : unknown;
    slide.t_end_error = known ? row.any_number(8) : unknown;
    slide.certain = !known || row.index_below(9, 2) == 1;
    return slide;
  };
  return read_table<sliding_interval>(file, detail::sliding_header, parse,
                                      detail::sliding_header_before);
}

phase_row parse_phase(const csv_reader& row) {
  phase_row out{row.text(0), row.any_number(1), row.text(2)};
  if (!out.note.starts_with(detail::phase_until)) {
    return out;
  }
  const char* const number = out.note.data() + detail::phase_until.size();
  const char* const end = out.note.data() + out.note.size();
  double until = 0.0;
  const auto [stop, error] = std::from_chars(number, end, until);
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  if (error == std::errc() && (rest.empty() || rest.starts_with("; "))) {
    out.until = until;
    out.note = std::string(rest.substr(std::min<std::size_t>(2, rest.size())));
  }
  return out;
}

double optional_number(const csv_reader& row, std::size_t column) {
  return row.text(column).empty() ? std::numeric_limits<double>::quiet_NaN()
                                  : row.any_number(column);
}

/// Absent in files of older versions.
constexpr std::size_t assumptions_column = 7;

prediction_row parse_prediction(const csv_reader& row) {
  prediction_row out;
  out.name = row.text(0);
  out.kind = row.text(1);
  out.predicted = optional_number(row, 2);
  out.measured = optional_number(row, 3);
  out.difference = optional_number(row, 4);
  out.reference = row.text(5);
  out.note = row.text(6);
  out.assumptions_hold = out.note.find(detail::failing_assumption) == std::string::npos;
  if (row.header().size() > assumptions_column) {
    const std::string text = row.text(assumptions_column);
    out.assumptions_hold = text == detail::assumptions_hold;
    if (!out.assumptions_hold && text != detail::assumptions_fail) {
      row.fail_field(assumptions_column, "hold or fail");
    }
  }
  return out;
}

/// The array `name` with the shape that the rest of the run asks for.
const npy_array& array_of(const npz_arrays& arrays, const char* name,
                          const std::vector<std::size_t>& shape, const fs::path& file) {
  const auto found = arrays.find(name);
  if (found == arrays.end() || found->second.shape != shape) {
    throw invalid_input(fmt::format("{}, array {}", file.string(), name),
                        found == arrays.end() ? "no such array" : "another shape",
                        "the shape that trajectory.csv and network.csv imply");
  }
  return found->second;
}

std::vector<network> read_states(const fs::path& file, const problem& setup, std::size_t times) {
  const npz_arrays arrays = read_npz(file);
  const index m = setup.initial.width();
  const index d = setup.initial.dimension();
  const auto width = static_cast<std::size_t>(m);
  (void)array_of(arrays, "t", {times}, file);
  const npy_array& signs = array_of(arrays, "sign", {width}, file);
  const npy_array& log_norms = array_of(arrays, "log_norm", {times, width}, file);
  const npy_array& a = array_of(arrays, "a", {times, width}, file);
  const npy_array& directions =
      array_of(arrays, "direction", {times, width, static_cast<std::size_t>(d)}, file);
  using vector_map = Eigen::Map<const Eigen::VectorXd>;
  using matrix_map = Eigen::Map<const Eigen::MatrixXd>;
  std::vector<network> states;
  for (std::size_t i = 0; i < times; ++i) {
    const auto row = static_cast<index>(i) * m;
    states.push_back(detail::from_polar(
        {vector_map(signs.values.data(), m), vector_map(log_norms.values.data() + row, m),
         vector_map(a.values.data() + row, m),
         matrix_map(directions.values.data() + row * d, d, m)},
        setup.initial.output_scale()));
  }
  return states;
}

output_scaling scaling_of(const network& net) {
  return net.output_scale() == 1.0 ? output_scaling::unit : output_scaling::mean;
}

}  // namespace

run_record read_run(const fs::path& directory) {
  trajectory run;
  const fs::path summary = directory / detail::summary_file;
  if (!fs::exists(summary)) {
    throw invalid_input(directory.string(), "no summary.json", "the directory of a finished run");
  }
  const detail::summary_origin origin = detail::read_summary(summary, run);
  problem setup = read_problem(directory / detail::problem_file);
  setup.seed = origin.seed;
  run.rows = read_table<record_row>(directory / detail::trajectory_file, detail::trajectory_header,
                                    &parse_record);
  run.switches = read_switches(directory / detail::switches_file, setup);
  run.slides = read_slides(directory / detail::sliding_file, setup);
  const fs::path states = directory / detail::states_file;
  if (fs::exists(states)) {
    run.states = read_states(states, setup, run.rows.size());
  }
  run.initial_network = setup.initial;
  run.final_network = read_network(directory / detail::network_file, scaling_of(setup.initial));
  run.initial_pattern = pattern_of_signs(setup.data, setup.initial);
  run.final_pattern = pattern_at(run, run.t);
  return {
      std::move(setup), std::move(run),
      read_table<phase_row>(directory / detail::phases_file, detail::phases_header, &parse_phase),
      read_table<prediction_row>(directory / detail::predictions_file, detail::predictions_header,
                                 &parse_prediction, detail::predictions_header_before),
      origin.version};
}

}  // namespace reluflow
