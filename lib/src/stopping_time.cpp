#include "reluflow/stopping_time.hpp"

#include "predictions/log_sum.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace reluflow {
namespace {

void require(bool holds, const std::string& name, const std::string& found, const char* expected) {
  if (!holds) throw invalid_input(fmt::format("stopping time \"{}\"", name), found, expected);
}

/// Samples with sign * y_k > 0, as a mask of 0 and 1.
Eigen::ArrayXd label_mask(const dataset& data, double sign) {
  return (sign * data.labels().array() > 0.0).cast<double>();
}

/// One word of bits for each 64 samples, as the rows of an activation pattern have them.
std::vector<std::uint64_t> label_bits(const dataset& data, double sign) {
  std::vector<std::uint64_t> bits(static_cast<std::size_t>((data.size() + 63) / 64));
  for (index k = 0; k < data.size(); ++k) {
    if (sign * data.labels()[k] > 0.0) {
      bits[static_cast<std::size_t>(k / 64)] |= std::uint64_t{1} << (k % 64);
    }
  }
  return bits;
}

double alignment_of_sign(const flow_moment& now, double sign) {
  const Eigen::VectorXd& sizes = now.net.log_norms();
  const double largest = sizes.maxCoeff();
  double along = 0.0;
  double all = 0.0;
  for (index j = 0; j < now.net.width(); ++j) {
    if (now.net.signs()[j] != sign) continue;
    const double weight = std::exp(2.0 * (sizes[j] - largest));
    along += weight * sign * now.forces.col(j).dot(now.net.directions().col(j));
    all += weight * now.forces.col(j).norm();
  }
  return along / all;
}

char sign_character(double sign) { return sign > 0.0 ? '+' : '-'; }

}  // namespace

void stopping_time::validate() const {
  require(!name.empty(), name, "an empty name", "a name");
  require(static_cast<bool>(value), name, "no functional", "a function of the flow");
  require(std::isfinite(level), name, fmt::format("level {}", level), "a finite level");
  require(std::isfinite(start) && start >= 0.0, name, fmt::format("start {}", start),
          "a finite start >= 0");
}

namespace stopping {

stopping_time at(std::string name, double t) {
  return {.name = std::move(name),
          .value = [](const flow_moment& now) { return now.t; },
          .level = t,
          .start = std::max(t, 0.0),
          .collective = true};
}

stopping_time loss_falls_to(std::string name, double level) {
  require(level > 0.0, name, fmt::format("loss {}", level), "a loss > 0");
  // The logarithm is closer to linear, so fewer iterations find the time.
  return {.name = std::move(name),
          .value = [](const flow_moment& now) { return std::log(now.loss); },
          .level = std::log(level),
          .direction = passage::falling,
          .note = fmt::format("loss {:.6g}", level),
          .collective = true};
}

stopping_time curvature_passes(std::string name, double level, passage direction) {
  require(level > 0.0, name, fmt::format("mu {}", level), "a curvature > 0");
  return {.name = std::move(name),
          .value =
              [](const flow_moment& now) {
                // A perfect fit is no plateau: mu is 0/0 there.
                return now.loss > 0.0 ? now.mu : std::numeric_limits<double>::quiet_NaN();
              },
          .level = level,
          .direction = direction,
          .repeated = true,
          .note = fmt::format("mu {} {:.6g}", direction == passage::rising ? ">=" : "<=", level),
          .collective = true};
}

stopping_time residual_falls_to(std::string name, const dataset& data, double sign,
                                double fraction) {
  const Eigen::ArrayXd mask = label_mask(data, sign);
  require((mask > 0.0).any(), name, "no label of this sign", "a label of this sign");
  const double whole = (mask * data.labels().array()).matrix().norm();
  return {.name = std::move(name),
          .value =
              [mask, whole](const flow_moment& now) {
                return (mask * now.residuals.array()).matrix().norm() / whole;
              },
          .level = fraction,
          .direction = passage::falling,
          .note = fmt::format("residuals of the {} labels at {:.6g} of the labels",
                              sign > 0.0 ? "positive" : "negative", fraction),
          .collective = true};
}

stopping_time aligned(std::string name, double sign, double cosine) {
  return {.name = std::move(name),
          .value = [sign](const flow_moment& now) { return alignment_of_sign(now, sign); },
          .level = cosine,
          .note = fmt::format("mean cosine of the {} neurons to their field {:.6g}",
                              sign > 0.0 ? "positive" : "negative", cosine),
          .collective = true};
}

stopping_time wrong_signs_extinct(std::string name, const dataset& data) {
  const auto count = [positive = label_bits(data, 1.0),
                      negative = label_bits(data, -1.0)](const flow_moment& now) {
    int pairs = 0;
    for (index j = 0; j < now.modes.neurons(); ++j) {
      const double sign = now.net.signs()[j];
      if (sign == 0.0) continue;
      const std::vector<std::uint64_t>& wrong = sign > 0.0 ? negative : positive;
      for (index word = 0; word < now.modes.words(); ++word) {
        pairs += std::popcount(now.modes.active_word(j, word) & wrong[std::size_t(word)]);
      }
    }
    return static_cast<double>(pairs);
  };
  return {.name = std::move(name),
          .value = count,
          .level = 0.0,
          .direction = passage::falling,
          .note = "no neuron is active on labels of the other sign",
          .collective = true};
}

stopping_time mass_rises_to(std::string name, std::vector<index> neurons, double log_mass) {
  const auto mass = [neurons = std::move(neurons)](const flow_moment& now) {
    double log_sum = -std::numeric_limits<double>::infinity();
    for (const index j : neurons) log_sum = detail::log_add(log_sum, 2.0 * now.net.log_norms()[j]);
    return log_sum;
  };
  return {.name = std::move(name), .value = mass, .level = log_mass};
}

}  // namespace stopping

std::vector<stopping_time> usual_stopping_times(const dataset& data, const network& net) {
  if (net.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("dimension {}", net.dimension()),
                        fmt::format("{}, the dimension of the data", data.dimension()));
  }
  std::vector<stopping_time> list;
  const double rate = data.labels().cwiseAbs().dot(data.norms()) / static_cast<double>(data.size());
  if (rate > 0.0) {
    list.push_back(stopping::curvature_passes("plateau_entry", 0.01 * rate, passage::falling));
    list.push_back(stopping::curvature_passes("plateau_exit", 0.02 * rate, passage::rising));
  }
  for (const double sign : {1.0, -1.0}) {
    if ((net.signs().array() == sign).any()) {
      list.push_back(
          stopping::aligned(fmt::format("aligned_{}", sign_character(sign)), sign, 0.99));
    }
  }
  list.push_back(stopping::wrong_signs_extinct("extinction", data));
  for (const double sign : {1.0, -1.0}) {
    if ((label_mask(data, sign) > 0.0).any()) {
      list.push_back(stopping::residual_falls_to(
          fmt::format("half_residual_{}", sign_character(sign)), data, sign, 0.5));
    }
  }
  return list;
}

}  // namespace reluflow
