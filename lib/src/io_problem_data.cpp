// The section [data] of a problem file.

#include "io_problem_sections.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/memory.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

namespace reluflow::detail {
namespace {

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

}  // namespace

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
  const std::uint64_t used = seed_of(section, seed);
  const data_source draw = generators.at(*choice).read(section);
  section.finish();
  dataset data = at_key(section, "data", "generator", [&] { return draw(used); });
  return {bias ? with_bias(data.inputs(), data.labels()) : std::move(data), used};
}

}  // namespace reluflow::detail
