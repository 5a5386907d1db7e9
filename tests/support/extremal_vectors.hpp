#pragma once

#include "reluflow/alignment.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

/// Extremal vectors (theory.md C2) as anyone would find them.
namespace reluflow::test {

/// True when one of the list has this field, up to rounding.
inline bool contains(const std::vector<extremal_vector>& list, const Eigen::VectorXd& D) {
  return std::any_of(list.begin(), list.end(), [&](const extremal_vector& one) {
    return (one.D - D).norm() <= 1e-9 * (1e-3 + D.norm());
  });
}

/// The extremal vector of a pattern of -1 (inactive), 0 (on the surface) and 1 (active), when it
/// has one: if the signs of D are those of the pattern, or opposite, +-D itself realises it.
inline std::optional<extremal_vector> vector_of(const dataset& data,
                                                const std::vector<int>& pattern) {
  const auto n = static_cast<double>(data.size());
  extremal_vector one;
  one.D = Eigen::VectorXd::Zero(data.dimension());
  for (std::size_t k = 0; k < pattern.size(); ++k) {
    const auto sample = static_cast<index>(k);
    if (pattern[k] == 0) one.zero_set.push_back(sample);
    if (pattern[k] > 0) one.D += data.labels()[sample] / n * data.inputs().col(sample);
  }
  if (static_cast<index>(one.zero_set.size()) >= data.dimension()) return std::nullopt;
  if (!one.zero_set.empty()) {
    const Eigen::MatrixXd zero = data.inputs()(Eigen::all, one.zero_set);
    const Eigen::MatrixXd gram = zero.transpose() * zero;
    const Eigen::VectorXd forces = gram.fullPivLu().solve(-zero.transpose() * one.D);
    one.D += zero * forces;
    const Eigen::ArrayXd eta = n * forces.cwiseQuotient(data.labels()(one.zero_set));
    if (!(eta >= 0.0 && eta <= 1.0).all()) return std::nullopt;
  }
  if (one.D.norm() <= 1e-10) return std::nullopt;
  int common = 0;
  for (std::size_t k = 0; k < pattern.size(); ++k) {
    const double z = one.D.dot(data.inputs().col(static_cast<index>(k)));
    const int own = z > 0.0 ? pattern[k] : -pattern[k];
    if (own != 0 && common != 0 && own != common) return std::nullopt;
    if (own != 0) common = own;
  }
  return one;
}

/// All nonzero extremal vectors by trying every pattern, realisable or not. Inputs in general
/// position.
inline std::vector<extremal_vector> by_brute_force(const dataset& data) {
  std::vector<extremal_vector> list;
  std::vector<int> pattern(static_cast<std::size_t>(data.size()), -1);
  while (true) {
    const auto one = vector_of(data, pattern);
    if (one && !contains(list, one->D)) list.push_back(*one);
    // The next pattern, as one counts.
    const auto digit =
        std::find_if(pattern.begin(), pattern.end(), [](int side) { return side < 1; });
    std::fill(pattern.begin(), digit, -1);
    if (digit == pattern.end()) return list;
    ++*digit;
  }
}

}  // namespace reluflow::test
