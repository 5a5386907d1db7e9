#include "predictions/log_sum.hpp"
#include "predictions/orthogonal_setting.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace reluflow {
namespace {

using namespace orthogonal;
using orthogonal::detail::setting;

constexpr double infinity = std::numeric_limits<double>::infinity();

const char* sign_name(const label_group& group) {
  return group.sign > 0.0 ? "positive" : "negative";
}

// The neurons that are in none of the clusters.
std::vector<index> outside(index width, std::vector<index> inside) {
  std::sort(inside.begin(), inside.end());
  std::vector<index> rest;
  for (index j = 0; j < width; ++j) {
    if (!std::binary_search(inside.begin(), inside.end(), j)) rest.push_back(j);
  }
  return rest;
}

// An "either ... or" of thresholds as one functional: the largest excess over any of them.
struct rule_excess {
  std::vector<index> cluster;
  std::vector<index> others;
  label_group group;
  label_group fast;
  stopping_rule rule;

  double operator()(const flow_moment& now) const {
    const Eigen::VectorXd& log_norms = now.net.log_norms();
    double log_mass = -infinity;
    double excess = -infinity;
    const Eigen::VectorXd target = group.sign * group.D / group.rate;
    for (const index j : cluster) {
      log_mass = reluflow::detail::log_add(log_mass, 2.0 * log_norms[j]);
      // 1 - cosine of unit vectors, which keeps its digits when they are close.
      const double deficit = 0.5 * (now.net.directions().col(j) - target).squaredNorm();
      excess = std::max(excess, group.rate * deficit - rule.deficit);
    }
    for (const index j : others) {
      excess = std::max(excess, log_norms[j] - rule.log_outside_norm);
    }
    excess = std::max(excess, log_mass - std::log(rule.mass));
    if (rule.residual && now.reached.contains("t_2")) {
      const auto n = static_cast<double>(now.data.size());
      const Eigen::VectorXd left =
          now.data.inputs()(Eigen::all, fast.samples) * now.residuals(fast.samples) / n;
      excess = std::max(excess, left.norm() - *rule.residual);
    }
    return excess;
  }
};

class stopping_list {
 public:
  explicit stopping_list(const setting& problem) : s_(problem) {}

  void add_half_fits() {
    for (const label_group* group : s_.present) {
      const auto& law = s_.law(*group);
      if (!law) continue;
      list_.push_back(stopping::mass_rises_to(group->sign > 0.0 ? "T_+" : "T_-",
                                              first_cluster(s_.data, s_.net, *group),
                                              law->log_limit - std::log(2.0)));
      list_.back().note = fmt::format("half of the {} labels is fitted", sign_name(*group));
    }
  }

  void add_first_phases() {
    double last = 0.0;
    for (const label_group* group : s_.present) {
      const first_phase phase = first_phase_bounds(s_.groups, *group, s_.scale, *s_.epsilon);
      const bool fast = group == s_.groups.fast();
      add_time(fast ? "t_+1" : "t_-1", phase.end,
               fmt::format("end of the first phase of the {} labels, epsilon = {:.6g}",
                           sign_name(*group), *s_.epsilon));
      last = phase.end;
    }
    add_time("t_1", last, "end of the first phase");
  }

  void add_second_and_third() {
    if (!s_.unit_norms().holds) return;
    std::vector<index> inside;
    for (const label_group* group : s_.present) {
      const bool fast = group == s_.groups.fast();
      const auto& law = s_.law(*group);
      const auto rule = fast ? second_phase_end(s_.groups, law, s_.scale, *s_.epsilon)
                             : third_phase_end(s_.groups, law, s_.scale, *s_.epsilon).value();
      const std::vector<index> cluster = first_cluster(s_.data, s_.net, *group);
      inside.insert(inside.end(), cluster.begin(), cluster.end());
      if (cluster.empty() || !(rule.mass > 0.0) || !(rule.start > 0.0)) continue;
      list_.push_back({.name = fast ? "t_2" : "t_3",
                       .value = rule_excess{cluster, outside(s_.net.width(), inside), *group,
                                            *s_.groups.fast(), rule},
                       .start = rule.start,
                       .note = fmt::format("epsilon = {:.6g}", *s_.epsilon)});
    }
  }

  void add_saddle() {
    if (s_.present.size() < 2) return;
    const auto& fast = s_.law(*s_.present.front());
    const auto& slow = s_.law(*s_.present.back());
    if (fast && slow) {
      add_time("saddle_middle", 0.5 * (half_fit_time(*fast) + half_fit_time(*slow)),
               "midway between the predicted half-fit times");
    }
    if (const auto visit = s_.epsilon && s_.unit_norms().holds
                               ? saddle_visit_of(s_.groups, s_.scale, *s_.epsilon)
                               : std::nullopt;
        visit && visit->begin < visit->end) {
      const std::string note = fmt::format("of Fact 1, epsilon = {:.6g}", *s_.epsilon);
      add_time("saddle_begin", visit->begin, note);
      add_time("saddle_end", visit->end, note);
    }
  }

  std::vector<stopping_time> take() { return std::move(list_); }

 private:
  void add_time(std::string name, double t, std::string note) {
    if (!(t > 0.0) || !std::isfinite(t)) return;
    list_.push_back(stopping::at(std::move(name), t));
    list_.back().note = std::move(note);
  }

  const setting& s_;
  std::vector<stopping_time> list_;
};

}  // namespace

std::vector<stopping_time> orthogonal_stopping_times(const dataset& data, const network& net,
                                                     const orthogonal_options& options) {
  orthogonal::detail::check_problem(data, net, options);
  if (!has_orthogonal_inputs(data)) return {};
  const setting problem(data, net, options);
  stopping_list list(problem);
  list.add_half_fits();
  if (problem.epsilon && !problem.present.empty()) {
    list.add_first_phases();
    list.add_second_and_third();
  }
  list.add_saddle();
  return list.take();
}

std::vector<stopping_time> all_stopping_times(const dataset& data, const network& net,
                                              const orthogonal_options& options) {
  if (!orthogonal::detail::has_neurons(net)) return {};
  std::vector<stopping_time> list = usual_stopping_times(data, net);
  std::ranges::move(orthogonal_stopping_times(data, net, options), std::back_inserter(list));
  return list;
}

}  // namespace reluflow
