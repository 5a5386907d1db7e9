#include "html.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace reluflow::plots {
namespace {

std::string with_minus(std::string text) {
  for (auto at = text.find('-'); at != std::string::npos; at = text.find('-')) {
    text.replace(at, 1, "−");
  }
  return text;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool control = (static_cast<unsigned char>(c) < 0x20U && c != '\n') || c == 0x7f;
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += control ? ' ' : c;
    }
  }
  return result;
}

std::string html_number(double value) {
  if (std::isnan(value)) return "–";
  const std::string exact = fmt::format("{}", value);
  return fmt::format("<data value=\"{0}\" title=\"{0}\">{1}</data>", exact,
                     with_minus(fmt::format("{:.6g}", value)));
}

std::string html_table(std::string_view caption, const std::vector<std::string_view>& headings,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string table = fmt::format(
      "<div class=\"wide\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\">\n"
      "<table>\n<caption>{0}</caption>\n<thead><tr>",
      html_text(caption));
  for (const std::string_view heading : headings) {
    table += fmt::format("<th scope=\"col\">{}</th>", html_text(heading));
  }
  table += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows) {
    table += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      table += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", row[i])
                      : fmt::format("<td>{}</td>", row[i]);
    }
    table += "</tr>\n";
  }
  return table + "</tbody>\n</table>\n</div>\n";
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      group = group << 8U | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const bool padding = i + j > bytes.size();
      text += padding ? '=' : digits[(group >> (18U - 6U * j)) & 63U];
    }
  }
  return text;
}

}  // namespace reluflow::plots
