#include "html.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/plots/report.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "reluflow/version.hpp"
#include "report_svg.hpp"
#include "test_plots_support.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

using namespace reluflow::plots;
using namespace plots_test;
using boost::property_tree::ptree;

namespace {

reluflow::run_record turning_record() {
  reluflow::problem setup{two_points(), {}, {}, {}, 7};
  reluflow::trajectory run = turning_run();
  setup.initial = run.initial_network;
  setup.flow.t_end = 10.0;
  setup.record.times = reluflow::linear_times(10.0, 41);
  run.statistics.steps = 1234;
  run.statistics.switches = 3 + 58;
  run.statistics.certain_switches = 3;
  run.statistics.slides = 1;
  run.statistics.dissipated = 0.98765432109876543;
  run.statistics.loss_error = 1.25e-11;
  run.statistics.invariant_drift = 3.3e-13;
  run.statistics.wall_seconds = 0.0123;
  run.end.gradient_norm = 1.0 / 3.0;
  return {setup,
          run,
          {{"growth <&> \"fit\"", 0.0, "a note & more", 5.0}, {"T_+", 5.0, "", {}}},
          {{"mass", "exact", 2.0, 2.0 + 1e-9, 1e-9, "paper A, Lemma 4", ""},
           {"t_2", "asymptotic", 1.5, 1.6, 0.1, "paper A", "not met: x < y", false}},
          std::string(reluflow::version_string)};
}

/// A run directory on disk, as it is read back.
struct written_run {
  fs::path directory;
  reluflow::run_record record;

  explicit written_run(const std::string& name)
      : directory(fresh_directory(name)), record(written(directory)) {}

 private:
  static reluflow::run_record written(const fs::path& directory) {
    write_run(directory, turning_record(), true);
    return reluflow::read_run(directory);
  }
};

/// Calls `see` for every attribute of every element.
template <typename Visitor>
void visit_attributes(const ptree& node, Visitor&& see) {
  for (const auto& [name, child] : node) {
    if (name == "<xmlattr>") {
      for (const auto& [key, value] : child) see(key, value.data());
    } else {
      visit_attributes(child, see);
    }
  }
}

/// Everything but the figures, which take time.
std::string page_without_figures(const written_run& one) {
  render_options render;
  render.gnuplot = "no-such-gnuplot";
  return make_report(one.directory, one.record, render).html;
}

ptree parsed(const std::string& html) {
  std::istringstream in(html);
  ptree tree;
  boost::property_tree::read_xml(in, tree);
  return tree;
}

void collect_numbers(const nlohmann::json& value, std::vector<double>& numbers) {
  if (value.is_number()) numbers.push_back(value.get<double>());
  if (value.is_object()) {
    for (const auto& part : value) collect_numbers(part, numbers);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_report_is_well_formed_and_needs_nothing_but_itself) {
  const written_run one("report");
  const report page = make_report(one.directory, one.record);
  for (const figure_result& result : page.figures) {
    BOOST_TEST((result.status == figure_status::complete), result.name + ": " + result.message);
  }
  const ptree tree = parsed(page.html);
  std::map<std::string, int> ids;
  std::vector<std::string> referred;
  visit_attributes(tree, [&](const std::string& key, const std::string& value) {
    if (key == "id") ++ids[value];
    if (key == "aria-labelledby") referred.push_back(value);
    if (key == "href" || key == "src") {
      BOOST_TEST((value.starts_with("#") || value.starts_with("data:")), key + "=" + value);
      if (value.starts_with("#")) referred.push_back(value.substr(1));
    }
    const auto at = value.find("url(");
    if (at != std::string::npos) {
      BOOST_TEST(value.substr(at, 5) == "url(#");
      referred.push_back(value.substr(at + 5, value.find(')', at) - at - 5));
    }
    BOOST_TEST(!key.starts_with("on"), key);
  });
  for (const auto& [id, times] : ids) BOOST_TEST(times == 1, id);
  for (const std::string& id : referred) BOOST_TEST(ids.count(id) == 1U, id);
  BOOST_TEST(page.html.find("@import") == std::string::npos);
  // The one address is the name of SVG's elements in the script.
  const std::string svg_name = "http://www.w3.org/2000/svg";
  for (auto at = page.html.find("://"); at != std::string::npos;
       at = page.html.find("://", at + 1)) {
    BOOST_TEST(page.html.substr(at - 4, svg_name.size()) == svg_name);
  }
  for (const char* figure : {"loss", "curvature", "neurons", "norms", "directions", "raster"}) {
    BOOST_TEST(ids.count(std::string("figure-") + figure) == 1U, figure);
  }
  BOOST_TEST(ids.count("frame-2") == 1U);
  BOOST_TEST(tree.get<std::string>("html.<xmlattr>.lang") == "en");
  BOOST_TEST(tree.get<std::string>("html.head.title") == "Run report");
}

BOOST_AUTO_TEST_CASE(a_report_holds_every_number_of_the_summary) {
  const written_run one("numbers");
  const std::string html = page_without_figures(one);
  std::set<double> shown;
  const ptree tree = parsed(html);
  visit_attributes(tree, [&](const std::string& key, const std::string& value) {
    if (key == "value" && value.find_first_not_of("0123456789.e+-") == std::string::npos) {
      shown.insert(std::stod(value));
    }
  });
  const auto summary = nlohmann::json::parse(read_file(one.directory / "summary.json"));
  for (const auto& [key, value] : summary.items()) {
    if (value.is_number()) BOOST_TEST(shown.count(value.get<double>()) == 1U, key);
  }
  // Options are quoted from the problem file.
  std::vector<double> options;
  collect_numbers(summary["options"]["flow"], options);
  BOOST_TEST(options.size() > 5U);
  BOOST_TEST(html.find(html_text(read_file(one.directory / "problem.toml"))) != std::string::npos);
  BOOST_TEST(html.find(html_text(read_file(one.directory / "summary.json"))) != std::string::npos);
  BOOST_TEST(html.find(">reached_end<") != std::string::npos);
  BOOST_TEST(html.find("58 more are made of noise") != std::string::npos);
  BOOST_TEST(html.find("growth &lt;&amp;&gt; &quot;fit&quot;") != std::string::npos);
  BOOST_TEST(html.find("not met: x &lt; y", html.find("that do not apply or")) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_same_run_gives_the_same_page) {
  const written_run one("same");
  BOOST_TEST(make_report(one.directory, one.record).html ==
             make_report(one.directory, one.record).html);
}

BOOST_AUTO_TEST_CASE(a_page_without_gnuplot_says_what_is_missing) {
  const written_run one("no gnuplot");
  render_options render;
  render.gnuplot = "no-such-gnuplot";
  const report page = make_report(one.directory, one.record, render);
  BOOST_TEST((page.figures.front().status == figure_status::no_gnuplot));
  BOOST_TEST(page.html.find("Not drawn: loss: gnuplot was not found") != std::string::npos);
  BOOST_TEST(page.html.find("<svg") == std::string::npos);
  (void)parsed(page.html);
}

BOOST_AUTO_TEST_CASE(images_that_only_this_run_has_are_shown_too) {
  const written_run one("further");
  fs::create_directory(one.directory / "figures");
  std::ofstream(one.directory / "figures" / "sectors.svg") << "<svg id=\"loss\"/>";
  std::ofstream(one.directory / "figures" / "loss.svg") << "<svg/>";
  const std::string html = page_without_figures(one);
  BOOST_TEST(
      html.find("alt=\"sectors\" src=\"data:image/svg+xml;base64,PHN2ZyBpZD0ibG9zcyIvPg==\"") !=
      std::string::npos);
  BOOST_TEST(html.find("alt=\"loss\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_pages_of_ours_are_reports) {
  const written_run one("ours");
  const fs::path file = one.directory / "page.html";
  BOOST_TEST(!is_report(file));
  std::ofstream(file) << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n";
  BOOST_TEST(!is_report(file));
  std::ofstream(file) << page_without_figures(one);
  BOOST_TEST(is_report(file));
}

BOOST_AUTO_TEST_CASE(a_run_whose_files_are_gone_is_refused) {
  const written_run one("gone");
  fs::remove(one.directory / "problem.toml");
  BOOST_CHECK_THROW((void)make_report(one.directory, one.record), reluflow::invalid_input);
}

BOOST_AUTO_TEST_CASE(curves_keep_their_labels_and_axes_their_ranges) {
  figure fig;
  fig.name = "two";
  panel axes;
  axes.y_range = range{1e-3, 10.0};
  axes.log_y = true;
  axes.layers = {line("a_b", {0.0, 1.0}, {1.0, 2.0}), line("c", {0.0, 2.0}, {2.0, 3.0})};
  fig.panels = {axes, axes};
  const std::string svg =
      "<?xml version='1.0'?>\n<svg width='7' xmlns='x' onload=\"f()\">\n<title>two</title>"
      "<defs><circle id='gpDot' r='0.5'/></defs><g id=\"gnuplot_canvas\" onclick='g()'>"
      "<g id=\"two_plot_2b\" ><title>t</title><use xlink:href='#gpDot' style='url(#gpDot)'/></g>"
      "<text>1 &lt; 2</text></g></svg>\n";
  BOOST_TEST(toggled_labels(fig) == (std::vector<std::string>{"a_b", "c"}),
             boost::test_tools::per_element());
  const std::string made = inline_svg(svg, fig, {"here", "there", readout::both});
  const std::string expected =
      "<svg id=\"here\" class=\"plot\" viewBox=\"0 0 720 480\" style=\"min-width: 525px; "
      "max-width: 960px\" role=\"img\" "
      "aria-labelledby=\"there\">\n<defs><circle id=\"here-gpDot\" r=\"0.5\"/></defs><g>"
      "<g data-curve=\"1\"><use href=\"#here-gpDot\" style=\"url(#here-gpDot)\"/></g>"
      "<text>1 &lt; 2</text></g>";
  BOOST_TEST(made.substr(0, expected.size()) == expected);
  BOOST_TEST(made.find("data-x=\"0 2 linear\" data-y=\"0.001 10 log\"/>") != std::string::npos);
  BOOST_TEST(inline_svg(svg, fig, {"a", "b", readout::none}).find("class=\"axes\"") ==
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(bytes_become_text) {
  // RFC 4648, section 10.
  BOOST_TEST(base64("") == "");
  BOOST_TEST(base64("f") == "Zg==");
  BOOST_TEST(base64("fo") == "Zm8=");
  BOOST_TEST(base64("foo") == "Zm9v");
  BOOST_TEST(base64("foobar") == "Zm9vYmFy");
  BOOST_TEST(base64("\xff\xfe\xfd") == "//79");
  BOOST_TEST(html_text("<a href=\"x\">&\t\n") == "&lt;a href=&quot;x&quot;&gt;&amp; \n");
  BOOST_TEST(html_number(-1.23456789e-10) ==
             "<data value=\"-1.23456789e-10\" title=\"-1.23456789e-10\">−1.23457e−10</data>");
  BOOST_TEST(html_number(std::nan("")) == "–");
}

BOOST_AUTO_TEST_CASE(an_animation_shows_when_something_happens) {
  reluflow::trajectory run = turning_run();
  run.stopping_times.push_back({"half", 5.125, false, "", {}, {}});
  std::vector<double> times = animation_times(run, 10);
  for (const double t : times) BOOST_TEST((t >= 0.0 && t <= run.t));
  const auto has = [&](double t) {
    return std::find(times.begin(), times.end(), t) != times.end();
  };
  for (const double t : {0.0, 4.0, 5.0, 5.125, 6.0, 10.0}) BOOST_TEST(has(t), t);
  // Nine tenths of the fall are between 4.5 and 5.5: so are most of the other times.
  const auto steep =
      std::count_if(times.begin(), times.end(), [](double t) { return t >= 4.5 && t <= 5.5; });
  BOOST_TEST(steep >= 4);
  // Noise that leads nowhere is nothing that happens.
  using enum reluflow::pair_mode;
  run.switches.push_back({8.0625, 1, 1, active, inactive, false, 1.0, false});
  run.switches.push_back({8.1875, 1, 1, inactive, active, false, 1.0, false});
  times = animation_times(run, 10);
  BOOST_TEST(has(6.0));
  BOOST_TEST(!has(8.0625));

  const figure film = principal_animation(two_points(), run, {0.0, 5.0, 10.0, 4.99}, 0.2);
  BOOST_TEST(film.panels.size() == 3U);
  BOOST_TEST(film.frame_seconds == 0.2);
  for (const panel& frame : film.panels) {
    BOOST_TEST(frame.x_range->high == film.panels[0].x_range->high);
    BOOST_TEST(frame.y_range->low == film.panels[0].y_range->low);
    // A neuron that is still tiny stands on the inner circle, and none is beyond the outer one.
    for (const layer& drawn : frame.layers) {
      for (std::size_t i = 0; i < drawn.columns[0].size(); ++i) {
        const double radius = std::hypot(drawn.columns[0][i], drawn.columns[1][i]);
        BOOST_TEST((radius >= 0.3 - 1e-12 && radius <= 1.0 + 1e-12));
      }
    }
  }
}
