#pragma once

// What the tests of the vector field share.

#include "reluflow/boundary.hpp"
#include "reluflow/vector_field.hpp"

#include <Eigen/QR>

#include <array>
#include <random>
#include <utility>
#include <vector>

namespace reluflow::test {

inline constexpr std::array charts{chart_kind::spherical, chart_kind::cartesian};

/// Random numbers, problems and modes from one seed.
class source {
 public:
  explicit source(unsigned seed) : engine_(seed) {}

  double normal() { return normal_(engine_); }
  std::size_t below(std::size_t count) { return engine_() % count; }
  Eigen::VectorXd vector(index size) {
    return Eigen::VectorXd::NullaryExpr(size, [&] { return normal(); });
  }
  Eigen::MatrixXd matrix(index rows, index cols) {
    return Eigen::MatrixXd::NullaryExpr(rows, cols, [&] { return normal(); });
  }
  dataset data(index d, index n) {
    Eigen::MatrixXd x = matrix(d, n);
    return {std::move(x), vector(n)};
  }
  network balanced(index d, index m, double output_scale) {
    const Eigen::VectorXd signs =
        vector(m).unaryExpr([](double x) { return x < 0.0 ? -1.0 : 1.0; });
    Eigen::VectorXd log_norms = 0.3 * vector(m);
    return network::balanced(signs, std::move(log_norms), matrix(d, m), output_scale);
  }
  /// Any mode for any pair; a neuron slides on at most d - 1 surfaces.
  flow_modes modes(const dataset& data, index m) {
    const switching_surfaces surfaces(data);
    flow_modes result{activation_pattern(m, data.size()), {}};
    for (index j = 0; j < m; ++j) {
      std::vector<index> sliding;
      for (index k = 0; k < data.size(); ++k) {
        auto mode = static_cast<pair_mode>(below(4));
        if (mode == pair_mode::sliding) {
          if (static_cast<index>(sliding.size()) + 1 < data.dimension()) {
            sliding.push_back(surfaces.surface_of(k));
          } else {
            mode = pair_mode::active;
          }
        }
        result.pattern.set(j, k, mode);
      }
      if (!sliding.empty()) result.frames.emplace(j, make_sliding_frame(surfaces, sliding));
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
};

/// The modes that the signs of z give.
inline flow_modes modes_by_sign(const dataset& data, const network& net) {
  const Eigen::MatrixXd z = data.inputs().transpose() * net.directions();
  flow_modes modes{activation_pattern(net.width(), data.size()), {}};
  for (index j = 0; j < net.width(); ++j) {
    for (index k = 0; k < data.size(); ++k) {
      if (z(k, j) > 0.0) modes.pattern.set(j, k, pair_mode::active);
    }
  }
  return modes;
}

/// The field in weights, one loop for each sum.
struct plain_field {
  plain_field(const dataset& data, const Eigen::VectorXd& a, const Eigen::MatrixXd& w, double alpha,
              const activation_pattern& pattern)
      : r(data.labels()), forces(w.rows(), w.cols()), a_rate(a.size()), w_rate(w.rows(), w.cols()) {
    const index n = data.size();
    for (index k = 0; k < n; ++k) {
      for (index j = 0; j < a.size(); ++j) {
        if (pattern(j, k) == pair_mode::active)
          r[k] -= alpha * a[j] * w.col(j).dot(data.inputs().col(k));
      }
    }
    for (index j = 0; j < a.size(); ++j) {
      Eigen::VectorXd D = Eigen::VectorXd::Zero(w.rows());
      Eigen::MatrixXd held = Eigen::MatrixXd::Zero(w.rows(), n);
      for (index k = 0; k < n; ++k) {
        const double size = static_cast<double>(n);
        if (pattern(j, k) == pair_mode::active) D += r[k] * data.inputs().col(k) / size;
        if (pattern(j, k) == pair_mode::sliding) held.col(k) = data.inputs().col(k);
      }
      D -= held * held.completeOrthogonalDecomposition().solve(D);
      forces.col(j) = D;
      a_rate[j] = D.dot(w.col(j));
      w_rate.col(j) = a[j] * D;
    }
  }
  [[nodiscard]] double speed() const { return a_rate.squaredNorm() + w_rate.squaredNorm(); }

  Eigen::VectorXd r;
  Eigen::MatrixXd forces;
  Eigen::VectorXd a_rate;
  Eigen::MatrixXd w_rate;
};

/// The field at a state.
struct evaluation {
  evaluation(const vector_field& field, const Eigen::VectorXd& state, const flow_modes& modes) {
    field.derivative(state, modes, rate, values);
  }
  Eigen::VectorXd rate;
  field_values values;
};

}  // namespace reluflow::test
