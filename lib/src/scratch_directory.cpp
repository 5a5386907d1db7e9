#include "reluflow/detail/scratch_directory.hpp"

#include "reluflow/io/file_error.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace reluflow::detail {

scratch_directory::scratch_directory(const std::filesystem::path& parent) {
  std::string name = (parent / "reluflow-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw file_error(name, errno);
  path_ = name;
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace reluflow::detail
