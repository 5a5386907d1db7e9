#include "reluflow/memory.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <string_view>

namespace reluflow {
namespace {

std::uint64_t memory_of_machine() noexcept {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) {
    bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    bytes = std::min<std::uint64_t>(bytes, limit.rlim_cur);
  }
  return bytes;
}

/// Set by the user; 0 before that.
std::atomic<std::uint64_t> chosen_limit{0};

/// "3.2 GB"
std::string bytes_text(double bytes) {
  constexpr std::array<std::string_view, 5> units{"kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  bytes /= 1e3;
  for (; bytes >= 1e3 && unit + 1 < units.size(); ++unit) bytes /= 1e3;
  return fmt::format("{:.3g} {}", bytes, units[unit]);
}

}  // namespace

std::uint64_t memory_limit() noexcept {
  const std::uint64_t chosen = chosen_limit.load(std::memory_order_relaxed);
  return chosen != 0 ? chosen : memory_of_machine();
}

void set_memory_limit(std::uint64_t bytes) noexcept {
  chosen_limit.store(bytes, std::memory_order_relaxed);
}

double least_memory(const problem_size& size) noexcept {
  const double numbers = 6.0 * size.samples * size.dimension +
                         24.0 * size.width * (size.dimension + 1.0) +
                         size.states * size.width * (2.0 * size.dimension + 3.0);
  return 8.0 * numbers + 0.5 * size.samples * size.width;
}

void require_memory(const problem_size& size, const std::string& where, const std::string& found) {
  require_bytes(least_memory(size), where, found);
}

void require_bytes(double bytes, const std::string& where, const std::string& found) {
  const auto limit = static_cast<double>(memory_limit());
  if (bytes <= limit) return;
  throw invalid_input(where, fmt::format("{}, which need {} of memory", found, bytes_text(bytes)),
                      fmt::format("at most {} (--memory)", bytes_text(limit)));
}

}  // namespace reluflow
