#include "io_csv_reader.hpp"
#include "io_polar.hpp"
#include "io_text.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/io/csv.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reluflow {
namespace {

using detail::csv_reader;
using detail::polar_neurons;

constexpr const char* points_header = "x1,...,xd,y";
constexpr const char* network_header =
    "a,w1,...,wd or sign,log_norm,w1,...,wd or sign,log_norm,a,w1,...,wd";

/// True when header[first], header[first + 1], ... up to `last` read w1, w2, ...
bool counts_up(const std::vector<std::string>& header, char letter, std::size_t first,
               std::size_t last) {
  for (std::size_t i = first; i < last; ++i) {
    if (header[i] != fmt::format("{}{}", letter, i - first + 1)) {
      return false;
    }
  }
  return first < last;
}

void append_numbers(std::string& line, const Eigen::Ref<const Eigen::VectorXd>& values) {
  for (const double value : values) {
    fmt::format_to(std::back_inserter(line), ",{}", value);
  }
}

std::string numbered(std::string_view first, char letter, index count) {
  std::string header(first);
  for (index i = 1; i <= count; ++i) {
    fmt::format_to(std::back_inserter(header), "{}{}{}", header.empty() ? "" : ",", letter, i);
  }
  return header;
}

/// Which columns a network file has.
struct network_columns {
  std::optional<std::size_t> sign;
  std::optional<std::size_t> log_norm;
  std::optional<std::size_t> a;
  std::size_t first_weight = 0;
};

network_columns recognise(const csv_reader& reader) {
  const auto& header = reader.header();
  const auto starts = [&](const std::vector<std::string>& names) {
    return header.size() > names.size() && std::equal(names.begin(), names.end(), header.begin()) &&
           counts_up(header, 'w', names.size(), header.size());
  };
  if (starts({"a"})) {
    return {std::nullopt, std::nullopt, 0, 1};
  }
  if (starts({"sign", "log_norm"})) {
    return {0, 1, std::nullopt, 2};
  }
  if (starts({"sign", "log_norm", "a"})) {
    return {0, 1, 2, 3};
  }
  reader.fail_header();
}

double read_sign(const csv_reader& reader, const network_columns& columns) {
  const double sign = reader.any_number(*columns.sign);
  if (sign == 1.0 || sign == -1.0) {
    return sign;
  }
  // A Cartesian neuron may have a = 0, and then it has no sign.
  if (sign == 0.0 && columns.a && reader.number(*columns.a) == 0.0) {
    return sign;
  }
  reader.fail_field(*columns.sign, "+1 or -1");
}

double read_log_norm(const csv_reader& reader, const network_columns& columns, bool zero) {
  const double log_norm = reader.any_number(*columns.log_norm);
  const bool zero_neuron =
      zero && columns.a && log_norm == -std::numeric_limits<double>::infinity();
  if (!std::isfinite(log_norm) && !zero_neuron) {
    reader.fail_field(*columns.log_norm, "a finite number");
  }
  return log_norm;
}

double read_output_weight(const csv_reader& reader, const network_columns& columns, double sign) {
  const double a = reader.number(*columns.a);
  if ((a > 0.0 && sign < 0.0) || (a < 0.0 && sign > 0.0)) {
    reader.fail_field(*columns.a, "the sign that stands in column sign");
  }
  return a;
}

/// The rows of a network file, columns that are absent left at zero.
polar_neurons read_neurons(csv_reader& reader, const network_columns& columns) {
  const std::size_t d = reader.header().size() - columns.first_weight;
  std::vector<double> signs;
  std::vector<double> log_norms;
  std::vector<double> a;
  std::vector<double> weights;
  while (reader.next()) {
    bool zero = true;
    for (std::size_t i = 0; i < d; ++i) {
      weights.push_back(reader.number(columns.first_weight + i));
      zero = zero && weights.back() == 0.0;
    }
    const double sign = columns.sign ? read_sign(reader, columns) : 0.0;
    signs.push_back(sign);
    log_norms.push_back(columns.log_norm ? read_log_norm(reader, columns, zero) : 0.0);
    if (columns.sign && zero && std::isfinite(log_norms.back())) {
      throw invalid_input(reader.where(), "a direction that is zero",
                          "at least one of w1,...,wd that is not zero");
    }
    if (columns.a) {
      a.push_back(columns.sign ? read_output_weight(reader, columns, sign)
                               : reader.number(*columns.a));
    } else {
      a.push_back(0.0);
    }
  }
  if (signs.empty()) {
    reader.fail_without_rows("at least one neuron");
  }
  const auto m = static_cast<index>(signs.size());
  return {Eigen::Map<Eigen::VectorXd>(signs.data(), m),
          Eigen::Map<Eigen::VectorXd>(log_norms.data(), m),
          Eigen::Map<Eigen::VectorXd>(a.data(), m),
          Eigen::Map<Eigen::MatrixXd>(weights.data(), static_cast<index>(d), m)};
}

network make_network(polar_neurons neurons, const network_columns& columns, double alpha) {
  if (!columns.sign) {
    return network::cartesian(std::move(neurons.output_weights), neurons.directions, alpha);
  }
  if (!columns.a) {
    return network::balanced(neurons.signs, std::move(neurons.log_norms),
                             std::move(neurons.directions), alpha);
  }
  return detail::from_polar(std::move(neurons), alpha);
}

}  // namespace

dataset read_points(const std::filesystem::path& file, bool bias) {
  csv_reader reader(file, points_header);
  const auto& header = reader.header();
  const std::size_t d = header.size() - 1;
  if (header.back() != "y" || !counts_up(header, 'x', 0, d)) {
    reader.fail_header();
  }
  std::vector<double> inputs;
  std::vector<double> labels;
  while (reader.next()) {
    bool zero = !bias;
    for (std::size_t i = 0; i < d; ++i) {
      inputs.push_back(reader.number(i));
      zero = zero && inputs.back() == 0.0;
    }
    if (zero) {
      throw invalid_input(reader.where(), "an input of norm zero",
                          "at least one coordinate that is not zero");
    }
    if (bias) {
      inputs.push_back(1.0);
    }
    labels.push_back(reader.number(d));
  }
  if (labels.empty()) {
    reader.fail_without_rows("at least one sample");
  }
  const auto n = static_cast<index>(labels.size());
  const auto rows = static_cast<index>(d) + (bias ? 1 : 0);
  try {
    return {Eigen::Map<Eigen::MatrixXd>(inputs.data(), rows, n),
            Eigen::Map<Eigen::VectorXd>(labels.data(), n)};
  } catch (const invalid_input& error) {
    detail::rethrow_at(file.string(), error);
  }
}

void write_points(const std::filesystem::path& file, const dataset& data) {
  detail::output_file out(file);
  out.write(numbered("", 'x', data.dimension()) + ",y\n");
  for (index k = 0; k < data.size(); ++k) {
    std::string line;
    append_numbers(line, data.inputs().col(k));
    fmt::format_to(std::back_inserter(line), ",{}\n", data.labels()[k]);
    out.write(std::string_view(line).substr(1));
  }
  out.commit();
}

network read_network(const std::filesystem::path& file, output_scaling scaling) {
  csv_reader reader(file, network_header);
  const network_columns columns = recognise(reader);
  polar_neurons neurons = read_neurons(reader, columns);
  const double alpha = output_scale(scaling, neurons.signs.size());
  try {
    return make_network(std::move(neurons), columns, alpha);
  } catch (const invalid_input& error) {
    detail::rethrow_at(file.string(), error);
  }
}

void write_network(const std::filesystem::path& file, const network& net) {
  const bool balanced = net.is_balanced();
  const Eigen::VectorXd a = net.output_weights();
  const Eigen::MatrixXd weights = balanced ? net.directions() : net.weights();
  detail::output_file out(file);
  out.write(numbered(balanced ? "sign,log_norm" : "a", 'w', net.dimension()) + "\n");
  for (index j = 0; j < net.width(); ++j) {
    std::string line = balanced ? fmt::format("{},{}", net.signs()[j], net.log_norms()[j])
                                : fmt::format("{}", a[j]);
    append_numbers(line, weights.col(j));
    out.write(line += '\n');
  }
  out.commit();
}

void write_final_network(const std::filesystem::path& file, const network& net) {
  const polar_neurons neurons = detail::to_polar(net);
  detail::output_file out(file);
  out.write(numbered("sign,log_norm,a", 'w', net.dimension()) + "\n");
  for (index j = 0; j < net.width(); ++j) {
    std::string line =
        fmt::format("{},{},{}", neurons.signs[j], neurons.log_norms[j], neurons.output_weights[j]);
    append_numbers(line, neurons.directions.col(j));
    out.write(line += '\n');
  }
  out.commit();
}

}  // namespace reluflow
