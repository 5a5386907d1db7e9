#include "masked_field.hpp"

#include <algorithm>

namespace reluflow::bench {
namespace {

/// Pairs above which threads pay, and blocks of neurons for them; the sum over blocks has a fixed
/// order.
[[maybe_unused]] constexpr index worth_threads = 100'000;
constexpr index blocks = 8;

}  // namespace

masked_field::masked_field(const problem& task)
    : kernel_(task.data.inputs().data(), static_cast<std::size_t>(task.data.dimension()),
              static_cast<std::size_t>(task.data.size())),
      dimension_(task.data.dimension()),
      y_(task.data.labels()),
      alpha_(task.initial.output_scale()),
      start_(task.initial.width() * (task.data.dimension() + 1)),
      parts_(blocks) {
  start_ << task.initial.output_weights(), task.initial.weights().reshaped();
  r_.setZero(static_cast<index>(kernel_.padded()));
}

template <class Visit>
void masked_field::for_blocks(Visit visit) const {
  const index m = neurons();
#pragma omp parallel for schedule(static) if (m * y_.size() > worth_threads)
  for (index block = 0; block < blocks; ++block) {
    visit(block, static_cast<std::size_t>(m * block / blocks),
          static_cast<std::size_t>(m * (block + 1) / blocks));
  }
}

void masked_field::residuals(const double* state) {
  const double* const w = state + neurons();
  for_blocks([&](index block, std::size_t first, std::size_t last) {
    Eigen::VectorXd& outputs = parts_[static_cast<std::size_t>(block)];
    outputs.setZero(r_.size());
    kernel_.add_outputs(state, w, first, last, outputs.data());
  });
  const index n = y_.size();
  r_.head(n) = y_;
  for (const Eigen::VectorXd& part : parts_) r_.head(n) -= alpha_ * part.head(n);
  loss_ = 0.5 / static_cast<double>(n) * r_.squaredNorm();
  r_ /= static_cast<double>(n);
}

void masked_field::operator()(const double* state, double* rate) {
  residuals(state);
  const index m = neurons();
  for_blocks([&](index /*block*/, std::size_t first, std::size_t last) {
    kernel_.rates(r_.data(), state, state + m, first, last, rate, rate + m);
  });
  ++evaluations_;
}

double masked_field::loss_at(const double* state) {
  residuals(state);
  return loss_;
}

}  // namespace reluflow::bench
