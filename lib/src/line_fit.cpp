#include "reluflow/line_fit.hpp"

#include "reluflow/errors.hpp"

#include <Eigen/Core>
#include <boost/math/distributions/students_t.hpp>
#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace reluflow {

line_fit fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size() || x.size() < 2) {
    throw invalid_input("line fit", fmt::format("{} and {} numbers", x.size(), y.size()),
                        "two or more points");
  }
  const auto n = static_cast<Eigen::Index>(x.size());
  const Eigen::Map<const Eigen::ArrayXd> xs(x.data(), n);
  const Eigen::Map<const Eigen::ArrayXd> ys(y.data(), n);
  if (!xs.isFinite().all() || !ys.isFinite().all()) {
    throw invalid_input("line fit", "a number that is not finite", "finite numbers");
  }
  const Eigen::ArrayXd dx = xs - xs.mean();
  const double spread = dx.square().sum();
  if (!(spread > 0.0))
    throw invalid_input("line fit", "equal abscissae", "at least two that differ");

  line_fit fit;
  fit.slope = (dx * (ys - ys.mean())).sum() / spread;
  fit.intercept = ys.mean() - fit.slope * xs.mean();
  fit.slope_error = std::numeric_limits<double>::infinity();
  if (n > 2) {
    const auto freedom = static_cast<double>(n - 2);
    const double variance = (ys - fit.intercept - fit.slope * xs).square().sum() / freedom;
    const double quantile =
        boost::math::quantile(boost::math::students_t_distribution<double>(freedom), 0.975);
    fit.slope_error = quantile * std::sqrt(variance / spread);
  }
  return fit;
}

}  // namespace reluflow
