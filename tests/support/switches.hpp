#pragma once

#include "reluflow/trajectory.hpp"

namespace reluflow::test {

/// A switch made by hand, of neuron 0 and sample 0.
inline switch_event event(double t, pair_mode from, pair_mode to, bool certain = true) {
  switch_event one;
  one.t = t;
  one.from = from;
  one.to = to;
  one.certain = certain;
  return one;
}

inline switch_event on(double t, bool certain = true) {
  return event(t, pair_mode::inactive, pair_mode::active, certain);
}

inline switch_event off(double t, bool certain = true) {
  return event(t, pair_mode::active, pair_mode::inactive, certain);
}

}  // namespace reluflow::test
