#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace reluflow::detail {

/// The temporary name under which a file is written, in the directory of its target, so that
/// renaming is atomic and a reader never sees half a file.
class temporary_name {
 public:
  explicit temporary_name(std::filesystem::path target);
  /// Removes the temporary file unless it was committed.
  ~temporary_name();
  temporary_name(const temporary_name&) = delete;
  temporary_name& operator=(const temporary_name&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const std::filesystem::path& target() const noexcept { return target_; }
  /// Flushes the file, which must be closed, to the disk and gives it its name.
  /// @throws file_error
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
  bool committed_ = false;
};

/// A file that appears under its name when it is complete, or not at all.
class output_file {
 public:
  /// @throws file_error when the file cannot be opened
  explicit output_file(std::filesystem::path target);
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  /// @throws file_error when the disk is full or fails otherwise
  void write(std::string_view text);
  /// Closes the file and gives it its name. Without it the file vanishes.
  /// @throws file_error
  void commit();

 private:
  temporary_name name_;
  std::FILE* stream_;
};

/// Writes all of a small file.
/// @throws file_error
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace reluflow::detail
