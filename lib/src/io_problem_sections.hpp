#pragma once

#include "io_config.hpp"
#include "io_text.hpp"
#include "reluflow/dataset.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/network.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::detail {

// A problem file, section by section. io_problem_file.cpp puts the sections together.

/// Seeds what is drawn where neither the file nor the command line says otherwise.
inline constexpr std::int64_t usual_seed = 1;

/// A part of a problem and the seed it was drawn with, if any.
template <typename Part>
struct drawn {
  Part part;
  std::optional<std::uint64_t> seed;
};

/// [data]: read from a file beside the problem file, or drawn.
/// @param directory  of the problem file
/// @param seed       in the place of the one in the section
/// @throws invalid_input
[[nodiscard]] drawn<dataset> read_data(const config_file& file,
                                       const std::filesystem::path& directory,
                                       std::optional<std::uint64_t> seed);

/// [network]: read from a file beside the problem file, or drawn.
/// @param data       what the network is for
/// @param directory  of the problem file
/// @param seed       in the place of the one in the section
/// @param states     networks that the run will keep
/// @throws invalid_input
[[nodiscard]] drawn<network> read_initial_network(const config_file& file, const dataset& data,
                                                  const std::filesystem::path& directory,
                                                  std::optional<std::uint64_t> seed,
                                                  std::size_t states);

/// Throws when both of two keys that exclude each other are there.
inline void exclude(const config_section& section, const std::string& key,
                    const std::string& other) {
  if (section.has(key) && section.has(other)) {
    section.fail(key, fmt::format("both {} and {}", other, key), "one of the two");
  }
}

/// The seed of a section that is drawn: `chosen`, or that of the section, or the usual one.
[[nodiscard]] inline std::uint64_t seed_of(config_section& section,
                                           std::optional<std::uint64_t> chosen) {
  const auto written = section.count("seed", 0);
  return chosen.value_or(static_cast<std::uint64_t>(written.value_or(usual_seed)));
}

/// Calls `work`. What it throws about a key of `section` ("noise" or "data.noise") gets the place
/// of that key; what it throws about anything else gets the place of `fallback`.
template <typename Work>
auto at_key(const config_section& section, const std::string& name, const std::string& fallback,
            Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const invalid_input& error) {
    const message_parts parts = parts_of(error);
    const std::string prefix = name + ".";
    const std::string key =
        parts.where.starts_with(prefix) ? parts.where.substr(prefix.size()) : parts.where;
    if (section.has(key)) {
      section.fail(key, parts.found, parts.expected);
    }
    rethrow_at(fmt::format("{}, {}.{}", section.place(fallback), name, fallback), error);
  }
}

/// The words that choose one of a table of sources.
template <typename Entries>
std::vector<std::string_view> names_of(const Entries& entries) {
  std::vector<std::string_view> names;
  for (const auto& entry : entries) {
    names.push_back(entry.name);
  }
  return names;
}

}  // namespace reluflow::detail
