#pragma once

#include "reluflow/problem.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reluflow {

/// Reads a problem file (TOML) and what it refers to; relative names are relative to the file.
///
///     [data]     file = "points.csv"  |  generator = "gaussian" | "orthonormal" | "axes" |
///                "orthogonal" | "sphere" | "antipodal", see below
///                bias = false
///     [network]  file = "network.csv" |  init = "balanced" | "dominated" | "ball" | "gaussian" |
///                "group", width or miss_probability, scale or log_scale, seed
///                output_scale = "unit" | "mean"
///     [flow]     t_end; rtol, atol, chart, switching, rule, stop_loss, stop_gradient, max_steps,
///                max_stalled_switches
///     [record]   times = [...]  |  count = 201, spacing = "linear" | "log";  states = true
///                switches = true
///
/// Generators: "gaussian" with samples, dimension, seed, teacher = "linear" (beta = [1, 0, ..., 0])
/// or "relu" (teacher_width = 5, teacher_seed = seed), noise = 0.0 (its standard deviation),
/// noise_law = "gaussian" | "uniform" | "sign" | "laplace"; "cylinder" with samples, dimension,
/// seed, spread = 0.1, beta, noise, noise_law (theory of simplicity bias); "orthonormal" with
/// samples, dimension = samples, seed; "axes", "orthogonal" and "sphere" with samples, dimension =
/// samples, least_norm = 1, largest_norm = least_norm, seed; "antipodal" with samples, dimension =
/// samples/2, angle = 0, norms as before, seed. `miss_probability` = eps asks for the width at
/// which every sample is reached with probability 1 - eps at least (paper B). Seeds default to 1;
/// data and network draw from independent streams of one seed.
///
/// @param overrides  assignments "section.key=value", value in TOML; a value that is no TOML is
/// taken
///                   as a string. An assignment replaces the file's value and its alternatives: one
///                   to record.count discards record.times.
/// @param seed       replaces the seeds of data and network
/// @throws invalid_input for whatever is wrong in the problem file, the files it names or an
///         override; one line that names file, line, key, what was found and what is expected
[[nodiscard]] problem read_problem(const std::filesystem::path& file,
                                   const std::vector<std::string>& overrides = {},
                                   std::optional<std::uint64_t> seed = std::nullopt);

/// Writes `setup` so that `read_problem(file)` gives it back: data as points.csv and network as
/// network_initial.csv beside `file`, every option with its value. `record.dense` and the seed are
/// not part of a problem file and are left out.
/// @throws file_error when a file cannot be written
void write_problem(const std::filesystem::path& file, const problem& setup);

}  // namespace reluflow
