#pragma once

#include "reluflow/dataset.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/network.hpp"

#include <filesystem>

namespace reluflow {

// Numbers are written with the fewest digits that read back the same double. Reading accepts spaces
// around a field, a leading '+', CRLF line ends, a UTF-8 byte order mark and blank lines at the
// end. Whatever else is wrong ends in an invalid_input that reads "FILE, line N: found X, expected
// Y". Files are written under a temporary name in the same directory and renamed when complete.

/// Reads points.csv: header x1,...,xd,y and one sample a row.
/// @param bias  true appends a coordinate equal to 1 to every input
/// @throws invalid_input for a missing or empty file, another header, a ragged row, a field that is
///         no finite number, a file without samples, an input of norm zero (with its bias)
[[nodiscard]] dataset read_points(const std::filesystem::path& file, bool bias = false);

/// Writes points.csv, all coordinates of the inputs as they stand (a bias among them).
/// @throws file_error when the file cannot be written
void write_points(const std::filesystem::path& file, const dataset& data);

/// Reads a network file, one neuron a row, with one of the headers
///
///     a,w1,...,wd                 weights as doubles
///     sign,log_norm,w1,...,wd     balanced neurons of any size; (w1..wd) is the direction
///     sign,log_norm,a,w1,...,wd   as write_final_network writes it; (w1..wd) is the direction
///
/// With the third header the network is balanced when |a| = exp(log_norm) to rounding in every row,
/// or both underflow; else it is Cartesian.
/// @throws invalid_input as read_points does, and for a sign other than +1 or -1, a zero direction,
///         a sign that contradicts a
[[nodiscard]] network read_network(const std::filesystem::path& file,
                                   output_scaling scaling = output_scaling::unit);

/// Writes a balanced network under sign,log_norm,w1,...,wd and any other under a,w1,...,wd.
/// @throws file_error when the file cannot be written
void write_network(const std::filesystem::path& file, const network& net);

/// Writes sign,log_norm,a,w1,...,wd with (w1..wd) the direction: network.csv of a run directory.
/// @throws file_error when the file cannot be written
void write_final_network(const std::filesystem::path& file, const network& net);

}  // namespace reluflow
