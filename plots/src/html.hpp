#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reluflow::plots {

/// `text` as it stands inside an element or a quoted attribute; control characters but line breaks
/// become spaces.
[[nodiscard]] std::string html_text(std::string_view text);

/// A number as a reader wants it, six digits, with all of them in its `value` and its tooltip.
[[nodiscard]] std::string html_number(double value);

/// A table that scrolls by itself when it is wider than the page; cells are markup.
/// @param caption   plain text, read out before the table
/// @param headings  of the columns, plain text; the first cell of each row heads the row
[[nodiscard]] std::string html_table(std::string_view caption,
                                     const std::vector<std::string_view>& headings,
                                     const std::vector<std::vector<std::string>>& rows);

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace reluflow::plots
