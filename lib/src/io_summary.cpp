#include "io_summary.hpp"

#include "io_text.hpp"
#include "io_words.hpp"
#include "reluflow/errors.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <optional>

namespace reluflow::detail {
namespace {

using json = nlohmann::ordered_json;

json flow_json(const flow_options& flow) {
  return {{"t_end", flow.t_end},
          {"rtol", flow.rtol},
          {"atol", flow.atol},
          {"chart", word(chart_words, flow.chart)},
          {"switching", word(switching_words, flow.switching)},
          {"rule", word(rule_words, flow.rule)},
          {"stop_loss", flow.stop_loss},
          {"stop_gradient", flow.stop_gradient},
          {"max_steps", flow.max_steps},
          {"max_stalled_switches", flow.max_stalled_switches}};
}

json record_json(const record_options& record) {
  return {{"times", record.times}, {"states", record.states}, {"dense", record.dense}};
}

/// One figure that both directions name once.
template <typename Visitor>
void visit_figures(Visitor&& visit, auto& run) {
  visit("t", run.t);
  visit("loss", run.end.loss);
  visit("mu", run.end.mu);
  visit("mu_mean", run.end.mu_mean);
  visit("gradient_norm", run.end.gradient_norm);
  visit("steps", run.statistics.steps);
  visit("rejected", run.statistics.rejected);
  visit("field_evaluations", run.statistics.field_evaluations);
  visit("switches", run.statistics.switches);
  visit("slides", run.statistics.slides);
  visit("active_pairs", run.end.active);
  visit("sliding_pairs", run.end.sliding);
  visit("repelling", run.statistics.repelling);
  visit("dissipated", run.statistics.dissipated);
  visit("invariant_drift", run.statistics.invariant_drift);
  visit("wall_seconds", run.statistics.wall_seconds);
}

outcome outcome_of(const std::string& text, const std::string& file) {
  for (const outcome value :
       {outcome::reached_end, outcome::converged, outcome::stopping_time, outcome::accumulation,
        outcome::step_limit, outcome::not_finite, outcome::interrupted}) {
    if (text == to_string(value)) {
      return value;
    }
  }
  throw invalid_input(fmt::format("{}, outcome", file), in_quotes(text), "an outcome of a run");
}

/// Reads members of summary.json with messages that name them.
class summary_reader {
 public:
  summary_reader(const json& object, std::string file) : object_(&object), file_(std::move(file)) {}

  template <typename Value>
  void operator()(const char* key, Value& value) const {
    const auto found = object_->find(key);
    // A figure that was not finite.
    if (found != object_->end() && found->is_null() && std::is_floating_point_v<Value>) {
      value = std::numeric_limits<Value>::quiet_NaN();
      return;
    }
    if (found == object_->end() || !found->is_number()) {
      fail(key, "a number");
    }
    value = found->template get<Value>();
  }

  [[nodiscard]] std::string text(const char* key) const {
    const auto found = object_->find(key);
    if (found == object_->end() || !found->is_string()) {
      fail(key, "a string");
    }
    return found->get<std::string>();
  }

  [[noreturn]] void fail(const char* key, const char* expected) const {
    const auto found = object_->find(key);
    throw invalid_input(fmt::format("{}, {}", file_, key),
                        found == object_->end() ? "nothing" : in_quotes(found->dump()), expected);
  }

 private:
  const json* object_;
  std::string file_;
};

json parse_json(const std::filesystem::path& file) {
  const std::string text = read_text(file, "a finished run");
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    throw invalid_input(file.string(), "text that is no JSON object", "the summary of a run");
  }
  return object;
}

void read_stalled_pairs(const json& object, const summary_reader& read, trajectory& run) {
  const auto pairs = object.find("stalled_pairs");
  if (pairs == object.end()) {
    return;
  }
  constexpr const char* expected = "an array of pairs [neuron, sample]";
  if (!pairs->is_array()) {
    read.fail("stalled_pairs", expected);
  }
  for (const json& pair : *pairs) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() ||
        !pair[1].is_number_integer()) {
      read.fail("stalled_pairs", expected);
    }
    run.stalled_pairs.emplace_back(pair[0].get<index>(), pair[1].get<index>());
  }
}

}  // namespace

std::string summary_text(const run_record& record) {
  const trajectory& run = record.run;
  json object;
  object["outcome"] = to_string(run.ending);
  visit_figures([&](const char* key, const auto& value) { object[key] = value; }, run);
  object["certain_switches"] = run.statistics.certain_switches;
  object["loss_error"] = run.statistics.loss_error;
  object["chart"] = word(chart_words, run.chart);
  object["version"] = record.version;
  object["seed"] = record.setup.seed ? json(*record.setup.seed) : json(nullptr);
  object["options"] = {{"flow", flow_json(record.setup.flow)},
                       {"record", record_json(record.setup.record)}};
  if (!run.stalled_pairs.empty()) {
    object["stalled_pairs"] = run.stalled_pairs;
  }
  return object.dump(2) + "\n";
}

summary_origin read_summary(const std::filesystem::path& file, trajectory& run) {
  const json object = parse_json(file);
  const summary_reader read(object, file.string());
  run.ending = outcome_of(read.text("outcome"), file.string());
  visit_figures(read, run);
  run.statistics.certain_switches = run.statistics.switches;
  if (object.contains("certain_switches")) {
    read("certain_switches", run.statistics.certain_switches);
  }
  if (object.contains("loss_error")) {
    read("loss_error", run.statistics.loss_error);
  }
  run.end.t = run.t;
  const std::string chart = read.text("chart");
  run.chart = chart == "cartesian" ? chart_kind::cartesian : chart_kind::spherical;
  read_stalled_pairs(object, read, run);
  summary_origin origin{read.text("version"), std::nullopt};
  if (const auto seed = object.find("seed"); seed != object.end() && seed->is_number_unsigned()) {
    origin.seed = seed->get<std::uint64_t>();
  }
  return origin;
}

}  // namespace reluflow::detail
