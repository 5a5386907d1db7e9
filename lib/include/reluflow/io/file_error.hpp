#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace reluflow {

/// Thrown when the system cannot write a file: a full disk, a directory without permission. What a
/// user can mend in the input is `invalid_input` instead.
class file_error : public std::runtime_error {
 public:
  /// @param file   the file or directory
  /// @param cause  an errno value, e.g. ENOSPC; 0 when the system gave none
  file_error(const std::filesystem::path& file, int cause);
};

}  // namespace reluflow
