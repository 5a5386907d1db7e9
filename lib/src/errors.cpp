#include "reluflow/errors.hpp"

#include <fmt/format.h>

namespace reluflow {

invalid_input::invalid_input(std::string_view where, std::string_view found,
                             std::string_view expected)
    : std::invalid_argument(fmt::format("{}: found {}, expected {}", where, found, expected)) {}

}  // namespace reluflow
