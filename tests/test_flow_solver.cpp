// Runs that their caller drives; runs that are saved and go on are the same to the last bit.

#include "io_support.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/solvers/flow_solver.hpp"
#include "reluflow/stopping_time.hpp"
#include "reluflow/threads.hpp"
#include "reluflow/version.hpp"
#include "summing_buffer.hpp"
#include "support/laws.hpp"
#include "support/printing.hpp"
#include "support/problems.hpp"
#include "support/run_text.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace reluflow::test {
namespace {

namespace data = boost::unit_test::data;
using testing::complaint;
using testing::scratch_directory;

/// Crossings, slides, stopping times of all kinds, and dense output in two of them.
problem eventful(std::uint64_t seed, switching_method switching, chart_kind chart) {
  const small_problem small(seed);
  problem task{small.data, small.initial, {}, {}, seed};
  task.flow.t_end = 30.0;
  task.flow.rtol = 1e-6;
  task.flow.switching = switching;
  task.flow.chart = chart;
  task.record.times = linear_times(task.flow.t_end, 31);
  task.record.dense = seed < 2;
  task.record.stopping_times = usual_stopping_times(task.data, task.initial);
  if (seed % 2 == 1) {
    stopping_time last = stopping::at("late", 25.0);
    last.terminal = true;
    task.record.stopping_times.push_back(last);
  }
  return task;
}

/// Enough pairs and switches for the kernels to take their threaded ways.
problem wide(switching_method switching) {
  problem task{gaussian_data(300, 5, 0.3, 1), gaussian_network(300, 5, 1e-3, 1), {}, {}, 1};
  task.flow.rtol = 1e-5;
  task.flow.switching = switching;
  task.flow.t_end = switching == switching_method::asynchronous ? 1.0 : 0.02;
  task.record.times = linear_times(task.flow.t_end, 11);
  return task;
}

std::string saved(const flow_solver& solver) {
  std::ostringstream out;
  solver.save(out);
  return out.str();
}

flow_solver resumed(const problem& task, const std::string& checkpoint) {
  std::istringstream in(checkpoint);
  return {task, in};
}

/// The whole run, handed from one solver to the next after every `stride` steps. `before_each` is
/// called before a solver takes over.
template <class BeforeEach>
trajectory relay(const problem& task, int stride, BeforeEach before_each) {
  flow_solver solver(task);
  for (int steps = 1; solver.step(); ++steps) {
    if (steps % stride != 0) continue;
    before_each();
    solver = resumed(task, saved(solver));
  }
  return solver.finish();
}

/// The same, on one and two threads in turn.
trajectory relay_between_threads(const problem& task, int stride) {
  int threads = 2;
  trajectory run = relay(task, stride, [&] { set_thread_count(threads = 3 - threads); });
  set_thread_count(2);
  return run;
}

const auto methods = data::make({switching_method::global, switching_method::asynchronous});

}  // namespace

BOOST_DATA_TEST_CASE(a_run_handed_on_after_every_step_is_the_same,
                     data::xrange(6) * methods *
                         data::make({chart_kind::automatic, chart_kind::cartesian}),
                     seed, method, chart) {
  const problem task = eventful(static_cast<std::uint64_t>(seed), method, chart);
  if (chart == chart_kind::cartesian && !task.initial.is_balanced()) return;  // automatic is that
  const trajectory whole = checked_run(task);
  BOOST_TEST(whole.statistics.switches > 0);
  const trajectory parts = relay(task, 1, [] {});
  BOOST_TEST(first_difference(run_text(whole), run_text(parts)) == "");
}

BOOST_DATA_TEST_CASE(neither_threads_nor_stops_change_a_bit, methods, method) {
  const problem task = wide(method);
  set_thread_count(1);
  const trajectory one = checked_run(task);
  set_thread_count(2);
  const trajectory two = checked_run(task);
  const trajectory mixed = relay_between_threads(task, 5);
  BOOST_TEST(one.statistics.switches > 100);
  BOOST_TEST(first_difference(run_text(one), run_text(two)) == "");
  BOOST_TEST(first_difference(run_text(one), run_text(mixed)) == "");
}

BOOST_AUTO_TEST_CASE(neither_threads_nor_stops_change_a_bit_of_neurons_in_cells) {
  const small_problem few(9);
  problem task{few.data, copies(few.initial, 70), {}, {linear_times(30.0, 4)}, {}};
  task.flow.t_end = 30.0;
  task.flow.rtol = 1e-7;
  const trajectory whole = checked_run(task);
  const trajectory parts = relay_between_threads(task, 7);
  BOOST_TEST(whole.statistics.slides > 0);
  BOOST_TEST(first_difference(run_text(whole), run_text(parts)) == "");
}

BOOST_AUTO_TEST_CASE(a_run_of_an_accumulation_is_the_same) {
  // Without sliding an attracting surface is met again and again at one time.
  problem task = eventful(0, switching_method::global, chart_kind::automatic);
  task.flow.rule = surface_rule::fixed;
  const trajectory whole = checked_run(task);
  BOOST_TEST(whole.ending == outcome::accumulation);
  BOOST_TEST(first_difference(run_text(whole), run_text(relay(task, 3, [] {}))) == "");
}

BOOST_AUTO_TEST_CASE(switches_are_told_once) {
  const problem task = eventful(0, switching_method::asynchronous, chart_kind::automatic);
  std::vector<double> told;
  observers callbacks;
  callbacks.on_switch = [&](const switch_event& event) { told.push_back(event.t); };
  flow_solver first(task, callbacks);
  (void)first.advance_to(10.0);
  std::istringstream in(saved(first));
  flow_solver second(task, in, callbacks);
  const trajectory run = (second.advance_to(task.flow.t_end), second.finish());
  std::vector<double> expected;
  for (const switch_event& event : run.switches) expected.push_back(event.t);
  BOOST_TEST(told == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_caller_sees_where_the_run_is) {
  problem task = eventful(0, switching_method::asynchronous, chart_kind::automatic);
  flow_solver solver(task);
  BOOST_TEST(solver.now().t == 0.0);
  BOOST_TEST(solver.now().t_end == 30.0);
  BOOST_TEST(solver.now().loss == loss(task.data, task.initial),
             boost::test_tools::tolerance(1e-13));
  BOOST_TEST(solver.advance_to(10.0));
  const progress then = solver.now();
  BOOST_TEST(then.t >= 10.0);
  BOOST_TEST(then.steps > 0);
  BOOST_TEST(then.loss == loss(task.data, solver.state()), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(solver.so_far().rows.back().t == 10.0);
  BOOST_TEST(!solver.ending().has_value());
  BOOST_TEST(!solver.advance_to(1e9));
  BOOST_CHECK(solver.ending() == outcome::reached_end);
  BOOST_TEST(!solver.step());
  BOOST_TEST(solver.now().t == 30.0);
}

BOOST_AUTO_TEST_CASE(a_run_left_early_is_interrupted) {
  const problem task = eventful(2, switching_method::asynchronous, chart_kind::automatic);
  flow_solver solver(task);
  (void)solver.advance_to(15.0);
  const double t = solver.now().t;
  const trajectory run = solver.finish();
  BOOST_TEST(run.ending == outcome::interrupted);
  BOOST_TEST(run.t == t);
  BOOST_TEST(run.end.t == t);
  const scratch_directory directory;
  BOOST_TEST(complaint(directory, [&] { (void)saved(solver); }) ==
             "flow_solver::save: found a finished run, expected one that may go on");
}

// --- what is no checkpoint of this problem ------------------------------------------------------

namespace {

struct halfway {
  scratch_directory directory;
  problem task = eventful(1, switching_method::asynchronous, chart_kind::automatic);
  std::filesystem::path file = directory.path() / "checkpoint";
  std::string bytes;

  halfway() {
    flow_solver solver(task);
    (void)solver.advance_to(12.0);
    solver.save(file);
    bytes = testing::contents(file);
  }

  [[nodiscard]] std::string refusal(const std::string& other_bytes) const {
    (void)directory.write("other", other_bytes);
    return complaint(directory, [&] { (void)flow_solver(task, directory.path() / "other"); });
  }
  [[nodiscard]] std::string refusal(const problem& other) const {
    return complaint(directory, [&] { (void)flow_solver(other, file); });
  }
};

const std::string another =
    "checkpoint: found the checkpoint of another problem, expected one with the same data, network "
    "and options";

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_file_goes_on_like_a_stream, halfway) {
  flow_solver solver(task, file);
  (void)solver.advance_to(task.flow.t_end);
  BOOST_TEST(first_difference(run_text(checked_run(task)), run_text(solver.finish())) == "");
  const auto files = std::distance(std::filesystem::directory_iterator(directory.path()), {});
  BOOST_TEST(files == 1, "a temporary file was left");
}

BOOST_FIXTURE_TEST_CASE(damage_is_told, halfway) {
  BOOST_TEST(complaint(directory, [&] { (void)flow_solver(task, directory.path() / "none"); }) ==
             "none: found no such file, expected a checkpoint");
  for (const std::string& text :
       {std::string(), std::string("t,loss\n0,1\n"), bytes.substr(0, 9)}) {
    BOOST_TEST(refusal(text) ==
               "other: found a file of another kind, expected a checkpoint of reluflow, format 7");
  }
  const std::string damaged =
      "other: found a checkpoint that is cut short or damaged, expected a complete one";
  for (std::size_t i = 1; i <= 40; ++i) {
    const std::size_t at = 22 + (bytes.size() - 23) * i / 40;
    BOOST_TEST(refusal(bytes.substr(0, at)) == damaged);
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    BOOST_TEST(refusal(flipped) == damaged);
  }
  BOOST_TEST(refusal(bytes + "x") == damaged);
}

BOOST_FIXTURE_TEST_CASE(another_problem_is_told, halfway) {
  const auto changed = [&](auto&& change) {
    problem other = task;
    change(other);
    return refusal(other);
  };
  BOOST_TEST(changed([](problem&) {}) == "(nothing thrown)");
  BOOST_TEST(changed([](problem& p) { p.flow.t_end = 31.0; }) == another);
  BOOST_TEST(changed([](problem& p) { p.flow.rtol = std::nextafter(p.flow.rtol, 1.0); }) ==
             another);
  BOOST_TEST(changed([](problem& p) { p.flow.switching = switching_method::global; }) == another);
  BOOST_TEST(changed([](problem& p) { p.record.times.pop_back(); }) == another);
  BOOST_TEST(changed([](problem& p) { p.record.states = false; }) == another);
  BOOST_TEST(changed([](problem& p) { p.record.switches = false; }) == another);
  BOOST_TEST(changed([](problem& p) { p.record.stopping_times.pop_back(); }) == another);
  BOOST_TEST(changed([](problem& p) {
               Eigen::VectorXd labels = p.data.labels();
               labels[3] = std::nextafter(labels[3], 9.0);
               p.data = dataset(p.data.inputs(), labels);
             }) == another);
  BOOST_TEST(changed([](problem& p) {
               Eigen::VectorXd a = p.initial.output_weights();
               a[2] = std::nextafter(a[2], 9.0);
               p.initial = network::cartesian(a, p.initial.weights());
             }) == another);
}

BOOST_FIXTURE_TEST_CASE(another_version_is_told, halfway) {
  std::string other = bytes.substr(0, bytes.size() - detail::sum_bytes);
  const std::size_t at = other.find(version_string);
  BOOST_REQUIRE(at != std::string::npos);
  other[at] = '9';
  detail::check_sum sum;
  sum.process_bytes(other.data(), other.size());
  std::string version(version_string);
  version[0] = '9';
  BOOST_TEST(refusal(other + detail::bytes_of(sum.checksum())) ==
             "other: found a checkpoint of reluflow " + version +
                 ", expected one of this version, " + std::string(version_string));
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_cannot_be_written_is_told, halfway) {
  const flow_solver solver(task, file);
  BOOST_CHECK_THROW(solver.save(directory.path() / "none" / "checkpoint"), file_error);
}

}  // namespace reluflow::test
