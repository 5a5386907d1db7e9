#include "predictions/orthogonal_setting.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace reluflow {
namespace {

using namespace orthogonal;
using detail::setting;

/// A perfect fit, for what is claimed of one: the loss relative to that of h = 0.
constexpr double fitted = 1e-6;

struct measurement {
  std::optional<double> value{};
  std::string note{};
  double tolerance = 1e-9;  ///< error of the value relative to the prediction
};

measurement time_of(const trajectory& run, std::string_view name) {
  const stopping_event* one = run.reached(name);
  return one != nullptr ? measurement{one->t} : measurement{};
}

double squared_norm(const network& net) {
  return net.weights().squaredNorm() + net.output_weights().squaredNorm();
}

double variation_norm(const network& net) {
  return net.output_weights().cwiseAbs().dot(net.weights().colwise().norm());
}

/// |theta - theta'| of two networks with the same neurons.
double distance(const network& one, const network& other) {
  return std::hypot((one.weights() - other.weights()).norm(),
                    (one.output_weights() - other.output_weights()).norm());
}

class measured_run {
 public:
  measured_run(const dataset& data, const trajectory& run, const orthogonal_options& options)
      : data_(data), run_(run) {
    if (has_orthogonal_inputs(data)) problem_.emplace(data, run.initial_network, options);
  }

  [[nodiscard]] measurement of(const prediction& wanted) const {
    const auto found = measures().find(wanted.name);
    return found == measures().end() ? measurement{} : found->second(*this, wanted);
  }

 private:
  using measure = std::function<measurement(const measured_run&, const prediction&)>;

  static const std::map<std::string_view, measure>& measures() {
    const auto reached = [](std::string_view name) {
      return
          [name](const measured_run& self, const prediction&) { return time_of(self.run_, name); };
    };
    static const std::map<std::string_view, measure> all{
        {"minimum_squared_norm", &measured_run::final_squared_norm},
        {"minimum_variation_norm", &measured_run::final_variation_norm},
        {"limit_squared_norm", &measured_run::final_squared_norm},
        {"last_extinction", &measured_run::last_extinction},
        {"half_fit_time_positive", reached("T_+")},
        {"half_fit_time_negative", reached("T_-")},
        {"saddle_loss", &measured_run::saddle_loss},
        {"late_loss_rate", &measured_run::final_mu},
        {"final_mu", &measured_run::final_mu},
        {"first_phase_log_norm_fast", &measured_run::largest_log_norm},
        {"first_phase_log_norm_slow", &measured_run::largest_log_norm},
        {"first_phase_cosine_fast", &measured_run::smallest_cosine},
        {"first_phase_cosine_slow", &measured_run::smallest_cosine},
        {"t_2", reached("t_2")},
        {"t_2_bound", reached("t_2")},
        {"t_3", reached("t_3")},
        {"t_3_bound", reached("t_3")},
        {"saddle_distance", &measured_run::saddle_distance},
        {"reactivations", &measured_run::reactivated},
        {"overshoots", &measured_run::overshot}};
    return all;
  }

  // --- what of the run they are ------------------------------------------------------------------

  /// A number of the final network that is about perfect fits.
  template <class Value>
  [[nodiscard]] measurement at_fit(const prediction& wanted, const Value& value) const {
    const double whole = data_.labels().squaredNorm() / (2.0 * static_cast<double>(data_.size()));
    if (!(run_.end.loss <= fitted * whole)) {
      return {std::nullopt, fmt::format("not fitted: the loss is {:.3g}", run_.end.loss)};
    }
    // The network fits labels that differ by the residuals, and its norm is one of those.
    const double left = std::sqrt(2.0 * static_cast<double>(data_.size()) * run_.end.loss);
    const double error = 3.0 * left / data_.norms().minCoeff();
    return {value(), "", 1e-9 + error / std::abs(wanted.value.value_or(1.0))};
  }

  [[nodiscard]] measurement final_squared_norm(const prediction& wanted) const {
    return at_fit(wanted, [&] { return squared_norm(run_.final_network); });
  }

  [[nodiscard]] measurement final_variation_norm(const prediction& wanted) const {
    return at_fit(wanted, [&] { return variation_norm(run_.final_network); });
  }

  [[nodiscard]] measurement final_mu(const prediction& wanted) const {
    return at_fit(wanted, [&] { return run_.end.mu; });
  }

  [[nodiscard]] measurement last_extinction(const prediction&) const {
    const measurement last = time_of(run_, "extinction");
    return last.value && *last.value > 0.0 ? last : measurement{};
  }

  [[nodiscard]] measurement saddle_loss(const prediction&) const {
    const stopping_event* middle = run_.reached("saddle_middle");
    return middle != nullptr ? measurement{middle->row.loss} : measurement{};
  }

  [[nodiscard]] const stopping_event* first_phase_end(const prediction& wanted) const {
    const stopping_event* end = run_.reached(wanted.name.ends_with("_fast") ? "t_+1" : "t_-1");
    return end != nullptr && end->state.width() > 0 ? end : nullptr;
  }

  [[nodiscard]] measurement largest_log_norm(const prediction& wanted) const {
    const stopping_event* end = first_phase_end(wanted);
    if (end == nullptr) return {};
    double largest =
        std::max(run_.initial_network.log_norms().maxCoeff(), end->state.log_norms().maxCoeff());
    visit_states(0.0, end->t, [&](const network& net) {
      largest = std::max(largest, net.log_norms().maxCoeff());
    });
    return {largest};
  }

  [[nodiscard]] measurement smallest_cosine(const prediction& wanted) const {
    const stopping_event* end = first_phase_end(wanted);
    const label_group* group = problem_ ? wanted.name.ends_with("_fast") ? problem_->groups.fast()
                                                                         : problem_->groups.slow()
                                        : nullptr;
    if (end == nullptr || group == nullptr) return {};
    const auto cluster = first_cluster(data_, run_.initial_network, *group);
    if (cluster.empty()) return {};
    const Eigen::VectorXd target = group->sign * group->D / group->rate;
    return {(target.transpose() * end->state.directions()(Eigen::all, cluster)).minCoeff()};
  }

  [[nodiscard]] measurement saddle_distance(const prediction&) const {
    const stopping_event* begin = run_.reached("saddle_begin");
    const stopping_event* end = run_.reached("saddle_end");
    if (begin == nullptr || end == nullptr || begin->state.width() == 0) return {};
    const auto saddle = saddle_state(data_, run_.initial_network);
    if (!saddle) return {};
    double largest = std::max(distance(begin->state, *saddle), distance(end->state, *saddle));
    visit_states(begin->t, end->t,
                 [&](const network& net) { largest = std::max(largest, distance(net, *saddle)); });
    return {largest};
  }

  [[nodiscard]] measurement reactivated(const prediction&) const {
    return {static_cast<double>(reactivations(run_).size())};
  }

  // Only where it is claimed: it takes the outputs of every recorded state.
  [[nodiscard]] measurement overshot(const prediction& claim) const {
    if (!claim.applies()) return {};
    if (run_.states.size() != run_.rows.size() || run_.states.empty()) return {};
    return {static_cast<double>(overshoots(data_, run_).size())};
  }

  /// The recorded states within [t0, t1].
  template <class See>
  void visit_states(double t0, double t1, const See& see) const {
    if (run_.states.size() != run_.rows.size()) return;
    for (std::size_t i = 0; i < run_.states.size(); ++i) {
      if (run_.rows[i].t >= t0 && run_.rows[i].t <= t1) see(run_.states[i]);
    }
  }

  const dataset& data_;
  const trajectory& run_;
  std::optional<setting> problem_;
};

}  // namespace

std::vector<comparison> compare_orthogonal(const dataset& data, const trajectory& run,
                                           const orthogonal_options& options) {
  if (!orthogonal::detail::has_neurons(run.initial_network)) return {};
  const std::vector<prediction> predicted =
      orthogonal_predictions(data, run.initial_network, options);
  const measured_run measured(data, run, options);
  std::vector<comparison> rows;
  for (const prediction& one : predicted) {
    const measurement found = measured.of(one);
    rows.push_back(compare(one, found.value, found.note, found.tolerance));
  }
  return rows;
}

}  // namespace reluflow
