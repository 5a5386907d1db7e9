// Feeds the corpus to all targets, without a fuzzer: what was found once stays mended.
//
//     corpus DIRECTORY    DIRECTORY/TARGET/* are the inputs

#include "targets.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The number of inputs that one target was fed with.
int feed(const reluflow::fuzz::target& target, const std::filesystem::path& directory) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::printf("%s\n", entry.path().c_str());
    std::fflush(stdout);
    target.run(bytes_of(entry.path()));
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    for (const reluflow::fuzz::target& target : reluflow::fuzz::targets) {
      const int count = feed(target, std::filesystem::path(argv[1]) / target.name);
      std::printf("%s: %d inputs\n", std::string(target.name).c_str(), count);
      if (count == 0) return 1;
    }
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
  return 0;
}
