#pragma once

#include <array>
#include <filesystem>
#include <string_view>

/// What is fed with arbitrary bytes: everything that reads a file which others may have written. A
/// target returns whatever the bytes are; complaints are `invalid_input`, and anything else that
/// leaves it is a finding, as are crashes, leaks, memory without bound and time without end.
namespace reluflow::fuzz {

void problem(std::string_view bytes);     ///< a problem file with its neighbours
void points(std::string_view bytes);      ///< points.csv
void network(std::string_view bytes);     ///< network.csv
void checkpoint(std::string_view bytes);  ///< a checkpoint, its sum put right
void sweep(std::string_view bytes);       ///< a sweep file beside a problem

struct target {
  std::string_view name;
  void (*run)(std::string_view bytes);
};

inline constexpr std::array<target, 5> targets{{{"problem", &problem},
                                                {"points", &points},
                                                {"network", &network},
                                                {"checkpoint", &checkpoint},
                                                {"sweep", &sweep}}};

/// A directory of this process, which vanishes at its end.
[[nodiscard]] const std::filesystem::path& scratch();
/// Writes a file there and returns its path.
std::filesystem::path put(std::string_view name, std::string_view bytes);

}  // namespace reluflow::fuzz
