#include "io_text.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/memory.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

namespace reluflow {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are written as memory stands");

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::string_view ending = ".npy";
/// numpy aligns the data to this.
constexpr std::size_t alignment = 64;

std::size_t element_count(const std::vector<std::size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

/// "(3,)", "(3, 4)", "()": a Python tuple.
std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Magic, version, length and the padded dictionary: all that stands before the numbers.
std::string npy_header(const npy_array& array) {
  if (element_count(array.shape) != array.values.size()) {
    throw invalid_input("npy_array", fmt::format("{} values", array.values.size()),
                        fmt::format("as many as in shape {}", shape_text(array.shape)));
  }
  std::string dictionary = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}",
                                       shape_text(array.shape));
  const std::size_t before = magic.size() + 4;
  const std::size_t unpadded = before + dictionary.size() + 1;
  dictionary.append((alignment - unpadded % alignment) % alignment, ' ');
  dictionary += '\n';
  const auto length = static_cast<std::uint16_t>(dictionary.size());
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(length & 0xffU), static_cast<char>(length >> 8U)};
  return header + dictionary;
}

/// What stands after `key` in the Python dictionary of an npy header, up to `stop`.
std::optional<std::string_view> dictionary_entry(std::string_view dictionary, std::string_view key,
                                                 std::string_view stop) {
  const auto at = dictionary.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const auto begin = at + key.size() + 3;
  const auto end = dictionary.find_first_of(stop, begin);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  return detail::trimmed(dictionary.substr(begin, end - begin));
}

std::optional<std::vector<std::size_t>> parse_shape(std::string_view text) {
  if (!text.starts_with('(')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  std::vector<std::size_t> shape;
  while (!(text = detail::trimmed(text)).empty()) {
    std::size_t extent = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc()) {
      return std::nullopt;
    }
    shape.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    text = detail::trimmed(text);
    if (text.starts_with(',')) {
      text.remove_prefix(1);
    } else if (!text.empty()) {
      return std::nullopt;
    }
  }
  return shape;
}

/// The dictionary of an npy file and where the numbers begin.
struct npy_layout {
  std::string_view dictionary;
  std::size_t data_begin = 0;
};

std::optional<npy_layout> find_layout(std::string_view bytes) {
  if (!bytes.starts_with(magic) || bytes.size() < 12) {
    return std::nullopt;
  }
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const bool short_length = byte(6) == 1;
  const std::size_t begin = short_length ? 10 : 12;
  const std::size_t length = short_length
                                 ? byte(8) | byte(9) << 8U
                                 : byte(8) | byte(9) << 8U | byte(10) << 16U | byte(11) << 24U;
  if (byte(6) < 1 || byte(6) > 3 || length > bytes.size() - begin) {
    return std::nullopt;
  }
  return npy_layout{bytes.substr(begin, length), begin + length};
}

struct archive_closer {
  // What is discarded is not written.
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

struct entry_closer {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

using archive_handle = std::unique_ptr<zip_t, archive_closer>;
using entry_handle = std::unique_ptr<zip_file_t, entry_closer>;

/// Adds `bytes`, which must outlive the archive, under `name`.
bool add_entry(zip_t* archive, const std::string& name, const std::string& bytes) {
  zip_source_t* const source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  if (source == nullptr) {
    return false;
  }
  const zip_int64_t at = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (at < 0) {
    zip_source_free(source);
    return false;
  }
  const auto entry = static_cast<zip_uint64_t>(at);
  // Doubles hardly compress, and a fixed date (the first that zip knows, 1980-01-01) keeps equal
  // runs equal byte by byte.
  return zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_dostime(archive, entry, 0, 1U << 5U | 1U, 0) == 0;
}

/// One entry, unpacked.
/// @param held  bytes of the arrays that were read before it
std::string read_entry(zip_t* archive, zip_uint64_t at, const std::string& file,
                       const std::string& name, double held) {
  const auto fail = [&] {
    throw invalid_input(file,
                        fmt::format("an entry {} that cannot be read", detail::in_quotes(name)),
                        "an npz archive");
  };
  zip_stat_t status;
  const entry_handle entry(zip_fopen_index(archive, at, 0));
  if (!entry || zip_stat_index(archive, at, 0, &status) != 0) {
    fail();
  }
  // The bytes and, for a moment, the array that is made of them.
  require_bytes(held + 2.0 * static_cast<double>(status.size), file,
                fmt::format("{} bytes in entry {}", status.size, detail::in_quotes(name)));
  std::string bytes;
  // The size in the directory may lie: memory grows with what is really there, and no further.
  char chunk[1U << 16U];
  zip_int64_t count = 0;
  while (bytes.size() <= status.size && (count = zip_fread(entry.get(), chunk, sizeof chunk)) > 0) {
    bytes.append(chunk, static_cast<std::size_t>(count));
  }
  if (count < 0 || bytes.size() != status.size) {
    fail();
  }
  return bytes;
}

}  // namespace

std::string encode_npy(const npy_array& array) {
  std::string bytes = npy_header(array);
  const std::size_t begin = bytes.size();
  bytes.resize(begin + array.values.size() * sizeof(double));
  if (!array.values.empty()) {
    std::memcpy(bytes.data() + begin, array.values.data(), bytes.size() - begin);
  }
  return bytes;
}

npy_array decode_npy(std::string_view bytes, std::string_view name) {
  const auto fail = [&](std::string_view found) {
    throw invalid_input(name, found, "an npy array of little-endian float64 in C order");
  };
  const auto layout = find_layout(bytes);
  if (!layout) {
    fail("bytes that are no npy file");
  }
  const auto type = dictionary_entry(layout->dictionary, "descr", ",}");
  const auto order = dictionary_entry(layout->dictionary, "fortran_order", ",}");
  const auto extents = dictionary_entry(layout->dictionary, "shape", ")");
  const auto shape = extents ? parse_shape(*extents) : std::nullopt;
  if (!type || !order || !shape) {
    fail("a malformed npy header");
  }
  if (*type != "'<f8'") {
    fail(fmt::format("numbers of type {}", detail::in_quotes(*type)));
  }
  if (*order != "False") {
    fail("Fortran order");
  }
  const std::size_t available = bytes.size() - layout->data_begin;
  std::size_t count = 1;
  bool fits = available % sizeof(double) == 0;
  for (const std::size_t extent : *shape) {
    // Extents from a file may overflow when they are multiplied.
    fits = fits && (extent == 0 || count <= std::numeric_limits<std::size_t>::max() / extent);
    count *= extent;
  }
  fits = fits && count == available / sizeof(double);
  if (!fits) {
    fail(fmt::format("{} bytes of data", available));
  }
  npy_array array{*shape, std::vector<double>(count)};
  if (available > 0) {
    std::memcpy(array.values.data(), bytes.data() + layout->data_begin, available);
  }
  return array;
}

void write_npz(const std::filesystem::path& file, const npz_arrays& arrays) {
  std::map<std::string, std::string> entries;
  for (const auto& [name, array] : arrays) {
    entries.emplace(name + std::string(ending), encode_npy(array));
  }
  detail::temporary_name name(file);
  int failure = 0;
  archive_handle archive(zip_open(name.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &failure));
  if (!archive) {
    throw file_error(file, errno);
  }
  for (const auto& [entry, bytes] : entries) {
    if (!add_entry(archive.get(), entry, bytes)) {
      throw file_error(file, zip_error_code_system(zip_get_error(archive.get())));
    }
  }
  if (zip_close(archive.get()) != 0) {
    throw file_error(file, zip_error_code_system(zip_get_error(archive.get())));
  }
  (void)archive.release();
  name.commit();
}

npz_arrays read_npz(const std::filesystem::path& file) {
  constexpr const char* expected = "an npz archive";
  int failure = 0;
  const archive_handle archive(zip_open(file.c_str(), ZIP_RDONLY, &failure));
  if (!archive) {
    throw invalid_input(file.string(),
                        failure == ZIP_ER_NOENT ? "no such file" : "a file that is no zip archive",
                        expected);
  }
  npz_arrays arrays;
  double held = 0.0;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<zip_uint64_t>(i);
    const char* const entry = zip_get_name(archive.get(), at, ZIP_FL_ENC_RAW);
    std::string name = entry == nullptr ? "" : entry;
    const std::string bytes = read_entry(archive.get(), at, file.string(), name, held);
    held += static_cast<double>(bytes.size());
    const std::string where = fmt::format("{}, entry {}", file.string(), detail::in_quotes(name));
    if (name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
    }
    arrays[name] = decode_npy(bytes, where);
  }
  return arrays;
}

}  // namespace reluflow
