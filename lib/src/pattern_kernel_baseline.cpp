#include "pattern_kernel.hpp"

namespace reluflow::detail {

const pattern_kernel baseline_kernel{&multiply_rows, &find_near};

}  // namespace reluflow::detail
