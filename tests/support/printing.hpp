#pragma once

// How Boost.Test prints the library's enumerations; found by argument-dependent lookup.

#include "reluflow/activation.hpp"
#include "reluflow/boundary.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/trajectory.hpp"

#include <ostream>

namespace reluflow {

inline std::ostream& boost_test_print_type(std::ostream& out, outcome value) {
  return out << to_string(value);
}

inline std::ostream& boost_test_print_type(std::ostream& out, pair_mode mode) {
  return out << (mode == pair_mode::resting ? "resting" : to_string(mode));
}

inline std::ostream& boost_test_print_type(std::ostream& out, surface_side side) {
  if (side == surface_side::held) return out << "held";
  return out << (side == surface_side::above ? "above" : "below");
}

inline std::ostream& boost_test_print_type(std::ostream& out, switching_method method) {
  return out << (method == switching_method::global ? "global" : "asynchronous");
}

inline std::ostream& boost_test_print_type(std::ostream& out, chart_kind chart) {
  if (chart == chart_kind::automatic) return out << "automatic";
  return out << (chart == chart_kind::spherical ? "spherical" : "cartesian");
}

}  // namespace reluflow
