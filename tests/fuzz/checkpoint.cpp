// Checkpoints: the bytes stand where the state of a run stands, behind the line, the version and
// the fingerprint that a checkpoint of this problem begins with, and the sum over all of it is
// right.

#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "summing_buffer.hpp"
#include "targets.hpp"

#include <algorithm>
#include <sstream>
#include <string>

namespace reluflow::fuzz {
namespace {

const reluflow::problem& small_problem() {
  static const reluflow::problem task = [] {
    reluflow::problem made{gaussian_data(5, 2, 0.5, 3), gaussian_network(4, 2, 0.3, 3), {}, {}, 3};
    made.flow.t_end = 20.0;
    made.flow.rtol = 1e-6;
    made.record.times = linear_times(20.0, 5);
    made.record.dense = true;
    made.record.stopping_times = {stopping::at("late", 15.0)};
    return made;
  }();
  return task;
}

/// A checkpoint after so many steps.
std::string honest(int steps) {
  flow_solver solver(small_problem());
  for (int i = 0; i < steps && solver.step(); ++i) continue;
  std::ostringstream out;
  solver.save(out);
  return out.str();
}

/// What all checkpoints of the problem begin with: as much as those of two moments share.
const std::string& beginning() {
  static const std::string shared = [] {
    const std::string one = honest(0);
    const std::string line = "reluflow checkpoint 7\n";
    // After the line: the byte order (1), the version (its length in 8 bytes, its letters), the
    // fingerprint (8).
    const std::size_t version = line.size() + 1;
    const auto letters = static_cast<std::size_t>(static_cast<unsigned char>(one[version]));
    return one.substr(0, version + 8 + letters + 8);
  }();
  return shared;
}

}  // namespace

bool checkpoint(std::string_view bytes) {
  std::string text = beginning() + std::string(bytes);
  detail::check_sum sum;
  sum.process_bytes(text.data(), text.size());
  text += detail::bytes_of(sum.checksum());
  try {
    std::istringstream in(text);
    flow_solver solver(small_problem(), in);
    (void)solver.now();
    (void)solver.state();
    return true;
  } catch (const invalid_input&) {
    return false;
  }
}

std::string state_after(int steps) {
  const std::string text = honest(steps);
  const std::size_t begin = beginning().size();
  return text.substr(begin, text.size() - begin - detail::sum_bytes);
}

}  // namespace reluflow::fuzz
