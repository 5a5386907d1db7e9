#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/trajectory.hpp"

#include <string>
#include <utility>
#include <vector>

namespace reluflow::test {

/// One folder of tests/cases: a problem and the answer of an independent solver.
struct reference_case {
  std::string name;
  dataset data;
  network initial;
  std::vector<record_row> rows;        ///< t, loss and mu only
  std::vector<switch_event> switches;  ///< in order of time

  [[nodiscard]] double t_end() const { return rows.back().t; }
};

/// Reads a folder with a reader of its own, so that a fault in the library's file formats cannot
/// hide one of the integrator.
[[nodiscard]] reference_case load_reference_case(const std::string& name);

}  // namespace reluflow::test
