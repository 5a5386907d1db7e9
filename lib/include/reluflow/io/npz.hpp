#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow {

/// An array of doubles as numpy keeps it: the last subscript runs fastest (C order).
struct npy_array {
  std::vector<std::size_t> shape;  ///< empty for a scalar
  std::vector<double> values;      ///< as many as the product of `shape`
};

/// Arrays by name, without the ending ".npy".
using npz_arrays = std::map<std::string, npy_array>;

/// The bytes of a .npy file: format version 1.0, little-endian float64, C order.
/// @throws invalid_input when `values` and `shape` disagree
[[nodiscard]] std::string encode_npy(const npy_array& array);

/// Reads the bytes of a .npy file (format versions 1 to 3, "<f8", C order).
/// @param name  stands in messages
/// @throws invalid_input when the bytes are anything else
[[nodiscard]] npy_array decode_npy(std::string_view bytes, std::string_view name);

/// Writes an .npz archive that `numpy.load` reads: stored without compression, byte-identical for
/// identical arrays. Archives above 4 GiB become Zip64.
/// @throws file_error when the file cannot be written
void write_npz(const std::filesystem::path& file, const npz_arrays& arrays);

/// Reads an .npz archive of float64 arrays, as write_npz, `numpy.savez` and
/// `numpy.savez_compressed` write it.
/// @throws invalid_input for a missing, damaged or truncated file, another format, another type of
///         numbers, Fortran order, a shape that the data do not have, and for arrays that need more
///         than memory_limit()
[[nodiscard]] npz_arrays read_npz(const std::filesystem::path& file);

}  // namespace reluflow
