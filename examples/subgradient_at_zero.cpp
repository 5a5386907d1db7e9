// Paper A, Proposition 2 (appendix D): on orthogonal data relu'(0) = 0 is the only constant choice
// with which solutions go on for ever. With relu'(0) = c > 0 a pair that arrives at z = 0 is pushed
// below, where nothing pushes: no solution passes the hit, and a solver that locates it to a
// tolerance meets the same surface again and again, the more often the finer the tolerance.

#include "claims.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/line_fit.hpp"
#include "reluflow/plots/power_law.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"
#include "reluflow/solvers/flow.hpp"
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

/// Euler's method that locates hits: a pair that falls from z >= 0 to -tolerance has met its
/// surface and is put back on it, where relu'(0) = c is what the convention says.
class locating_euler {
 public:
  locating_euler(const dataset& data, const network& start, double c, double tolerance)
      : data_(data),
        c_(c),
        tolerance_(tolerance),
        a_(start.output_weights()),
        w_(start.weights()),
        held_(flags::Constant(data.size(), start.width(), false)) {}

  /// The number of hits until t_end.
  std::int64_t hits(double t_end, double step) {
    for (double t = 0.0; t < t_end;) t += advance(std::min(step, t_end - t));
    return hits_;
  }

 private:
  double advance(double h) {
    const Eigen::ArrayXXd z = data_.inputs().transpose() * w_;  // n x m
    const Eigen::ArrayXXd gate = held_.select(c_, (z > 0.0).cast<double>());
    const Eigen::VectorXd r =
        (data_.labels() - z.max(0.0).matrix() * a_) / static_cast<double>(data_.size());
    const Eigen::MatrixXd force = data_.inputs() * (gate.colwise() * r.array()).matrix();
    const Eigen::MatrixXd w_rate = force * a_.asDiagonal();
    const Eigen::VectorXd a_rate = force.cwiseProduct(w_).colwise().sum().transpose();

    // The step ends where the first pair comes down to its surface, or a held one has left it.
    const Eigen::ArrayXXd fall = -(data_.inputs().transpose() * w_rate).array();
    const Eigen::ArrayXXd room =
        z + held_.select(tolerance_, Eigen::ArrayXXd::Zero(z.rows(), z.cols()));
    const Eigen::ArrayXXd time = ((held_ || z > 0.0) && fall > 0.0)
                                     .select(room / fall, std::numeric_limits<double>::infinity());
    index sample = 0;
    index neuron = 0;
    const double first = time.minCoeff(&sample, &neuron);
    const double length = std::min(h, first);
    w_ += length * w_rate;
    a_ += length * a_rate;
    if (first <= h) put_back(sample, neuron);
    return length;
  }

  /// Coordinates are samples here, so a pair is on its surface when its coordinate is zero.
  void put_back(index sample, index neuron) {
    w_(sample, neuron) = 0.0;
    held_(sample, neuron) = true;
    ++hits_;
  }

  using flags = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic>;

  const dataset& data_;
  double c_;
  double tolerance_;
  Eigen::VectorXd a_;
  Eigen::MatrixXd w_;
  flags held_;  // n x m: on their surfaces
  std::int64_t hits_ = 0;
};

/// The ways on from a state in which one pair has just arrived at z = 0 from above, with the value
/// c for relu'(0): up needs z' > 0 above the surface, down z' < 0 below it, staying z' = 0 on it.
int ways_on(const dataset& data, const network& net, const switch_event& hit, double c) {
  const double push = net.signs()[hit.neuron] * residuals(data, net)[hit.sample];
  const double below = 0.0;  // orthogonal inputs: an inactive pair does not move
  return (push > 0.0 ? 1 : 0) + (below < 0.0 ? 1 : 0) + (c * push == 0.0 ? 1 : 0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("relu'(0) on orthogonal data (paper A, Proposition 2)");
  const examples::setting set(app, "subgradient_at_zero");
  reluflow::index width = 12;
  std::vector<double> decades{-3.0, -3.5, -4.0, -4.5, -5.0, -5.5};
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--decades", decades, "decimal logarithms of the tolerance")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  constexpr reluflow::index samples = 3;
  const dataset data(Eigen::MatrixXd::Identity(samples, samples), Eigen::Vector3d(1.0, -0.8, 0.6));
  const network start = balanced_network(width, samples, std::log(0.1), set.seed);
  const double t_end = 12.0;

  // The flow itself, with relu'(0) = 0 and nothing else.
  flow_options flow;
  flow.t_end = t_end;
  flow.rule = surface_rule::fixed;
  const trajectory fixed = integrate(data, start, flow);
  flow.rule = surface_rule::filippov;
  const trajectory filippov = integrate(data, start, flow);
  examples::claim_table claims;
  claims.holds("relu'(0) = 0 goes past every hit", "reached_end", to_string(fixed.ending),
               fixed.ending == outcome::reached_end);
  claims.near("  and is the Filippov solution: loss at the end", filippov.end.loss, fixed.end.loss,
              1e-12);
  claims.holds(
      "  with no sliding and no reactivation", "0 and 0",
      fmt::format("{} and {}", filippov.slides.size(), orthogonal::reactivations(filippov).size()),
      filippov.slides.empty() && orthogonal::reactivations(filippov).empty());

  // Where the flow first hits a surface.
  const switch_event& hit = fixed.switches.front();
  flow.t_end = hit.t;
  const network there = integrate(data, start, flow).final_network;
  for (const double c : {0.0, 0.25, 0.5, 1.0}) {
    const int ways = ways_on(data, there, hit, c);
    claims.holds(fmt::format("relu'(0) = {:g}: solutions past the first hit, t = {:.4g}", c, hit.t),
                 c > 0.0 ? "none" : "1", ways > 0 ? fmt::format("{}", ways) : "none",
                 ways == (c > 0.0 ? 0 : 1));
  }

  std::vector<plots::power_law_series> series;
  for (const double c : {0.0, 0.25, 0.5, 1.0}) {
    plots::power_law_series one;
    one.label = fmt::format("relu'(0) = {:g}", c);
    std::int64_t last = 0;
    for (const double decade : decades) {
      last = locating_euler(data, start, c, std::pow(10.0, decade)).hits(t_end, 1e-3);
      one.log_x.push_back(decade);
      one.log_y.push_back(std::log10(static_cast<double>(last)));
    }
    one.fit = fit_line(one.log_x, one.log_y);
    const std::string what =
        fmt::format("relu'(0) = {:g}: exponent of the count, +- {:.1e}", c, one.fit->slope_error);
    if (c == 0.0) {
      claims.near("relu'(0) = 0: hits at the finest tolerance, one for each switch",
                  static_cast<double>(fixed.switches.size()), static_cast<double>(last), 0.0);
    }
    claims.near(what, c == 0.0 ? 0.0 : -1.0, one.fit->slope, 0.1);
    claims.note("  hits at the finest tolerance", fmt::format("{}", last));
    series.push_back(std::move(one));
  }
  examples::keep_figure(set, plots::power_law_figure("chattering", "tolerance", "hits", series));
  return claims.finish();
}
