#include "io_config.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/io/csv.hpp"
#include "test_io_problem_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

using namespace reluflow;
using namespace reluflow::testing;

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(files_are_relative_to_the_problem_and_defaults_are_those_of_the_options) {
  const problem_directory directory;
  const problem setup = directory.read(file_data + file_network + flow);
  BOOST_TEST(setup.data.size() == 2);
  BOOST_TEST(setup.initial.is_balanced());
  BOOST_TEST(setup.initial.output_scale() == 1.0);
  const flow_options defaults;
  BOOST_TEST(setup.flow.t_end == 2.0);
  BOOST_TEST(setup.flow.rtol == defaults.rtol);
  BOOST_TEST(setup.flow.max_steps == defaults.max_steps);
  BOOST_TEST(setup.record.times == linear_times(2.0, 201), boost::test_tools::per_element());
  BOOST_TEST(setup.record.states);
  BOOST_TEST(!setup.seed.has_value());
}

BOOST_AUTO_TEST_CASE(every_key_arrives) {
  const problem_directory directory;
  const problem setup = directory.read(R"([data]
file = 'points.csv'
bias = true
[network]
init = "balanced"
width = 3
log_scale = -1e5
seed = 7
output_scale = "mean"
[flow]
t_end = 40
rtol = 1e-7
atol = 0
chart = "spherical"
switching = "asynchronous"
rule = "fixed"
stop_loss = 1e-10
stop_gradient = 1e-12
max_steps = 5
max_stalled_switches = 6
[record]
count = 5
spacing = "log"
states = false
switches = false
)");
  BOOST_TEST(setup.data.dimension() == 3);
  BOOST_TEST(setup.initial.width() == 3);
  BOOST_TEST(setup.initial.dimension() == 3);
  BOOST_TEST(setup.initial.output_scale() == 1.0 / 3.0);
  BOOST_TEST(setup.initial.log_norms().maxCoeff() < -99990.0);
  BOOST_TEST(setup.flow.t_end == 40.0);
  BOOST_TEST(setup.flow.rtol == 1e-7);
  BOOST_TEST(setup.flow.atol == 0.0);
  BOOST_TEST((setup.flow.chart == chart_kind::spherical));
  BOOST_TEST((setup.flow.switching == switching_method::asynchronous));
  BOOST_TEST((setup.flow.rule == surface_rule::fixed));
  BOOST_TEST(setup.flow.stop_loss == 1e-10);
  BOOST_TEST(setup.flow.stop_gradient == 1e-12);
  BOOST_TEST(setup.flow.max_steps == 5);
  BOOST_TEST(setup.flow.max_stalled_switches == 6);
  BOOST_TEST(setup.record.times == log_times(40.0, 5), boost::test_tools::per_element());
  BOOST_TEST(!setup.record.states);
  BOOST_TEST(!setup.record.switches);
  BOOST_TEST(setup.seed.value() == 7U);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_crlf_and_text_beyond_ascii_are_fine) {
  const problem_directory directory;
  const problem setup =
      directory.read("\xEF\xBB\xBF# \xC3\xA9t\xC3\xA9\r\n[data]\r\nfile = \"points.csv\"\r\n" +
                     file_network + flow);
  BOOST_TEST(setup.data.size() == 2);
  (void)directory.write("\xC3\xA9.csv", "x1,x2,y\n1,0,3\n");
  BOOST_TEST(
      directory.read("[data]\nfile = \"\xC3\xA9.csv\"\n" + file_network + flow).data.size() == 1);
}

BOOST_AUTO_TEST_CASE(the_scale_and_its_logarithm_say_the_same) {
  const problem_directory directory;
  for (const std::string init : {"balanced", "dominated", "ball", "gaussian", "group"}) {
    // Group initialisation wants a label of its own for each of the two orthogonal points.
    const std::string head = file_data + "[network]\ninit = \"" + init + "\"\nwidth = 2\n";
    const network a = directory.read(head + "scale = 0.5\n" + flow).initial;
    const network b = directory.read(head + "log_scale = -0.6931471805599453\n" + flow).initial;
    BOOST_TEST((a.log_norms() - b.log_norms()).cwiseAbs().maxCoeff() < 1e-15);
    BOOST_TEST((a.directions() == b.directions()));
    BOOST_TEST(a.is_balanced() == (init == "balanced" || init == "group"));
  }
}

BOOST_AUTO_TEST_CASE(generators_draw_data) {
  const problem_directory directory;
  const std::string net = "[network]\ninit = \"balanced\"\nwidth = 2\nscale = 1e-3\n";
  const problem gaussian = directory.read(
      "[data]\ngenerator = \"gaussian\"\nsamples = 5\ndimension = 3\nnoise = 0.3\n"
      "teacher = \"linear\"\nbias = true\n" +
      net + flow);
  BOOST_TEST(gaussian.data.size() == 5);
  BOOST_TEST(gaussian.data.dimension() == 4);
  BOOST_TEST(gaussian.data.inputs()(3, 2) == 1.0);
  BOOST_TEST(gaussian.initial.dimension() == 4);
  const problem orthonormal =
      directory.read("[data]\ngenerator = \"orthonormal\"\nsamples = 4\n" + net + flow);
  BOOST_TEST(orthonormal.data.dimension() == 4);
  BOOST_TEST(has_orthogonal_inputs(orthonormal.data));
  const problem relu = directory.read(
      "[data]\ngenerator = \"gaussian\"\nsamples = 6\ndimension = 3\nteacher = \"relu\"\n"
      "teacher_width = 4\nteacher_seed = 9\nseed = 2\n" +
      net + flow);
  BOOST_TEST((relu.data.labels() - relu_teacher(4, 3, 9)(relu.data)).norm() < 1e-15);
  const problem cylinder = directory.read(
      "[data]\ngenerator = \"cylinder\"\nsamples = 6\ndimension = 3\nbeta = [0, 2, 0]\n"
      "spread = 0.2\nnoise = 0.1\nnoise_law = \"sign\"\nseed = 2\n" +
      net + flow);
  const dataset expected =
      cylinder_data(6, Eigen::Vector3d(0.0, 2.0, 0.0), 0.2, {0.1, noise_law::sign}, 2);
  BOOST_TEST((cylinder.data.labels() == expected.labels()));
}

BOOST_AUTO_TEST_CASE(data_and_widths_of_paper_b) {
  const problem_directory directory;
  const std::string flow = "[flow]\nt_end = 1.0\n";
  for (const std::string name : {"axes", "orthogonal", "sphere", "antipodal"}) {
    const problem task = directory.read(
        "[data]\ngenerator = \"" + name + "\"\nsamples = 8\nleast_norm = 1.5\nlargest_norm = 2\n" +
        "[network]\ninit = \"dominated\"\nscale = 1\nmiss_probability = 0.05\n" + flow);
    BOOST_TEST(task.data.size() == 8);
    BOOST_TEST(task.data.dimension() == (name == "antipodal" ? 4 : 8));
    BOOST_TEST(task.data.norms().minCoeff() >= 1.5 - 1e-14);
    // floor(ln(8/0.05)/ln(4/3)) + 1
    BOOST_TEST(task.initial.width() == 18);
  }
}

BOOST_AUTO_TEST_CASE(one_seed_for_both_and_each_its_own) {
  const problem_directory directory;
  const auto text = [](const std::string& data_seed, const std::string& network_seed) {
    return "[data]\ngenerator = \"gaussian\"\nsamples = 3\ndimension = 2\n" + data_seed +
           "[network]\ninit = \"balanced\"\nwidth = 2\nscale = 1\n" + network_seed + flow;
  };
  const problem one = directory.read(text("seed = 1\n", "seed = 1\n"));
  const problem silent = directory.read(text("", ""));
  BOOST_TEST((one.data.inputs() == silent.data.inputs()));
  BOOST_TEST((one.initial.directions() == silent.initial.directions()));
  const problem other = directory.read(text("seed = 1\n", "seed = 2\n"));
  BOOST_TEST((one.data.inputs() == other.data.inputs()));
  BOOST_TEST((one.initial.directions() != other.initial.directions()));
  BOOST_TEST(other.seed.value() == 2U);
  const problem given = directory.read(text("seed = 1\n", "seed = 2\n"), {}, 3);
  BOOST_TEST(given.seed.value() == 3U);
  BOOST_TEST((given.data.inputs() == directory.read(text("seed = 3\n", "")).data.inputs()));
  BOOST_TEST(
      (given.initial.directions() == directory.read(text("", "seed = 3\n")).initial.directions()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(overrides)

BOOST_AUTO_TEST_CASE(values_are_toml_and_plain_words_are_strings) {
  const problem_directory directory;
  const std::string text = file_data + file_network + flow;
  const problem setup = directory.read(
      text, {"flow.t_end=40", "flow.chart=spherical", "flow.switching = \"asynchronous\"",
             "record.times=[0, 1.5, 40]", "network.output_scale=mean"});
  BOOST_TEST(setup.flow.t_end == 40.0);
  BOOST_TEST((setup.flow.chart == chart_kind::spherical));
  BOOST_TEST((setup.flow.switching == switching_method::asynchronous));
  BOOST_TEST(setup.record.times.size() == 3U);
  BOOST_TEST(setup.record.times[1] == 1.5);
  BOOST_TEST(setup.initial.output_scale() == 0.5);
}

BOOST_AUTO_TEST_CASE(the_last_one_holds) {
  const problem_directory directory;
  BOOST_TEST(directory.read(file_data + file_network + flow, {"flow.t_end=3", "flow.t_end=4"})
                 .flow.t_end == 4.0);
}

BOOST_AUTO_TEST_CASE(an_override_replaces_the_alternatives_too) {
  const problem_directory directory;
  const std::string times = "[record]\ntimes = [0, 1]\n";
  const std::string text = file_data + file_network + flow;
  BOOST_TEST(directory.read(text + times, {"record.count=3"}).record.times.size() == 3U);
  BOOST_TEST(
      directory.read(text + times, {"record.count=3", "record.spacing=log"}).record.times[1] ==
      2e-4);
  BOOST_TEST(
      directory.read(text + "[record]\ncount = 9\n", {"record.times=[1]"}).record.times.size() ==
      1U);
  BOOST_TEST(directory.read(text, {"network.init=balanced", "network.width=7", "network.scale=1"})
                 .initial.width() == 7);
  BOOST_TEST(directory.read(text, {"data.generator=gaussian", "data.samples=9", "data.dimension=2"})
                 .data.size() == 9);
  BOOST_TEST(directory
                 .read("[data]\ngenerator = \"gaussian\"\nsamples = 9\ndimension = 2\nseed = 4\n" +
                           file_network + flow,
                       {"data.file=points.csv"})
                 .data.size() == 2);
}

BOOST_AUTO_TEST_CASE(bad_overrides_are_named) {
  const problem_directory directory;
  const struct {
    std::string assignment;
    std::string message;
  } cases[] = {
      {"flow.t_end=abc", "--set, flow.t_end: found \"abc\", expected a finite number"},
      {"flow.t_end=", "--set, flow.t_end: found \"\", expected a finite number"},
      {"flow.t_end=1\nflow.rtol=1",
       "--set, flow.t_end: found \"1\\x0aflow.rtol=1\", expected a finite number"},
      {"flow.rtol=1", "--set, flow.rtol: found 1, expected a tolerance in [1e-13, 1e-2]"},
      {"flow.rto=1",
       "--set: found the unknown key \"rto\" in [flow], expected one of t_end, rtol, atol, chart, "
       "switching, rule, stop_loss, stop_gradient, max_steps, max_stalled_switches"},
      {"flo.t_end=1",
       "--set: found the unknown section [flo], expected one of [data], [network], [flow], "
       "[record]"},
      {"t_end=1", "--set: found \"t_end=1\", expected section.key=value, e.g. flow.t_end=40"},
      {"flow.t_end", "--set: found \"flow.t_end\", expected section.key=value, e.g. flow.t_end=40"},
      {"record.times=[0,\"x\"]", "--set, record.times[1]: found \"x\", expected a finite number"},
      {"data.file=none.csv",
       "none.csv: found no such file, expected a CSV file with the header x1,...,xd,y"},
  };
  for (const auto& bad : cases) {
    BOOST_TEST(directory.refusal(file_data + file_network + flow, {bad.assignment}) == bad.message);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(writing)

BOOST_AUTO_TEST_CASE(a_written_problem_reads_back_the_same) {
  const problem_directory directory;
  const problem setup = directory.read(R"([data]
generator = "gaussian"
samples = 6
dimension = 3
noise = 0.5
bias = true
[network]
init = "balanced"
width = 4
log_scale = -250.5
output_scale = "mean"
[flow]
t_end = 1e17
rtol = 1e-7
atol = 3e-320
chart = "spherical"
switching = "asynchronous"
rule = "fixed"
stop_loss = 1e-300
stop_gradient = 0.1
max_steps = 9007199254740993
max_stalled_switches = 12
[record]
count = 17
spacing = "log"
states = false
)");
  std::filesystem::create_directory(directory.path() / "out");
  const auto file = directory.path() / "out" / "problem.toml";
  write_problem(file, setup);
  const problem back = read_problem(file);
  BOOST_TEST((back.data.inputs() == setup.data.inputs()));
  BOOST_TEST((back.data.labels() == setup.data.labels()));
  BOOST_TEST(back.initial.is_balanced());
  BOOST_TEST(back.initial.output_scale() == setup.initial.output_scale());
  BOOST_TEST((back.initial.log_norms() == setup.initial.log_norms()));
  BOOST_TEST((back.initial.directions() - setup.initial.directions()).cwiseAbs().maxCoeff() <
             1e-15);
  BOOST_TEST(back.flow.t_end == setup.flow.t_end);
  BOOST_TEST(back.flow.rtol == setup.flow.rtol);
  BOOST_TEST(back.flow.atol == setup.flow.atol);
  BOOST_TEST((back.flow.chart == setup.flow.chart));
  BOOST_TEST((back.flow.switching == setup.flow.switching));
  BOOST_TEST((back.flow.rule == setup.flow.rule));
  BOOST_TEST(back.flow.stop_loss == setup.flow.stop_loss);
  BOOST_TEST(back.flow.stop_gradient == setup.flow.stop_gradient);
  BOOST_TEST(back.flow.max_steps == setup.flow.max_steps);
  BOOST_TEST(back.flow.max_stalled_switches == setup.flow.max_stalled_switches);
  BOOST_TEST(back.record.times == setup.record.times, boost::test_tools::per_element());
  BOOST_TEST(back.record.states == setup.record.states);
  // And once more: the text is settled.
  const std::string text = contents(file);
  write_problem(file, back);
  BOOST_TEST(contents(file) == text);
}

BOOST_AUTO_TEST_CASE(an_output_scale_that_no_file_can_say_is_refused) {
  const problem_directory directory;
  const problem setup = directory.read(file_data + file_network + flow);
  const problem odd{setup.data,
                    network::balanced(setup.initial.signs(), setup.initial.log_norms(),
                                      setup.initial.directions(), 0.25),
                    setup.flow, setup.record, std::nullopt};
  BOOST_TEST(complaint(directory, [&] { write_problem(directory.path() / "q.toml", odd); }) ==
             "output_scale: found 0.25, expected 1 or 1/m, which a problem file can say");
}

BOOST_AUTO_TEST_SUITE_END()
