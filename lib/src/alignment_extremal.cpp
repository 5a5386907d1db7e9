#include "alignment_arrangement.hpp"
#include "reluflow/alignment.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace reluflow {
namespace {

using detail::sign_vector;

int sign_of(double x) { return (x > 0.0) - (x < 0.0); }

// The face that a vector lies in; `on` is a surface known to contain it, or -1.
sign_vector face_at(const switching_surfaces& surfaces, const Eigen::VectorXd& w, index on) {
  sign_vector face(static_cast<std::size_t>(surfaces.size()), 0);
  for (index s = 0; s < surfaces.size(); ++s) {
    if (s != on) {
      face[static_cast<std::size_t>(s)] =
          static_cast<std::int8_t>(sign_of(surfaces.normals().col(s).dot(w)));
    }
  }
  return face;
}

struct ray {
  double angle = 0.0;
  index surface = 0;
};

// The two rays in every surface, counter-clockwise.
std::vector<ray> rays_of(const switching_surfaces& surfaces) {
  std::vector<ray> rays;
  for (index s = 0; s < surfaces.size(); ++s) {
    const auto normal = surfaces.normals().col(s);
    const double angle = std::atan2(normal[0], -normal[1]);  // of the normal turned by +90 degrees
    rays.push_back({angle, s});
    rays.push_back({angle > 0.0 ? angle - std::numbers::pi : angle + std::numbers::pi, s});
  }
  std::sort(rays.begin(), rays.end(),
            [](const ray& one, const ray& other) { return one.angle < other.angle; });
  return rays;
}

Eigen::VectorXd at_angle(double angle) { return Eigen::Vector2d(std::cos(angle), std::sin(angle)); }

// D_P for the samples of `group` whose bit is set, P not empty.
extremal_vector of_subset(const dataset& data, const std::vector<index>& group, std::int64_t bits,
                          int orientation) {
  extremal_vector result;
  result.orientation = orientation;
  result.D = Eigen::VectorXd::Zero(data.dimension());
  std::vector<bool> inside(static_cast<std::size_t>(data.size()), false);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (((bits >> i) & 1) != 0) {
      inside[static_cast<std::size_t>(group[i])] = true;
      result.D += data.labels()[group[i]] * data.inputs().col(group[i]);
    }
  }
  result.D /= static_cast<double>(data.size());
  result.w = orientation * result.D.normalized();
  for (index k = 0; k < data.size(); ++k) {
    if (!inside[static_cast<std::size_t>(k)]) {
      result.zero_set.push_back(k);
    }
  }
  result.multipliers = Eigen::VectorXd::Zero(static_cast<index>(result.zero_set.size()));
  return result;
}

// D = 0, seen from the cell in which every sample is inactive.
extremal_vector zero_of_orthogonal(const dataset& data) {
  extremal_vector result;
  result.D = Eigen::VectorXd::Zero(data.dimension());
  result.w = -(data.inputs().array().rowwise() / data.norms().transpose().array())
                  .rowwise()
                  .sum()
                  .matrix();
  result.w.normalize();
  return result;
}

}  // namespace

void extremal_options::validate() const {
  if (!(tolerance > 0.0) || !(tolerance < 1e-2)) {
    throw invalid_input("tolerance", fmt::format("{}", tolerance), "a number in (0, 1e-2)");
  }
  if (max_faces <= 0) {
    throw invalid_input("max_faces", fmt::format("{}", max_faces), "a number > 0");
  }
}

bool extremal_check::holds(double tolerance) const noexcept {
  return signs && equation <= tolerance && surface <= tolerance && multipliers <= tolerance;
}

extremal_check verify(const dataset& data, const extremal_vector& candidate) {
  extremal_check check;
  const auto n = static_cast<double>(data.size());
  const double length = candidate.D.norm();
  const Eigen::VectorXd z = data.inputs().transpose() * candidate.w.normalized();
  Eigen::VectorXd eta = (z.array() > 0.0).cast<double>();
  std::vector<bool> on_surface(static_cast<std::size_t>(data.size()), false);
  for (std::size_t i = 0; i < candidate.zero_set.size(); ++i) {
    const index k = candidate.zero_set[i];
    const double own = candidate.multipliers[static_cast<index>(i)];
    on_surface[static_cast<std::size_t>(k)] = true;
    eta[k] = own;
    check.multipliers = std::max({check.multipliers, -own, own - 1.0});
    check.surface = std::max(check.surface, std::abs(z[k]) / data.norms()[k]);
    if (length > 0.0) {
      const double cosine = candidate.D.dot(data.inputs().col(k)) / (length * data.norms()[k]);
      check.surface = std::max(check.surface, std::abs(cosine));
    }
  }
  const Eigen::VectorXd field = data.inputs() * eta.cwiseProduct(data.labels()) / n;
  const double scale = data.labels().cwiseAbs().dot(data.norms()) / n;
  check.equation = scale > 0.0 ? (field - candidate.D).norm() / scale : length;

  check.signs = (candidate.orientation == 0) == (length == 0.0);
  for (index k = 0; k < data.size(); ++k) {
    if (!on_surface[static_cast<std::size_t>(k)]) {
      const int own = sign_of(candidate.D.dot(data.inputs().col(k)));
      check.signs = check.signs && z[k] != 0.0 && own == candidate.orientation * sign_of(z[k]);
    }
  }
  return check;
}

std::vector<extremal_vector> extremal_vectors(const dataset& data,
                                              const extremal_options& options) {
  if (has_orthogonal_inputs(data)) {
    return extremal_vectors_orthogonal(data, options);
  }
  return data.dimension() == 2 ? extremal_vectors_in_plane(data, options)
                               : extremal_vectors_by_faces(data, options);
}

std::vector<extremal_vector> extremal_vectors_in_plane(const dataset& data,
                                                       const extremal_options& options) {
  options.validate();
  if (data.dimension() != 2) {
    throw invalid_input("inputs", fmt::format("dimension {}", data.dimension()), "dimension 2");
  }
  const detail::field_arrangement arrangement(data, options);
  const std::vector<ray> rays = rays_of(arrangement.surfaces());
  std::vector<extremal_vector> list;
  const auto visit = [&](double angle, index on) {
    const Eigen::VectorXd w = at_angle(angle);
    if (auto found = arrangement.on_face(face_at(arrangement.surfaces(), w, on), w)) {
      detail::add_distinct(list, std::move(*found), options.tolerance);
    }
  };
  for (std::size_t i = 0; i < rays.size(); ++i) {
    const double next =
        i + 1 < rays.size() ? rays[i + 1].angle : rays[0].angle + 2.0 * std::numbers::pi;
    visit(rays[i].angle, rays[i].surface);
    visit(0.5 * (rays[i].angle + next), -1);
  }
  return list;
}

std::vector<extremal_vector> extremal_vectors_orthogonal(const dataset& data,
                                                         const extremal_options& options) {
  options.validate();
  if (!has_orthogonal_inputs(data)) {
    throw invalid_input("inputs", "inputs that are not pairwise orthogonal", "orthogonal inputs");
  }
  std::vector<extremal_vector> list{zero_of_orthogonal(data)};
  for (const int sign : {1, -1}) {
    std::vector<index> group;
    for (index k = 0; k < data.size(); ++k) {
      if (sign * data.labels()[k] > 0.0) {
        group.push_back(k);
      }
    }
    const double count = std::ldexp(1.0, static_cast<int>(group.size()));
    detail::check_count(count, options.max_faces);
    for (std::int64_t bits = 1; bits < static_cast<std::int64_t>(count); ++bits) {
      list.push_back(of_subset(data, group, bits, sign));
    }
  }
  return list;
}

std::vector<extremal_vector> extremal_vectors_by_faces(const dataset& data,
                                                       const extremal_options& options) {
  options.validate();
  const detail::field_arrangement arrangement(data, options);
  const Eigen::MatrixXd& normals = arrangement.surfaces().normals();
  const detail::face_map faces = detail::faces_of(normals, options.tolerance, options.max_faces);
  const auto free = detail::free_direction(normals, options.tolerance);
  std::vector<extremal_vector> list;
  for (const auto& entry : faces) {
    // The face of all zeros holds unit vectors only where the inputs leave a direction free.
    const bool origin = entry.second.isZero(0.0);
    if (origin && !free) {
      continue;
    }
    if (auto found = arrangement.on_face(entry.first, origin ? *free : entry.second)) {
      detail::add_distinct(list, std::move(*found), options.tolerance);
    }
  }
  return list;
}

}  // namespace reluflow
