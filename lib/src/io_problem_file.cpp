#include "io_config.hpp"
#include "io_text.hpp"
#include "io_words.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/memory.hpp"
#include "reluflow/trajectory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

namespace reluflow {
namespace {

using detail::config_file;
using detail::config_section;

constexpr std::uint64_t default_seed = 1;
constexpr std::int64_t default_record_count = 201;
/// More recorded times than this is a slip of the keyboard.
constexpr std::int64_t most_recorded_times = 10'000'000;
/// exp of anything beyond is no normal double.
constexpr double widest_log_scale = 700.0;

/// Calls `work`. What it throws about a key of `section` ("noise" or "data.noise") gets the place
/// of that key; what it throws about anything else gets the place of `fallback`.
template <typename Work>
auto at_key(const config_section& section, const std::string& name, const std::string& fallback,
            Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const invalid_input& error) {
    const detail::message_parts parts = detail::parts_of(error);
    const std::string prefix = name + ".";
    const std::string key =
        parts.where.starts_with(prefix) ? parts.where.substr(prefix.size()) : parts.where;
    if (section.has(key)) {
      section.fail(key, parts.found, parts.expected);
    }
    detail::rethrow_at(fmt::format("{}, {}.{}", section.place(fallback), name, fallback), error);
  }
}

/// Throws when both of two keys that exclude each other are there.
void exclude(const config_section& section, const std::string& key, const std::string& other) {
  if (section.has(key) && section.has(other)) {
    section.fail(key, fmt::format("both {} and {}", other, key), "one of the two");
  }
}

std::optional<std::uint64_t> read_seed(config_section& section) {
  const auto seed = section.count("seed", 0);
  return seed ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*seed)) : std::nullopt;
}

// --- data ---------------------------------------------------------------------------------------

/// Reads the keys of a generator, then draws from a seed: unknown keys are found before the work.
using data_source = std::function<dataset(std::uint64_t seed)>;

struct generator {
  std::string_view name;
  data_source (*read)(config_section& section);
};

/// The size of generated data, before memory is taken for it.
struct data_size {
  index samples;
  index dimension;
};

/// @param least_dimension  the least there may be
/// @param usual            the dimension where none is given; nothing: it must be given
template <typename Usual>
data_size read_size(config_section& section, index least_samples, index least_dimension,
                    Usual&& usual) {
  const index samples = section.required_count("samples", least_samples);
  const std::optional<index> implied = usual(samples);
  const index dimension = implied ? section.count("dimension", least_dimension).value_or(*implied)
                                  : section.required_count("dimension", least_dimension);
  require_memory({static_cast<double>(samples), static_cast<double>(dimension)},
                 fmt::format("{}, data.samples", section.place("samples")),
                 fmt::format("{} samples in dimension {}", samples, dimension));
  return {samples, dimension};
}

std::optional<index> none(index /*samples*/) { return std::nullopt; }
std::optional<index> as_many(index samples) { return samples; }
std::optional<index> half_as_many(index samples) { return samples / 2 + samples % 2; }

label_noise read_noise(config_section& section) {
  label_noise noise;
  noise.deviation = section.real("noise").value_or(0.0);
  noise.law = static_cast<noise_law>(
      section.choice("noise_law", {"gaussian", "uniform", "sign", "laplace"}).value_or(0));
  return noise;
}

/// The linear teacher, by default the first coordinate.
Eigen::VectorXd read_beta(config_section& section, index dimension) {
  const auto given = section.reals("beta");
  if (!given) return Eigen::VectorXd::Unit(dimension, 0);
  if (static_cast<index>(given->size()) != dimension) {
    section.fail("beta", fmt::format("{} numbers", given->size()),
                 fmt::format("{}, the dimension", dimension));
  }
  return Eigen::VectorXd::Map(given->data(), dimension);
}

data_source read_gaussian(config_section& section) {
  const auto [samples, dimension] = read_size(section, 1, 1, &none);
  const bool relu = section.choice("teacher", {"linear", "relu"}).value_or(0) == 1;
  const label_noise noise = read_noise(section);
  if (!relu) {
    const Eigen::VectorXd beta = read_beta(section, dimension);
    return [n = samples, beta, noise](std::uint64_t seed) {
      return linear_data(n, beta, noise, seed);
    };
  }
  const index width = section.count("teacher_width", 1).value_or(5);
  require_memory(
      {static_cast<double>(samples), static_cast<double>(dimension), static_cast<double>(width)},
      fmt::format("{}, data.teacher_width", section.place("teacher_width")),
      fmt::format("{} neurons in dimension {}", width, dimension));
  const auto own_seed = section.count("teacher_seed", 0);
  return [n = samples, d = dimension, width, own_seed, noise](std::uint64_t seed) {
    const auto drawn_from = own_seed ? static_cast<std::uint64_t>(*own_seed) : seed;
    return taught_data(n, relu_teacher(width, d, drawn_from), noise, seed);
  };
}

data_source read_cylinder(config_section& section) {
  const auto [samples, dimension] = read_size(section, 1, 2, &none);
  const double spread = section.real("spread").value_or(0.1);
  const label_noise noise = read_noise(section);
  const Eigen::VectorXd beta = read_beta(section, dimension);
  return [n = samples, beta, spread, noise](std::uint64_t seed) {
    return cylinder_data(n, beta, spread, noise, seed);
  };
}

data_source read_orthonormal(config_section& section) {
  const data_size size = read_size(section, 1, 1, &as_many);
  return
      [size](std::uint64_t seed) { return orthonormal_data(size.samples, size.dimension, seed); };
}

norm_interval read_norms(config_section& section) {
  norm_interval norms;
  norms.least = section.real("least_norm").value_or(1.0);
  norms.largest = section.real("largest_norm").value_or(norms.least);
  return norms;
}

/// Inputs that n, d and an interval of norms describe; d is n unless it is given.
template <dataset (*make)(index, index, norm_interval, std::uint64_t)>
data_source read_sized(config_section& section) {
  const data_size size = read_size(section, 1, 1, &as_many);
  const norm_interval norms = read_norms(section);
  return
      [size, norms](std::uint64_t seed) { return make(size.samples, size.dimension, norms, seed); };
}

data_source read_antipodal(config_section& section) {
  const data_size size = read_size(section, 2, 1, &half_as_many);
  const double angle = section.real("angle").value_or(0.0);
  const norm_interval norms = read_norms(section);
  return [size, angle, norms](std::uint64_t seed) {
    return antipodal_data(size.samples, size.dimension, angle, norms, seed);
  };
}

/// A new generator is one more line here.
constexpr std::array<generator, 7> generators{{
    {"gaussian", &read_gaussian},
    {"cylinder", &read_cylinder},
    {"orthonormal", &read_orthonormal},
    {"axes", &read_sized<&axis_data>},
    {"orthogonal", &read_sized<&orthogonal_data>},
    {"sphere", &read_sized<&sphere_data>},
    {"antipodal", &read_antipodal},
}};

template <typename Entries>
std::vector<std::string_view> names_of(const Entries& entries) {
  std::vector<std::string_view> names;
  for (const auto& entry : entries) {
    names.push_back(entry.name);
  }
  return names;
}

/// A part of a problem and the seed it was drawn with, if any.
template <typename Part>
struct drawn {
  Part part;
  std::optional<std::uint64_t> seed;
};

drawn<dataset> read_data(const config_file& file, const std::filesystem::path& directory,
                         std::optional<std::uint64_t> seed) {
  config_section section(file, "data", false);
  exclude(section, "generator", "file");
  const auto name = section.string("file");
  const auto choice = section.choice("generator", names_of(generators));
  const bool bias = section.boolean("bias").value_or(false);
  if (name) {
    section.finish();
    return {read_points(directory / *name, bias), std::nullopt};
  }
  if (!choice) {
    section.fail("file", "neither file nor generator", "one of the two");
  }
  const std::uint64_t used = seed.value_or(read_seed(section).value_or(default_seed));
  const data_source draw = generators.at(*choice).read(section);
  section.finish();
  dataset data = at_key(section, "data", "generator", [&] { return draw(used); });
  return {bias ? with_bias(data.inputs(), data.labels()) : std::move(data), used};
}

// --- network ------------------------------------------------------------------------------------

struct network_request {
  const dataset& data;
  index width;
  std::uint64_t seed;
  output_scaling scaling;
};

using network_source = std::function<network(const network_request& request)>;

struct initialisation {
  std::string_view name;
  network_source (*read)(config_section& section);
};

/// ln(scale), from `scale` or `log_scale`.
double read_log_scale(config_section& section) {
  exclude(section, "log_scale", "scale");
  const auto scale = section.real("scale");
  const auto log_scale = section.real("log_scale");
  if (scale && !(*scale > 0.0)) {
    section.fail("scale", "a positive number");
  }
  if (!scale && !log_scale) {
    section.fail("scale", "neither scale nor log_scale", "one of the two");
  }
  return scale ? std::log(*scale) : *log_scale;
}

/// `scale`, for networks whose weights are doubles.
double read_scale(config_section& section) {
  const double log_scale = read_log_scale(section);
  if (!(std::abs(log_scale) <= widest_log_scale)) {
    section.fail(section.has("scale") ? "scale" : "log_scale",
                 "a scale between exp(-700) and exp(700); only balanced networks go beyond");
  }
  return section.real("scale").value_or(std::exp(log_scale));
}

network_source read_balanced(config_section& section) {
  return [log_scale = read_log_scale(section)](const network_request& r) {
    return balanced_network(r.width, r.data.dimension(), log_scale, r.seed, r.scaling);
  };
}

network_source read_group(config_section& section) {
  return [log_scale = read_log_scale(section)](const network_request& r) {
    return group_network(r.data, r.width, log_scale, r.seed, r.scaling);
  };
}

/// An initialisation that is given by `scale` alone.
template <network (*make)(index, index, double, std::uint64_t, output_scaling)>
network_source read_scaled(config_section& section) {
  return [scale = read_scale(section)](const network_request& r) {
    return make(r.width, r.data.dimension(), scale, r.seed, r.scaling);
  };
}

/// A new initialisation is one more line here.
constexpr std::array<initialisation, 5> initialisations{{
    {"balanced", &read_balanced},
    {"dominated", &read_scaled<&dominated_network>},
    {"ball", &read_scaled<&ball_network>},
    {"gaussian", &read_scaled<&gaussian_network>},
    {"group", &read_group},
}};

/// `width`, or the width that `miss_probability` asks for: paper B's floor(ln(n/eps)/ln(4/3)) + 1.
index read_width(config_section& section, index samples) {
  exclude(section, "miss_probability", "width");
  const auto miss = section.real("miss_probability");
  if (!miss) return section.required_count("width", 1);
  if (!(*miss > 0.0 && *miss < 1.0)) {
    section.fail("miss_probability", "a probability between 0 and 1");
  }
  // n / eps may overflow, its logarithm does not.
  const double wanted =
      (std::log(static_cast<double>(samples)) - std::log(*miss)) / std::log(4.0 / 3.0);
  return static_cast<index>(std::floor(wanted)) + 1;
}

network read_network_file(const std::filesystem::path& file, const dataset& data,
                          output_scaling scaling) {
  network net = read_network(file, scaling);
  if (net.dimension() != data.dimension()) {
    throw invalid_input(
        fmt::format("{}, line 1", file.string()),
        fmt::format("neurons in dimension {}", net.dimension()),
        fmt::format("{}, the dimension of the data and its bias, if any", data.dimension()));
  }
  return net;
}

/// Throws when a run of this width, with the states that it keeps, does not fit into memory.
void check_memory(const config_section& section, const std::string& key, const dataset& data,
                  index width, std::size_t states) {
  problem_size size{static_cast<double>(data.size()), static_cast<double>(data.dimension()),
                    static_cast<double>(width)};
  const std::string neurons =
      fmt::format("{} neurons in dimension {} on {} samples", width, data.dimension(), data.size());
  const std::string where = fmt::format("{}, network.{}", section.place(key), key);
  require_memory(size, where, neurons);
  size.states = static_cast<double>(states);
  require_memory(size, where,
                 fmt::format("{} and {} states of them (record.states)", neurons, states));
}

drawn<network> read_network_section(const config_file& file, const dataset& data,
                                    const std::filesystem::path& directory,
                                    std::optional<std::uint64_t> seed, std::size_t states) {
  config_section section(file, "network", false);
  exclude(section, "init", "file");
  const auto name = section.string("file");
  const auto choice = section.choice("init", names_of(initialisations));
  const auto scaling = static_cast<output_scaling>(
      section.choice("output_scale", detail::scaling_words).value_or(0));
  if (name) {
    section.finish();
    network net = read_network_file(directory / *name, data, scaling);
    check_memory(section, "file", data, net.width(), states);
    return {std::move(net), std::nullopt};
  }
  if (!choice) {
    section.fail("file", "neither file nor init", "one of the two");
  }
  const index width = read_width(section, data.size());
  check_memory(section, section.has("width") ? "width" : "miss_probability", data, width, states);
  const std::uint64_t used = seed.value_or(read_seed(section).value_or(default_seed));
  const network_source draw = initialisations.at(*choice).read(section);
  section.finish();
  network net = at_key(section, "network", "init", [&] {
    return draw({data, width, used, scaling});
  });
  return {std::move(net), used};
}

// --- flow and record ----------------------------------------------------------------------------

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
  drawn<dataset> data = read_data(config, directory, seed);
  const std::size_t states = record.states ? record.times.size() : 0;
  drawn<network> net = read_network_section(config, data.part, directory, seed, states);
  return {std::move(data.part), std::move(net.part), flow, std::move(record),
          net.seed ? net.seed : data.seed};
}

}  // namespace reluflow
