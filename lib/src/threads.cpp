#include "reluflow/threads.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace reluflow {

void set_thread_count(int count) {
  if (count < 1) {
    throw invalid_input("threads", fmt::format("{}", count), "at least 1");
  }
#ifdef _OPENMP
  omp_set_num_threads(count);
#endif
}

}  // namespace reluflow
