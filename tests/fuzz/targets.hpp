#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

/// What is fed with arbitrary bytes: everything that reads a file which others may have written. A
/// target returns whatever the bytes are, and says whether they were accepted; complaints are
/// `invalid_input`, and anything else that leaves it is a finding, as are crashes, leaks, memory
/// without bound and time without end.
namespace reluflow::fuzz {

bool problem(std::string_view bytes);     ///< a problem file with its neighbours
bool points(std::string_view bytes);      ///< points.csv
bool network(std::string_view bytes);     ///< network.csv
bool checkpoint(std::string_view bytes);  ///< a checkpoint, its sum put right
bool sweep(std::string_view bytes);       ///< a sweep file beside a problem

struct target {
  std::string_view name;
  bool (*run)(std::string_view bytes);
};

inline constexpr std::array<target, 5> targets{{{"problem", &problem},
                                                {"points", &points},
                                                {"network", &network},
                                                {"checkpoint", &checkpoint},
                                                {"sweep", &sweep}}};

/// What `checkpoint` accepts: the state of its run after so many steps.
[[nodiscard]] std::string state_after(int steps);

/// A directory of this process, which vanishes at its end.
[[nodiscard]] const std::filesystem::path& scratch();
/// Writes a file there and returns its path.
std::filesystem::path put(std::string_view name, std::string_view bytes);

}  // namespace reluflow::fuzz
