#pragma once

#include "reluflow/errors.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace reluflow::detail {

/// `text` for a message: in double quotes, on one line, without control characters, at most 60
/// characters long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// `text` without leading and trailing spaces, tabs and carriage returns.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// The shortest digits that read back as `value`.
[[nodiscard]] std::string number_text(double value);

/// The same with ".0" where no point or exponent shows that the number is real, as TOML asks.
[[nodiscard]] std::string real_text(double value);

enum class number_status { fine, malformed, out_of_range };

/// Reads a whole field as a double: spaces around it and one leading '+' are allowed; "inf" and
/// "nan" are read as such. Neither the locale nor the rounding mode matters.
[[nodiscard]] number_status parse_number(std::string_view field, double& value) noexcept;

/// The whole file.
/// @param expected  what the file should be, e.g. "a file of samples"
/// @throws invalid_input when there is no such file or it cannot be read
[[nodiscard]] std::string read_text(const std::filesystem::path& file, std::string_view expected);

/// The parts from which an invalid_input was made.
struct message_parts {
  std::string where;
  std::string found;
  std::string expected;
};

[[nodiscard]] message_parts parts_of(const invalid_input& error);

/// Throws `error` again with `place` in front, "points.csv, sample 3: found ...": what is thrown by
/// the checks of dataset and network does not know the file.
[[noreturn]] void rethrow_at(std::string_view place, const invalid_input& error);

}  // namespace reluflow::detail
