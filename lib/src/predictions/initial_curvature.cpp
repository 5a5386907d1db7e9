#include "reluflow/predictions/weakly_interacting.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reluflow::weakly_interacting {

Eigen::MatrixXd expected_kernel(const dataset& data, double variance, double squared_output) {
  const Eigen::MatrixXd products = data.inputs().transpose() * data.inputs();
  const Eigen::MatrixXd sizes = data.norms() * data.norms().transpose();
  const auto entry = [&](double product, double size) {
    const double cosine = std::clamp(product / size, -1.0, 1.0);
    const double angle = std::acos(cosine);
    const double both = (std::numbers::pi - angle) / (2.0 * std::numbers::pi);  // P(both active)
    const double moment = variance * size * std::sin(angle) / (2.0 * std::numbers::pi);
    return moment + both * product * (variance + squared_output);
  };
  return products.binaryExpr(sizes, entry);
}

double initial_curvature(const dataset& data, double variance, double squared_output) {
  const Eigen::VectorXd& y = data.labels();
  const Eigen::MatrixXd kernel = expected_kernel(data, variance, squared_output);
  return 2.0 / static_cast<double>(data.size()) * y.dot(kernel * y) / y.squaredNorm();
}

double initial_curvature_deviation(const dataset& data, double variance, double squared_output,
                                   const network& draws) {
  const Eigen::VectorXd& y = data.labels();
  const double squares = y.squaredNorm();
  const Eigen::VectorXd image = expected_kernel(data, variance, squared_output) * y;
  const double beta = y.dot(image) / squares;
  // d/dr of the quotient <r, K r>/|r|^2 at r = y.
  const Eigen::VectorXd slope = 2.0 / squares * (image - beta * y);
  const Eigen::VectorXd a = draws.output_weights();
  const Eigen::MatrixXd w = draws.weights();
  double mean = 0.0;
  double spread = 0.0;
  for (index j = 0; j < draws.width(); ++j) {
    const Eigen::ArrayXd z = data.inputs().transpose() * w.col(j);
    const Eigen::VectorXd force = data.inputs() * (z > 0.0).select(y.array(), 0.0).matrix();
    const double kernel = std::pow(force.dot(w.col(j)), 2) + a[j] * a[j] * force.squaredNorm();
    const Eigen::VectorXd outputs = a[j] * z.max(0.0);
    const double value = kernel / squares - slope.dot(outputs);
    const double step = value - mean;
    mean += step / static_cast<double>(j + 1);
    spread += step * (value - mean);
  }
  return 2.0 / static_cast<double>(data.size()) *
         std::sqrt(spread / static_cast<double>(std::max<index>(1, draws.width() - 1)));
}

}  // namespace reluflow::weakly_interacting
