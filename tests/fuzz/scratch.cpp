#include "reluflow/detail/scratch_directory.hpp"
#include "targets.hpp"

#include <unistd.h>

#include <fstream>

namespace reluflow::fuzz {

const std::filesystem::path& scratch() {
  // In memory where that is possible: a fuzzer writes thousands of files a second.
  static const detail::scratch_directory own(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  return own.path();
}

std::filesystem::path put(std::string_view name, std::string_view bytes) {
  std::filesystem::path file = scratch() / name;
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file;
}

}  // namespace reluflow::fuzz
