// A problem file that cannot be meant: one line that names the place, what was found and what is
// expected.

#include "test_io_problem_support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace reluflow;
using namespace reluflow::testing;

BOOST_AUTO_TEST_SUITE(refusing)

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
