// Neurons with |a| > |w| that slide into w = 0: what becomes of them (docs/origin.md).

#include "reluflow/io/problem_file.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;

const std::vector<switching_method> methods{switching_method::global,
                                            switching_method::asynchronous};

/// (t, loss) of an independent solver.
std::vector<std::pair<double, double>> losses(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::vector<std::pair<double, double>> rows;
  while (std::getline(file, line)) {
    const std::size_t comma = line.find(',');
    rows.emplace_back(std::stod(line.substr(0, comma)), std::stod(line.substr(comma + 1)));
  }
  return rows;
}

// Neuron 1 slides on sample 4 into the origin at t = 1.775853. Straight beyond it the force leads
// back, but aside it leads on: the neuron turns and leaves.
BOOST_DATA_TEST_CASE(a_neuron_leaves_the_origin_in_another_direction,
                     data::make(methods) * data::make({1e-8, 1e-11}), method, rtol) {
  const std::filesystem::path folder =
      std::filesystem::path(RELUFLOW_TEST_DATA) / "switching" / "through_origin";
  problem task = read_problem(folder / "problem.toml");
  task.flow.switching = method;
  task.flow.rtol = rtol;
  const auto expected = losses(folder / "expected.csv");
  task.record.times.clear();
  for (const auto& row : expected) task.record.times.push_back(row.first);
  const trajectory run = checked_run(task);
  check_lawful(task.data, run);
  BOOST_REQUIRE(run.rows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(std::abs(run.rows[i].loss - expected[i].second) <= 1e-7 * expected[i].second,
               "t = " << expected[i].first << ": " << run.rows[i].loss);
  }
}

}  // namespace
}  // namespace reluflow::test
