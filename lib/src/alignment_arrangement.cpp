#include "alignment_arrangement.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow::detail {

field_arrangement::field_arrangement(const dataset& data, const extremal_options& options)
    : options_(options),
      surfaces_(data),
      base_(Eigen::VectorXd::Zero(data.dimension())),
      jumps_(Eigen::VectorXd::Zero(surfaces_.size())) {
  const auto n = static_cast<double>(data.size());
  for (index k = 0; k < data.size(); ++k) {
    const double strength = data.labels()[k] * data.norms()[k] / n;
    // A sample on the negative side is active there and ceases to be on the way to the positive
    // one: -y x = +y |x| normal. All members of a surface therefore jump the same way.
    jumps_[surfaces_.surface_of(k)] += strength;
    if (surfaces_.orientation(k) < 0.0) {
      base_ += data.labels()[k] / n * data.inputs().col(k);
    }
    scale_ += std::abs(strength);
  }
}

std::optional<extremal_vector> field_arrangement::on_face(const sign_vector& face,
                                                          const Eigen::VectorXd& inside) const {
  Eigen::VectorXd field = base_;
  std::vector<index> zero_set;
  for (index s = 0; s < surfaces_.size(); ++s) {
    const auto side = face[static_cast<std::size_t>(s)];
    if (side > 0) {
      field += jumps_[s] * surfaces_.normals().col(s);
    } else if (side == 0) {
      zero_set.push_back(s);
    }
  }
  extremal_vector result;
  result.D = field;
  Eigen::VectorXd eta;
  if (!zero_set.empty()) {
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr;
    qr.setThreshold(options_.tolerance);
    qr.compute(surfaces_.normals()(Eigen::all, zero_set));
    const Eigen::MatrixXd span = Eigen::MatrixXd(qr.householderQ()).leftCols(qr.rank());
    for (int pass = 0; pass < 2; ++pass) {  // the second removes the rounding of the first
      result.D -= span * (span.transpose() * result.D);
    }
    auto found = multipliers(zero_set, result.D - field);
    if (!found) {
      return std::nullopt;
    }
    eta = std::move(*found);
  }
  const double length = result.D.norm();
  if (length <= options_.tolerance * scale_) {
    result.D.setZero();
    result.w = inside;
  } else {
    result.orientation = orientation(result.D, face);
    if (result.orientation == 0) {
      return std::nullopt;
    }
    result.w = result.orientation * result.D / length;
  }
  spread(zero_set, eta, result);
  return result;
}

int field_arrangement::orientation(const Eigen::VectorXd& D, const sign_vector& face) const {
  const double zero = options_.tolerance * D.norm();
  int common = 0;
  for (index s = 0; s < surfaces_.size(); ++s) {
    const int side = face[static_cast<std::size_t>(s)];
    if (side == 0) {
      continue;  // D is orthogonal to these by construction
    }
    const double product = surfaces_.normals().col(s).dot(D);
    const int own = product > zero ? side : product < -zero ? -side : 0;
    if (own == 0 || own == -common) {
      return 0;
    }
    common = own;
  }
  return common;
}

std::optional<Eigen::VectorXd> field_arrangement::multipliers(const std::vector<index>& zero_set,
                                                              const Eigen::VectorXd& target) const {
  // Surfaces without a jump exert nothing: any multiplier serves, zero is taken.
  std::vector<index> forcing;
  for (std::size_t i = 0; i < zero_set.size(); ++i) {
    if (std::abs(jumps_[zero_set[i]]) > options_.tolerance * scale_) {
      forcing.push_back(static_cast<index>(i));
    }
  }
  Eigen::VectorXd eta = Eigen::VectorXd::Zero(static_cast<index>(zero_set.size()));
  if (target.norm() <= options_.tolerance * scale_) {
    return eta;
  }
  if (forcing.empty()) {
    return std::nullopt;
  }
  Eigen::MatrixXd columns(target.size(), static_cast<index>(forcing.size()));
  for (index i = 0; i < columns.cols(); ++i) {
    const index s = zero_set[static_cast<std::size_t>(forcing[static_cast<std::size_t>(i)])];
    columns.col(i) = jumps_[s] * surfaces_.normals().col(s);
  }
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr;
  qr.setThreshold(options_.tolerance);
  qr.compute(columns.colwise().normalized());
  const auto found = at_bounds(columns, target, qr.rank());
  if (!found) {
    return std::nullopt;
  }
  eta(forcing) = *found;
  return eta;
}

// A point of {eta in [0,1]^N : columns eta = target} exists if and only if one does with all but
// rank coordinates at a bound. For independent columns there is one choice and it is everything.
std::optional<Eigen::VectorXd> field_arrangement::at_bounds(const Eigen::MatrixXd& columns,
                                                            const Eigen::VectorXd& target,
                                                            index basic) const {
  const index count = columns.cols();
  const double slack = options_.tolerance * scale_;
  check_count(binomial(count, basic) * std::ldexp(1.0, static_cast<int>(count - basic)),
              options_.max_faces);
  std::optional<Eigen::VectorXd> found;
  for_each_choice(count, basic, [&](const std::vector<index>& choice) {
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(columns(Eigen::all, choice));
    std::vector<index> fixed;
    for (index i = 0; i < count; ++i) {
      if (!std::binary_search(choice.begin(), choice.end(), i)) {
        fixed.push_back(i);
      }
    }
    const auto patterns = std::int64_t{1} << fixed.size();
    for (std::int64_t bits = 0; bits < patterns && !found; ++bits) {
      Eigen::VectorXd eta = Eigen::VectorXd::Zero(count);
      for (std::size_t i = 0; i < fixed.size(); ++i) {
        eta[fixed[i]] = static_cast<double>((bits >> i) & 1);
      }
      const Eigen::VectorXd rest = target - columns * eta;
      eta(choice) = qr.solve(rest);
      const bool inside =
          eta.minCoeff() >= -options_.tolerance && eta.maxCoeff() <= 1.0 + options_.tolerance;
      if (inside && (columns * eta - target).norm() <= slack) {
        found = eta.cwiseMax(0.0).cwiseMin(1.0);
      }
    }
    return !found;
  });
  return found;
}

void field_arrangement::spread(const std::vector<index>& zero_set, const Eigen::VectorXd& eta,
                               extremal_vector& result) const {
  std::vector<std::pair<index, double>> pairs;
  for (std::size_t i = 0; i < zero_set.size(); ++i) {
    const double value = eta[static_cast<index>(i)];
    for (const index k : surfaces_.members(zero_set[i])) {
      pairs.emplace_back(k, surfaces_.orientation(k) > 0.0 ? value : 1.0 - value);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  result.multipliers.resize(static_cast<index>(pairs.size()));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    result.zero_set.push_back(pairs[i].first);
    result.multipliers[static_cast<index>(i)] = pairs[i].second;
  }
}

void add_distinct(std::vector<extremal_vector>& list, extremal_vector candidate, double tolerance) {
  for (extremal_vector& known : list) {
    if ((known.D - candidate.D).norm() <= tolerance * (known.D.norm() + candidate.D.norm())) {
      if (candidate.orientation > known.orientation) {
        known = std::move(candidate);
      }
      return;
    }
  }
  list.push_back(std::move(candidate));
}

}  // namespace reluflow::detail
