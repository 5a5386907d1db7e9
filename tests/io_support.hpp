#pragma once

#include "reluflow/errors.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace reluflow::testing {

/// A directory for one test case, empty at the start and removed at the end.
class scratch_directory {
 public:
  scratch_directory()
      : path_(std::filesystem::current_path() /
              boost::unit_test::framework::current_test_case().p_name.get()) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }

  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes a file and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] inline std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The message of the invalid_input that `work` throws, without `directory` in front of file names;
/// "(nothing thrown)" when it throws none.
template <typename Work>
[[nodiscard]] std::string complaint(const scratch_directory& directory, Work&& work) {
  try {
    work();
  } catch (const invalid_input& error) {
    std::string text = error.what();
    const std::string prefix = directory.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }
  return "(nothing thrown)";
}

/// Every one of these doubles has digits of its own: extremes, denormals, neighbours, negative
/// zero.
inline constexpr double hard_doubles[] = {0.1,
                                          -0.0,
                                          1.0 / 3.0,
                                          5e-324,
                                          2.2250738585072014e-308,
                                          1.7976931348623157e308,
                                          -1.0000000000000002,
                                          9007199254740993.0,
                                          123456789012345680.0,
                                          1e-5,
                                          1e16,
                                          6.02214076e23};

}  // namespace reluflow::testing
