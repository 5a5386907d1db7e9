#include "local_path.hpp"

#include <boost/math/quadrature/gauss.hpp>

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
  pieces_.push_back(
      {begin, end, length, series.h, dissipated, numbers_.size(), series.degree, force_degree});
  numbers_.insert(numbers_.end(), series.a.data(), series.a.data() + series.degree + 1);
  numbers_.insert(numbers_.end(), w_0, w_0 + d);
  numbers_.insert(numbers_.end(), force, force + d * (force_degree + 1));
}

const local_path::piece& local_path::piece_at(double fraction) const {
  const auto later = std::lower_bound(pieces_.begin(), pieces_.end(), fraction,
                                      [](const piece& p, double x) { return p.end < x; });
  return later == pieces_.end() ? pieces_.back() : *later;
}

Eigen::VectorXd local_path::value(const piece& own, double u) const {
  const index d = w.size();
  const double* const series = numbers_.data() + own.numbers;
  const Eigen::Map<const Eigen::VectorXd> start(series + own.degree + 1, d);
  const Eigen::Map<const Eigen::MatrixXd> force(start.data() + d, d, own.force_degree + 1);
  Eigen::VectorXd result(d + 1);
  result[0] = 0.0;
  for (int m = own.degree; m >= 0; --m) result[0] = result[0] * u + series[m];
  result.tail(d) = start;
  double power = own.h * u;
  for (int i = 0; i <= own.force_degree; ++i, power *= u) {
    double phi = 0.0;
    for (int m = own.degree - 1 - i; m >= 0; --m) phi = phi * u + series[m] / (m + i + 1);
    result.tail(d) += (power * phi) * force.col(i);
  }
  return result;
}

Eigen::VectorXd local_path::at(double fraction) const {
  const piece& own = piece_at(fraction);
  return value(own, (fraction - own.begin) / own.length);
}

double local_path::dissipated_until(double fraction) const {
  if (fraction >= 1.0) return dissipated;
  const piece& own = piece_at(fraction);
  const index d = w.size();
  const Eigen::Map<const Eigen::MatrixXd> force(
      numbers_.data() + own.numbers + own.degree + 1 + static_cast<std::size_t>(d), d,
      own.force_degree + 1);
  const double until = (fraction - own.begin) / own.length;
  return own.dissipated + own.length * boost::math::quadrature::gauss<double, 7>::integrate(
                                           [&](double u) {
                                             const Eigen::VectorXd now = value(own, u);
                                             const Eigen::VectorXd pull =
                                                 force * powers(u).head(own.force_degree + 1);
                                             const double growth = pull.dot(now.tail(d));
                                             return growth * growth +
                                                    now[0] * now[0] * pull.squaredNorm();
                                           },
                                           0.0, until);
}

std::vector<double> local_path::ends() const {
  std::vector<double> result;
  result.reserve(pieces_.size());
  for (const piece& p : pieces_) result.push_back(p.end);
  return result;
}

}  // namespace reluflow::detail
