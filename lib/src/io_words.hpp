#pragma once

#include "reluflow/initialisation.hpp"
#include "reluflow/problem.hpp"

#include <string_view>
#include <vector>

namespace reluflow::detail {

// The words of a problem file, in the order of their enumerators.

inline const std::vector<std::string_view> chart_words{"auto", "spherical", "cartesian"};
inline const std::vector<std::string_view> switching_words{"global", "asynchronous"};
inline const std::vector<std::string_view> rule_words{"filippov", "fixed"};
inline const std::vector<std::string_view> scaling_words{"unit", "mean"};

/// The word of an enumerator.
template <typename Enum>
[[nodiscard]] std::string_view word(const std::vector<std::string_view>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

}  // namespace reluflow::detail
