// Feeds the corpus to all targets, without a fuzzer: what was found once stays mended. Some inputs
// of each target have to be accepted: a fuzzer starts from them.
//
//     corpus DIRECTORY          DIRECTORY/TARGET/* are the inputs
//     corpus DIRECTORY renew    writes the checkpoints anew, when their format has changed

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

struct fed {
  int inputs = 0;
  int accepted = 0;
};

fed feed(const reluflow::fuzz::target& target, const std::filesystem::path& directory) {
  fed count;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::printf("%s\n", entry.path().c_str());
    std::fflush(stdout);
    ++count.inputs;
    count.accepted += target.run(bytes_of(entry.path())) ? 1 : 0;
  }
  return count;
}

void renew(const std::filesystem::path& directory) {
  for (const int steps : {0, 5, 40}) {
    const std::string name = "steps_" + std::to_string(steps);
    std::ofstream(directory / "checkpoint" / name, std::ios::binary)
        << reluflow::fuzz::state_after(steps);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  const std::filesystem::path corpus = argv[1];
  try {
    if (argc == 3) {
      if (std::string(argv[2]) != "renew") return 2;
      renew(corpus);
    }
    for (const reluflow::fuzz::target& target : reluflow::fuzz::targets) {
      const fed count = feed(target, corpus / target.name);
      std::printf("%s: %d inputs, %d accepted\n", std::string(target.name).c_str(), count.inputs,
                  count.accepted);
      if (count.accepted == 0) return 1;
    }
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
  return 0;
}
