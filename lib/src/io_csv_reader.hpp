#pragma once

#include "reluflow/dataset.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::detail {

/// Reads a CSV file row by row. Every message names the file and the line. Fields may be quoted as
/// in RFC 4180, but may hold no line break.
class csv_reader {
 public:
  /// Reads the file and its header line.
  /// @param expected  what the header should be, for messages
  /// @throws invalid_input when the file is missing or empty
  csv_reader(const std::filesystem::path& file, std::string_view expected);
  // The fields point into the text.
  csv_reader(const csv_reader&) = delete;
  csv_reader& operator=(const csv_reader&) = delete;

  /// Names of the columns, trimmed.
  [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
  /// Whether the header is this one, word for word.
  [[nodiscard]] bool has_header(std::string_view header) const;
  /// @throws invalid_input unless the header is `expected`, word for word
  void require_header() const;
  [[noreturn]] void fail_header() const;

  /// Goes to the next row. False at the end of the file; blank lines at the end do not count.
  /// @throws invalid_input when the row has not as many fields as the header
  bool next();

  /// "FILE, line N" of the current row.
  [[nodiscard]] std::string where() const;
  /// Throws for a file that ends after its header.
  [[noreturn]] void fail_without_rows(std::string_view expected) const;

  /// Field `column` of the current row as a finite number.
  /// @throws invalid_input
  [[nodiscard]] double number(std::size_t column) const;
  /// As `number`, but infinities and NaN are taken.
  [[nodiscard]] double any_number(std::size_t column) const;
  /// Field `column` as an index from 0 to `end` - 1.
  [[nodiscard]] index index_below(std::size_t column, index end) const;
  /// Field `column` without its quotes.
  [[nodiscard]] std::string text(std::size_t column) const;
  /// Throws for field `column`: "FILE, line N: found "FIELD" (NAME), expected ...".
  [[noreturn]] void fail_field(std::size_t column, std::string_view expected) const;

 private:
  bool read_line(std::string_view& line);
  void split(std::string_view line);

  std::string file_;
  std::string expected_;
  std::string text_;
  std::string_view rest_;
  std::size_t line_ = 0;
  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
};

/// `text` as a CSV field: quoted when it holds a comma or a quote, line breaks turned into spaces.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace reluflow::detail
