#include "span_reduction.hpp"

#include "length.hpp"

#include <Eigen/QR>

#include <limits>
#include <utility>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Unit inputs closer than this to the span of the others are in it.
constexpr double rounding = 32.0 * epsilon;

/// The vectors that a network is kept by: unit ones when it is balanced.
const Eigen::MatrixXd& vectors_of(const network& net, Eigen::MatrixXd& room) {
  if (net.is_balanced()) return net.directions();
  room = net.weights();
  return room;
}

/// The same neurons with other vectors.
network with_vectors(const network& net, Eigen::MatrixXd vectors) {
  return net.is_balanced() ? network::balanced(net.signs(), net.log_norms(), std::move(vectors),
                                               net.output_scale())
                           : network::cartesian(net.output_weights(), vectors, net.output_scale());
}

}  // namespace

span_reduction::span_reduction(const dataset& data, const network& initial) : data_(&data) {
  // Networks that do not fit are refused elsewhere.
  if (data.size() + 1 >= data.dimension() || initial.dimension() != data.dimension()) return;
  const Eigen::MatrixXd units = data.inputs() * data.norms().cwiseInverse().asDiagonal();
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(units);
  qr.setThreshold(rounding);
  const index r = qr.rank();
  basis_ = qr.householderQ() * Eigen::MatrixXd::Identity(data.dimension(), r);
  Eigen::MatrixXd inputs = Eigen::MatrixXd::Zero(r + 1, data.size());
  inputs.topRows(r) = qr.matrixR().topRows(r).triangularView<Eigen::Upper>();
  inputs = (inputs * qr.colsPermutation().transpose() * data.norms().asDiagonal()).eval();
  reduced_.emplace(std::move(inputs), data.labels());

  Eigen::MatrixXd room;
  const Eigen::MatrixXd& vectors = vectors_of(initial, room);
  beyond_ = vectors - basis_ * (basis_.transpose() * vectors);
  beyond_ -= basis_ * (basis_.transpose() * beyond_).eval();
  for (index j = 0; j < beyond_.cols(); ++j) {
    const double part = length(beyond_.col(j));
    if (part > rounding * length(vectors.col(j))) {
      beyond_.col(j) /= part;
    } else {
      beyond_.col(j).setZero();
    }
  }
}

Eigen::MatrixXd span_reduction::reduced(const Eigen::MatrixXd& vectors) const {
  Eigen::MatrixXd result(basis_.cols() + 1, vectors.cols());
  result.topRows(basis_.cols()) = basis_.transpose() * vectors;
  result.bottomRows(1) = beyond_.cwiseProduct(vectors).colwise().sum();
  return result;
}

const network& span_reduction::reduced(const network& initial, network& room) const {
  if (!reduced_) return initial;
  Eigen::MatrixXd vectors;
  room = with_vectors(initial, reduced(vectors_of(initial, vectors)));
  return room;
}

network span_reduction::expand(network net) const {
  if (!reduced_) return net;
  Eigen::MatrixXd room;
  return with_vectors(net, expand_vectors(vectors_of(net, room)));
}

Eigen::MatrixXd span_reduction::expand_vectors(Eigen::MatrixXd vectors) const {
  if (!reduced_) return vectors;
  const index r = basis_.cols();
  return basis_ * vectors.topRows(r) + beyond_ * vectors.row(r).asDiagonal();
}

Eigen::VectorXd span_reduction::expand_state(Eigen::VectorXd state) const {
  if (!reduced_) return state;
  const index m = beyond_.cols();
  const Eigen::MatrixXd vectors =
      expand_vectors(state.segment(m, m * (basis_.cols() + 1)).reshaped(basis_.cols() + 1, m));
  Eigen::VectorXd result(m + vectors.size() + 1);
  result << state.head(m), vectors.reshaped(), state[state.size() - 1];
  return result;
}

}  // namespace reluflow::detail
