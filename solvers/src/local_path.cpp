#include "local_path.hpp"

#include <algorithm>

namespace reluflow::detail {

void local_path::restart(index dimension) {
  changes.clear();
  moments.setZero(dimension, 6);
  dissipated = 0.0;
  finished = false;
  pieces_.clear();
  numbers_.clear();
}

void local_path::append(double begin, double end, double length, const local_series& series,
                        const double* w_0, const double* force, int force_degree) {
  const index d = w.size();
  pieces_.push_back({begin, end, length, series.h, numbers_.size(), series.degree, force_degree});
  numbers_.insert(numbers_.end(), series.a.data(), series.a.data() + series.degree + 1);
  numbers_.insert(numbers_.end(), w_0, w_0 + d);
  numbers_.insert(numbers_.end(), force, force + d * (force_degree + 1));
}

Eigen::VectorXd local_path::at(double fraction) const {
  const index d = w.size();
  const auto later = std::lower_bound(pieces_.begin(), pieces_.end(), fraction,
                                      [](const piece& p, double x) { return p.end < x; });
  const piece& own = later == pieces_.end() ? pieces_.back() : *later;
  const double* const series = numbers_.data() + own.numbers;
  const Eigen::Map<const Eigen::VectorXd> start(series + own.degree + 1, d);
  const Eigen::Map<const Eigen::MatrixXd> force(start.data() + d, d, own.force_degree + 1);
  const double u = (fraction - own.begin) / own.length;
  Eigen::VectorXd value(d + 1);
  value[0] = 0.0;
  for (int m = own.degree; m >= 0; --m) value[0] = value[0] * u + series[m];
  value.tail(d) = start;
  double power = own.h * u;
  for (int i = 0; i <= own.force_degree; ++i, power *= u) {
    double phi = 0.0;
    for (int m = own.degree - 1 - i; m >= 0; --m) phi = phi * u + series[m] / (m + i + 1);
    value.tail(d) += (power * phi) * force.col(i);
  }
  return value;
}

std::vector<double> local_path::ends() const {
  std::vector<double> result;
  result.reserve(pieces_.size());
  for (const piece& p : pieces_) result.push_back(p.end);
  return result;
}

}  // namespace reluflow::detail
