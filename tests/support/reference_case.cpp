#include "support/reference_case.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace reluflow::test {
namespace {

using table = std::vector<std::vector<std::string>>;

/// The lines of a CSV file after its header, split at commas.
table read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  table rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

/// All cells as numbers, one line of the file a column.
Eigen::MatrixXd numbers(const table& rows) {
  Eigen::MatrixXd result(static_cast<index>(rows.front().size()), static_cast<index>(rows.size()));
  for (index j = 0; j < result.cols(); ++j) {
    for (index i = 0; i < result.rows(); ++i) {
      result(i, j) = std::stod(rows[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)]);
    }
  }
  return result;
}

pair_mode mode_of(const std::string& word) {
  if (word == "active") return pair_mode::active;
  if (word == "sliding") return pair_mode::sliding;
  return pair_mode::inactive;
}

}  // namespace

reference_case load_reference_case(const std::string& name) {
  const std::string folder = std::string(RELUFLOW_TEST_DATA) + "/" + name + "/";
  const Eigen::MatrixXd points = numbers(read_table(folder + "points.csv"));
  const Eigen::MatrixXd neurons = numbers(read_table(folder + "network.csv"));
  const Eigen::MatrixXd expected = numbers(read_table(folder + "expected.csv"));
  const index d = points.rows() - 1;
  reference_case result{name,
                        dataset(points.topRows(d), points.row(d)),
                        network::balanced(neurons.row(0), neurons.row(1), neurons.bottomRows(d)),
                        {},
                        {}};
  for (const auto column : expected.colwise()) {
    record_row row;
    row.t = column[0];
    row.loss = column[1];
    row.mu = column[2];
    result.rows.push_back(row);
  }
  for (const auto& line : read_table(folder + "expected_switches.csv")) {
    result.switches.push_back({std::stod(line[0]), std::stol(line[1]), std::stol(line[2]),
                               mode_of(line[3]), mode_of(line[4])});
  }
  return result;
}

}  // namespace reluflow::test
