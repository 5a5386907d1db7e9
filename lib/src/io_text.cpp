#include "io_text.hpp"

#include "reluflow/memory.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

namespace reluflow::detail {
namespace {

constexpr std::size_t longest_quote = 60;

std::string escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7f) {
    return fmt::format("\\x{:02x}", byte);
  }
  return {c};
}

std::string lower_case_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, longest_quote)) {
    out += escaped(c);
  }
  return out + (text.size() > longest_quote ? "...\"" : "\"");
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string number_text(double value) { return fmt::format("{}", value); }

std::string real_text(double value) {
  std::string text = number_text(value);
  // "inf" and "nan" hold an 'n', exponents an 'e'.
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

number_status parse_number(std::string_view field, double& value) noexcept {
  field = trimmed(field);
  if (field.starts_with('+')) {
    field.remove_prefix(1);
    if (field.starts_with('-')) {
      return number_status::malformed;
    }
  }
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error == std::errc::result_out_of_range && stop == end) {
    return number_status::out_of_range;
  }
  return error == std::errc() && stop == end ? number_status::fine : number_status::malformed;
}

std::string read_text(const std::filesystem::path& file, std::string_view expected) {
  const auto fail = [&](int cause) {
    const std::string found =
        cause == ENOENT ? "no such file" : lower_case_first(std::generic_category().message(cause));
    throw invalid_input(file.string(), found, expected);
  };
  const auto close = [](std::FILE* stream) { std::fclose(stream); };
  const std::unique_ptr<std::FILE, decltype(close)> stream(std::fopen(file.c_str(), "rb"), close);
  if (!stream) {
    fail(errno);
  }
  struct stat status {};
  if (::fstat(::fileno(stream.get()), &status) != 0) {
    fail(errno);
  }
  // A device such as /dev/zero has no end. Pipes are welcome: a shell makes them of programs.
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    throw invalid_input(file.string(), "a device", expected);
  }
  const auto most = static_cast<std::size_t>(memory_limit());
  std::string text;
  char chunk[1U << 16U];
  while (const std::size_t count = std::fread(chunk, 1, sizeof chunk, stream.get())) {
    if (text.size() + count > most) {
      throw invalid_input(file.string(), fmt::format("more than {} bytes", most), expected);
    }
    text.append(chunk, count);
  }
  if (std::ferror(stream.get()) != 0) {
    fail(errno);
  }
  return text;
}

message_parts parts_of(const invalid_input& error) {
  constexpr std::string_view found_mark = ": found ";
  constexpr std::string_view expected_mark = ", expected ";
  const std::string what = error.what();
  const auto found = what.find(found_mark);
  const auto expected = what.rfind(expected_mark);
  if (found == std::string::npos || expected == std::string::npos || expected < found) {
    return {"", what, ""};
  }
  const auto after_found = found + found_mark.size();
  return {what.substr(0, found), what.substr(after_found, expected - after_found),
          what.substr(expected + expected_mark.size())};
}

void rethrow_at(std::string_view place, const invalid_input& error) {
  const message_parts parts = parts_of(error);
  throw invalid_input(fmt::format("{}, {}", place, parts.where), parts.found, parts.expected);
}

}  // namespace reluflow::detail
