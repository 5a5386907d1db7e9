#include "io_config.hpp"
#include "io_support.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/problem_file.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::testing::complaint;
using reluflow::testing::contents;
using reluflow::testing::scratch_directory;

const std::string file_data = "[data]\nfile = \"points.csv\"\n";
const std::string file_network = "[network]\nfile = \"network.csv\"\n";
const std::string flow = "[flow]\nt_end = 2.0\n";

/// A directory with a problem of two points and two neurons.
class problem_directory : public scratch_directory {
 public:
  problem_directory() {
    (void)write("points.csv", "x1,x2,y\n-0.5,1,-1\n2,1,1\n");
    (void)write("network.csv", "sign,log_norm,w1,w2\n1,-3,1,0\n-1,-2,0,1\n");
  }

  [[nodiscard]] problem read(const std::string& text,
                             const std::vector<std::string>& overrides = {},
                             std::optional<std::uint64_t> seed = std::nullopt) const {
    return read_problem(write("p.toml", text), overrides, seed);
  }

  [[nodiscard]] std::string refusal(const std::string& text,
                                    const std::vector<std::string>& overrides = {}) const {
    return complaint(*this, [&] { (void)read(text, overrides); });
  }
};

}  // namespace

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

BOOST_AUTO_TEST_CASE(every_bad_problem_is_one_line_with_its_place) {
  const problem_directory directory;
  const std::string rest = file_network + flow;
  const std::string head = file_data + file_network;
  const std::string balanced = file_data + "[network]\ninit = \"balanced\"\n";
  (void)directory.write("wide.csv", "a,w1,w2,w3\n1,1,1,1\n");
  (void)directory.write("bad.csv", "x1,x2,y\n1,2,3\n1,nan,3\n");
  const struct {
    std::string text;
    std::string message;
  } cases[] = {
      // sections and keys
      {"", "p.toml: found no section [flow], expected a section [flow]"},
      {head, "p.toml: found no section [flow], expected a section [flow]"},
      {rest, "p.toml: found no section [data], expected a section [data]"},
      {file_data + flow, "p.toml: found no section [network], expected a section [network]"},
      {head + flow + "[recrod]\ncount = 3\n",
       "p.toml, line 7: found the unknown section [recrod], expected one of [data], [network], "
       "[flow], [record]"},
      {"t_end = 3\n" + head + flow,
       "p.toml, line 1: found the key \"t_end\" outside sections, expected a section such as "
       "[flow] before it"},
      {head + flow + "rtoll = 1e-9\n",
       "p.toml, line 7: found the unknown key \"rtoll\" in [flow], expected one of t_end, rtol, "
       "atol, chart, switching, rule, stop_loss, stop_gradient, max_steps, max_stalled_switches"},
      {file_data + "seed = 1\n" + rest,
       "p.toml, line 3: found the unknown key \"seed\" in [data], expected one of file, "
       "generator, bias"},
      {head + "[flow]\n",
       "p.toml, line 5, flow.t_end: found nothing, expected a finite positive "
       "time"},
      // types
      {head + "[flow]\nt_end = \"long\"\n",
       "p.toml, line 6, flow.t_end: found \"long\", expected a finite number"},
      {head + "[flow]\nt_end = inf\n",
       "p.toml, line 6, flow.t_end: found inf, expected a finite number"},
      {head + "[flow]\nt_end = nan\n",
       "p.toml, line 6, flow.t_end: found nan, expected a finite number"},
      {head + flow + "max_steps = 10.0\n",
       "p.toml, line 7, flow.max_steps: found 10.0, expected an integer"},
      {head + flow + "chart = 1\n",
       "p.toml, line 7, flow.chart: found 1, expected one of \"auto\", \"spherical\", "
       "\"cartesian\""},
      {head + flow + "switching = \"both\"\n",
       "p.toml, line 7, flow.switching: found \"both\", expected one of \"global\", "
       "\"asynchronous\""},
      {file_data + "bias = 1\n" + rest,
       "p.toml, line 3, data.bias: found 1, expected true or false"},
      {"[data]\nfile = 3\n" + rest, "p.toml, line 2, data.file: found 3, expected a string"},
      {"[data]\nfile = 1979-05-27\n" + rest,
       "p.toml, line 2, data.file: found a date or time, expected a string"},
      {head + flow + "[flow.t]\nx = 1\n",
       "p.toml, line 7: found the unknown key \"t\" in [flow], expected one of t_end, rtol, atol, "
       "chart, switching, rule, stop_loss, stop_gradient, max_steps, max_stalled_switches"},
      {head + flow + "[record]\ntimes = 3\n",
       "p.toml, line 8, record.times: found 3, expected an array of numbers"},
      {head + flow + "[record]\ntimes = [0,\n 1,\n \"2\"]\n",
       "p.toml, line 10, record.times[2]: found \"2\", expected a finite number"},
      // ranges
      {head + "[flow]\nt_end = -1\n",
       "p.toml, line 6, flow.t_end: found -1, expected a finite positive time"},
      {head + flow + "rtol = 2.0\n",
       "p.toml, line 7, flow.rtol: found 2, expected a tolerance in [1e-13, 1e-2]"},
      {head + flow + "stop_loss = -1e-3\n",
       "p.toml, line 7, flow.stop_loss: found -0.001, expected a finite number >= 0"},
      {head + flow + "[record]\ntimes = [0, 3]\n",
       "p.toml, line 8, record.times: found 3, expected times within [0, 2], the end of the run"},
      {head + flow + "[record]\ntimes = [0, 1, 1]\n",
       "p.toml, line 8, record.times: found 1, expected times in increasing order"},
      {head + flow + "[record]\ncount = 1\n",
       "p.toml, line 8, record.count: found 1, expected an integer that is at least 2"},
      {head + flow + "[record]\ncount = 20000000\n",
       "p.toml, line 8, record.count: found 20000000, expected at most 10000000"},
      {head + flow + "[record]\ncount = 3\ntimes = [1]\n",
       "p.toml, line 8, record.count: found both times and count, expected one of the two"},
      {head + flow + "[record]\nspacing = \"log\"\ntimes = [1]\n",
       "p.toml, line 8, record.spacing: found both times and spacing, expected one of the two"},
      // data
      {"[data]\nbias = true\n" + rest,
       "p.toml, line 1, data.file: found neither file nor generator, expected one of the two"},
      {file_data + "generator = \"gaussian\"\n" + rest,
       "p.toml, line 3, data.generator: found both file and generator, expected one of the two"},
      {"[data]\nfile = \"none.csv\"\n" + rest,
       "none.csv: found no such file, expected a CSV file with the header x1,...,xd,y"},
      {"[data]\nfile = \"bad.csv\"\n" + rest,
       "bad.csv, line 3: found \"nan\" in column x2, expected a finite number"},
      {"[data]\ngenerator = \"uniform\"\n" + rest,
       "p.toml, line 2, data.generator: found \"uniform\", expected one of \"gaussian\", "
       "\"cylinder\", \"orthonormal\", \"axes\", \"orthogonal\", \"sphere\", \"antipodal\""},
      {"[data]\ngenerator = \"axes\"\nsamples = 3\nleast_norm = 2\nlargest_norm = 1\n" + rest,
       "p.toml, line 4, data.least_norm: found norms from 2 to 1, expected 0 < least_norm <= "
       "largest_norm, finite"},
      {"[data]\ngenerator = \"antipodal\"\nsamples = 3\n" + rest,
       "p.toml, line 3, data.samples: found 3, expected an even number"},
      {"[data]\ngenerator = \"gaussian\"\ndimension = 2\n" + rest,
       "p.toml, line 1, data.samples: found nothing, expected an integer that is at least 1"},
      {"[data]\ngenerator = \"gaussian\"\ndimension = 2\nsamples = 0\n" + rest,
       "p.toml, line 4, data.samples: found 0, expected an integer that is at least 1"},
      {"[data]\ngenerator = \"gaussian\"\ndimension = 2\nsamples = 2\nnoise = -0.5\n" + rest,
       "p.toml, line 5, data.noise: found -0.5, expected a finite number >= 0"},
      {"[data]\ngenerator = \"orthonormal\"\ndimension = 2\nsamples = 3\n" + rest,
       "p.toml, line 3, data.dimension: found 2, expected at least 3"},
      {"[data]\ngenerator = \"gaussian\"\ndimension = 2\nsamples = 3\nseed = -1\n" + rest,
       "p.toml, line 5, data.seed: found -1, expected an integer that is at least 0"},
      {"[data]\ngenerator = \"orthonormal\"\nsamples = 3\nnoise = 0.1\n" + rest,
       "p.toml, line 4: found the unknown key \"noise\" in [data], expected one of file, "
       "generator, bias, seed, samples, dimension"},
      // network
      {file_data + "[network]\n" + flow,
       "p.toml, line 3, network.file: found neither file nor init, expected one of the two"},
      {file_data + "[network]\nfile = \"wide.csv\"\n" + flow,
       "wide.csv, line 1: found neurons in dimension 3, expected 2, the dimension of the data and "
       "its bias, if any"},
      {file_data + file_network + "output_scale = \"sum\"\n" + flow,
       "p.toml, line 5, network.output_scale: found \"sum\", expected one of \"unit\", \"mean\""},
      {balanced + "width = 0\nscale = 1\n" + flow,
       "p.toml, line 5, network.width: found 0, expected an integer that is at least 1"},
      {balanced + "width = 2\n" + flow,
       "p.toml, line 3, network.scale: found neither scale nor log_scale, expected one of the "
       "two"},
      {balanced + "width = 2\nscale = 1\nlog_scale = 1\n" + flow,
       "p.toml, line 7, network.log_scale: found both scale and log_scale, expected one of the "
       "two"},
      {balanced + "width = 2\nscale = -1e-3\n" + flow,
       "p.toml, line 6, network.scale: found -0.001, expected a positive number"},
      {balanced + "width = 2\nscale = 0\n" + flow,
       "p.toml, line 6, network.scale: found 0, expected a positive number"},
      {file_data + "[network]\ninit = \"ball\"\nwidth = 2\nlog_scale = -1e5\n" + flow,
       "p.toml, line 6, network.log_scale: found -100000.0, expected a scale between exp(-700) "
       "and exp(700); only balanced networks go beyond"},
      {file_data + "[network]\ninit = \"group\"\nwidth = 3\nscale = 1\n" + flow,
       "p.toml, line 5, network.width: found 3, expected a divisor of 2, the number of samples"},
      {file_data + "[network]\ninit = \"group\"\nwidth = 1\nscale = 1\n" + flow,
       "p.toml, line 4, network.init, group of samples 0 to 1: found labels of different signs or "
       "zero, expected labels of one sign, as group initialisation asks"},
  };
  for (const auto& bad : cases) {
    BOOST_TEST(directory.refusal(bad.text) == bad.message);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_is_one_line_with_its_place) {
  const problem_directory directory;
  const struct {
    std::string text;
    std::string place;
  } cases[] = {
      {"[data\nfile = 1\n", "p.toml, line 1: found text that is no TOML ("},
      {"[data]\nfile = \"points.csv\nbias = true\n",
       "p.toml, line 2: found text that is no TOML ("},
      {"[data]\nfile == 3\n", "p.toml, line 2: found text that is no TOML ("},
      {"[data]\nfile = 3\nfile = 4\n", "p.toml, line 3: found text that is no TOML ("},
      {"[data]\n[data]\n", "p.toml, line 2: found text that is no TOML ("},
      {"[data]\nx = [1, 2\n", "p.toml, line"},
      {"[data]\nx = 1\n\x01\n", "p.toml, line 3: found a control character, expected"},
      {"[data]\nx = 99999999999999999999\n", "p.toml, line 2: found text that is no TOML ("},
      {"[data]\nx = \"\xff\"\n", "p.toml, line 2: found text that is no TOML ("},
      {"[data]\nx = " + std::string(5000, '[') + "\n",
       "p.toml, line 2: found text that is no TOML ("},
      // The parser asserts that no file begins a table so.
      {"[data]\nx = 1\n[=]\ny = 1\n", "p.toml, line 3: found text that is no TOML, expected"},
      {"[data]\nx = 1\n[", "p.toml, line 3: found text that is no TOML ("},
      // The parser's own reports of these end in undefined behaviour.
      {"[data]\n# \xC3\xA9\nf\xC3\xA9 = 1\n",
       "p.toml, line 3: found a character that is not ASCII, expected ASCII outside strings and "
       "comments"},
      {"[data]\nx = '''\n''' \"\"\"\n\\\"\"\"\"\"\"\n\xE2\x80\x9C = 1\n",
       "p.toml, line 5: found a character that is not ASCII"},
  };
  for (const auto& bad : cases) {
    const std::string text = directory.refusal(bad.text);
    BOOST_TEST(text.substr(0, bad.place.size()) == bad.place);
    BOOST_TEST(text.find('\n') == std::string::npos);
  }
  BOOST_TEST(complaint(directory, [&] { (void)read_problem(directory.path() / "no.toml"); }) ==
             "no.toml: found no such file, expected a problem file");
  BOOST_TEST(complaint(directory, [&] {
               (void)read_problem(directory.path());
             }).find("found is a directory, expected a problem file") != std::string::npos);
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
