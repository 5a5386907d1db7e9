#include "reluflow/solvers/gradient_descent.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace reluflow {
namespace {

constexpr std::int64_t steps_between_callbacks = 256;

void require(bool holds, const char* key, double found, const char* expected) {
  if (!holds) throw invalid_input(key, fmt::format("{}", found), expected);
}

/// The Cartesian weights of a network, if doubles can hold them.
void check_representable(const network& initial) {
  if (!initial.is_balanced()) return;
  static const double smallest = std::log(std::numeric_limits<double>::min());
  static const double largest = std::log(std::numeric_limits<double>::max());
  for (index j = 0; j < initial.width(); ++j) {
    const double log_norm = initial.log_norms()[j];
    if (log_norm >= smallest && log_norm <= largest) continue;
    throw invalid_input(
        fmt::format("log norm of neuron {}", j), fmt::format("{}", log_norm),
        fmt::format("a number in [{:.0f}, {:.0f}]: gradient descent keeps plain weights", smallest,
                    largest));
  }
}

class descent {
 public:
  descent(const dataset& data, const network& initial, const gradient_descent_options& options,
          const record_options& record, const observers& callbacks)
      : data_(&data),
        record_(&record),
        callbacks_(&callbacks),
        t_end_(options.t_end),
        steps_(static_cast<std::int64_t>(std::ceil(options.t_end / options.step * (1.0 - 1e-14)))),
        h_(options.t_end / static_cast<double>(steps_)),
        alpha_(initial.output_scale()),
        a_(initial.output_weights()),
        w_(initial.weights()),
        a_rate_(a_.size()),
        w_rate_(w_.rows(), w_.cols()),
        z_(data.size(), a_.size()),
        residuals_(data.size()) {
    run_.initial_network = initial;
    run_.chart = chart_kind::cartesian;
  }

  trajectory run() {
    const auto begin = std::chrono::steady_clock::now();
    evaluate();
    run_.initial_pattern = pattern();
    const network start = state(a_, w_);
    record_until(0.0, 0.0);
    std::optional<outcome> ending;
    for (std::int64_t step = 0; !ending && step < steps_; ++step) {
      if (step % steps_between_callbacks == 0 && callbacks_->on_step &&
          !callbacks_->on_step({t_, t_end_, loss_, step, 0})) {
        ending = outcome::interrupted;
        break;
      }
      advance(step);
      if (!std::isfinite(loss_) || !std::isfinite(speed_)) ending = outcome::not_finite;
    }
    close(ending.value_or(outcome::reached_end), start);
    run_.statistics.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(run_);
  }

 private:
  /// z, r, then a' and w' with one pass over the pairs each way. z_ is turned into the active
  /// residuals 1[z > 0] r on the way back, so that a' = (1/n) sum z_+ r is formed while z is at
  /// hand.
  void evaluate() {
    const index n = data_->size();
    const index m = a_.size();
    z_.noalias() = data_->inputs().transpose() * w_;
    residuals_ = data_->labels();
    for (index j = 0; j < m; ++j) {
      const double* z = &z_(0, j);
      const double factor = alpha_ * a_[j];
      for (index k = 0; k < n; ++k) residuals_[k] -= factor * std::max(z[k], 0.0);
    }
    loss_ = residuals_.squaredNorm() / (2.0 * static_cast<double>(n));
    residuals_ /= static_cast<double>(n);
    active_ = 0;
    for (index j = 0; j < m; ++j) {
      double* z = &z_(0, j);
      double sum = 0.0;
      for (index k = 0; k < n; ++k) {
        const bool on = z[k] > 0.0;
        sum += residuals_[k] * std::max(z[k], 0.0);
        z[k] = on ? residuals_[k] : 0.0;
        active_ += on ? 1 : 0;
      }
      a_rate_[j] = sum;
    }
    w_rate_.noalias() = data_->inputs() * z_;
    w_rate_.array().rowwise() *= a_.transpose().array();
    speed_ = a_rate_.squaredNorm() + w_rate_.squaredNorm();
    ++run_.statistics.field_evaluations;
  }

  void advance(std::int64_t step) {
    const double t1 = step + 1 == steps_ ? t_end_ : static_cast<double>(step + 1) * h_;
    run_.statistics.dissipated += h_ * alpha_ * speed_;
    curvature_ += h_ * mu();
    a_ += h_ * a_rate_;
    w_ += h_ * w_rate_;
    ++run_.statistics.steps;
    const double t0 = std::exchange(t_, t1);
    if (next_time_ < record_->times.size() && record_->times[next_time_] < t1) {
      record_between(t0, t1);
    }
    evaluate();
    record_until(t1, t1);
  }

  /// Recorded times strictly inside the step just taken, on the segment between its ends.
  void record_between(double t0, double t1) {
    const Eigen::VectorXd end_a = a_;
    const Eigen::MatrixXd end_w = w_;
    const Eigen::VectorXd move_a = h_ * a_rate_;
    const Eigen::MatrixXd move_w = h_ * w_rate_;
    for (; next_time_ < record_->times.size() && record_->times[next_time_] < t1; ++next_time_) {
      const double t = record_->times[next_time_];
      const double back = (t1 - t) / (t1 - t0);
      a_ = end_a - back * move_a;
      w_ = end_w - back * move_w;
      evaluate();
      push_row(t);
    }
    a_ = end_a;
    w_ = end_w;
  }

  /// The wanted times in [t, up_to], all taken at the present state.
  void record_until(double t, double up_to) {
    for (; next_time_ < record_->times.size() && record_->times[next_time_] <= up_to;
         ++next_time_) {
      push_row(t);
    }
  }

  void push_row(double t) {
    run_.rows.push_back(row(t));
    if (record_->states && a_.allFinite() && w_.allFinite()) run_.states.push_back(state(a_, w_));
  }

  [[nodiscard]] record_row row(double t) const {
    record_row result;
    result.t = t;
    result.loss = loss_;
    result.mu = mu();
    result.mu_mean = t > 0.0 ? curvature_ / t : result.mu;
    result.gradient_norm = alpha_ * std::sqrt(speed_);
    result.active = active_;
    return result;
  }

  [[nodiscard]] double mu() const { return loss_ > 0.0 ? alpha_ * speed_ / loss_ : 0.0; }

  [[nodiscard]] network state(const Eigen::VectorXd& a, const Eigen::MatrixXd& w) const {
    return network::cartesian(a, w, alpha_);
  }

  [[nodiscard]] activation_pattern pattern() const {
    activation_pattern result(a_.size(), data_->size());
    for (index j = 0; j < a_.size(); ++j) {
      for (index k = 0; k < data_->size(); ++k) {
        if (data_->inputs().col(k).dot(w_.col(j)) > 0.0) result.set(j, k, pair_mode::active);
      }
    }
    return result;
  }

  void close(outcome ending, const network& start) {
    run_.ending = ending;
    run_.t = t_;
    run_.end = row(t_);
    run_.final_pattern = pattern();
    // A run that blew up has no final network that could be named; the start stands in for it.
    const bool finite = a_.allFinite() && w_.allFinite();
    run_.final_network = finite ? state(a_, w_) : start;
    const Eigen::ArrayXd drift =
        (run_.final_network.invariants() - start.invariants()).array().abs();
    const Eigen::ArrayXd sizes =
        a_.array().square() + w_.colwise().squaredNorm().transpose().array();
    run_.statistics.invariant_drift = (sizes > 0.0).select(drift / sizes, 0.0).maxCoeff();
  }

  const dataset* data_;
  const record_options* record_;
  const observers* callbacks_;
  double t_end_;
  std::int64_t steps_;
  double h_;
  double alpha_;
  Eigen::VectorXd a_;
  Eigen::MatrixXd w_;  // d x m
  Eigen::VectorXd a_rate_;
  Eigen::MatrixXd w_rate_;
  Eigen::MatrixXd z_;          // n x m; after evaluate() the active residuals
  Eigen::VectorXd residuals_;  // r / n
  double loss_ = 0.0;
  double speed_ = 0.0;
  double curvature_ = 0.0;
  double t_ = 0.0;
  index active_ = 0;
  std::size_t next_time_ = 0;
  trajectory run_;
};

}  // namespace

void gradient_descent_options::validate() const {
  require(step > 0.0 && std::isfinite(step), "step", step, "a finite positive step size");
  require(t_end > 0.0 && std::isfinite(t_end), "t_end", t_end, "a finite positive time");
  require(t_end / step < 1e15, "step", step, "a step that is reached in fewer than 1e15 steps");
}

trajectory descend(const dataset& data, const network& initial,
                   const gradient_descent_options& options, const record_options& record,
                   const observers& callbacks) {
  options.validate();
  record.validate(options.t_end);
  if (!record.stopping_times.empty()) {
    throw invalid_input("record.stopping_times",
                        fmt::format("{} of them", record.stopping_times.size()),
                        "none: gradient descent watches no stopping times");
  }
  if (initial.dimension() != data.dimension()) {
    throw invalid_input("network", fmt::format("weights of dimension {}", initial.dimension()),
                        fmt::format("{}, the dimension of the inputs", data.dimension()));
  }
  check_representable(initial);
  return descent(data, initial, options, record, callbacks).run();
}

}  // namespace reluflow
