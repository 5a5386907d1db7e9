#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reluflow::detail {

/// A value of a configuration file, with the place it came from. What such files have no use for
/// (tables inside sections, dates) is kept as its description.
struct config_value {
  struct other {
    std::string description;  ///< e.g. "a table"
  };
  using array = std::vector<config_value>;

  std::variant<bool, std::int64_t, double, std::string, array, other> data;
  std::size_t line = 0;  ///< from 1; 0 for a value from the command line
};

/// "20.5", "\"log\"", "an array": the value for a message.
[[nodiscard]] std::string describe(const config_value& value);

/// The keys of one section and where the section begins.
struct config_section_data {
  std::map<std::string, config_value> values;
  std::size_t line = 0;
};

/// A configuration file of sections with keys, the part of TOML that reluflow uses. The only place
/// that knows the TOML library.
struct config_file {
  std::string name;  ///< for messages
  std::map<std::string, config_section_data> sections;

  /// @throws invalid_input when the file is missing or no TOML, or has a key outside sections
  [[nodiscard]] static config_file read(const std::filesystem::path& file);
  /// @throws invalid_input as above
  [[nodiscard]] static config_file parse(std::string_view text, std::string name);

  /// Applies "section.key=value". A value that is no TOML is taken as a string.
  /// @return the path "section.key"
  /// @throws invalid_input when the text has another form
  std::string assign(std::string_view assignment);
  /// Forgets a value, given as "section.key".
  void discard(const std::string& path);
};

/// Reads one section with types and ranges checked, and knows at the end which keys nobody read.
class config_section {
 public:
  /// @param optional  false throws when the section is missing
  config_section(const config_file& file, std::string name, bool optional);

  [[nodiscard]] bool has(const std::string& key) const;
  /// A real (or integer) that is finite; nothing when the key is absent.
  [[nodiscard]] std::optional<double> real(const std::string& key);
  [[nodiscard]] std::optional<std::int64_t> integer(const std::string& key);
  [[nodiscard]] std::optional<bool> boolean(const std::string& key);
  [[nodiscard]] std::optional<std::string> string(const std::string& key);
  [[nodiscard]] std::optional<std::vector<double>> reals(const std::string& key);
  /// An array of strings, each of them one of `words`, by their positions.
  [[nodiscard]] std::optional<std::vector<std::size_t>> choices(
      const std::string& key, const std::vector<std::string_view>& words);
  /// An integer that is at least `least`.
  [[nodiscard]] std::optional<std::int64_t> count(const std::string& key, std::int64_t least);
  /// As the above, but an absent key is an error.
  [[nodiscard]] double required_real(const std::string& key, std::string_view expected);
  [[nodiscard]] std::int64_t required_count(const std::string& key, std::int64_t least);

  /// One of `words` by its position; nothing when the key is absent.
  [[nodiscard]] std::optional<std::size_t> choice(const std::string& key,
                                                  const std::vector<std::string_view>& words);

  /// @throws invalid_input when the section has a key that was not asked for
  void finish() const;

  /// "FILE, line N" of a key; the place of the section when the key is absent.
  [[nodiscard]] std::string place(const std::string& key) const;
  /// Throws "FILE, line N, SECTION.KEY: found ..., expected ..." with the value that stands there.
  [[noreturn]] void fail(const std::string& key, std::string_view expected) const;
  [[noreturn]] void fail(const std::string& key, std::string_view found,
                         std::string_view expected) const;

 private:
  const config_value* find(const std::string& key);

  const config_file* file_;
  const config_section_data* data_;  // null when an optional section is missing
  std::string name_;
  std::vector<std::string> known_;
};

}  // namespace reluflow::detail
