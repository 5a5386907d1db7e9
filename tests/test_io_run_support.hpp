#pragma once

#include "reluflow/io/run_directory.hpp"

#include <sys/resource.h>

#include <csignal>
#include <limits>
#include <utility>

/// A run to write, and a disk without room for it.
namespace reluflow::testing {

inline dataset two_points() {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0, 1.0, 1.0;
  return {inputs, Eigen::Vector2d(-1.0, 1.0)};
}

inline network three_neurons(double shift) {
  Eigen::MatrixXd directions(2, 3);
  directions << 1.0, 0.6, 0.0, 0.0, 0.8, -1.0;
  return network::balanced(Eigen::Vector3d(1.0, -1.0, 1.0),
                           Eigen::Vector3d(-1e5, -2.5 + shift, 0.25), directions);
}

/// A run that was never integrated, with something in every table.
inline run_record some_run() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  trajectory run;
  run.ending = outcome::accumulation;
  run.t = 2.5;
  run.chart = chart_kind::spherical;
  run.rows = {{0.0, 0.5, 0.1, 0.1, 0.25, 3, 0}, {1.0, 1.0 / 3.0, nan, 0.2, 1e-300, 2, 1}};
  run.states = {three_neurons(0.0), three_neurons(0.1)};
  run.initial_network = three_neurons(0.0);
  run.final_network = three_neurons(0.2);
  run.end = {2.5, 0.125, nan, 0.3, 1e-9, 2, 1};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  run.switches = {{0.5, 1, 0, pair_mode::active, pair_mode::sliding, false, 1e-9, true},
                  {0.75, 2, 1, pair_mode::inactive, pair_mode::resting, false, 1e-9, true},
                  {1.5, 0, 1, pair_mode::active, pair_mode::resting, true, infinity, false}};
  run.slides = {{1, 0, 0.5, 2.5, 0.25, 1.0, true, 1e-9, 0.0, true},
                {2, 1, 0.75, 1.25, 0.5, 0.0, false, 2e-3, 0.5, false}};
  run.stalled_pairs = {{1, 0}, {2, 1}};
  run.statistics.steps = 17;
  run.statistics.switches = 2;
  run.statistics.certain_switches = 1;
  run.statistics.dissipated = 0.375;
  problem setup{two_points(), three_neurons(0.0), {}, {}, 42};
  setup.flow.t_end = 4.0;
  setup.record.times = {0.0, 1.0, 4.0};
  return {std::move(setup),
          std::move(run),
          {{"t_2", 0.5, "the first, and the \"slowest\""},
           {"growth", 0.5, "", 0.1},
           {"rest", 0.75, "for ever", 1e300}},
          {{"half-fit", "exact", 1.5, nan, nan, "A7", "m, n"},
           {"norm", "bound", 2.0, 3.0, 1.0, "A13", "passed", false}},
          "1.2.3"};
}

/// While it lives no file of this process grows beyond `bytes`, as on a disk that is full.
class full_disk {
 public:
  explicit full_disk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }

  ~full_disk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace reluflow::testing
