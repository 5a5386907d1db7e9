#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/network.hpp"
#include "reluflow/trajectory.hpp"
#include "support/matrices.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

/// A tiny integrator for orthogonal inputs, independent of the library's: classical Runge-Kutta
/// with a fixed step, cut where an active pair reaches zero. What has reached zero stays there
/// (theory.md A17), so no surface is ever crossed twice and nothing slides.
namespace reluflow::test {

struct death {
  index neuron = 0;
  index sample = 0;
  double time = 0.0;
};

class orthogonal_flow {
 public:
  orthogonal_flow(const dataset& data, const network& start, double step)
      : data_(data), step_(step), state_(data.dimension() + 1, start.width()) {
    state_.topRows(data.dimension()) = start.weights();
    state_.bottomRows(1) = start.output_weights().transpose();
    active_ = (activations(state_) > 0.0).cast<double>();
  }

  void advance_to(double t) {
    while (t - t_ > 1e-14 * (1.0 + t)) {
      advance(std::min(step_, t - t_));
    }
  }

  [[nodiscard]] double t() const { return t_; }
  [[nodiscard]] Eigen::MatrixXd w() const { return state_.topRows(data_.dimension()); }
  [[nodiscard]] Eigen::VectorXd a() const { return state_.bottomRows(1).transpose(); }
  [[nodiscard]] network net() const { return network::cartesian(a(), w()); }
  [[nodiscard]] Eigen::VectorXd residuals() const { return residuals_of(state_); }
  [[nodiscard]] const std::vector<death>& deaths() const { return deaths_; }
  [[nodiscard]] double loss() const {
    return residuals().squaredNorm() / (2.0 * static_cast<double>(data_.size()));
  }
  /// sum of |w_j|^2 over `neurons`
  [[nodiscard]] double mass(const std::vector<index>& neurons) const {
    return w()(Eigen::all, neurons).squaredNorm();
  }
  /// |grad L|^2, from the field.
  [[nodiscard]] double squared_gradient() const { return field(state_).squaredNorm(); }

 private:
  using state = Eigen::MatrixXd;  // (d + 1) x m: w_j above a_j

  [[nodiscard]] Eigen::ArrayXXd activations(const state& s) const {
    return (data_.inputs().transpose() * s.topRows(data_.dimension())).array();
  }

  [[nodiscard]] Eigen::VectorXd residuals_of(const state& s) const {
    const Eigen::MatrixXd z = activations(s) * active_;
    return data_.labels() - z * s.bottomRows(1).transpose();
  }

  [[nodiscard]] state field(const state& s) const {
    const Eigen::VectorXd r = residuals_of(s) / static_cast<double>(data_.size());
    const Eigen::MatrixXd D = data_.inputs() * (active_.colwise() * r.array()).matrix();
    state f(s.rows(), s.cols());
    f.topRows(data_.dimension()) = D.array().rowwise() * s.bottomRows(1).array().row(0);
    f.bottomRows(1) = D.cwiseProduct(s.topRows(data_.dimension())).colwise().sum();
    return f;
  }

  [[nodiscard]] state stepped(double h) const {
    const state k1 = field(state_);
    const state k2 = field(state_ + 0.5 * h * k1);
    const state k3 = field(state_ + 0.5 * h * k2);
    const state k4 = field(state_ + h * k3);
    return state_ + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
  }

  [[nodiscard]] bool crosses(const state& s) const {
    return (active_ > 0.0 && activations(s) <= 0.0).any();
  }

  void advance(double h) {
    state next = stepped(h);
    if (crosses(next)) {
      double low = 0.0;
      for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + h);
        (crosses(stepped(middle)) ? h : low) = middle;
      }
      next = stepped(h);
    }
    t_ += h;
    kill(next);
    state_ = std::move(next);
  }

  void kill(state& s) {
    const Eigen::ArrayXXd z = activations(s);
    for (index j = 0; j < z.cols(); ++j) {
      for (index k = 0; k < z.rows(); ++k) {
        if (active_(k, j) > 0.0 && z(k, j) <= 0.0) {
          active_(k, j) = 0.0;
          deaths_.push_back({j, k, t_});
        }
      }
    }
  }

  dataset data_;
  double step_;
  double t_ = 0.0;
  state state_;
  Eigen::ArrayXXd active_;  // n x m, 0 or 1
  std::vector<death> deaths_;
};

/// The first time at which `reached(flow)` holds, to within the flow's accuracy.
template <class Reached>
double first_time(orthogonal_flow flow, double t_end, double stride, Reached&& reached) {
  orthogonal_flow before = flow;
  while (flow.t() < t_end) {
    before = flow;
    flow.advance_to(flow.t() + stride);
    if (reached(flow)) {
      double low = before.t();
      double high = flow.t();
      for (int i = 0; i < 50; ++i) {
        orthogonal_flow probe = before;
        const double middle = 0.5 * (low + high);
        probe.advance_to(middle);
        (reached(probe) ? high : low) = middle;
      }
      return high;
    }
  }
  return std::nan("");
}

/// Balanced neurons with standard Gaussian w / lambda; the same seed gives the same directions.
inline network balanced_gaussian(index width, index dimension, double log_lambda,
                                 std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> gaussian;
  Eigen::MatrixXd w(dimension, width);
  Eigen::VectorXd signs(width);
  for (index j = 0; j < width; ++j) {
    for (index i = 0; i < dimension; ++i) {
      w(i, j) = gaussian(engine);
    }
    signs[j] = (engine() & 1U) != 0 ? 1.0 : -1.0;
  }
  Eigen::VectorXd log_norms = w.colwise().norm().transpose().array().log() + log_lambda;
  return network::balanced(signs, std::move(log_norms), std::move(w));
}

/// diag(norms) as inputs: orthogonal, one sample a coordinate axis.
inline dataset axes(const Eigen::VectorXd& labels, const Eigen::VectorXd& norms) {
  return {Eigen::MatrixXd(norms.asDiagonal()), labels};
}

inline dataset axes(const Eigen::VectorXd& labels) {
  return axes(labels, Eigen::VectorXd::Ones(labels.size()));
}

/// max |w_j| over the columns that are not in `without`
inline double largest_norm(const Eigen::MatrixXd& w, const std::vector<index>& without) {
  double largest = 0.0;
  for (index j = 0; j < w.cols(); ++j) {
    if (std::find(without.begin(), without.end(), j) == without.end()) {
      largest = std::max(largest, w.col(j).norm());
    }
  }
  return largest;
}

/// The least cosine of a column of the cluster to `target`.
inline double smallest_cosine(const Eigen::MatrixXd& w, const std::vector<index>& cluster,
                              const Eigen::VectorXd& target) {
  double smallest = 1.0;
  for (const index j : cluster) {
    smallest = std::min(smallest, w.col(j).normalized().dot(target.normalized()));
  }
  return smallest;
}

}  // namespace reluflow::test
