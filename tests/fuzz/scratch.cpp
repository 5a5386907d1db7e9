#include "targets.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

namespace reluflow::fuzz {
namespace {

class directory {
 public:
  directory() : path_(make()) {}
  ~directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static std::filesystem::path make() {
    // In memory where that is possible: a fuzzer writes thousands of files a second.
    const char* const root = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    std::string name = std::string(root) + "/reluflow_fuzz_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }

  std::filesystem::path path_;
};

}  // namespace

const std::filesystem::path& scratch() {
  static const directory own;
  return own.path();
}

std::filesystem::path put(std::string_view name, std::string_view bytes) {
  std::filesystem::path file = scratch() / name;
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file;
}

}  // namespace reluflow::fuzz
