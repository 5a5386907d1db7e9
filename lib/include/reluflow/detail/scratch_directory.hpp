#pragma once

#include <filesystem>

namespace reluflow::detail {

/// A new directory that nobody else has, which vanishes with all that is in it.
class scratch_directory {
 public:
  /// @param parent  where it is made; the directory for temporary files unless given
  /// @throws file_error when it cannot be made
  explicit scratch_directory(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace reluflow::detail
