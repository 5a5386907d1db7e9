#pragma once

#include "reluflow/dataset.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <initializer_list>
#include <random>

namespace reluflow::test {

/// vec({1, 2, 3})
inline Eigen::VectorXd vec(std::initializer_list<double> entries) {
  Eigen::VectorXd result(static_cast<index>(entries.size()));
  index i = 0;
  for (const double entry : entries) result[i++] = entry;
  return result;
}

/// columns({{1, 0}, {2, 3}}): each inner list is one column, as samples and neurons are stored.
inline Eigen::MatrixXd columns(std::initializer_list<std::initializer_list<double>> lists) {
  Eigen::MatrixXd result(static_cast<index>(lists.begin()->size()),
                         static_cast<index>(lists.size()));
  index j = 0;
  for (const auto& list : lists) result.col(j++) = vec(list);
  return result;
}

/// Independent normal entries.
inline Eigen::MatrixXd gaussian_matrix(index rows, index columns, std::mt19937_64& engine) {
  std::normal_distribution<double> normal;
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return normal(engine); });
}
inline Eigen::MatrixXd gaussian_matrix(index rows, index columns, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  return gaussian_matrix(rows, columns, engine);
}

}  // namespace reluflow::test
