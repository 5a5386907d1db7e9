#include "reluflow/version.hpp"

namespace reluflow {

std::string_view linked_version() noexcept { return version_string; }

}  // namespace reluflow
