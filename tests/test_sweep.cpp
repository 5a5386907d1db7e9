#include "io_support.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/sweep_directory.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/sweep.hpp"
#include "support/laws.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace reluflow {
namespace {

using boost::test_tools::tolerance;

const std::string base =
    "[data]\ngenerator = \"axes\"\nsamples = 3\n"
    "[network]\ninit = \"dominated\"\nscale = 1\nwidth = 4\noutput_scale = \"mean\"\n"
    "[flow]\nt_end = 3\nrtol = 1e-6\n[record]\ncount = 2\n";

/// A directory with a problem and a sweep.
struct sweep_files {
  testing::scratch_directory scratch;
  std::filesystem::path directory = scratch.path();

  explicit sweep_files(const std::string& text) {
    scratch.write("problem.toml", base);
    scratch.write("sweep.toml", "[sweep]\nproblem = \"problem.toml\"\n" + text);
  }

  [[nodiscard]] sweep_plan plan() const { return read_sweep(directory / "sweep.toml"); }
  [[nodiscard]] std::string refusal() const {
    return testing::complaint(scratch, [&] { (void)plan(); });
  }
};

cell_result done(const sweep_plan& plan, std::int64_t cell, double loss) {
  return {cell, cell_seed(plan.seed, cell), "reached_end", {loss}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(cells_of_a_grid) {
  const sweep_files files(
      "repetitions = 5\nseed = 7\n[axes]\n\"data.samples\" = [2, 3, 4]\n"
      "\"flow.rtol\" = \"log 1e-8 1e-4 3\"\n");
  const sweep_plan plan = files.plan();
  BOOST_TEST(plan.points() == 9);
  BOOST_TEST(plan.cells() == 45);
  BOOST_TEST((plan.values_at(5) == std::vector<std::size_t>{1, 2}));
  BOOST_TEST(plan.axes[0].name() == "data.samples");
  BOOST_TEST((plan.axes[0].values == std::vector<std::string>{"2", "3", "4"}));
  BOOST_TEST(plan.axes[1].numbers[1] == 1e-6, tolerance(1e-12));
  const problem last = plan.problem_of(44);
  BOOST_TEST(last.data.size() == 4);
  BOOST_TEST(last.flow.rtol == 1e-4, tolerance(1e-12));
  BOOST_TEST(*last.seed == cell_seed(7, 44));
}

BOOST_AUTO_TEST_CASE(axes_side_by_side_and_keys_together) {
  const sweep_files files(
      "combine = \"list\"\n[set]\n\"network.width\" = 6\n[axes]\n"
      "\"data.samples, data.dimension\" = \"linear 2 6 3\"\n\"network.scale\" = [0.5, 1, 2]\n");
  const sweep_plan plan = files.plan();
  BOOST_TEST(plan.points() == 3);
  BOOST_TEST(plan.axes[0].name() == "data.samples data.dimension");
  const problem middle = plan.problem_of(1);
  BOOST_TEST(middle.data.size() == 4);
  BOOST_TEST(middle.data.dimension() == 4);
  BOOST_TEST(middle.initial.width() == 6);
}

BOOST_AUTO_TEST_CASE(seeds_differ_and_fit_into_a_problem_file) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t root = 0; root < 4; ++root) {
    for (std::int64_t cell = 0; cell < 1000; ++cell) {
      seeds.insert(cell_seed(root, cell));
      BOOST_TEST(cell_seed(root, cell) < (std::uint64_t{1} << 63U));
    }
  }
  BOOST_TEST(seeds.size() == 4000U);
}

BOOST_AUTO_TEST_CASE(kept_numbers_of_a_run) {
  std::string names;
  for (const sweep_measure& one : sweep_measures()) {
    names += (names.empty() ? "\"" : ", \"") + std::string(one.name) + "\"";
  }
  const sweep_files files("keep = [" + names + "]\n");
  const sweep_plan plan = files.plan();
  const problem setup = plan.problem_of(0);
  const trajectory run = test::checked_run(setup);
  const cell_result result = result_of(plan, 0, setup, run);
  BOOST_TEST(result.values.size() == sweep_measures().size());
  BOOST_TEST(result.outcome == "reached_end");
  const auto value = [&](const std::string& name) {
    const auto at = std::find(plan.kept.begin(), plan.kept.end(), name);
    return result.values[static_cast<std::size_t>(at - plan.kept.begin())];
  };
  BOOST_TEST(value("loss") == run.end.loss);
  BOOST_TEST(value("mu_lower") <= value("mu"));
  BOOST_TEST(value("mu") <= value("mu_upper"));
  BOOST_TEST(value("limit_rate") <= value("mu") * (1.0 + 1e-9));
  BOOST_TEST(value("fitted") == (value("relative_loss") < 1e-3 ? 1.0 : 0.0));
  BOOST_TEST(value("width") == 4.0);
}

BOOST_AUTO_TEST_CASE(means_and_probabilities_with_their_intervals) {
  const interval_estimate mean = mean_of({1.0, 2.0, 3.0, 4.0});
  BOOST_TEST(mean.value == 2.5);
  // t(3) at 0.975 is 3.182446, the deviation sqrt(5/3).
  BOOST_TEST(mean.high - mean.value == 3.182446 * std::sqrt(5.0 / 3.0) / 2.0, tolerance(1e-6));
  BOOST_TEST(std::isinf(mean_of({1.0}).high));
  BOOST_TEST(mean_of({1.0, std::nan(""), 3.0}).value == 2.0);
  BOOST_TEST(std::isnan(mean_of({}).value));
  // Wilson's interval of 8 of 10.
  const interval_estimate p = probability_of(8, 10);
  BOOST_TEST(p.value == 0.8);
  BOOST_TEST(p.low == 0.4901625, tolerance(1e-6));
  BOOST_TEST(p.high == 0.9433178, tolerance(1e-6));
  BOOST_TEST(probability_of(0, 5).low == 0.0);
  BOOST_TEST(probability_of(5, 5).high == 1.0);
  BOOST_CHECK_THROW((void)probability_of(3, 2), invalid_input);
}

BOOST_AUTO_TEST_CASE(cells_are_kept_as_they_are_finished) {
  const sweep_files files("repetitions = 6\n");
  const sweep_plan plan = files.plan();
  const auto out = files.directory / "out";
  {
    sweep_directory work(out, plan);
    BOOST_TEST(work.missing().size() == 6U);
    work.append(done(plan, 4, 0.25));
    work.append(done(plan, 1, 0.5));
    // One process at a time.
    BOOST_CHECK_THROW(sweep_directory(out, plan), invalid_input);
  }
  std::ofstream(out / "cells.csv", std::ios::app) << "2,77";  // a row that was cut short
  {
    sweep_directory work(out, plan);
    BOOST_TEST((work.missing() == std::vector<std::int64_t>{0, 2, 3, 5}));
    BOOST_TEST(work.found().size() == 2U);
    BOOST_TEST(work.found()[0].values[0] == 0.5);
    work.append(done(plan, 2, 0.125));
  }
  BOOST_TEST(read_cells(out, plan).size() == 3U);
  {
    sweep_directory shard(out, plan, sweep_shard{1, 2});
    BOOST_TEST((shard.missing() == std::vector<std::int64_t>{3, 5}));
    shard.append(done(plan, 3, 1.0));
  }
  BOOST_TEST(read_cells(out, plan).size() == 4U);
  // Files that contradict each other.
  std::ofstream(out / "cells.csv", std::ios::app)
      << "3," << cell_seed(plan.seed, 3) << ",reached_end,2\n";
  BOOST_CHECK_THROW((void)read_cells(out, plan), invalid_input);
  BOOST_CHECK_THROW(sweep_directory(out, plan, sweep_shard{1, 2}, true), invalid_input);
  sweep_directory(out, plan, std::nullopt, true).append(done(plan, 0, 3.0));
  BOOST_TEST(read_cells(out, plan).size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_sweep_is_not_continued) {
  const sweep_files files("repetitions = 6\n");
  const auto out = files.directory / "out";
  const sweep_plan plan = files.plan();
  { const sweep_directory work(out, plan); }
  sweep_plan other = plan;
  other.fitted = 0.1;
  BOOST_CHECK_THROW(sweep_directory(out, other), invalid_input);
  files.scratch.write("problem.toml", base + "# changed\n");
  BOOST_CHECK_THROW(sweep_directory(out, plan), invalid_input);
}

BOOST_AUTO_TEST_CASE(tables_do_not_depend_on_the_order_of_the_cells) {
  const sweep_files files("repetitions = 3\n[axes]\n\"data.samples\" = [2, 3]\n");
  const sweep_plan plan = files.plan();
  std::vector<cell_result> results;
  for (const std::int64_t cell : {3, 0, 5, 1, 4, 2}) {
    results.push_back(done(plan, cell, 0.1 * static_cast<double>(cell)));
  }
  results[0].outcome = "step_limit";
  const auto table = [&](const char* name) {
    write_sweep_table(files.directory / name, plan, results);
    write_sweep_summary(files.directory / "summary.csv", plan, summarise(plan, results));
    return testing::contents(files.directory / name) +
           testing::contents(files.directory / "summary.csv");
  };
  const std::string first = table("a.csv");
  std::reverse(results.begin(), results.end());
  BOOST_TEST(table("a.csv") == first);
  const auto points = summarise(plan, results);
  BOOST_TEST(points.size() == 2U);
  BOOST_TEST(points[1].unanswered == 1);
  BOOST_TEST(points[1].kept[0].value == 0.4, tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(every_bad_sweep_is_one_line_with_its_place) {
  const auto refusal = [](const std::string& text) { return sweep_files(text).refusal(); };
  BOOST_TEST(
      refusal("[axis]\n") ==
      "sweep.toml, line 3: found the unknown section [axis], expected one of [sweep], [set], "
      "[axes]");
  BOOST_TEST(
      refusal("repetitions = 0\n") ==
      "sweep.toml, line 3, sweep.repetitions: found 0, expected an integer that is at least 1");
  BOOST_TEST(refusal("[axes]\n\"data.samples\" = []\n") ==
             "sweep.toml, line 4, data.samples: found an empty array, expected an array of values, "
             "or \"linear FIRST LAST COUNT\", or \"log FIRST LAST COUNT\"");
  BOOST_TEST(refusal("[axes]\n\"samples\" = [1]\n").find("a quoted name") != std::string::npos);
  BOOST_TEST(
      refusal("combine = \"list\"\n[axes]\n\"a.b\" = [1, 2]\n\"a.c\" = [1]\n") ==
      "sweep.toml, axes: found 1 values of a.c and 2 of a.b, expected axes of one length for "
      "combine = \"list\"");
  BOOST_TEST(refusal("keep = [\"nothing\"]\n").find("found \"nothing\"") != std::string::npos);
  BOOST_TEST(refusal("unknown = 1\n").find("unknown key") != std::string::npos);
  BOOST_CHECK_THROW((void)parse_shard("2"), invalid_input);
  BOOST_CHECK_THROW((void)parse_shard("2/2"), invalid_input);
  BOOST_TEST(parse_shard("1/2").count == 2);
}

}  // namespace reluflow
