#pragma once

#include <cstdint>
#include <string>

namespace reluflow {

/// The bytes that one problem may need before `read_problem` refuses it, and one archive before
/// `read_npz` does: at first the physical memory, or the limit on the address space of the process
/// where that is less.
[[nodiscard]] std::uint64_t memory_limit() noexcept;
/// Lowers or raises the limit, for the whole process.
void set_memory_limit(std::uint64_t bytes) noexcept;

/// The sizes that the memory of a run depends on.
struct problem_size {
  double samples = 0.0;    ///< n
  double dimension = 0.0;  ///< d
  double width = 0.0;      ///< m
  double states = 0.0;     ///< networks that are kept
};

/// The least number of bytes that a run of this size takes: inputs with what the field keeps beside
/// them (6 n d doubles), the stages and the interpolant of a step (24 m (d + 1) doubles), the modes
/// of all pairs (4 bits a pair), and the states (m (2 d + 3) doubles each). Switches come on top.
[[nodiscard]] double least_memory(const problem_size& size) noexcept;

/// @param where     the key that the size comes from
/// @param found     what it says, e.g. "1e9 samples in dimension 1000"
/// @throws invalid_input when `size` needs more than memory_limit()
void require_memory(const problem_size& size, const std::string& where, const std::string& found);
/// The same for what a file says that it holds.
/// @param bytes     what it takes to read it
/// @throws invalid_input when they are more than memory_limit()
void require_bytes(double bytes, const std::string& where, const std::string& found);

}  // namespace reluflow
