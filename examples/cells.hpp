#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/threads.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace reluflow::examples {

/// Calls work(cell) for every cell in [0, count), on as many threads as OMP_NUM_THREADS says or the
/// machine has. Results must not depend on the order.
template <class Work>
void for_each_cell(index count, const Work& work) {
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  const unsigned threads = wanted != nullptr ? static_cast<unsigned>(std::max(1, std::atoi(wanted)))
                                             : std::max(1U, std::thread::hardware_concurrency());
  std::atomic<index> next = 0;
  std::exception_ptr error;
  std::mutex guard;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      set_thread_count(1);
      for (index cell = next++; cell < count; cell = next++) {
        try {
          work(cell);
        } catch (...) {
          const std::lock_guard lock(guard);
          error = std::current_exception();
          next = count;
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace reluflow::examples
