#pragma once

#include "io_support.hpp"
#include "reluflow/io/problem_file.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reluflow::testing {

inline const std::string file_data = "[data]\nfile = \"points.csv\"\n";
inline const std::string file_network = "[network]\nfile = \"network.csv\"\n";
inline const std::string flow = "[flow]\nt_end = 2.0\n";

/// A directory with a problem of two points and two neurons.
class problem_directory : public scratch_directory {
 public:
  problem_directory() {
    (void)write("points.csv", "x1,x2,y\n-0.5,1,-1\n2,1,1\n");
    (void)write("network.csv", "sign,log_norm,w1,w2\n1,-3,1,0\n-1,-2,0,1\n");
  }

  [[nodiscard]] problem read(const std::string& text,
                             const std::vector<std::string>& overrides = {},
                             std::optional<std::uint64_t> seed = std::nullopt) const {
    return read_problem(write("p.toml", text), overrides, seed);
  }

  [[nodiscard]] std::string refusal(const std::string& text,
                                    const std::vector<std::string>& overrides = {}) const {
    return complaint(*this, [&] { (void)read(text, overrides); });
  }
};

}  // namespace reluflow::testing
