#pragma once

#include "masked_kernel.hpp"
#include "reluflow/problem.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace reluflow::bench {

/// The flow as one writes it for a general solver: masks are read off the signs, and two passes go
/// over all pairs. The state is a_1 ... a_m, then w_1, ..., w_m (d each).
class masked_field {
 public:
  explicit masked_field(const problem& task);

  [[nodiscard]] index size() const { return start_.size(); }
  [[nodiscard]] index neurons() const { return start_.size() / (dimension_ + 1); }
  [[nodiscard]] const Eigen::VectorXd& start() const { return start_; }

  /// d state / dt; both hold size() numbers.
  void operator()(const double* state, double* rate);
  /// The loss at the state of the last evaluation.
  [[nodiscard]] double loss() const { return loss_; }
  [[nodiscard]] double loss_at(const double* state);
  [[nodiscard]] std::int64_t evaluations() const { return evaluations_; }

 private:
  void residuals(const double* state);
  template <class Visit>
  void for_blocks(Visit visit) const;

  masked_kernel kernel_;
  index dimension_;
  Eigen::VectorXd y_;
  double alpha_;
  Eigen::VectorXd start_;
  std::vector<Eigen::VectorXd> parts_;  // of the outputs, one a block of neurons
  Eigen::VectorXd r_;                   // residuals / n, with zeros at the end
  double loss_ = 0.0;
  std::int64_t evaluations_ = 0;
};

}  // namespace reluflow::bench
