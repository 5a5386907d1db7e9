#include "reluflow/detail/sample_products.hpp"

#include "reluflow/detail/pattern_product.hpp"

#include <bit>
#include <cstdint>

namespace reluflow::detail {
namespace {

/// Calls visit(k) for every sample k on which the neuron is active, in increasing order.
template <class Visit>
void for_each_active(const activation_pattern& pattern, index neuron, Visit visit) {
  for (index word = 0; word < pattern.words(); ++word) {
    for (std::uint64_t bits = pattern.active_word(neuron, word); bits != 0; bits &= bits - 1) {
      visit(word * 64 + std::countr_zero(bits));
    }
  }
}

}  // namespace

sample_products::sample_products(const dataset& data) : data_(&data), ranges_(data.inputs()) {}

void sample_products::forces(const activation_pattern& pattern,
                             const Eigen::Ref<const Eigen::MatrixXd>& residuals,
                             Eigen::MatrixXd& pulls, Eigen::MatrixXd& forces) const {
  const Eigen::MatrixXd& inputs = data_->inputs();
  const index d = inputs.rows();
  const double share = 1.0 / static_cast<double>(inputs.cols());
  if (!ranges_.narrow()) {
    pulls.resize(residuals.cols() * d, inputs.cols());
    for (index i = 0; i < residuals.cols(); ++i) {
      pulls.middleRows(i * d, d) = inputs * (share * residuals.col(i)).asDiagonal();
    }
    sum_over_samples(pattern, pulls, forces);
    return;
  }
  forces.setZero(residuals.cols() * d, pattern.neurons());
  for (index j = 0; j < pattern.neurons(); ++j) {
    for_each_active(pattern, j, [&](index k) {
      const auto x = ranges_.part(k, inputs.col(k));
      for (index i = 0; i < residuals.cols(); ++i) {
        forces.col(j).segment(i * d + ranges_.first(k), x.size()) += share * residuals(k, i) * x;
      }
    });
  }
}

void sample_products::force(const activation_pattern& pattern, index neuron,
                            const Eigen::Ref<const Eigen::VectorXd>& residuals,
                            Eigen::Ref<Eigen::VectorXd> force) const {
  const Eigen::MatrixXd& inputs = data_->inputs();
  force.setZero();
  for_each_active(pattern, neuron, [&](index k) {
    const auto x = ranges_.part(k, inputs.col(k));
    force.segment(ranges_.first(k), x.size()) += residuals[k] * x;
  });
  force /= static_cast<double>(inputs.cols());
}

void sample_products::outputs(const activation_pattern& pattern, const Eigen::MatrixXd& pushes,
                              Eigen::MatrixXd& sums, Eigen::MatrixXd& outputs) const {
  const Eigen::MatrixXd& inputs = data_->inputs();
  const index d = inputs.rows();
  const index count = pushes.rows() / d;
  if (ranges_.narrow()) {
    outputs.setZero(count, inputs.cols());
    for (index j = 0; j < pattern.neurons(); ++j) {
      for_each_active(pattern, j, [&](index k) {
        const auto x = ranges_.part(k, inputs.col(k));
        for (index i = 0; i < count; ++i) {
          outputs(i, k) += pushes.col(j).segment(i * d + ranges_.first(k), x.size()).dot(x);
        }
      });
    }
    return;
  }
  sum_over_neurons(pattern, pushes, sums);
  if (count == 1) {
    outputs = sums.cwiseProduct(inputs).colwise().sum();
    return;
  }
  outputs.resize(count, inputs.cols());
  for (index k = 0; k < inputs.cols(); ++k) {
    outputs.col(k).noalias() = sums.col(k).reshaped(d, count).transpose() * inputs.col(k);
  }
}

}  // namespace reluflow::detail
