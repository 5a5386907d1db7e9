#include "reference.hpp"

#include "measured.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "reluflow/version.hpp"

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <string>
#include <string_view>

namespace reluflow::bench {
namespace {

namespace fs = std::filesystem;

template <class Matrix>
std::size_t hash_of(const Matrix& matrix) {
  const auto bytes = static_cast<std::size_t>(matrix.size()) * sizeof(double);
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(matrix.data()), bytes});
}

/// What a kept curve belongs to.
std::string key_of(const entry& one, const problem& task) {
  return fmt::format("{} t_end={} rtol={} version={} data={:x}{:x} network={:x}{:x}", one.name,
                     task.flow.t_end, one.reference_rtol, version_string,
                     hash_of(task.data.inputs()), hash_of(task.data.labels()),
                     hash_of(task.initial.log_norms()), hash_of(task.initial.directions()));
}

std::vector<double> read_curve(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) || line != key) return {};
  std::vector<double> curve;
  while (std::getline(in, line)) curve.push_back(std::stod(line));
  return curve;
}

flow_solver start(const problem& task, const fs::path& checkpoint) {
  if (fs::exists(checkpoint)) {
    try {
      return {task, checkpoint};
    } catch (const std::exception& error) {
      fmt::print(stderr, "compare: {}\n", error.what());
    }
  }
  return flow_solver(task);
}

}  // namespace

std::vector<double> reference_curve(const entry& one, const problem& task, const fs::path& cache) {
  fs::create_directories(cache);
  const fs::path file = cache / (one.name + ".txt");
  const fs::path checkpoint = cache / (one.name + ".checkpoint");
  const std::string key = key_of(one, task);
  const std::vector<double> times = curve_times(task);
  if (std::vector<double> kept = read_curve(file, key); kept.size() == times.size()) return kept;

  problem tight = task;
  tight.flow.rtol = one.reference_rtol;
  tight.flow.switching = switching_method::asynchronous;
  tight.record = {times, false};
  flow_solver solver = start(tight, checkpoint);
  stop_clock since(60.0);
  while (solver.step()) {
    if (!since.is_over()) continue;
    solver.save(checkpoint);
    since = stop_clock(60.0);
  }
  std::vector<double> curve;
  std::ofstream out(file);
  out << key << '\n';
  for (const record_row& row : solver.finish().rows) {
    curve.push_back(row.loss);
    out << fmt::format("{}\n", row.loss);
  }
  fs::remove(checkpoint);
  return curve;
}

}  // namespace reluflow::bench
