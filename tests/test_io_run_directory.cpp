#include "io_support.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/npz.hpp"
#include "reluflow/io/run_directory.hpp"
#include "test_io_run_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

namespace {

using namespace reluflow;
using reluflow::testing::complaint;
using reluflow::testing::contents;
using reluflow::testing::full_disk;
using reluflow::testing::scratch_directory;
using reluflow::testing::some_run;

std::size_t count_files(const std::filesystem::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    count += entry.is_regular_file() ? 1U : 0U;
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_tables_are_what_the_design_says) {
  const scratch_directory scratch;
  const auto out = scratch.path() / "a" / "b";
  write_run(out, some_run());
  BOOST_TEST(contents(out / "trajectory.csv") ==
             "t,loss,mu,mu_mean,gradient_norm,active,sliding\n"
             "0,0.5,0.1,0.1,0.25,3,0\n"
             "1,0.3333333333333333,nan,0.2,1e-300,2,1\n");
  // The change to resting is written as to inactive; one from inactive to resting is none.
  BOOST_TEST(contents(out / "switches.csv") ==
             "t,neuron,sample,from,to,t_error,certain\n0.5,1,0,active,sliding,1e-09,1\n"
             "1.5,0,1,active,inactive,inf,0\n");
  BOOST_TEST(
      contents(out / "sliding.csv") ==
      "neuron,sample,t_begin,t_end,eta_begin,eta_end,open,t_begin_error,t_end_error,certain\n"
      "1,0,0.5,2.5,0.25,1,1,1e-09,0,1\n2,1,0.75,1.25,0.5,0,0,0.002,0.5,0\n");
  BOOST_TEST(contents(out / "phases.csv") ==
             "name,t,note\nt_2,0.5,\"the first, and the \"\"slowest\"\"\"\n"
             "growth,0.5,until t = 0.1\nrest,0.75,until t = 1e+300; for ever\n");
  BOOST_TEST(contents(out / "predictions.csv") ==
             "name,kind,predicted,measured,difference,reference,note,assumptions\n"
             "half-fit,exact,1.5,,,A7,\"m, n\",hold\n"
             "norm,bound,2,3,1,A13,passed,fail\n");
  BOOST_TEST(contents(out / "network.csv") ==
             "sign,log_norm,a,w1,w2\n1,-100000,0,1,0\n"
             "-1,-2.3,-0.10025884372280375,0.6,0.8\n1,0.25,1.2840254166877414,0,-1\n");
  BOOST_TEST(contents(out / "points.csv") == "x1,x2,y\n-0.5,1,-1\n2,1,1\n");
  // Nothing but the files themselves: no temporary is left.
  BOOST_TEST(count_files(out) == 11U);
}

BOOST_AUTO_TEST_CASE(the_summary_has_every_key) {
  const scratch_directory scratch;
  write_run(scratch.path(), some_run());
  const std::string text = contents(scratch.path() / "summary.json");
  for (const char* const line : {"\"outcome\": \"accumulation\"",
                                 "\"t\": 2.5",
                                 "\"loss\": 0.125",
                                 "\"mu\": null",
                                 "\"steps\": 17",
                                 "\"rejected\": 0",
                                 "\"field_evaluations\": 0",
                                 "\"switches\": 2",
                                 "\"certain_switches\": 1",
                                 "\"slides\": 0",
                                 "\"sliding_pairs\": 1",
                                 "\"repelling\": 0",
                                 "\"dissipated\": 0.375",
                                 "\"invariant_drift\": 0.0",
                                 "\"wall_seconds\": 0.0",
                                 "\"version\": \"1.2.3\"",
                                 "\"seed\": 42",
                                 "\"options\": {",
                                 "\"t_end\": 4.0",
                                 "\"stalled_pairs\": ["}) {
    BOOST_TEST(text.find(line) != std::string::npos, line);
  }
  run_record quiet = some_run();
  quiet.run.stalled_pairs.clear();
  quiet.setup.seed.reset();
  write_run(scratch.path(), quiet, true);
  const std::string other = contents(scratch.path() / "summary.json");
  BOOST_TEST(other.find("stalled_pairs") == std::string::npos);
  BOOST_TEST(other.find("\"seed\": null") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_states_are_arrays_of_time_neuron_and_coordinate) {
  const scratch_directory scratch;
  write_run(scratch.path(), some_run());
  const npz_arrays arrays = read_npz(scratch.path() / "trajectory.npz");
  BOOST_TEST(arrays.size() == 5U);
  BOOST_TEST(arrays.at("t").values == (std::vector<double>{0.0, 1.0}),
             boost::test_tools::per_element());
  BOOST_TEST((arrays.at("log_norm").shape == std::vector<std::size_t>{2, 3}));
  BOOST_TEST(arrays.at("log_norm").values[4] == -2.4);
  BOOST_TEST((arrays.at("a").shape == std::vector<std::size_t>{2, 3}));
  BOOST_TEST(arrays.at("a").values[3] == 0.0);
  BOOST_TEST(arrays.at("sign").values == (std::vector<double>{1.0, -1.0, 1.0}),
             boost::test_tools::per_element());
  BOOST_TEST((arrays.at("direction").shape == std::vector<std::size_t>{2, 3, 2}));
  BOOST_TEST(arrays.at("direction").values[6 + 3] == 0.8);
}

BOOST_AUTO_TEST_CASE(a_run_reads_back) {
  const scratch_directory scratch;
  const run_record written = some_run();
  write_run(scratch.path(), written);
  const run_record read = read_run(scratch.path());
  const trajectory& a = written.run;
  const trajectory& b = read.run;
  BOOST_TEST((b.ending == a.ending));
  BOOST_TEST(b.t == a.t);
  BOOST_TEST((b.chart == a.chart));
  BOOST_REQUIRE(b.rows.size() == 2U);
  BOOST_TEST(b.rows[1].loss == a.rows[1].loss);
  BOOST_TEST(std::isnan(b.rows[1].mu));
  BOOST_TEST(b.rows[1].sliding == 1);
  BOOST_REQUIRE(b.states.size() == 2U);
  BOOST_TEST(b.states[1].is_balanced());
  BOOST_TEST((b.states[1].log_norms() == a.states[1].log_norms()));
  BOOST_TEST((b.states[1].directions() == a.states[1].directions()));
  BOOST_TEST((b.initial_network.log_norms() == a.initial_network.log_norms()));
  BOOST_TEST((b.final_network.log_norms() == a.final_network.log_norms()));
  BOOST_TEST(b.end.t == 2.5);
  BOOST_TEST(b.end.loss == 0.125);
  BOOST_TEST(std::isnan(b.end.mu));
  BOOST_TEST(b.end.gradient_norm == 1e-9);
  BOOST_TEST(b.end.active == 2);
  BOOST_REQUIRE(b.switches.size() == 2U);
  BOOST_TEST(b.switches[1].t == 1.5);
  BOOST_TEST((b.switches[0].to == pair_mode::sliding));
  BOOST_TEST((b.switches[1].to == pair_mode::inactive));
  BOOST_TEST(b.switches[0].t_error == 1e-9);
  BOOST_TEST(b.switches[0].certain);
  BOOST_TEST(b.switches[1].t_error == std::numeric_limits<double>::infinity());
  BOOST_TEST(!b.switches[1].certain);
  BOOST_REQUIRE(b.slides.size() == 2U);
  BOOST_TEST(b.slides[0].open);
  BOOST_TEST(b.slides[0].eta_begin == 0.25);
  BOOST_TEST(b.slides[0].t_begin_error == 1e-9);
  BOOST_TEST(b.slides[0].certain);
  BOOST_TEST(b.slides[1].t_begin_error == 2e-3);
  BOOST_TEST(b.slides[1].t_end_error == 0.5);
  BOOST_TEST(!b.slides[1].certain);
  BOOST_TEST((b.stalled_pairs == a.stalled_pairs));
  BOOST_TEST(b.statistics.steps == 17);
  BOOST_TEST(b.statistics.switches == 2);
  BOOST_TEST(b.statistics.certain_switches == 1);
  BOOST_TEST(b.statistics.dissipated == 0.375);
  // Neuron 0 points along x1, so it is active on the second sample alone; then it left.
  BOOST_TEST((b.initial_pattern(0, 1) == pair_mode::active));
  BOOST_TEST((b.initial_pattern(0, 0) == pair_mode::inactive));
  BOOST_TEST((b.final_pattern(0, 1) == pair_mode::inactive));
  BOOST_TEST((b.final_pattern(1, 0) == pair_mode::sliding));
  BOOST_TEST(read.setup.seed.value() == 42U);
  BOOST_TEST(read.setup.flow.t_end == 4.0);
  BOOST_REQUIRE(read.phases.size() == written.phases.size());
  for (std::size_t i = 0; i < read.phases.size(); ++i) {
    BOOST_TEST(read.phases[i].name == written.phases[i].name);
    BOOST_TEST(read.phases[i].t == written.phases[i].t);
    BOOST_TEST(read.phases[i].note == written.phases[i].note);
    BOOST_TEST((read.phases[i].until == written.phases[i].until));
  }
  BOOST_TEST(read.predictions.at(0).predicted == 1.5);
  BOOST_TEST(std::isnan(read.predictions.at(0).measured));
  BOOST_TEST(read.predictions.at(0).note == "m, n");
  BOOST_TEST(read.predictions.at(0).assumptions_hold);
  BOOST_TEST(!read.predictions.at(1).assumptions_hold);
  BOOST_TEST(read.version == "1.2.3");
}

BOOST_AUTO_TEST_CASE(predictions_of_older_versions_read_back) {
  const scratch_directory scratch;
  write_run(scratch.path(), some_run());
  (void)scratch.write("predictions.csv",
                      "name,kind,predicted,measured,difference,reference,note\n"
                      "t_2,exact,1.5,,,A10,\"not met: norms, all 1\"\nt_3,exact,1.5,,,A10,\n");
  const auto read = read_run(scratch.path()).predictions;
  BOOST_TEST(!read.at(0).assumptions_hold);
  BOOST_TEST(read.at(0).note == "not met: norms, all 1");
  BOOST_TEST(read.at(1).assumptions_hold);
  (void)scratch.write("predictions.csv",
                      "name,kind,predicted,measured,difference,reference,note,assumptions\n"
                      "t_2,exact,1.5,,,A10,,perhaps\n");
  BOOST_TEST(complaint(scratch, [&] { (void)read_run(scratch.path()); }) ==
             "predictions.csv, line 2: found \"perhaps\" in column assumptions, expected hold or "
             "fail");
}

BOOST_AUTO_TEST_CASE(a_run_without_states_reads_back) {
  const scratch_directory scratch;
  run_record record = some_run();
  record.run.states.clear();
  write_run(scratch.path(), record);
  BOOST_TEST(!std::filesystem::exists(scratch.path() / "trajectory.npz"));
  BOOST_TEST(read_run(scratch.path()).run.states.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_overwritten_without_force) {
  const scratch_directory scratch;
  const auto out = scratch.path() / "run";
  write_run(out, some_run());
  const std::string before = contents(out / "summary.json");
  run_record other = some_run();
  other.run.t = 3.0;
  BOOST_TEST(complaint(scratch, [&] { write_run(out, other); }) ==
             "run: found a finished run, expected a directory without the files of a run (--force "
             "overwrites)");
  BOOST_TEST(contents(out / "summary.json") == before);
  // The user's own files are no run, but would be lost as well.
  for (const char* const name : {"problem.toml", "points.csv", "network.csv"}) {
    const auto own = scratch.path() / "own";
    std::filesystem::create_directories(own);
    (void)scratch.write(std::string("own/") + name, "mine");
    BOOST_TEST(complaint(scratch, [&] { prepare_run_directory(own); }) ==
               std::string("own: found the file ") + name +
                   ", expected a directory without the files of a run (--force overwrites)");
    std::filesystem::remove_all(own);
  }
}

BOOST_AUTO_TEST_CASE(force_replaces_the_run_and_removes_what_would_be_stale) {
  const scratch_directory scratch;
  const auto& out = scratch.path();
  write_run(out, some_run());
  std::filesystem::create_directory(out / "figures");
  (void)scratch.write("figures/loss.svg", "old");
  (void)scratch.write("figures/neurons_animation.gif", "old");
  (void)scratch.write("figures/notes.txt", "mine");
  (void)scratch.write("notes.txt", "mine");
  run_record other = some_run();
  other.run.t = 3.0;
  other.run.states.clear();
  write_run(out, other, true);
  BOOST_TEST(read_run(out).run.t == 3.0);
  BOOST_TEST(!std::filesystem::exists(out / "trajectory.npz"));
  BOOST_TEST(!std::filesystem::exists(out / "figures/loss.svg"));
  BOOST_TEST(!std::filesystem::exists(out / "figures/neurons_animation.gif"));
  BOOST_TEST(std::filesystem::exists(out / "figures/notes.txt"));
  BOOST_TEST(contents(out / "notes.txt") == "mine");
}

BOOST_AUTO_TEST_CASE(equal_runs_make_equal_directories) {
  const scratch_directory scratch;
  write_run(scratch.path() / "1", some_run());
  write_run(scratch.path() / "2", some_run());
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path() / "1")) {
    BOOST_TEST(contents(entry.path()) == contents(scratch.path() / "2" / entry.path().filename()));
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_reported_and_leaves_no_half_file) {
  const scratch_directory scratch;
  const auto out = scratch.path() / "run";
  write_run(scratch.path() / "whole", some_run());
  // The limits let the small tables pass and stop in a CSV file, in the archive, in the summary.
  for (const rlim_t bytes : {20U, 150U, 700U}) {
    std::filesystem::remove_all(out);
    std::string message;
    {
      const full_disk limit(bytes);
      try {
        write_run(out, some_run());
      } catch (const file_error& error) {
        message = error.what();
      }
    }
    BOOST_TEST_CONTEXT(bytes) {
      BOOST_TEST(message.find("File too large") != std::string::npos, message);
      BOOST_TEST(message.find(out.string()) == 0U, message);
      BOOST_TEST(!std::filesystem::exists(out / "summary.json"));
      for (const auto& entry : std::filesystem::directory_iterator(out)) {
        const auto name = entry.path().filename();
        BOOST_TEST(name.string().front() != '.', name);
        BOOST_TEST(contents(entry.path()) == contents(scratch.path() / "whole" / name), name);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_is_reported) {
  const scratch_directory scratch;
  (void)scratch.write("file", "");
  BOOST_CHECK_THROW(prepare_run_directory(scratch.path() / "file" / "run"), file_error);
  BOOST_CHECK_THROW(prepare_run_directory(scratch.path() / "file"), file_error);
}

// Versions before those that estimate errors of times wrote fewer columns and no such key.
BOOST_AUTO_TEST_CASE(runs_without_errors_of_times_read_as_not_known_and_certain) {
  const scratch_directory scratch;
  write_run(scratch.path(), some_run());
  (void)scratch.write("switches.csv", "t,neuron,sample,from,to\n0.5,1,0,active,sliding\n");
  (void)scratch.write("sliding.csv",
                      "neuron,sample,t_begin,t_end,eta_begin,eta_end,open\n1,0,0.5,2.5,0.25,1,1\n");
  std::string summary = contents(scratch.path() / "summary.json");
  const auto key = summary.find("\"certain_switches\"");
  summary.erase(key, summary.find(',', key) + 1 - key);
  (void)scratch.write("summary.json", summary);
  const trajectory run = read_run(scratch.path()).run;
  BOOST_REQUIRE(run.switches.size() == 1U);
  BOOST_TEST(run.switches[0].t == 0.5);
  BOOST_TEST(std::isnan(run.switches[0].t_error));
  BOOST_TEST(run.switches[0].certain);
  BOOST_REQUIRE(run.slides.size() == 1U);
  BOOST_TEST(run.slides[0].eta_end == 1.0);
  BOOST_TEST(std::isnan(run.slides[0].t_begin_error));
  BOOST_TEST(std::isnan(run.slides[0].t_end_error));
  BOOST_TEST(run.slides[0].certain);
  BOOST_TEST(run.statistics.certain_switches == run.statistics.switches);
}

BOOST_AUTO_TEST_CASE(a_directory_without_a_complete_run_is_refused) {
  const scratch_directory scratch;
  BOOST_TEST(complaint(scratch, [&] { (void)read_run(scratch.path() / "no"); }) ==
             "no: found no summary.json, expected the directory of a finished run");
  const auto out = scratch.path() / "run";
  write_run(out, some_run());
  const auto refusal = [&](const char* name, const std::string& text) {
    const std::string before = contents(out / name);
    (void)scratch.write(std::string("run/") + name, text);
    std::string message = complaint(scratch, [&] { (void)read_run(out); });
    (void)scratch.write(std::string("run/") + name, before);
    return message;
  };
  BOOST_TEST(refusal("summary.json", "{") ==
             "run/summary.json: found text that is no JSON object, expected the summary of a run");
  BOOST_TEST(refusal("summary.json", "{}") ==
             "run/summary.json, outcome: found nothing, expected a string");
  BOOST_TEST(refusal("summary.json", R"({"outcome": "lost"})") ==
             "run/summary.json, outcome: found \"lost\", expected an outcome of a run");
  BOOST_TEST(refusal("summary.json", R"({"outcome": "converged", "t": "1"})") ==
             "run/summary.json, t: found \"\"1\"\", expected a number");
  BOOST_TEST(refusal("switches.csv", "t,neuron\n") ==
             "run/switches.csv, line 1: found \"t,neuron\", expected the header "
             "t,neuron,sample,from,to,t_error,certain");
  BOOST_TEST(refusal("switches.csv",
                     "t,neuron,sample,from,to,t_error,certain\n0,3,0,active,inactive,0,1\n") ==
             "run/switches.csv, line 2: found \"3\" in column neuron, expected an integer from 0 "
             "to 2");
  BOOST_TEST(refusal("switches.csv",
                     "t,neuron,sample,from,to,t_error,certain\n0,2,0,active,resting,0,1\n") ==
             "run/switches.csv, line 2: found \"resting\" in column to, expected inactive, active "
             "or sliding");
  BOOST_TEST(refusal("switches.csv",
                     "t,neuron,sample,from,to,t_error,certain\n0,2,0,active,inactive,0,2\n") ==
             "run/switches.csv, line 2: found \"2\" in column certain, expected an integer from 0 "
             "to 1");
  BOOST_TEST(refusal("trajectory.csv", "t,loss,mu,mu_mean,gradient_norm,active,sliding\n") ==
             "run/trajectory.npz, array t: found another shape, expected the shape that "
             "trajectory.csv and network.csv imply");
  BOOST_TEST(complaint(scratch, [&] { (void)read_run(out); }) == "(nothing thrown)");
}
