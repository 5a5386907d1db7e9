#include "reluflow/solvers/optimiser.hpp"

#include "reluflow/errors.hpp"

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace reluflow {
namespace {

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_density(double x) {
  constexpr double factor = 0.3989422804014327;  // 1 / sqrt(2 pi)
  return factor * std::exp(-0.5 * x * x);
}

/// sigma(z) and sigma'(z) of a whole matrix.
struct activated {
  Eigen::ArrayXXd value;
  Eigen::ArrayXXd slope;
};

activated activate(const Eigen::ArrayXXd& z, activation_function function) {
  if (function == activation_function::relu) {
    return {z.max(0.0), (z > 0.0).cast<double>()};
  }
  const Eigen::ArrayXXd share = z.unaryExpr(&normal_distribution);
  return {z * share, share + z * z.unaryExpr(&normal_density)};
}

struct gradient {
  Eigen::VectorXd a;
  Eigen::MatrixXd w;
  double loss = 0.0;

  [[nodiscard]] double norm() const { return std::hypot(a.norm(), w.norm()); }
};

/// Means of gradients and of their squares.
class adam_moments {
 public:
  adam_moments(index m, index d)
      : a1_(Eigen::ArrayXd::Zero(m)),
        a2_(Eigen::ArrayXd::Zero(m)),
        w1_(Eigen::ArrayXXd::Zero(d, m)),
        w2_(Eigen::ArrayXXd::Zero(d, m)) {}

  /// Replaces a gradient by the step to take at rate 1.
  void precondition(gradient& g, const optimiser_options& options) {
    ++count_;
    const double first = 1.0 - std::pow(options.beta1, static_cast<double>(count_));
    const double second = 1.0 - std::pow(options.beta2, static_cast<double>(count_));
    const auto step = [&](auto& mean, auto& square, auto&& value) {
      mean = options.beta1 * mean + (1.0 - options.beta1) * value;
      square = options.beta2 * square + (1.0 - options.beta2) * value.square();
      value = (mean / first) / ((square / second).sqrt() + options.epsilon);
    };
    step(a1_, a2_, g.a.array());
    step(w1_, w2_, g.w.array());
  }

 private:
  Eigen::ArrayXd a1_;
  Eigen::ArrayXd a2_;
  Eigen::ArrayXXd w1_;
  Eigen::ArrayXXd w2_;
  std::int64_t count_ = 0;
};

/// Every sample once an epoch.
class batches {
 public:
  batches(index samples, index size, std::uint64_t seed)
      : engine_(seed), order_(static_cast<std::size_t>(samples)), size_(std::min(size, samples)) {
    std::iota(order_.begin(), order_.end(), index{0});
    next_ = samples;
  }

  std::vector<index> draw() {
    const auto n = static_cast<index>(order_.size());
    if (next_ >= n) shuffle();
    const index end = std::min(next_ + size_, n);
    const std::vector<index> batch(order_.begin() + next_, order_.begin() + end);
    next_ = end;
    return batch;
  }

 private:
  // Not std::shuffle, whose result depends on the standard library.
  void shuffle() {
    for (std::size_t i = order_.size(); i > 1; --i) {
      boost::random::uniform_int_distribution<std::size_t> any(0, i - 1);
      std::swap(order_[i - 1], order_[any(engine_)]);
    }
    next_ = 0;
  }

  boost::random::mt19937_64 engine_;
  std::vector<index> order_;
  index size_;
  index next_ = 0;
};

class training {
 public:
  training(const dataset& data, const network& initial, const optimiser_options& options)
      : data_(data),
        options_(options),
        alpha_(initial.output_scale()),
        a_(initial.output_weights()),
        w_(initial.weights()),
        batches_(data.size(), options.batch, options.seed),
        moments_(initial.width(), initial.dimension()) {
    run_.final_network = initial;
  }

  optimiser_run run() {
    for (std::int64_t step = 0; step < options_.steps; ++step) {
      const bool due =
          step == 0 || (options_.record_every > 0 && step % options_.record_every == 0);
      if (due && !record(step)) return std::move(run_);
      const double rate = rate_at(step);
      gradient g = options_.method == optimiser_method::gradient_descent
                       ? gradient_on(data_.inputs(), data_.labels())
                       : gradient_on_batch();
      if (options_.method == optimiser_method::adam) moments_.precondition(g, options_);
      a_ -= rate * g.a;
      w_ -= rate * g.w;
    }
    record(options_.steps);
    return std::move(run_);
  }

 private:
  [[nodiscard]] double rate_at(std::int64_t step) const {
    return options_.rate * (options_.schedule ? options_.schedule(step) : 1.0);
  }

  gradient gradient_on_batch() {
    const std::vector<index> batch = batches_.draw();
    return gradient_on(data_.inputs()(Eigen::all, batch), data_.labels()(batch));
  }

  [[nodiscard]] gradient gradient_on(const Eigen::MatrixXd& inputs,
                                     const Eigen::VectorXd& labels) const {
    const auto n = static_cast<double>(labels.size());
    const activated hidden = activate((inputs.transpose() * w_).array(), options_.activation);
    const Eigen::VectorXd r = labels - alpha_ * (hidden.value.matrix() * a_);
    gradient g;
    g.loss = r.squaredNorm() / (2.0 * n);
    g.a = -alpha_ / n * (hidden.value.matrix().transpose() * r);
    const Eigen::MatrixXd pull = (hidden.slope.colwise() * r.array()).matrix();
    g.w = -alpha_ / n * (inputs * pull) * a_.asDiagonal();
    return g;
  }

  /// False when the weights are no longer finite: the run ends.
  bool record(std::int64_t step) {
    const gradient g = gradient_on(data_.inputs(), data_.labels());
    if (!std::isfinite(g.loss) || !a_.allFinite() || !w_.allFinite()) {
      run_.ending = outcome::not_finite;
      return false;
    }
    run_.rows.push_back({step, g.loss, rate_at(step), g.norm()});
    run_.final_network = network::cartesian(a_, w_, alpha_);
    return true;
  }

  const dataset& data_;
  const optimiser_options& options_;
  double alpha_;
  Eigen::VectorXd a_;
  Eigen::MatrixXd w_;
  batches batches_;
  adam_moments moments_;
  optimiser_run run_;
};

void require(bool holds, const char* key, double found, const char* expected) {
  if (!holds) throw invalid_input(key, fmt::format("{}", found), expected);
}

}  // namespace

Eigen::VectorXd outputs(const network& net, const Eigen::MatrixXd& inputs,
                        activation_function activation) {
  if (activation == activation_function::relu) return net(inputs);
  if (inputs.rows() != net.dimension()) {
    throw invalid_input("inputs", fmt::format("dimension {}", inputs.rows()),
                        fmt::format("{}, the dimension of the network", net.dimension()));
  }
  const Eigen::ArrayXXd z = (inputs.transpose() * net.weights()).array();
  return net.output_scale() * (activate(z, activation).value.matrix() * net.output_weights());
}

double loss(const dataset& data, const network& net, activation_function activation) {
  return (data.labels() - outputs(net, data.inputs(), activation)).squaredNorm() /
         (2.0 * static_cast<double>(data.size()));
}

rate_schedule step_decay(double factor, std::int64_t every) {
  require(factor > 0.0 && factor <= 1.0, "factor", factor, "a number in (0, 1]");
  require(every >= 1, "every", static_cast<double>(every), "at least 1");
  return [=](std::int64_t step) { return std::pow(factor, static_cast<double>(step / every)); };
}

rate_schedule cosine_decay(std::int64_t steps) {
  require(steps >= 1, "steps", static_cast<double>(steps), "at least 1");
  return [=](std::int64_t step) {
    const double share = static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
    return 0.5 * (1.0 + std::cos(std::numbers::pi * share));
  };
}

void optimiser_options::validate() const {
  require(rate > 0.0 && std::isfinite(rate), "rate", rate, "a finite positive rate");
  require(steps >= 0, "steps", static_cast<double>(steps), "at least 0");
  require(batch >= 1, "batch", static_cast<double>(batch), "at least 1");
  require(beta1 >= 0.0 && beta1 < 1.0, "beta1", beta1, "a number in [0, 1)");
  require(beta2 >= 0.0 && beta2 < 1.0, "beta2", beta2, "a number in [0, 1)");
  require(epsilon > 0.0, "epsilon", epsilon, "a number > 0");
  require(record_every >= 0, "record_every", static_cast<double>(record_every), "at least 0");
}

optimiser_run optimise(const dataset& data, const network& initial,
                       const optimiser_options& options) {
  options.validate();
  if (initial.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("weights of dimension {}", initial.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  return training(data, initial, options).run();
}

}  // namespace reluflow
