#include "pattern_kernel.hpp"

namespace reluflow::detail {

const pattern_kernel avx512_kernel{&multiply_rows, &find_near};

}  // namespace reluflow::detail
