// The section [network] of a problem file.

#include "io_problem_sections.hpp"
#include "io_words.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/memory.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>
#include <utility>

namespace reluflow::detail {
namespace {

/// exp of anything beyond is no normal double.
constexpr double widest_log_scale = 700.0;

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

}  // namespace

drawn<network> read_initial_network(const config_file& file, const dataset& data,
                                    const std::filesystem::path& directory,
                                    std::optional<std::uint64_t> seed, std::size_t states) {
  config_section section(file, "network", false);
  exclude(section, "init", "file");
  const auto name = section.string("file");
  const auto choice = section.choice("init", names_of(initialisations));
  const auto scaling =
      static_cast<output_scaling>(section.choice("output_scale", scaling_words).value_or(0));
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
  const std::uint64_t used = seed_of(section, seed);
  const network_source draw = initialisations.at(*choice).read(section);
  section.finish();
  network net = at_key(section, "network", "init", [&] {
    return draw({data, width, used, scaling});
  });
  return {std::move(net), used};
}

}  // namespace reluflow::detail
