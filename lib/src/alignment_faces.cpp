#include "alignment_arrangement.hpp"
#include "reluflow/errors.hpp"

#include <Eigen/QR>
#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

namespace reluflow::detail {
namespace {

Eigen::ColPivHouseholderQR<Eigen::MatrixXd> decompose(const Eigen::MatrixXd& columns,
                                                      double tolerance) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr;
  qr.setThreshold(tolerance);
  qr.compute(columns);
  return qr;
}

// Independent normals: every sign vector has a face, and w = N (N^T N)^-1 signs lies in it.
face_map faces_of_independent(const Eigen::MatrixXd& normals, std::int64_t max_faces) {
  const index count = normals.cols();
  check_count(std::pow(3.0, static_cast<double>(count)), max_faces);
  const Eigen::MatrixXd dual =
      Eigen::MatrixXd((normals.transpose() * normals).ldlt().solve(normals.transpose()))
          .transpose();
  face_map faces;
  sign_vector face(static_cast<std::size_t>(count), -1);
  while (true) {
    Eigen::VectorXd inside = Eigen::VectorXd::Zero(normals.rows());
    for (index k = 0; k < count; ++k) {
      inside += static_cast<double>(face[static_cast<std::size_t>(k)]) * dual.col(k);
    }
    faces.emplace(face, inside.isZero(0.0) ? inside : inside.normalized());
    std::size_t k = 0;  // counts in base three
    while (k < face.size() && face[k] == 1) {
      face[k++] = -1;
    }
    if (k == face.size()) {
      return faces;
    }
    ++face[k];
  }
}

// Moves from the vertex a little into the face `inner` of the surfaces through the vertex.
Eigen::VectorXd beside(const Eigen::VectorXd& vertex, const Eigen::VectorXd& inner,
                       const Eigen::MatrixXd& normals, const sign_vector& at_vertex) {
  double room = 1.0;
  for (index k = 0; k < normals.cols(); ++k) {
    if (at_vertex[static_cast<std::size_t>(k)] != 0) {
      room = std::min(room, std::abs(normals.col(k).dot(vertex)));
    }
  }
  return (vertex + 0.5 * room * inner).normalized();
}

// Adds all faces whose closure contains the vertex: its signs, completed on the surfaces through it
// by the faces `local` of those alone.
void add_faces_at(const Eigen::VectorXd& vertex, const sign_vector& at_vertex,
                  const std::vector<index>& through, const face_map& local,
                  const Eigen::MatrixXd& normals, face_map& faces) {
  for (const auto& [signs, inner] : local) {
    sign_vector face = at_vertex;
    for (std::size_t i = 0; i < through.size(); ++i) {
      face[static_cast<std::size_t>(through[i])] = signs[i];
    }
    if (!faces.contains(face)) {
      faces.emplace(std::move(face), beside(vertex, inner, normals, at_vertex));
    }
  }
}

}  // namespace

void check_count(double found, std::int64_t max_faces) {
  if (found > static_cast<double>(max_faces)) {
    throw invalid_input("max_faces", fmt::format("about {:.3g} faces", found),
                        fmt::format("at most {}", max_faces));
  }
}

double binomial(index n, index k) {
  double value = 1.0;
  for (index i = 1; i <= k; ++i) {
    value *= static_cast<double>(n - k + i) / static_cast<double>(i);
  }
  return value;
}

std::optional<Eigen::VectorXd> free_direction(const Eigen::MatrixXd& normals, double tolerance) {
  const auto qr = decompose(normals, tolerance);
  if (qr.rank() == normals.rows()) {
    return std::nullopt;
  }
  return Eigen::MatrixXd(qr.householderQ()).col(normals.rows() - 1);
}

// In its span an arrangement is pointed: every face but {0} has a vertex (a ray here) in its
// closure. Vertices are found from all choices of rank - 1 independent normals.
face_map faces_of(const Eigen::MatrixXd& normals, double tolerance, std::int64_t max_faces) {
  const index count = normals.cols();
  if (count == 0) {
    return {{sign_vector{}, Eigen::VectorXd::Zero(normals.rows())}};
  }
  const auto qr = decompose(normals, tolerance);
  const index rank = qr.rank();
  if (rank == count) {
    return faces_of_independent(normals, max_faces);
  }
  check_count(binomial(count, rank - 1), max_faces);
  const Eigen::MatrixXd span = Eigen::MatrixXd(qr.householderQ()).leftCols(rank);
  const Eigen::MatrixXd coordinates = span.transpose() * normals;

  face_map faces;
  faces.emplace(sign_vector(static_cast<std::size_t>(count), 0),
                Eigen::VectorXd::Zero(normals.rows()));
  std::set<sign_vector> vertices;
  for_each_choice(count, rank - 1, [&](const std::vector<index>& choice) {
    const auto chosen = decompose(coordinates(Eigen::all, choice), tolerance);
    if (chosen.rank() < rank - 1) {
      return true;
    }
    const Eigen::VectorXd vertex = span * Eigen::MatrixXd(chosen.householderQ()).col(rank - 1);
    sign_vector signs(static_cast<std::size_t>(count), 0);
    sign_vector opposite = signs;
    std::vector<index> through;
    for (index k = 0; k < count; ++k) {
      const double side = normals.col(k).dot(vertex);
      if (std::abs(side) <= tolerance) {
        through.push_back(k);
      } else {
        signs[static_cast<std::size_t>(k)] = side > 0.0 ? 1 : -1;
        opposite[static_cast<std::size_t>(k)] = side > 0.0 ? -1 : 1;
      }
    }
    if (!vertices.insert(signs).second) {
      return true;  // more than rank - 1 surfaces meet here: seen before
    }
    vertices.insert(opposite);
    const face_map local = faces_of(normals(Eigen::all, through), tolerance, max_faces);
    add_faces_at(vertex, signs, through, local, normals, faces);
    add_faces_at(-vertex, opposite, through, local, normals, faces);
    check_count(static_cast<double>(faces.size()), max_faces);
    return true;
  });
  return faces;
}

}  // namespace reluflow::detail
