// The files that a user writes: what is read and written again reads the same.

#include "reluflow/errors.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/memory.hpp"
#include "reluflow/sweep.hpp"
#include "targets.hpp"

#include <cstdint>
#include <cstdlib>

namespace reluflow::fuzz {
namespace {

/// A fuzzer's problems stay small, and so does the time that they take.
constexpr std::uint64_t little_memory = std::uint64_t{1} << 22U;

constexpr std::string_view some_points = "x1,x2,y\n-0.5,1,-1\n2,1,1\n";
constexpr std::string_view some_network = "sign,log_norm,w1,w2\n1,-4,0.6,0.8\n-1,-4.5,-0.28,0.96\n";
constexpr std::string_view some_problem =
    "[data]\nfile = \"points.csv\"\n[network]\nfile = \"network.csv\"\n[flow]\nt_end = 2.0\n";

/// Numbers and NaN alike.
void require_same(const Eigen::MatrixXd& one, const Eigen::MatrixXd& other) {
  const bool same = one.rows() == other.rows() && one.cols() == other.cols() &&
                    ((one.array() == other.array()) || (one.array().isNaN())).all();
  if (!same) std::abort();
}

void put_neighbours() {
  put("points.csv", some_points);
  put("network.csv", some_network);
}

}  // namespace

bool problem(std::string_view bytes) {
  set_memory_limit(little_memory);
  put_neighbours();
  try {
    const reluflow::problem read = read_problem(put("problem.toml", bytes));
    const std::filesystem::path folder = scratch() / "again";
    std::filesystem::create_directory(folder);
    write_problem(folder / "problem.toml", read);
    const reluflow::problem again = read_problem(folder / "problem.toml");
    require_same(read.data.inputs(), again.data.inputs());
    require_same(read.initial.log_norms(), again.initial.log_norms());
    if (read.record.times != again.record.times) std::abort();
    return true;
  } catch (const invalid_input&) {
    return false;
  }
}

bool points(std::string_view bytes) {
  try {
    const dataset read = read_points(put("read.csv", bytes));
    write_points(scratch() / "written.csv", read);
    const dataset again = read_points(scratch() / "written.csv");
    require_same(read.inputs(), again.inputs());
    require_same(read.labels(), again.labels());
    return true;
  } catch (const invalid_input&) {
    return false;
  }
}

bool network(std::string_view bytes) {
  try {
    const reluflow::network read = read_network(put("read.csv", bytes));
    write_network(scratch() / "written.csv", read);
    const reluflow::network again = read_network(scratch() / "written.csv");
    require_same(read.signs(), again.signs());
    if (read.is_balanced() != again.is_balanced()) std::abort();
    if (read.is_balanced()) require_same(read.log_norms(), again.log_norms());
    if (!read.is_balanced()) require_same(read.weights(), again.weights());
    return true;
  } catch (const invalid_input&) {
    return false;
  }
}

bool sweep(std::string_view bytes) {
  set_memory_limit(little_memory);
  put_neighbours();
  put("problem.toml", some_problem);
  try {
    const sweep_plan plan = read_sweep(put("sweep.toml", bytes));
    (void)plan.description();
    (void)plan.problem_of(0);
    (void)plan.problem_of(plan.cells() - 1);
    return true;
  } catch (const invalid_input&) {
    return false;
  }
}

}  // namespace reluflow::fuzz
