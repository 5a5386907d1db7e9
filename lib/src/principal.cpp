#include "reluflow/principal.hpp"

#include "reluflow/errors.hpp"

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace reluflow {
namespace {

// w_j in units of the longest (d x m), so that none of any size is lost.
Eigen::MatrixXd scaled_weights(const network& net) {
  const double largest = net.log_norms().maxCoeff();
  if (!std::isfinite(largest)) return Eigen::MatrixXd::Zero(net.dimension(), net.width());
  const Eigen::VectorXd sizes = (net.log_norms().array() - largest).exp();
  return net.directions() * sizes.asDiagonal();
}

}  // namespace

principal_components principal_components_of(const network& net, index count) {
  if (net.width() == 0 || count < 1) {
    throw invalid_input("principal components", fmt::format("{} of {} neurons", count, net.width()),
                        "at least one of at least one");
  }
  const Eigen::MatrixXd w = scaled_weights(net);
  // The smaller of the two Gram matrices has the same eigenvalues.
  const bool wide = w.cols() >= w.rows();
  const Eigen::MatrixXd gram =
      wide ? Eigen::MatrixXd(w * w.transpose()) : Eigen::MatrixXd(w.transpose() * w);
  const double whole = gram.trace();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  principal_components found{Eigen::MatrixXd::Zero(w.rows(), count), Eigen::VectorXd::Zero(count)};
  for (index i = 0; i < std::min(count, gram.cols()); ++i) {
    const index last = gram.cols() - 1 - i;
    const double share = solver.eigenvalues()[last] / whole;
    if (!(share > 0.0)) break;
    found.shares[i] = share;
    const Eigen::VectorXd vector = solver.eigenvectors().col(last);
    const Eigen::VectorXd axis = (wide ? vector : Eigen::VectorXd(w * vector)).normalized();
    const Eigen::VectorXd along = w.transpose() * axis;
    const double sense = net.signs().dot(along.cwiseAbs().cwiseProduct(along));
    found.axes.col(i) = sense < 0.0 ? Eigen::VectorXd(-axis) : axis;
  }
  return found;
}

}  // namespace reluflow
