#include "pattern_kernel.hpp"

namespace reluflow::detail {

void multiply_avx2(const product& p, std::int64_t begin, std::int64_t end) {
  multiply_rows(p, begin, end);
}

}  // namespace reluflow::detail
