#include "predictions/orthogonal_setting.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

namespace reluflow {
namespace {

using namespace orthogonal;
using detail::assumptions;
using detail::join;
using detail::setting;

using value_of = std::function<std::optional<double>(const setting&)>;
using hypotheses_of = std::function<assumptions(const setting&)>;

// Collects the list. Without a setting (inputs not orthogonal) every entry has its name, its
// reference and that one objection.
class catalogue {
 public:
  catalogue(assumption orthogonality, const setting* problem)
      : orthogonality_(std::move(orthogonality)), problem_(problem) {}

  void add(std::string name, prediction_kind kind, bound_side side, std::string reference,
           std::string error_order, const value_of& value, const hypotheses_of& hypotheses) {
    prediction entry{
        std::move(name), kind, side, std::nullopt, std::move(error_order), std::move(reference),
        {orthogonality_}};
    if (problem_ != nullptr) {
      entry.value = value(*problem_);
      entry.assumptions = join(std::move(entry.assumptions), hypotheses(*problem_));
    }
    list_.push_back(std::move(entry));
  }

  void exact(std::string name, std::string reference, const value_of& value,
             const hypotheses_of& hypotheses) {
    add(std::move(name), prediction_kind::exact, bound_side::none, std::move(reference), "", value,
        hypotheses);
  }

  void asymptotic(std::string name, std::string reference, std::string error_order,
                  const value_of& value, const hypotheses_of& hypotheses) {
    add(std::move(name), prediction_kind::asymptotic, bound_side::none, std::move(reference),
        std::move(error_order), value, hypotheses);
  }

  void bound(std::string name, bound_side side, std::string reference, std::string error_order,
             const value_of& value, const hypotheses_of& hypotheses) {
    add(std::move(name), prediction_kind::bound, side, std::move(reference), std::move(error_order),
        value, hypotheses);
  }

  [[nodiscard]] const setting* problem() const noexcept { return problem_; }
  std::vector<prediction> take() { return std::move(list_); }

 private:
  assumption orthogonality_;
  const setting* problem_;
  std::vector<prediction> list_;
};

constexpr const char* vanishes = "vanishes with lambda";
constexpr const char* not_explicit = "for lambda below a threshold that is not explicit";

assumptions no_hypotheses(const setting& /*problem*/) { return {}; }

assumptions fits(const setting& s) { return s.all_fit_hypotheses(false); }

std::optional<double> zero(const setting& /*problem*/) { return 0.0; }

assumptions enough_neurons(const setting& s) {
  return {
      s.unit_output_scale(),
      {"one neuron for each sign of labels", s.net.width() >= static_cast<index>(s.present.size()),
       fmt::format("{} neurons, {} signs", s.net.width(), s.present.size())}};
}

std::optional<double> limit_squared_norm(const setting& s) {
  const bool fitted = std::all_of(s.present.begin(), s.present.end(),
                                  [&](const auto* one) { return s.law(*one).has_value(); });
  return fitted ? std::optional(minimum_squared_norm(s.groups)) : std::nullopt;
}

void add_norms(catalogue& list) {
  list.bound(
      "minimum_squared_norm", bound_side::lower, "paper A, Proposition 1 (corrected); theory A13",
      "", [](const setting& s) { return minimum_squared_norm(s.groups); }, enough_neurons);
  list.bound(
      "minimum_variation_norm", bound_side::lower, "paper A, eq. (8); theory A14", "",
      [](const setting& s) { return minimum_variation_norm(s.groups); }, no_hypotheses);
  list.asymptotic("limit_squared_norm", "paper A, Theorem 1 (corrected); theory A12, A13", vanishes,
                  limit_squared_norm, fits);
}

std::optional<double> last_extinction(const setting& s) {
  std::optional<double> last;
  for (const auto& path : s.early) {
    if (path && !path->extinctions.empty()) {
      last = std::max(last.value_or(0.0), path->extinctions.back().time);
    }
  }
  return last;
}

// A neuron with rate 0 that is still active on something points exactly against its field.
assumption every_wrong_sign_dies(const setting& s) {
  index first = -1;
  for (std::size_t j = 0; j < s.early.size() && first < 0; ++j) {
    const bool lasts = s.early[j] && s.early[j]->rate == 0.0;
    for (index k = 0; lasts && k < s.data.size(); ++k) {
      const auto& active = s.early[j]->active;
      const bool wrong = s.net.signs()[static_cast<index>(j)] * s.data.labels()[k] < 0.0;
      if (wrong && std::find(active.begin(), active.end(), k) != active.end()) {
        first = static_cast<index>(j);
      }
    }
  }
  return {"every wrong-signed activation dies", first < 0,
          first < 0 ? "all do"
                    : fmt::format("neuron {} ends exactly against its field and decays", first)};
}

void add_early(catalogue& list) {
  list.asymptotic("last_extinction", "paper A, Lemma 7 (iii) (corrected); theory A5", "O(lambda^2)",
                  last_extinction, [](const setting& s) {
                    assumptions all{s.unit_output_scale(), s.dominated(), every_wrong_sign_dies(s)};
                    for (const auto* one : s.present) {
                      all.push_back(s.small_start(*one));
                    }
                    return all;
                  });
}

void add_half_fit(catalogue& list, double sign) {
  const setting* problem = list.problem();
  const label_group* group = problem != nullptr ? problem->group(sign) : nullptr;
  list.asymptotic(
      sign > 0.0 ? "half_fit_time_positive" : "half_fit_time_negative",
      "paper A, section 4.2, eqs. (20)-(21); theory A5-A7",
      group != nullptr ? problem->fit_error(*group) : "O(lambda^2)",
      [=](const setting& s) -> std::optional<double> {
        if (group == nullptr || !s.law(*group)) {
          return std::nullopt;
        }
        return half_fit_time(*s.law(*group));
      },
      [=](const setting& s) {
        assumptions all{s.label_exists(sign)};
        if (group != nullptr) {
          all = join(std::move(all), s.fit_hypotheses(*group));
          all.push_back(s.common_norm(*group));
        }
        return all;
      });
}

std::optional<double> late_loss_rate(const setting& s) {
  if (s.present.empty()) {
    return std::nullopt;
  }
  const auto rates = limit_loss_rates(*s.present.back());
  return rates ? std::optional(rates->parallel) : std::nullopt;
}

void add_saddle_and_rates(catalogue& list) {
  list.asymptotic(
      "saddle_loss", "paper A, Fact 1; theory A11", vanishes,
      [](const setting& s) { return saddle_loss(s.data, s.groups); },
      [](const setting& s) {
        assumptions all{s.label_exists(1.0), s.label_exists(-1.0), s.two_speeds()};
        return s.present.empty() ? all : join(all, s.fit_hypotheses(*s.present.front()));
      });
  list.asymptotic("late_loss_rate", "theory A15", "while the loss is above O(lambda^4)",
                  late_loss_rate, [](const setting& s) { return s.all_fit_hypotheses(true); });
  list.bound(
      "final_mu", bound_side::lower, "paper A, Lemma 5 (sharpened); theory A15", vanishes,
      [](const setting& s) { return limit_pl_constant(s.data, s.groups); }, fits);
}

// The fast or the slow group of a problem; null when it does not exist.
const label_group* ranked(const setting& s, bool fast) {
  return fast ? s.groups.fast() : s.groups.slow();
}

void add_first_phase(catalogue& list, bool fast) {
  const std::string suffix = fast ? "_fast" : "_slow";
  const auto bounds = [=](const setting& s) -> std::optional<first_phase> {
    const label_group* group = ranked(s, fast);
    if (group == nullptr || !s.epsilon) {
      return std::nullopt;
    }
    return first_phase_bounds(s.groups, *group, s.scale, *s.epsilon);
  };
  const auto hypotheses = [=](const setting& s) {
    const label_group* group = ranked(s, fast);
    if (group == nullptr || !s.epsilon) {
      return s.phase_hypotheses();
    }
    return join(s.phase_hypotheses(),
                first_phase_conditions(s.data, s.net, s.groups, *group, s.scale, *s.epsilon));
  };
  list.bound(
      "first_phase_log_norm" + suffix, bound_side::upper, "paper A, Lemma 2 (iii); theory A8 (i)",
      "",
      [=](const setting& s) {
        const auto phase = bounds(s);
        return phase ? std::optional(phase->log_norm_upper) : std::nullopt;
      },
      hypotheses);
  list.bound(
      "first_phase_cosine" + suffix, bound_side::lower,
      "paper A, Lemma 2 (i), (ii); theory A8 (ii)", "",
      [=](const setting& s) {
        const auto phase = bounds(s);
        return phase ? std::optional(1.0 - phase->deficit) : std::nullopt;
      },
      [=](const setting& s) {
        assumptions all = hypotheses(s);
        if (ranked(s, fast) != nullptr) {
          all.push_back(s.cluster_exists(*ranked(s, fast)));
        }
        return all;
      });
}

std::optional<stopping_rule> rule_of(const setting& s, bool second) {
  const label_group* group = ranked(s, second);
  if (group == nullptr || !s.epsilon) {
    return std::nullopt;
  }
  if (second) {
    return second_phase_end(s.groups, s.law(*group), s.scale, *s.epsilon);
  }
  return third_phase_end(s.groups, s.law(*group), s.scale, *s.epsilon);
}

void add_stopping_time(catalogue& list, bool second) {
  const std::string name = second ? "t_2" : "t_3";
  const std::string reference =
      second ? "paper A, Lemma 3, eq. (17); theory A10" : "paper A, Lemma 4, eq. (23); theory A10";
  const auto hypotheses = [=](const setting& s) {
    assumptions all = s.phase_hypotheses();
    const label_group* group = ranked(s, second);
    if (group == nullptr) {
      all.push_back(s.label_exists(s.groups.positive ? -1.0 : 1.0));
    } else {
      all.push_back(s.cluster_exists(*group));
      all.push_back(s.small_start(*group));
    }
    return all;
  };
  list.asymptotic(
      name, reference, vanishes,
      [=](const setting& s) {
        const auto rule = rule_of(s, second);
        return rule ? rule->predicted : std::nullopt;
      },
      hypotheses);
  list.bound(
      name + "_bound", bound_side::upper, reference, not_explicit,
      [=](const setting& s) {
        const auto rule = rule_of(s, second);
        return rule ? std::optional(rule->bound) : std::nullopt;
      },
      hypotheses);
}

std::optional<double> saddle_distance(const setting& s) {
  const auto visit = s.epsilon && s.groups.fast() != nullptr
                         ? saddle_visit_of(s.groups, s.scale, *s.epsilon)
                         : std::nullopt;
  return visit ? std::optional(visit->distance) : std::nullopt;
}

void add_saddle_distance(catalogue& list) {
  list.bound(
      "saddle_distance", bound_side::upper, "paper A, Fact 1; theory A11", not_explicit,
      saddle_distance, [](const setting& s) {
        assumptions all = join(s.phase_hypotheses(), {s.label_exists(1.0), s.label_exists(-1.0)});
        if (!s.present.empty()) {
          all.push_back(s.cluster_exists(*s.present.front()));
          all.push_back(s.small_start(*s.present.front()));
        }
        return all;
      });
}

void add_laws(catalogue& list) {
  list.exact("reactivations", "paper A, Lemma 6; theory A17", zero, no_hypotheses);
  list.exact("overshoots", "theory A18", zero, [](const setting& s) {
    assumptions all;
    for (const auto* one : s.present) {
      all = join(std::move(all), {s.common_norm(*one), s.no_subcluster(*one), s.small_start(*one)});
    }
    return all;
  });
}

}  // namespace

std::vector<prediction> orthogonal_predictions(const dataset& data, const network& net,
                                               const orthogonal_options& options) {
  detail::check_problem(data, net, options);
  assumption orthogonality = detail::orthogonal_inputs(data);
  std::optional<setting> problem;
  if (orthogonality.holds) {
    problem.emplace(data, net, options);
  }
  catalogue list(std::move(orthogonality), problem ? &*problem : nullptr);
  add_norms(list);
  add_early(list);
  add_half_fit(list, 1.0);
  add_half_fit(list, -1.0);
  add_saddle_and_rates(list);
  for (const bool fast : {true, false}) {
    add_first_phase(list, fast);
  }
  add_stopping_time(list, true);
  add_stopping_time(list, false);
  add_saddle_distance(list);
  add_laws(list);
  return list.take();
}

}  // namespace reluflow
