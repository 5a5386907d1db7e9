// What a run directory holds while its run goes on.

#include "io_support.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/io/unfinished_run.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/problems.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

namespace reluflow::test {
namespace {

namespace fs = std::filesystem;
using testing::complaint;
using testing::contents;
using testing::scratch_directory;

struct beginning {
  scratch_directory scratch;
  fs::path directory = scratch.path() / "run";
  unfinished_run run = make();

  static unfinished_run make() {
    const small_problem small(2);  // alpha = 1/m, not balanced: the harder one to write
    problem setup{small.data, small.initial, {}, {}, 7};
    setup.flow.t_end = 0.5;
    setup.record.times = linear_times(0.5, 3);
    return {std::move(setup), false};
  }

  [[nodiscard]] run_record finished() const {
    return {run.setup, integrate(run.setup), {}, {}, "1.2.3"};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_beginning_reads_back_to_the_last_bit, beginning) {
  BOOST_TEST(!is_unfinished(directory));
  begin_run(directory, run);
  BOOST_TEST(is_unfinished(directory));
  const unfinished_run back = read_unfinished_run(directory);
  BOOST_TEST(!back.figures);
  BOOST_TEST(back.setup.seed.value() == 7U);
  BOOST_TEST((back.setup.data.inputs() == run.setup.data.inputs()));
  BOOST_TEST((back.setup.data.labels() == run.setup.data.labels()));
  BOOST_TEST((back.setup.initial.output_weights() == run.setup.initial.output_weights()));
  BOOST_TEST((back.setup.initial.weights() == run.setup.initial.weights()));
  BOOST_TEST(back.setup.initial.output_scale() == run.setup.initial.output_scale());
  BOOST_TEST(back.setup.record.times == run.setup.record.times, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_run_without_a_seed_has_none_again, beginning) {
  run.setup.seed.reset();
  begin_run(directory, run);
  BOOST_TEST(!read_unfinished_run(directory).setup.seed.has_value());
}

BOOST_FIXTURE_TEST_CASE(the_end_leaves_the_run_and_nothing_else, beginning) {
  begin_run(directory, run);
  write_run(directory, finished());
  // What a killed process was about to write, and what is not ours.
  for (const char* name : {".trajectory.csv.123.tmp", "unfinished/.checkpoint.123.tmp",
                           ".notes.123.tmp", "unfinished/checkpoint"}) {
    (void)scratch.write(std::string("run/") + name, "half a li");
  }
  end_run(directory);
  BOOST_TEST(!is_unfinished(directory));
  BOOST_TEST(!fs::exists(directory / "unfinished"));
  BOOST_TEST(!fs::exists(directory / ".trajectory.csv.123.tmp"));
  BOOST_TEST(fs::exists(directory / ".notes.123.tmp"));
  BOOST_TEST(read_run(directory).version == "1.2.3");
}

BOOST_FIXTURE_TEST_CASE(files_of_others_stay, beginning) {
  fs::create_directories(directory / "unfinished");
  (void)scratch.write("run/unfinished/novel.txt", "It was a dark and stormy night");
  begin_run(directory, run);
  end_run(directory);
  BOOST_TEST(contents(directory / "unfinished" / "novel.txt") == "It was a dark and stormy night");
}

BOOST_FIXTURE_TEST_CASE(an_unfinished_run_is_not_begun_again, beginning) {
  begin_run(directory, run);
  (void)scratch.write("run/unfinished/checkpoint", "precious");
  BOOST_TEST(complaint(scratch, [&] { begin_run(directory, run); }) ==
             "run: found an unfinished run, expected a directory without the files of a run "
             "(reluflow resume continues it, --force discards it)");
  BOOST_TEST(contents(checkpoint_file(directory)) == "precious");
  begin_run(directory, run, true);
  BOOST_TEST(!fs::exists(checkpoint_file(directory)));
}

BOOST_FIXTURE_TEST_CASE(a_finished_run_stays_until_it_is_replaced, beginning) {
  write_run(directory, finished());
  const std::string before = contents(directory / "summary.json");
  BOOST_TEST(complaint(scratch, [&] { begin_run(directory, run); }) ==
             "run: found a finished run, expected a directory without the files of a run (--force "
             "overwrites)");
  BOOST_TEST(!is_unfinished(directory));
  begin_run(directory, run, true);
  BOOST_TEST(is_unfinished(directory));
  BOOST_TEST(contents(directory / "summary.json") == before);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_go_on_is_told, beginning) {
  const auto told = [&] {
    return complaint(scratch, [&] { (void)read_unfinished_run(directory); });
  };
  BOOST_TEST(told() == "run: found no unfinished run, expected the directory of an unfinished run");
  write_run(directory, finished());
  BOOST_TEST(told() == "run: found a finished run, expected the directory of an unfinished run");
  begin_run(directory, run, true);
  for (const char* text : {"", "[]", R"({"seed": 1})", R"({"seed": -1, "figures": true})",
                           R"({"seed": 1, "figures": "yes"})"}) {
    (void)scratch.write("run/unfinished/run.json", text);
    BOOST_TEST(told() ==
               "run/unfinished/run.json: found another text, expected a JSON object with "
               "seed and figures");
  }
}

}  // namespace reluflow::test
