#pragma once

#include <cstddef>
#include <vector>

namespace reluflow::bench {

/// The two passes over all (neuron, sample) pairs that a solver with sign masks makes in every
/// evaluation, as fused loops: nothing of size m x n is stored. Compiled for the machine at hand.
/// Eigen stays out of it, because its functions must not be compiled in two ways in one program.
class masked_kernel {
 public:
  /// @param inputs  d x n, one sample a column
  masked_kernel(const double* inputs, std::size_t dimension, std::size_t samples);

  /// Samples, filled up with zeros to a whole number of vectors.
  [[nodiscard]] std::size_t padded() const { return padded_; }

  /// outputs[k] += sum of a_j relu(<w_j, x_k>) over neurons first <= j < last.
  /// @param outputs  padded() numbers
  void add_outputs(const double* a, const double* w, std::size_t first, std::size_t last,
                   double* outputs) const;

  /// For neurons first <= j < last: D_j = sum of r_k x_k where <w_j, x_k> > 0, then
  /// a_rate[j] = <w_j, D_j> and w_rate[j] = a_j D_j.
  /// @param r  padded() numbers, the residuals divided by n
  void rates(const double* r, const double* a, const double* w, std::size_t first, std::size_t last,
             double* a_rate, double* w_rate) const;

 private:
  template <std::size_t Dimension>
  void add_outputs_in(const double* a, const double* w, std::size_t first, std::size_t last,
                      double* outputs) const;
  template <std::size_t Dimension>
  void rates_in(const double* r, const double* a, const double* w, std::size_t first,
                std::size_t last, double* a_rate, double* w_rate) const;
  void add_outputs_wide(const double* a, const double* w, std::size_t first, std::size_t last,
                        double* outputs) const;
  void rates_wide(const double* r, const double* a, const double* w, std::size_t first,
                  std::size_t last, double* a_rate, double* w_rate) const;

  std::size_t d_;
  std::size_t padded_;
  std::size_t padded_d_;
  std::vector<double> by_coordinate_;  // d rows of padded_ samples
  std::vector<double> by_sample_;      // padded_ rows of padded_d_ coordinates
};

}  // namespace reluflow::bench
