#pragma once

namespace reluflow {

/// Sets how many threads the kernels use when they are called from the calling thread. Results do
/// not depend on it. Without OpenMP the kernels run on one thread and nothing changes.
/// @param count  at least 1
/// @throws invalid_input for a smaller count
void set_thread_count(int count);

}  // namespace reluflow
