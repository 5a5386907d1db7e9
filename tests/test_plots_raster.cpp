// The activation raster: every neuron is a line, its modes over time are boxes or an image.

#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"
#include "stretches.hpp"
#include "test_plots_run_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>
#include <vector>

using namespace reluflow::plots;
using namespace plots_test;

BOOST_AUTO_TEST_CASE(the_raster_agrees_with_the_pattern_at_any_time) {
  const random_run made = switching_run(20, 5, 400, 3);
  const raster_lines lines = order_lines(made.data, made.run.final_network, 100);
  const raster_axis axis{{0.0, made.run.t}, false};
  for (const pair_mode mode : {pair_mode::active, pair_mode::sliding}) {
    const std::vector<stretch> all =
        stretches(made.run, lines, axis,
                  [mode](Index, pair_mode found) { return found == mode ? 1.0 : 0.0; });
    for (double t = 0.0131; t < made.run.t; t += 0.0977) {
      const reluflow::activation_pattern now = pattern_at(made.run, t);
      std::vector<double> counted(20, 0.0);
      std::vector<int> covered(20, 0);
      for (const stretch& s : all) {
        if (!(s.begin <= t && t < s.end)) continue;
        counted[static_cast<std::size_t>(s.line)] += s.value;
        ++covered[static_cast<std::size_t>(s.line)];
      }
      for (Index j = 0; j < 20; ++j) {
        double expected = 0.0;
        for (Index k = 0; k < 5; ++k) expected += now(j, k) == mode ? 1.0 : 0.0;
        const auto line_of_j = static_cast<std::size_t>(lines.line_of[static_cast<std::size_t>(j)]);
        BOOST_TEST(covered[line_of_j] == 1);
        BOOST_TEST(counted[line_of_j] == expected);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(lines_of_the_raster_are_sorted_by_sign_then_direction) {
  const random_run made = switching_run(30, 4, 0, 5);
  const raster_lines lines = order_lines(made.data, made.run.final_network, 100);
  const Eigen::VectorXd target = mean_direction(made.data);
  std::vector<std::pair<double, double>> keys(30);
  for (Index j = 0; j < 30; ++j) {
    keys[static_cast<std::size_t>(lines.line_of[static_cast<std::size_t>(j)])] = {
        made.run.final_network.signs()[j], made.run.final_network.directions().col(j).dot(target)};
  }
  BOOST_TEST(std::is_sorted(keys.begin(), keys.end()));
  BOOST_TEST(lines.negative == (made.run.final_network.signs().array() < 0.0).count());
}

BOOST_AUTO_TEST_CASE(boxes_stand_at_the_exact_times_of_the_switches) {
  const figure fig = raster_figure(two_points(), turning_run());
  BOOST_REQUIRE(fig.panels.size() == 2U);
  const layer& sliding = layer_named(fig.panels[0], "sliding");
  BOOST_REQUIRE(sliding.columns[0].size() == 1U);
  BOOST_TEST(sliding.columns[0][0] == 4.0);
  BOOST_TEST(sliding.columns[2][0] == 6.0);
  const layer& active = layer_named(fig.panels[1], "active");
  BOOST_TEST(active.columns[0].size() == 2U);
}

BOOST_AUTO_TEST_CASE(round_trips_of_noise_are_left_out_and_counted) {
  using enum reluflow::pair_mode;
  reluflow::trajectory run = turning_run();
  BOOST_TEST(raster_figure(two_points(), run).panels[0].title.find("noise") == std::string::npos);
  run.switches.push_back({8.0, 1, 1, active, inactive, false, 1.0, false});
  run.switches.push_back({9.0, 1, 1, inactive, active, false, 1.0, false});
  const figure fig = raster_figure(two_points(), run);
  BOOST_TEST(fig.panels[0].title.ends_with(" (2 switches of noise left out)"));
  BOOST_TEST(layer_named(fig.panels[1], "active").columns[0].size() == 2U);
}

BOOST_AUTO_TEST_CASE(too_many_switches_become_an_image) {
  for (const Index samples : {Index{3}, Index{9}}) {
    const random_run made = switching_run(10, samples, 90'000, 6);
    const figure fig = raster_figure(made.data, made.run);
    BOOST_TEST(fig.panels.front().layers.back().matrix);
    const figure_result result = write_figure(fresh_directory("image"), fig);
    BOOST_TEST((result.status == figure_status::complete), status_of(result));
  }
}

BOOST_AUTO_TEST_CASE(an_image_holds_the_mode_at_the_middle_of_each_cell) {
  const random_run made = switching_run(10, 3, 90'000, 7);
  const layer grid = raster_figure(made.data, made.run).panels[1].layers.back();
  const raster_lines lines = order_lines(made.data, made.run.final_network, 100);
  const std::size_t columns = grid.columns.size();
  for (std::size_t c = 0; c < columns; c += 37) {
    const double t = made.run.t * (static_cast<double>(c) + 0.5) / static_cast<double>(columns);
    const reluflow::activation_pattern now = pattern_at(made.run, t);
    for (Index j = 0; j < 10; ++j) {
      const pair_mode mode = now(j, 1);
      const double expected = mode == pair_mode::sliding  ? 2.0
                              : mode == pair_mode::active ? 1.0
                                                          : 0.0;
      const auto row = static_cast<std::size_t>(lines.line_of[static_cast<std::size_t>(j)]);
      BOOST_TEST(grid.columns[c][row] == expected);
    }
  }
}
