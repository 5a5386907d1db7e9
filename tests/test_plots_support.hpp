#pragma once

#include "reluflow/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace plots_test {

namespace fs = std::filesystem;

/// An empty directory under the test's scratch directory.
inline fs::path fresh_directory(const std::string& name) {
  const fs::path directory = fs::current_path() / "plots" / name;
  fs::remove_all(directory);
  fs::create_directories(directory);
  return directory;
}

inline std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A program made of `lines` of shell, for use in the place of gnuplot.
inline fs::path fake_program(const fs::path& directory, const std::string& lines) {
  const fs::path file = directory / "gnuplot";
  std::ofstream(file) << "#!/bin/sh\n" << lines << '\n';
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

/// Sets an environment variable for the length of a scope.
class environment {
 public:
  environment(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }

  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  environment(environment&&) = delete;
  environment& operator=(environment&&) = delete;

  ~environment() {
    if (before_) {
      ::setenv(name_.c_str(), before_->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::optional<std::string> before_;
};

/// Two samples in one dimension, with a bias.
inline reluflow::dataset two_points() {
  Eigen::MatrixXd inputs(2, 2);
  inputs << -0.5, 2.0, 1.0, 1.0;
  return {inputs, Eigen::Vector2d(-1.0, 1.0)};
}

/// Four neurons in the plane that grow from 1e-40 to 1 while they turn by a right angle in [0, 10];
/// the loss falls from 1 to 0.01 around t = 5. Neuron 0 slides on sample 0 during [4, 6]. A
/// plausible run in form, not a solution of anything.
inline reluflow::trajectory turning_run(reluflow::index rows = 41) {
  using reluflow::network;
  const Eigen::Vector4d signs(1.0, 1.0, -1.0, -1.0);
  const auto state = [&](double t) {
    Eigen::VectorXd log_norms(4);
    Eigen::MatrixXd directions(2, 4);
    for (int j = 0; j < 4; ++j) {
      log_norms[j] = -92.0 + 9.2 * t + 0.1 * j;
      const double angle = 0.3 + 1.5 * j + 0.157 * t;
      directions.col(j) << std::cos(angle), std::sin(angle);
    }
    return network::balanced(signs, log_norms, directions);
  };
  reluflow::trajectory run;
  run.t = 10.0;
  for (reluflow::index i = 0; i < rows; ++i) {
    reluflow::record_row row;
    row.t = run.t * static_cast<double>(i) / static_cast<double>(rows - 1);
    row.loss = 0.01 + 0.99 / (1.0 + std::exp(8.0 * (row.t - 5.0)));
    row.mu = std::exp(-row.t);
    row.mu_mean = row.t > 0.0 ? (1.0 - std::exp(-row.t)) / row.t : 1.0;
    run.rows.push_back(row);
    run.states.push_back(state(row.t));
  }
  run.end = run.rows.back();
  run.initial_network = run.states.front();
  run.final_network = run.states.back();
  run.initial_pattern = reluflow::activation_pattern(4, 2);
  run.initial_pattern.set(0, 0, reluflow::pair_mode::active);
  run.initial_pattern.set(2, 1, reluflow::pair_mode::active);
  using reluflow::pair_mode;
  run.switches = {{4.0, 0, 0, pair_mode::active, pair_mode::sliding, false},
                  {5.0, 1, 1, pair_mode::inactive, pair_mode::active, false},
                  {6.0, 0, 0, pair_mode::sliding, pair_mode::inactive, false}};
  run.slides = {{0, 0, 4.0, 6.0, 0.9, 0.1, false}};
  run.final_pattern = pattern_at(run, run.t);
  return run;
}

}  // namespace plots_test
