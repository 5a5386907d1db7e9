// The door of libFuzzer: RELUFLOW_FUZZ_TARGET names one of targets.hpp.

#include "targets.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)reluflow::fuzz::RELUFLOW_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
