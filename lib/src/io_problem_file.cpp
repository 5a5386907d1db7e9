#include "io_problem_sections.hpp"
#include "io_words.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/memory.hpp"
#include "reluflow/trajectory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace reluflow {
namespace {

using detail::at_key;
using detail::config_file;
using detail::config_section;
using detail::drawn;
using detail::exclude;

constexpr std::int64_t default_record_count = 201;
/// More recorded times than this is a slip of the keyboard.
constexpr std::int64_t most_recorded_times = 10'000'000;

template <typename Value, typename Read>
void assign_if(Value& target, const std::optional<Read>& value) {
  if (value) {
    target = static_cast<Value>(*value);
  }
}

flow_options read_flow(const config_file& file) {
  config_section section(file, "flow", false);
  flow_options flow;
  flow.t_end = section.required_real("t_end", "a finite positive time");
  assign_if(flow.rtol, section.real("rtol"));
  assign_if(flow.atol, section.real("atol"));
  assign_if(flow.chart, section.choice("chart", detail::chart_words));
  assign_if(flow.switching, section.choice("switching", detail::switching_words));
  assign_if(flow.rule, section.choice("rule", detail::rule_words));
  assign_if(flow.stop_loss, section.real("stop_loss"));
  assign_if(flow.stop_gradient, section.real("stop_gradient"));
  assign_if(flow.max_steps, section.integer("max_steps"));
  assign_if(flow.max_stalled_switches, section.integer("max_stalled_switches"));
  section.finish();
  at_key(section, "flow", "t_end", [&] { flow.validate(); });
  return flow;
}

record_options read_record(const config_file& file, double t_end) {
  config_section section(file, "record", true);
  exclude(section, "count", "times");
  exclude(section, "spacing", "times");
  record_options record;
  const auto times = section.reals("times");
  const auto count = section.count("count", 2).value_or(default_record_count);
  const bool logarithmic = section.choice("spacing", {"linear", "log"}).value_or(0) == 1;
  assign_if(record.states, section.boolean("states"));
  assign_if(record.switches, section.boolean("switches"));
  section.finish();
  if (count > most_recorded_times) {
    section.fail("count", fmt::format("at most {}", most_recorded_times));
  }
  constexpr double row_bytes = sizeof(double) + sizeof(record_row);
  if (row_bytes * static_cast<double>(count) > static_cast<double>(memory_limit())) {
    section.fail("count", "what the memory holds (--memory)");
  }
  if (times) {
    record.times = *times;
  } else {
    record.times = logarithmic ? log_times(t_end, count) : linear_times(t_end, count);
  }
  at_key(section, "record", "times", [&] { record.validate(t_end); });
  return record;
}

// --- overrides ----------------------------------------------------------------------------------

/// Keys that make no sense together: an override of the first discards the others.
struct alternatives {
  std::string_view key;
  std::vector<std::string_view> discarded;
};

const std::vector<alternatives>& alternative_keys() {
  static const std::vector<alternatives> table{
      {"data.file",
       {"data.generator", "data.samples", "data.dimension", "data.teacher", "data.teacher_width",
        "data.teacher_seed", "data.beta", "data.spread", "data.noise", "data.noise_law",
        "data.seed", "data.least_norm", "data.largest_norm", "data.angle"}},
      {"data.generator", {"data.file"}},
      {"network.file",
       {"network.init", "network.width", "network.miss_probability", "network.scale",
        "network.log_scale", "network.seed"}},
      {"network.init", {"network.file"}},
      {"network.width", {"network.miss_probability"}},
      {"network.miss_probability", {"network.width"}},
      {"network.scale", {"network.log_scale"}},
      {"network.log_scale", {"network.scale"}},
      {"record.times", {"record.count", "record.spacing"}},
      {"record.count", {"record.times"}},
      {"record.spacing", {"record.times"}},
  };
  return table;
}

/// Two passes, so that overrides which belong together do not discard each other.
void apply(config_file& file, const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    const std::string path(detail::trimmed(assignment.substr(0, assignment.find('='))));
    for (const alternatives& entry : alternative_keys()) {
      if (entry.key != path) {
        continue;
      }
      for (const std::string_view other : entry.discarded) {
        file.discard(std::string(other));
      }
    }
  }
  for (const std::string& assignment : overrides) {
    file.assign(assignment);
  }
}

void check_sections(const config_file& file) {
  constexpr std::array<std::string_view, 4> known{"data", "network", "flow", "record"};
  for (const auto& [name, section] : file.sections) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string where = section.line == 0
                                    ? std::string("--set")
                                    : fmt::format("{}, line {}", file.name, section.line);
      throw invalid_input(where, fmt::format("the unknown section [{}]", name),
                          "one of [data], [network], [flow], [record]");
    }
  }
}

}  // namespace

problem read_problem(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                     std::optional<std::uint64_t> seed) {
  config_file config = config_file::read(file);
  apply(config, overrides);
  check_sections(config);
  // What costs nothing to check comes before files that may be large.
  flow_options flow = read_flow(config);
  record_options record = read_record(config, flow.t_end);
  const std::filesystem::path directory = file.parent_path();
  drawn<dataset> data = detail::read_data(config, directory, seed);
  const std::size_t states = record.states ? record.times.size() : 0;
  drawn<network> net = detail::read_initial_network(config, data.part, directory, seed, states);
  return {std::move(data.part), std::move(net.part), flow, std::move(record),
          net.seed ? net.seed : data.seed};
}

}  // namespace reluflow
