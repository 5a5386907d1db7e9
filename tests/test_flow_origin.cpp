// Neurons with |a| > |w| that slide into w = 0: what becomes of them (docs/origin.md).

#include "reluflow/io/problem_file.hpp"
#include "settlement.hpp"
#include "support/laws.hpp"
#include "support/matrices.hpp"
#include "support/passages.hpp"
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

// Problems in which the line beyond the origin alone would tell the neuron another way
// (bench/origin), and some with several passages. Descent comes nearer in proportion to its step.
struct passing_problem {
  passage_source source;
  std::uint64_t seed;
};

const std::vector<passing_problem> passing_problems{{passage_source::line_with_bias, 106},
                                                    {passage_source::line_with_bias, 165},
                                                    {passage_source::plane, 21},
                                                    {passage_source::plane, 41},
                                                    {passage_source::space, 61},
                                                    {passage_source::space, 202},
                                                    {passage_source::repeated, 20},
                                                    {passage_source::repeated, 115},
                                                    {passage_source::antipodal, 3},
                                                    {passage_source::antipodal, 120},
                                                    {passage_source::sphere_dominated, 20},
                                                    {passage_source::sphere_dominated, 53},
                                                    {passage_source::sphere_gaussian, 169},
                                                    {passage_source::sphere_ball, 53},
                                                    {passage_source::antipodal_dominated, 3},
                                                    {passage_source::axis_dominated, 22}};

std::ostream& operator<<(std::ostream& out, const passing_problem& one) {
  return out << passage_sources[static_cast<std::size_t>(one.source)].second << " " << one.seed;
}

BOOST_DATA_TEST_CASE(descent_takes_the_same_way, data::make(passing_problems), one) {
  const passage_problem task = passage_generator(one.seed).make(one.source);
  const passage_run run = follow_passages(task, switching_method::asynchronous, 20.0, 11);
  BOOST_TEST(!run.passages.empty());
  check_lawful(task.data, run.run);
  const passage_run other = follow_passages(task, switching_method::global, 20.0, 11);
  BOOST_TEST(distance(run.losses, other.losses) <= 1e-10);
  const double coarse = distance(run.losses, descend_losses(task, 1e-3, 20.0, 11));
  const double fine = distance(run.losses, descend_losses(task, 1e-3 / 16.0, 20.0, 11));
  BOOST_TEST((fine <= 0.25 * coarse || fine <= 1e-7), coarse << " and " << fine);
}

// A neuron that comes in along (1, 0), held by the surface of x_0 = (0, 1), with residuals that
// stand still. Sample 1 pulls it in; samples 0 and 2 hold it on its line.
class passage_at_rest {
 public:
  /// @param inputs, pulls  of the samples after the first three: x_k and r_k/n
  passage_at_rest(std::vector<std::vector<double>> inputs, std::vector<double> pulls, double sign)
      : sign_(sign) {
    inputs.insert(inputs.begin(), {{0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}});
    pulls.insert(pulls.begin(), {-3.0, -1.0, 0.5});
    const auto n = static_cast<index>(pulls.size());
    Eigen::MatrixXd points(2, n);
    residuals_.resize(n);
    for (index k = 0; k < n; ++k) {
      const auto at = static_cast<std::size_t>(k);
      points.col(k) << inputs[at][0], inputs[at][1];
      residuals_[k] = sign * static_cast<double>(n) * pulls[at];
    }
    const dataset samples(points, Eigen::VectorXd::Zero(n));
    const switching_surfaces surfaces(samples);
    const detail::settler settler(samples, surfaces, surface_rule::filippov);
    modes.row = activation_pattern(1, n);
    for (index k = 1; k < n; ++k) {
      if (points(0, k) > 0.0) modes.row.set(0, k, pair_mode::active);
    }
    modes.row.set(0, 0, pair_mode::sliding);
    modes.frame = make_sliding_frame(surfaces, {0});
    end = settler.pass_origin(1, force(points), modes, changes);
  }

  detail::origin_passage end;
  detail::neuron_modes modes;
  std::vector<detail::mode_change> changes;

 private:
  [[nodiscard]] detail::neuron_force force(const Eigen::MatrixXd& points) const {
    detail::neuron_force result;
    result.sign = sign_;
    result.active = Eigen::VectorXd::Zero(2);
    for (index k = 1; k < points.cols(); ++k) {
      if (points(0, k) > 0.0) result.active += residuals_[k] * points.col(k);
    }
    result.active /= static_cast<double>(points.cols());
    result.residual = [this](index k) { return residuals_[k]; };
    result.error = 1e-12;
    return result;
  }

  double sign_;
  Eigen::VectorXd residuals_;
};

const std::vector<double> signs{1.0, -1.0};

// Beyond the origin the force is (-0.9, 2) below the surface and (-0.9, -1) above it: it slides on.
BOOST_DATA_TEST_CASE(a_neuron_goes_straight_on, data::make(signs), sign) {
  const passage_at_rest neuron({{-1.0, 1.0}, {-0.1, -1.0}}, {1.0, -1.0}, sign);
  BOOST_REQUIRE(neuron.end.direction.has_value());
  BOOST_TEST((*neuron.end.direction - vec({-1.0, 0.0})).norm() <= 1e-14);
  BOOST_REQUIRE(neuron.modes.frame.has_value());
  BOOST_TEST((neuron.modes.frame->surfaces == std::vector<index>{0}));
  BOOST_TEST((neuron.end.contacts == std::vector<index>{0}));
  BOOST_TEST(neuron.changes.size() == 4U);  // all but the one on which it slides
}

// There the force is (-1.9, 4.6) below and (-1.9, 1.6) above: it turns upwards, loses sample 4, and
// grows along the force (-2, 0.6) of samples 0 and 3.
BOOST_DATA_TEST_CASE(a_neuron_turns, data::make(signs), sign) {
  const passage_at_rest neuron({{-1.0, 1.8}, {-0.1, -1.0}}, {2.0, -1.0}, sign);
  BOOST_REQUIRE(neuron.end.direction.has_value());
  BOOST_TEST((*neuron.end.direction - vec({-2.0, 0.6}).normalized()).norm() <= 1e-14);
  BOOST_TEST(!neuron.modes.frame.has_value());
  BOOST_TEST(neuron.end.contacts.empty());
  for (index k = 0; k < 5; ++k) {
    const pair_mode expected = k == 0 || k == 3 ? pair_mode::active : pair_mode::inactive;
    BOOST_TEST((neuron.modes.row(0, k) == expected), "sample " << k);
  }
}

void check_stays(const passage_at_rest& neuron) {
  BOOST_TEST(!neuron.end.direction.has_value());
  BOOST_TEST(!neuron.modes.frame.has_value());
  for (index k = 0; k < neuron.modes.row.samples(); ++k) {
    BOOST_TEST((neuron.modes.row(0, k) == pair_mode::resting), "sample " << k);
  }
}

// Nothing is active there.
BOOST_DATA_TEST_CASE(a_neuron_that_nothing_moves_stays, data::make(signs), sign) {
  check_stays(passage_at_rest({}, {}, sign));
}

// The force is (1.2, 1.5) below and (1.2, -1.5) above: it points back, as it does everywhere.
BOOST_DATA_TEST_CASE(a_neuron_that_is_pulled_back_stays, data::make(signs), sign) {
  check_stays(passage_at_rest({{-1.0, 0.5}, {-0.1, -1.0}}, {-1.0, -2.0}, sign));
}

}  // namespace
}  // namespace reluflow::test
