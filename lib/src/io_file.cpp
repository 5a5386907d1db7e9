#include "reluflow/detail/output_file.hpp"
#include "reluflow/io/file_error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace reluflow {

file_error::file_error(const std::filesystem::path& file, int cause)
    : std::runtime_error(
          fmt::format("{}: {}", file.string(),
                      cause == 0 ? "cannot be written" : std::generic_category().message(cause))) {}

namespace detail {
namespace {

std::filesystem::path temporary_path(const std::filesystem::path& target) {
  return target.parent_path() /
         fmt::format(".{}.{}.tmp", target.filename().string(), static_cast<long>(::getpid()));
}

}  // namespace

temporary_name::temporary_name(std::filesystem::path target)
    : target_(std::move(target)), path_(temporary_path(target_)) {
  // A link of that name, which leads elsewhere, must not be followed.
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

temporary_name::~temporary_name() {
  if (!committed_) {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
}

void temporary_name::commit() {
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw file_error(target_, errno);
  }
  // Without this the new name may survive a power failure and the contents not. A file system that
  // cannot do it (EINVAL, EROFS never with a file just written) is no reason to fail.
  const int flushed = ::fsync(descriptor);
  const int cause = errno;
  ::close(descriptor);
  if (flushed != 0 && cause != EINVAL && cause != ENOTSUP) {
    throw file_error(target_, cause);
  }
  if (std::rename(path_.c_str(), target_.c_str()) != 0) {
    throw file_error(target_, errno);
  }
  committed_ = true;
}

output_file::output_file(std::filesystem::path target)
    : name_(std::move(target)), stream_(std::fopen(name_.path().c_str(), "wbe")) {
  if (stream_ == nullptr) {
    throw file_error(name_.target(), errno);
  }
}

output_file::~output_file() {
  if (stream_ != nullptr) {
    std::fclose(stream_);
  }
}

void output_file::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) {
    throw file_error(name_.target(), errno);
  }
}

void output_file::commit() {
  // A full disk may show only when the buffer is emptied.
  const int closed = std::fclose(std::exchange(stream_, nullptr));
  if (closed != 0) {
    throw file_error(name_.target(), errno);
  }
  name_.commit();
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  output_file out(file);
  out.write(text);
  out.commit();
}

}  // namespace detail
}  // namespace reluflow
