#include "log_sum.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::orthogonal {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Components below this, relative to the whole, are what rounding leaves of zero.
constexpr double rounding = 64.0 * std::numeric_limits<double>::epsilon();

// A neuron in units of its own size, because the early map is homogeneous in (a, w).
struct scaled_neuron {
  double sign = 0.0;
  double alpha = 0.0;      // |a|
  double imbalance = 0.0;  // a^2 - |w|^2, conserved
  double log_unit = 0.0;   // ln of the unit
  Eigen::VectorXd w;
};

scaled_neuron scaled(const network& net, index j) {
  scaled_neuron neuron;
  neuron.sign = net.signs()[j];
  const double log_norm = net.log_norms()[j];
  if (net.is_balanced()) {
    neuron.alpha = 1.0;
    neuron.log_unit = log_norm;
    neuron.w = net.directions().col(j);
    return neuron;
  }
  const double log_a = std::log(std::abs(net.output_weights()[j]));
  neuron.log_unit = std::max(log_a, log_norm);
  neuron.alpha = std::exp(log_a - neuron.log_unit);
  const double size = std::exp(log_norm - neuron.log_unit);
  neuron.w = net.directions().col(j) * size;
  neuron.imbalance = (neuron.alpha - size) * (neuron.alpha + size);
  return neuron;
}

// alpha + b where alpha^2 - b^2 = transverse: without cancellation when b is close to -alpha.
double grown(double alpha, double b, double transverse) {
  return b < 0.0 ? transverse / (alpha - b) : alpha + b;
}

// The motion of one neuron while h = 0, stage by stage: D is constant between extinctions.
class early_neuron {
 public:
  early_neuron(const dataset& data, scaled_neuron start)
      : data_(data), now_(std::move(start)), z_(data.inputs().transpose() * now_.w) {
    for (index k = 0; k < data.size(); ++k) {
      if (z_[k] > 0.0) {
        path_.active.push_back(k);
      }
    }
  }

  std::optional<early_path> follow() {
    while (true) {
      set_field();
      if (rate_ == 0.0) {
        return path_;  // nothing pulls
      }
      if (b_ < 0.0 && !(transverse_ >= 0.0)) {
        return std::nullopt;  // a reaches zero
      }
      if (b_ < 0.0 && transverse_ <= std::pow(rounding * b_, 2)) {
        return path_;  // exactly against its field: decays for ever and crosses nothing
      }
      const auto [next, gain] = next_extinction();
      if (next < 0) {
        break;
      }
      advance(next, gain);
    }
    path_.rate = rate_;
    path_.log_amplitude =
        2.0 * (std::log(0.5 * grown(now_.alpha, b_, transverse_)) - rate_ * t_ + now_.log_unit);
    return path_;
  }

 private:
  // D_P in terms of its direction, and the neuron's component b along s D_P.
  void set_field() {
    const auto n = static_cast<double>(data_.size());
    double square = 0.0;
    double along = 0.0;
    field_ = Eigen::VectorXd::Zero(data_.dimension());
    for (const index k : path_.active) {
      const double y = data_.labels()[k];
      square += std::pow(y * data_.norms()[k], 2);
      along += y * z_[k];
      field_ += y * data_.inputs().col(k);
    }
    rate_ = std::sqrt(square) / n;
    if (rate_ == 0.0) {
      return;
    }
    field_ *= now_.sign / (n * rate_);
    b_ = now_.sign * along / (n * rate_);
    transverse_ = now_.imbalance + (now_.w - b_ * field_).squaredNorm();
  }

  // The wrong-signed sample that dies first, and by how much b has then grown; -1 when there is
  // none.
  [[nodiscard]] std::pair<index, double> next_extinction() const {
    std::pair<index, double> first{-1, infinity};
    for (const index k : path_.active) {
      const double y = data_.labels()[k];
      if (now_.sign * y >= 0.0) {
        continue;
      }
      const double pull = std::abs(y) * data_.norms()[k] * data_.norms()[k];
      const double gain = z_[k] * static_cast<double>(data_.size()) * rate_ / pull;
      if (gain < first.second) {
        first = {k, gain};
      }
    }
    return first;
  }

  void advance(index dying, double gain) {
    const double b = b_ + gain;
    const double alpha = std::sqrt(b * b + transverse_);
    // b(t) = (sum e^tau - (alpha - b) e^-tau) / 2, solved for e^tau.
    const double growth = grown(alpha, b, transverse_) / grown(now_.alpha, b_, transverse_);
    // Of samples that die together rounding may put the second one slightly before the first.
    t_ += std::max(0.0, std::log(growth)) / rate_;
    path_.extinctions.push_back({dying, t_});

    const auto n = static_cast<double>(data_.size());
    for (const index k : path_.active) {
      const double q = data_.norms()[k];
      z_[k] += now_.sign * data_.labels()[k] * q * q * gain / (n * rate_);
    }
    now_.alpha = alpha;
    now_.w += gain * field_;
    path_.active.erase(std::find(path_.active.begin(), path_.active.end(), dying));
  }

  const dataset& data_;
  scaled_neuron now_;
  Eigen::VectorXd z_;      // <w, x_k> (n), kept up for active samples only
  Eigen::VectorXd field_;  // s D_P/|D_P|
  double rate_ = 0.0;
  double b_ = 0.0;
  double transverse_ = 0.0;  // alpha^2 - b^2, constant in a stage
  double t_ = 0.0;
  early_path path_;
};

}  // namespace

double aligned_cosine(double initial, double rate, double t) {
  if (!(std::abs(initial) <= 1.0)) {
    throw invalid_input("initial", fmt::format("{}", initial), "a number in [-1, 1]");
  }
  if (!(rate >= 0.0)) {
    throw invalid_input("rate", fmt::format("{}", rate), "a number >= 0");
  }
  if (initial == -1.0) {
    return -1.0;  // an unstable equilibrium
  }
  const double advance = std::tanh(rate * t);
  return (initial + advance) / (1.0 + initial * advance);
}

network propagate(const network& net, const Eigen::VectorXd& D, double t) {
  if (D.size() != net.dimension()) {
    throw invalid_input("D", fmt::format("dimension {}", D.size()),
                        fmt::format("{}, the dimension of the network", net.dimension()));
  }
  const double rate = D.stableNorm();
  if (rate == 0.0) {
    return net;
  }
  const Eigen::VectorXd unit = D / rate;
  const double tau = rate * t;
  if (!net.is_balanced()) {
    Eigen::VectorXd a = net.output_weights();
    Eigen::MatrixXd w = net.weights();
    for (index j = 0; j < net.width(); ++j) {
      const double along = unit.dot(w.col(j));
      const double moved = along * std::cosh(tau) + a[j] * std::sinh(tau);
      a[j] = a[j] * std::cosh(tau) + along * std::sinh(tau);
      w.col(j) += (moved - along) * unit;
    }
    return network::cartesian(std::move(a), w, net.output_scale());
  }
  Eigen::VectorXd log_norms = net.log_norms();
  Eigen::MatrixXd directions = net.directions();
  for (index j = 0; j < net.width(); ++j) {
    const double s = net.signs()[j];
    const double along = unit.dot(directions.col(j));
    const Eigen::VectorXd across = directions.col(j) - along * unit;
    const double transverse = across.squaredNorm();
    // |w| grows by (1 + s along)/2 e^tau + (1 - s along)/2 e^-tau.
    const double up = std::log(0.5 * grown(1.0, s * along, transverse)) + tau;
    const double down = std::log(0.5 * grown(1.0, -s * along, transverse)) - tau;
    const double growth = detail::log_add(up, down);
    log_norms[j] += growth;
    directions.col(j) = s * (std::exp(up - growth) - std::exp(down - growth)) * unit;
    if (transverse > 0.0) {  // else the factor may be infinite
      directions.col(j) += std::exp(-growth) * across;
    }
  }
  return network::balanced(net.signs(), std::move(log_norms), std::move(directions),
                           net.output_scale());
}

std::vector<std::optional<early_path>> early_map(const dataset& data, const network& net) {
  if (net.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("dimension {}", net.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  if (!has_orthogonal_inputs(data)) {
    throw invalid_input("inputs", "inputs that are not pairwise orthogonal",
                        "orthogonal inputs, which the early map needs");
  }
  std::vector<std::optional<early_path>> paths(static_cast<std::size_t>(net.width()));
  for (index j = 0; j < net.width(); ++j) {
    if (net.signs()[j] != 0.0) {
      paths[static_cast<std::size_t>(j)] = early_neuron(data, scaled(net, j)).follow();
    }
  }
  return paths;
}

}  // namespace reluflow::orthogonal
