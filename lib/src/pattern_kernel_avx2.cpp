#include "pattern_kernel.hpp"

namespace reluflow::detail {

void multiply_avx2(const product& p, std::int64_t begin, std::int64_t end) {
  multiply_rows(p, begin, end);
}

void find_near_avx2(const nearness& task) { find_near(task); }

}  // namespace reluflow::detail
