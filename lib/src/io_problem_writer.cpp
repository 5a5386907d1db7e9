#include "io_text.hpp"
#include "io_words.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/csv.hpp"
#include "reluflow/io/problem_file.hpp"

#include <fmt/format.h>

#include <string>

namespace reluflow {
namespace {

using detail::real_text;

output_scaling scaling_of(const network& net) {
  for (const output_scaling scaling : {output_scaling::unit, output_scaling::mean}) {
    if (net.output_scale() == output_scale(scaling, net.width())) {
      return scaling;
    }
  }
  throw invalid_input("output_scale", detail::number_text(net.output_scale()),
                      "1 or 1/m, which a problem file can say");
}

std::string times_text(const std::vector<double>& times) {
  std::string text = "[";
  for (const double t : times) {
    text += text.size() == 1 ? "" : ", ";
    text += real_text(t);
  }
  return text + "]";
}

std::string flow_text(const flow_options& flow) {
  using detail::word;
  std::string text = "[flow]\n";
  text += fmt::format("t_end = {}\n", real_text(flow.t_end));
  text += fmt::format("rtol = {}\n", real_text(flow.rtol));
  text += fmt::format("atol = {}\n", real_text(flow.atol));
  text += fmt::format("chart = \"{}\"\n", word(detail::chart_words, flow.chart));
  text += fmt::format("switching = \"{}\"\n", word(detail::switching_words, flow.switching));
  text += fmt::format("rule = \"{}\"\n", word(detail::rule_words, flow.rule));
  text += fmt::format("stop_loss = {}\n", real_text(flow.stop_loss));
  text += fmt::format("stop_gradient = {}\n", real_text(flow.stop_gradient));
  text += fmt::format("max_steps = {}\n", flow.max_steps);
  text += fmt::format("max_stalled_switches = {}\n", flow.max_stalled_switches);
  return text;
}

}  // namespace

void write_problem(const std::filesystem::path& file, const problem& setup) {
  const auto scaling = detail::word(detail::scaling_words, scaling_of(setup.initial));
  const std::filesystem::path directory = file.parent_path();
  write_points(directory / "points.csv", setup.data);
  write_network(directory / "network_initial.csv", setup.initial);
  std::string text =
      "# Every choice of this problem, resolved: reluflow run problem.toml --out DIR\n";
  text += "[data]\nfile = \"points.csv\"\nbias = false\n\n";
  text +=
      fmt::format("[network]\nfile = \"network_initial.csv\"\noutput_scale = \"{}\"\n\n", scaling);
  text += flow_text(setup.flow);
  text += fmt::format("\n[record]\ntimes = {}\nstates = {}\nswitches = {}\n",
                      times_text(setup.record.times), setup.record.states, setup.record.switches);
  detail::write_text(file, text);
}

}  // namespace reluflow
