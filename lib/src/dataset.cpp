#include "reluflow/dataset.hpp"

#include "reluflow/detail/column_ranges.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace reluflow {

dataset::dataset(Eigen::MatrixXd inputs, Eigen::VectorXd labels)
    : inputs_(std::move(inputs)), labels_(std::move(labels)), norms_(inputs_.cols()) {
  if (inputs_.rows() < 1 || inputs_.cols() < 1) {
    throw invalid_input("inputs", fmt::format("{} x {}", inputs_.rows(), inputs_.cols()),
                        "a d x n matrix with d >= 1 and n >= 1");
  }
  if (labels_.size() != inputs_.cols()) {
    throw invalid_input("labels", fmt::format("{} labels", labels_.size()),
                        fmt::format("{}, one for each input", inputs_.cols()));
  }
  for (index k = 0; k < size(); ++k) {
    norms_[k] = inputs_.col(k).stableNorm();
    if (!std::isfinite(norms_[k]) || !std::isfinite(labels_[k])) {
      throw invalid_input(fmt::format("sample {}", k), "a value that is not finite",
                          "finite inputs and label");
    }
    if (norms_[k] == 0.0) {
      throw invalid_input(fmt::format("sample {}", k), "an input of norm zero",
                          "at least one coordinate that is not zero");
    }
  }
}

dataset with_bias(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& labels) {
  Eigen::MatrixXd extended(inputs.rows() + 1, inputs.cols());
  extended << inputs, Eigen::RowVectorXd::Ones(inputs.cols());
  return {std::move(extended), labels};
}

bool has_orthogonal_inputs(const dataset& data, double tolerance) {
  if (const detail::column_ranges ranges(data.inputs()); ranges.narrow()) {
    for (index l = 1; l < data.size(); ++l) {
      for (index k = 0; k < l; ++k) {
        if (!ranges.meet(k, l)) continue;
        const double product = ranges.dot(data.inputs(), k, data.inputs().col(l));
        if (!(std::abs(product) <= tolerance * data.norms()[k] * data.norms()[l])) return false;
      }
    }
    return true;
  }
  for (index l = 1; l < data.size(); ++l) {
    const Eigen::VectorXd products =
        data.inputs().leftCols(l).transpose() * data.inputs().col(l).normalized();
    if (!(products.array().abs() <= tolerance * data.norms().head(l).array()).all()) return false;
  }
  return true;
}

}  // namespace reluflow
