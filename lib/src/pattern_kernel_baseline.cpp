#include "pattern_kernel.hpp"

namespace reluflow::detail {

void multiply_baseline(const product& p, std::int64_t begin, std::int64_t end) {
  multiply_rows(p, begin, end);
}

void find_near_baseline(const nearness& task) { find_near(task); }

}  // namespace reluflow::detail
