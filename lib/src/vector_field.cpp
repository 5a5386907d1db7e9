#include "reluflow/vector_field.hpp"

#include "reluflow/errors.hpp"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace reluflow {
namespace {

chart_kind choose_chart(const network& initial, chart_kind wanted) {
  if (wanted == chart_kind::automatic) {
    return initial.is_balanced() ? chart_kind::spherical : chart_kind::cartesian;
  }
  if (wanted == chart_kind::spherical && !initial.is_balanced()) {
    throw invalid_input("flow.chart", "\"spherical\" with a network that is not balanced",
                        "\"auto\" or \"cartesian\", or |a_j| = |w_j| for every neuron");
  }
  return wanted;
}

// exp of less than this is subnormal: digits are lost.
const double least_log_norm = std::log(std::numeric_limits<double>::min());

void check_representable(const network& initial) {
  for (index j = 0; j < initial.width(); ++j) {
    if (initial.log_norms()[j] >= least_log_norm) continue;
    throw invalid_input(
        "flow.chart",
        fmt::format("\"cartesian\" with ln|w| = {} for neuron {}", initial.log_norms()[j], j),
        fmt::format("\"auto\" or \"spherical\", or log norms of at least {:.6g}", least_log_norm));
  }
}

}  // namespace

sliding_frame make_sliding_frame(const switching_surfaces& surfaces, std::vector<index> sliding) {
  sliding_frame frame;
  const auto s = static_cast<index>(sliding.size());
  Eigen::MatrixXd normals(surfaces.normals().rows(), s);
  for (index i = 0; i < s; ++i) {
    normals.col(i) = surfaces.normals().col(sliding[static_cast<std::size_t>(i)]);
  }
  frame.surfaces = std::move(sliding);
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normals);
  frame.basis = qr.householderQ() * Eigen::MatrixXd::Identity(normals.rows(), s);
  frame.multiplier_map = qr.matrixQR().topRows(s).triangularView<Eigen::Upper>().solve(
      Eigen::MatrixXd(-frame.basis.transpose()));
  return frame;
}

vector_field::vector_field(const dataset& data, const network& initial, chart_kind chart)
    : data_(&data),
      products_(data),
      signs_(initial.signs()),
      output_scale_(initial.output_scale()),
      chart_(choose_chart(initial, chart)) {
  if (initial.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("weights of dimension {}", initial.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  if (chart_ == chart_kind::cartesian && initial.is_balanced()) check_representable(initial);
}

Eigen::VectorXd vector_field::pack(const network& net) const {
  Eigen::VectorXd state = Eigen::VectorXd::Zero(coordinates());
  const bool spherical = chart_ == chart_kind::spherical;
  state.head(neurons()) = spherical ? net.log_norms() : net.output_weights();
  vectors(state) = spherical ? net.directions() : net.weights();
  return state;
}

network vector_field::unpack(const Eigen::VectorXd& state) const {
  if (chart_ == chart_kind::spherical) {
    return network::balanced(signs_, state.head(neurons()), vectors(state), output_scale_);
  }
  return network::cartesian(state.head(neurons()), vectors(state), output_scale_);
}

double vector_field::sign(const Eigen::Ref<const Eigen::VectorXd>& state, index neuron) const {
  if (chart_ == chart_kind::spherical) return signs_[neuron];
  return static_cast<double>((state[neuron] > 0.0) - (state[neuron] < 0.0));
}

void vector_field::residuals(const Eigen::VectorXd& state, const activation_pattern& pattern,
                             field_values& values) const {
  const auto w = vectors(state);
  if (chart_ == chart_kind::spherical) {
    // a_j relu(<w_j, x>) = s_j |w_j|^2 relu(<v_j, x>) / |v_j|.
    values.squares = (2.0 * state.head(neurons()).array()).exp();
    values.norms = w.colwise().norm();
    values.pushes =
        w * (signs_.array() * values.squares.array() / values.norms.array()).matrix().asDiagonal();
  } else {
    values.pushes = w * state.head(neurons()).asDiagonal();
  }
  products_.outputs(pattern, values.pushes, values.sums, values.outputs);
  values.residuals = data_->labels() - output_scale_ * values.outputs.transpose();
}

template <int Dimension>
void vector_field::rates_in(const Eigen::VectorXd& state, const flow_modes& modes,
                            Eigen::VectorXd& rate, field_values& values) const {
  using vector = Eigen::Matrix<double, Dimension, 1>;
  const index d = dimension();
  const bool spherical = chart_ == chart_kind::spherical;
  products_.forces(modes.pattern, values.residuals, values.pulls, values.forces);
  auto frame = modes.frames.begin();
  double speed = 0.0;
  for (index j = 0; j < neurons(); ++j) {
    Eigen::Map<vector> force(values.forces.data() + j * d, d);
    if (frame != modes.frames.end() && frame->first == j) {
      frame->second.project(force);
      ++frame;
    }
    const Eigen::Map<const vector> w(state.data() + neurons() + j * d, d);
    Eigen::Map<vector> w_rate(rate.data() + neurons() + j * d, d);
    if (spherical) {
      const double norm = values.norms[j];
      const double growth = force.dot(w) / norm;
      rate[j] = signs_[j] * growth;
      w_rate = signs_[j] * (norm * force - growth * w);
      speed += values.squares[j] * (force.squaredNorm() + growth * growth);
    } else {
      rate[j] = force.dot(w);
      w_rate = state[j] * force;
      speed += rate[j] * rate[j] + w_rate.squaredNorm();
    }
  }
  values.speed = speed;
}

void vector_field::derivative(const Eigen::VectorXd& state, const flow_modes& modes,
                              Eigen::VectorXd& rate, field_values& values) const {
  residuals(state, modes.pattern, values);
  values.loss = values.residuals.squaredNorm() / (2.0 * static_cast<double>(samples()));
  rate.resize(coordinates());
  switch (dimension()) {
    case 2:
      rates_in<2>(state, modes, rate, values);
      break;
    case 3:
      rates_in<3>(state, modes, rate, values);
      break;
    case 4:
      rates_in<4>(state, modes, rate, values);
      break;
    case 5:
      rates_in<5>(state, modes, rate, values);
      break;
    default:
      rates_in<Eigen::Dynamic>(state, modes, rate, values);
  }
  rate[coordinates() - 1] = output_scale_ * values.speed;
}

}  // namespace reluflow
