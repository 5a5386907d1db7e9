#include "layout.hpp"
#include "process.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/plots/render.hpp"
#include "test_plots_support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <locale>
#include <set>

using namespace reluflow::plots;
using namespace plots_test;

namespace {

figure wave() {
  figure fig{.name = "wave", .panels = {{.x_label = "t", .y_label = "y_k"}}};
  std::vector<double> t;
  std::vector<double> y;
  for (int i = 0; i <= 100; ++i) {
    t.push_back(0.125 * i);
    y.push_back(std::sin(t.back()));
  }
  fig.panels[0].layers = {line("sine", t, y)};
  return fig;
}

const std::vector<std::string> all_three{"wave.gp", "wave.png", "wave.svg"};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_one_line(const std::string& text) { return !text.empty() && !has(text, "\n"); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_figure_becomes_a_script_and_two_images) {
  const fs::path directory = fresh_directory("three") / "made" / "on the way";
  const figure_result result = write_figure(directory, wave());
  BOOST_TEST(result.message == "");
  BOOST_TEST((result.status == figure_status::complete));
  BOOST_TEST(result.files.size() == 3U);
  BOOST_TEST(names_in(directory) == all_three, boost::test_tools::per_element());
  BOOST_TEST(read_file(directory / "wave.png").starts_with("\x89PNG"));
  BOOST_TEST(has(read_file(directory / "wave.svg"), "</svg>"));
  BOOST_TEST(fs::file_size(directory / "wave.png") > 5000U);
}

BOOST_AUTO_TEST_CASE(two_renderings_are_byte_identical) {
  const fs::path first = fresh_directory("first");
  const fs::path second = fresh_directory("second");
  BOOST_TEST(write_figure(first, wave()).message == "");
  BOOST_TEST(write_figure(second, wave()).message == "");
  for (const std::string& name : all_three) {
    BOOST_TEST(!read_file(first / name).empty());
    BOOST_TEST((read_file(first / name) == read_file(second / name)), name << " differs");
  }
}

BOOST_AUTO_TEST_CASE(a_user_can_run_the_script_from_anywhere) {
  const fs::path directory = fresh_directory("it's \"here\" $(touch pwned) `touch pwned`; #");
  BOOST_TEST(write_figure(directory, wave(), {.svg = false, .png = false}).message == "");
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.gp"}),
             boost::test_tools::per_element());
  const auto gnuplot = find_program("gnuplot");
  BOOST_REQUIRE(gnuplot.has_value());
  const process_result run =
      run_program(*gnuplot, {(directory / "wave.gp").string()}, fs::current_path(), 60.0);
  BOOST_TEST(run.succeeded, run.error_output);
  BOOST_TEST(names_in(directory) == all_three, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_path_is_too_strange) {
  const fs::path parent = fresh_directory("strange");
  for (const char* name : {"with space", "it's", "\"quoted\"", "$(touch pwned)", "`touch pwned`",
                           "a;touch pwned", "% 100", "-e", "line\nbreak", "Übung"}) {
    const figure_result result = write_figure(parent / name, wave());
    BOOST_TEST(result.message == "", name << ": " << result.message);
    BOOST_TEST(names_in(parent / name) == all_three, boost::test_tools::per_element());
  }
  BOOST_TEST(!fs::exists("pwned"));
  BOOST_TEST(!fs::exists(parent / "pwned"));
}

BOOST_AUTO_TEST_CASE(a_name_may_hold_a_hyphen) {
  figure fig = wave();
  fig.name = "2-wave_b";
  const figure_result result = write_figure(fresh_directory("hyphen"), fig);
  BOOST_TEST(result.message == "");
  BOOST_TEST(result.files.size() == 3U);
}

BOOST_AUTO_TEST_CASE(no_name_of_a_phase_is_too_strange) {
  const fs::path directory = fresh_directory("names");
  figure fig = wave();
  for (const char* odd : {"{", "}", "'", "\"", "\\", "#", "}'{", "two\nlines", "\x01", "é", "%"}) {
    fig.panels[0].bands.push_back({odd, 1.0, 4.0});
    fig.panels[0].marks.push_back({odd, 5.0});
    fig.panels[0].levels.push_back({odd, 0.5});
    fig.panels[0].layers.push_back(points(plain_text(odd), {1.0}, {1.0}));
    fig.panels[0].layers.back().heading = odd;
  }
  const std::string wild = "it's {/Bold x} `touch pwned` $x @y 50%\n\\\"end\" # no";
  fig.panels[0].bands.push_back({wild, 1.0, 4.0});
  fig.panels[0].marks.push_back({wild, 5.0});
  fig.panels[0].levels.push_back({wild, 0.5});
  fig.panels[0].layers[0].label = "a 'label'";
  BOOST_TEST(write_figure(directory, fig).message == "");
  BOOST_TEST(!fs::exists(directory / "pwned"));
  BOOST_TEST(has(read_file(directory / "wave.svg"), "it’s {/Bold x} `touch pwned`"));
}

BOOST_AUTO_TEST_CASE(a_key_has_the_rows_that_were_left_for_it) {
  figure fig = wave();
  fig.panels[0].layers[0].label.clear();
  fig.panels[0].levels = {{"a level with a long name", 0.5}};
  for (const char last : std::string("12345678")) {
    fig.panels[0].layers.push_back(points(std::string("long entry ") + last, {1.0}, {1.0}));
  }
  const fs::path directory = fresh_directory("key");
  BOOST_TEST(write_figure(directory, fig).message == "");
  const std::string svg = read_file(directory / "wave.svg");
  std::set<std::string> rows;
  const std::string entry = "\" >long entry";
  for (auto at = svg.find(entry); at != std::string::npos; at = svg.find(entry, at + 1)) {
    const auto comma = svg.find(',', svg.rfind("translate(", at));
    rows.insert(svg.substr(comma, svg.find(')', comma) - comma));
  }
  BOOST_TEST(rows.size() == std::ceil(8.0 / place_key(completed(fig)).columns));
}

BOOST_AUTO_TEST_CASE(without_gnuplot_the_script_is_still_written) {
  const fs::path directory = fresh_directory("no gnuplot");
  const environment path("PATH", "");
  const figure_result result = write_figure(directory, wave());
  BOOST_TEST((result.status == figure_status::no_gnuplot));
  BOOST_TEST(is_one_line(result.message));
  BOOST_TEST(has(result.message, "gnuplot was not found"));
  BOOST_TEST(has(result.message, "wave.gp"));
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.gp"}),
             boost::test_tools::per_element());
  BOOST_TEST(result.files == std::vector<fs::path>{directory / "wave.gp"});
}

BOOST_AUTO_TEST_CASE(a_named_program_that_is_missing_is_reported) {
  const fs::path directory = fresh_directory("named");
  const figure_result result = write_figure(directory, wave(), {.gnuplot = "/nowhere/gnuplot"});
  BOOST_TEST((result.status == figure_status::no_gnuplot));
  BOOST_TEST(has(result.message, "/nowhere/gnuplot"));
}

BOOST_AUTO_TEST_CASE(the_current_directory_is_not_searched_for_gnuplot) {
  fake_program(fs::current_path(), "exit 0");
  for (const char* path : {":", "::", ":/nowhere", "/nowhere:"}) {
    const environment scope("PATH", path);
    BOOST_TEST(!find_program("gnuplot").has_value());
  }
  fs::remove(fs::current_path() / "gnuplot");
}

BOOST_AUTO_TEST_CASE(a_failing_gnuplot_is_reported) {
  const fs::path directory = fresh_directory("failing");
  const fs::path tools = fresh_directory("failing tools");
  fake_program(tools, "echo 'out of ink' >&2; echo 'and of paper' >&2; exit 1");
  const environment path("PATH", tools.string());
  const figure_result result = write_figure(directory, wave());
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(is_one_line(result.message));
  BOOST_TEST(has(result.message, "exit status 1"));
  BOOST_TEST(has(result.message, "out of ink"));
  BOOST_TEST(!has(result.message, "paper"));
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.gp"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_in_the_script_is_reported_with_its_line) {
  const fs::path directory = fresh_directory("error");
  figure fig = wave();
  fig.panels[0].commands = "set nonsense";
  const figure_result result = write_figure(directory, fig);
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(is_one_line(result.message));
  BOOST_TEST(has(result.message, "\"wave.gp\" line "));
  BOOST_TEST(has(result.message, "unrecognized option"));
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.gp"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_makes_nothing_is_reported) {
  const fs::path directory = fresh_directory("nothing");
  const fs::path fake = fake_program(fresh_directory("nothing tools"), "exit 0");
  const figure_result result = write_figure(directory, wave(), {.gnuplot = fake.string()});
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(has(result.message, "made no svg"));
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_dies_is_reported) {
  const fs::path directory = fresh_directory("dying");
  const fs::path fake = fake_program(fresh_directory("dying tools"), "kill -9 $$");
  const figure_result result = write_figure(directory, wave(), {.gnuplot = fake.string()});
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(has(result.message, "signal 9"));
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_cannot_be_started_is_reported) {
  const fs::path directory = fresh_directory("unstartable");
  const fs::path fake = fresh_directory("unstartable tools") / "gnuplot";
  std::ofstream(fake) << "#!/nowhere/interpreter\n";
  fs::permissions(fake, fs::perms::owner_all);
  const figure_result result = write_figure(directory, wave(), {.gnuplot = fake.string()});
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(has(result.message, "could not be started"));
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_floods_is_survived) {
  const fs::path directory = fresh_directory("flood");
  const fs::path fake = fake_program(
      fresh_directory("flood tools"),
      "i=0; while [ $i -lt 3000 ]; do printf '%0200d\\n' $i >&2; printf '%0200d\\n' $i; "
      "i=$((i+1)); done; exit 3");
  const figure_result result = write_figure(directory, wave(), {.gnuplot = fake.string()});
  BOOST_TEST((result.status == figure_status::failed));
  BOOST_TEST(has(result.message, "exit status 3"));
  BOOST_TEST(is_one_line(result.message));
  BOOST_TEST(result.message.size() <= 500U);
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_hangs_is_stopped) {
  using clock = std::chrono::steady_clock;
  const fs::path directory = fresh_directory("hanging");
  // The second closes its standard error and leaves a child that holds it.
  for (const char* lines : {"exec sleep 60", "sleep 60 & exec 2>&-; exec sleep 60"}) {
    const fs::path fake = fake_program(fresh_directory("hanging tools"), lines);
    const auto begin = clock::now();
    const figure_result result =
        write_figure(directory, wave(), {.gnuplot = fake.string(), .time_limit = 0.3});
    BOOST_TEST((result.status == figure_status::failed));
    BOOST_TEST(has(result.message, "stopped after 0.3 s"));
    BOOST_TEST(std::chrono::duration<double>(clock::now() - begin).count() < 20.0);
  }
}

BOOST_AUTO_TEST_CASE(a_grandchild_that_stays_does_not_hold_the_run) {
  using clock = std::chrono::steady_clock;
  const fs::path fake = fake_program(fresh_directory("stay tools"), "sleep 60 & exit 0");
  const auto begin = clock::now();
  const process_result run = run_program(fake, {}, fs::current_path(), 50.0);
  BOOST_TEST(run.succeeded);
  BOOST_TEST(std::chrono::duration<double>(clock::now() - begin).count() < 20.0);
}

BOOST_AUTO_TEST_CASE(a_panel_without_values_is_reported_and_nothing_is_touched) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const fs::path directory = fresh_directory("nan");
  std::ofstream(directory / "wave.svg") << "older";
  const auto refused = [&](const std::vector<double>& t, const std::vector<double>& y, bool log_y) {
    figure fig{.name = "wave", .panels = {{.log_y = log_y}}};
    fig.panels[0].layers = {line("", t, y)};
    const figure_result result = write_figure(directory, fig);
    BOOST_TEST((result.status == figure_status::no_data));
    BOOST_TEST(is_one_line(result.message));
    BOOST_TEST(has(result.message, "panel 1 has no finite value to draw"));
    BOOST_TEST(result.files.empty());
  };
  refused({0.0, 1.0}, {nan, nan}, false);
  refused({nan, nan}, {0.0, 1.0}, false);
  refused({0.0, 1.0}, {inf, -inf}, false);
  refused({}, {}, false);
  refused({0.0, 1.0}, {0.0, -1.0}, true);
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.svg"}),
             boost::test_tools::per_element());
  BOOST_TEST(read_file(directory / "wave.svg") == "older");
}

BOOST_AUTO_TEST_CASE(a_layer_without_values_is_left_out_and_a_value_among_nan_is_drawn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  figure fig = wave();
  fig.panels[0].layers.push_back(points("nothing", {nan}, {1.0}));
  fig.panels[0].layers.push_back(points("one", {nan, 2.0}, {1.0, 0.5}));
  const fs::path directory = fresh_directory("some nan");
  BOOST_TEST(write_figure(directory, fig).message == "");
  const std::string script = read_file(directory / "wave.gp");
  BOOST_TEST(!has(script, "nothing"));
  BOOST_TEST(has(script, "nan 1\n2 0.5\n"));
}

BOOST_AUTO_TEST_CASE(an_image_never_contradicts_the_script_beside_it) {
  const fs::path directory = fresh_directory("stale");
  BOOST_TEST(write_figure(directory, wave()).message == "");
  const environment path("PATH", "");
  BOOST_TEST((write_figure(directory, wave()).status == figure_status::no_gnuplot));
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"wave.gp"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_written_is_reported) {
  const fs::path directory = fresh_directory("unwritable");
  std::ofstream(directory / "file") << "in the way";
  const figure_result inside = write_figure(directory / "file" / "figures", wave());
  BOOST_TEST((inside.status == figure_status::not_written));
  BOOST_TEST(is_one_line(inside.message));
  BOOST_TEST(inside.files.empty());
  fs::create_directories(directory / "wave.gp" / "in the way");
  const figure_result target = write_figure(directory, wave());
  BOOST_TEST((target.status == figure_status::not_written));
  BOOST_TEST(names_in(directory) == (std::vector<std::string>{"file", "wave.gp"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_do_not_follow_the_locale) {
  struct comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  figure fig{.name = "wave", .panels = {{}}};
  fig.panels[0].layers = {line("", {0.0, 12345.5}, {0.25, 1e-9})};
  const std::locale before = std::locale::global(std::locale(std::locale(), new comma));
  const fs::path directory = fresh_directory("locale");
  const figure_result result = write_figure(directory, fig);
  std::locale::global(before);
  BOOST_TEST(result.message == "");
  BOOST_TEST(has(read_file(directory / "wave.gp"), "0 0.25\n12345.5 1e-09\n"));
}

BOOST_AUTO_TEST_CASE(an_interactive_svg_carries_what_it_needs) {
  const fs::path directory = fresh_directory("interactive");
  BOOST_TEST(write_figure(directory, wave(), {.png = false, .interactive = true}).message == "");
  BOOST_TEST(has(read_file(directory / "wave.svg"), "<script"));
  BOOST_TEST(!has(read_file(directory / "wave.svg"), "/usr/share"));
  BOOST_TEST(!fs::exists(directory / "wave.png"));
}

BOOST_AUTO_TEST_CASE(misuse_is_refused_before_anything_is_written) {
  const fs::path directory = fresh_directory("misuse");
  figure fig = wave();
  fig.name = "../wave";
  BOOST_CHECK_THROW((void)write_figure(directory, fig), reluflow::invalid_input);
  BOOST_CHECK_THROW((void)write_figure(directory, wave(), {.time_limit = 0.0}),
                    reluflow::invalid_input);
  BOOST_CHECK_THROW((void)write_figure(directory, wave(), {.gnuplot = ""}),
                    reluflow::invalid_input);
  BOOST_TEST(names_in(directory).empty());
}
