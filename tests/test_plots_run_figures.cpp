#include "reluflow/errors.hpp"
#include "reluflow/plots/run_figures.hpp"
#include "reluflow/principal.hpp"
#include "run_support.hpp"
#include "test_plots_run_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace reluflow::plots;
using namespace plots_test;

BOOST_AUTO_TEST_CASE(every_figure_that_applies_is_written) {
  const fs::path directory = fresh_directory("run");
  run_figure_options options;
  options.phases = {{"early_alignment", 0.0, 4.0}, {"growth", 4.0, 6.0}, {"rest", 6.0, 10.0}};
  options.marks = {{"first hit", 4.9}, {"second hit", 5.1}};
  const auto results = write_figures(directory, two_points(), turning_run(), options);
  std::vector<std::string> names;
  for (const figure_result& result : results) {
    BOOST_TEST((result.status == figure_status::complete), status_of(result));
    BOOST_TEST(result.files.size() == 3U);
    names.push_back(result.name);
  }
  BOOST_TEST(names == (std::vector<std::string>{"loss", "curvature", "neurons", "norms",
                                                "directions", "raster"}),
             boost::test_tools::per_element());
  BOOST_TEST(names_in(directory).size() == 18U);
}

BOOST_AUTO_TEST_CASE(figures_on_a_logarithmic_time_axis_and_in_a_window_are_written) {
  run_figure_options options;
  options.log_time = true;
  options.phases = {{"growth", 0.0, 6.0}};
  for (const figure_result& r :
       write_figures(fresh_directory("log"), two_points(), turning_run(), options)) {
    BOOST_TEST((r.status == figure_status::complete), status_of(r));
  }
  options.log_time = false;
  options.window = range{4.5, 5.5};
  for (const figure_result& r :
       write_figures(fresh_directory("window"), two_points(), turning_run(), options)) {
    BOOST_TEST((r.status == figure_status::complete), status_of(r));
  }
}

BOOST_AUTO_TEST_CASE(high_dimensions_have_no_kinks_and_many_samples_a_heat_map) {
  const random_run made = switching_run(12, 9, 300, 1);
  const auto results = write_figures(fresh_directory("heat"), made.data, made.run);
  BOOST_TEST(results.size() == 7U);
  for (const figure_result& r : results) {
    BOOST_TEST((r.status == figure_status::complete || r.name == "curvature"), status_of(r));
    BOOST_TEST(r.name != "neurons");
  }
}

BOOST_AUTO_TEST_CASE(a_run_with_nothing_finite_breaks_nothing) {
  trajectory run = turning_run();
  for (reluflow::record_row& row : run.rows) {
    row.loss = row.mu = row.mu_mean = std::numeric_limits<double>::quiet_NaN();
  }
  run.end = run.rows.back();
  const fs::path directory = fresh_directory("all nan");
  const auto results = write_figures(directory, two_points(), run);
  BOOST_TEST((results[0].status == figure_status::no_data), status_of(results[0]));
  BOOST_TEST((results[1].status == figure_status::no_data), status_of(results[1]));
  BOOST_TEST(!fs::exists(directory / "loss.gp"));
  BOOST_TEST((results[2].status == figure_status::complete), status_of(results[2]));
}

BOOST_AUTO_TEST_CASE(an_empty_trajectory_is_no_crash) {
  for (const figure_result& r : write_figures(fresh_directory("empty"), two_points(), {})) {
    BOOST_TEST((r.status == figure_status::no_data || r.name == "curvature"), status_of(r));
  }
}

BOOST_AUTO_TEST_CASE(the_loss_is_drawn_to_its_end_on_both_axes) {
  trajectory run = turning_run();
  run.t = run.end.t = 10.5;  // between two recorded times
  run.end.loss = 0.009;
  const figure fig = loss_figure(run);
  BOOST_REQUIRE(fig.panels.size() == 2U);
  BOOST_TEST(!fig.panels[0].log_y);
  BOOST_TEST(fig.panels[1].log_y);
  for (const panel& axes : fig.panels) {
    BOOST_TEST(axes.layers[0].columns[0].size() == run.rows.size() + 1);
    BOOST_TEST(axes.layers[0].columns[1].back() == 0.009);
    BOOST_TEST(axes.x_range->high == 10.5);
  }
}

BOOST_AUTO_TEST_CASE(times_of_the_neurons_are_where_the_loss_falls) {
  const trajectory run = turning_run();
  const figure fig = neurons_figure(two_points(), run);
  BOOST_REQUIRE(fig.panels.size() == 4U);
  BOOST_TEST(fig.panels[0].title.starts_with("t = 0,"));
  BOOST_TEST(fig.panels[1].title.starts_with("t = 5,"));
  BOOST_TEST(fig.panels[2].title.starts_with("t = 5.25,"));
  BOOST_TEST(fig.panels[3].title.starts_with("t = 10,"));

  run_figure_options options;
  options.neuron_times = {7.6, 2.4, 2.45};  // recorded are multiples of 1/4
  const figure chosen = neurons_figure(two_points(), run, options);
  BOOST_REQUIRE(chosen.panels.size() == 2U);
  BOOST_TEST(chosen.panels[0].title.starts_with("t = 2.5,"));
  BOOST_TEST(chosen.panels[1].title.starts_with("t = 7.5,"));
}

BOOST_AUTO_TEST_CASE(neurons_stand_at_their_kinks_however_small_they_are) {
  trajectory run = turning_run(2);
  Eigen::MatrixXd directions(2, 4);
  directions << 1.0, -1.0, 1.0, 0.0,  //
      0.5, 0.75, -100.0, 1.0;         // kinks -0.5, 0.75, 100 and none
  run.states[0] = network::balanced(
      Eigen::Vector4d(1.0, 1.0, -1.0, -1.0),
      Eigen::Vector4d(-1e5, -1e5 + std::log(0.5), -1e5 + std::log(0.25), -1e5 - 1.0), directions);
  run.initial_network = run.states[0];
  const panel first = neurons_figure(two_points(), run).panels.front();
  const layer& positive = layer_named(first, "positive neurons");
  BOOST_TEST(positive.columns[0] == (std::vector<double>{-0.5, 0.75}),
             boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
  BOOST_TEST(positive.columns[1] == (std::vector<double>{1.0, 0.5}),
             boost::test_tools::tolerance(1e-10) << boost::test_tools::per_element());
  BOOST_TEST(layer_named(first, "negative neurons").columns[0].empty());
  // Kinks at 100 and at minus infinity stand on the borders, at their own heights.
  std::vector<std::pair<double, double>> beyond;
  for (const layer& drawn : first.layers) {
    if (drawn.label != "kink beyond the axes") continue;
    for (std::size_t i = 0; i < drawn.columns[0].size(); ++i) {
      beyond.emplace_back(drawn.columns[0][i], drawn.columns[1][i]);
    }
  }
  BOOST_REQUIRE(beyond.size() == 2U);
  BOOST_TEST(beyond[0].first == first.x_range->low);
  BOOST_TEST(beyond[0].second == -std::exp(-1.0), boost::test_tools::tolerance(1e-9));
  BOOST_TEST(beyond[1].first == first.x_range->high);
  BOOST_TEST(beyond[1].second == -0.25, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(first.title.find("10^{−43429.4}") != std::string::npos, first.title);
}

BOOST_AUTO_TEST_CASE(the_learned_function_passes_through_every_kink) {
  const trajectory run = turning_run();
  const panel last = neurons_figure(two_points(), run).panels.back();
  const layer& drawn = layer_named(last, "learned function");
  for (std::size_t i = 0; i < drawn.columns[0].size(); ++i) {
    const Eigen::Vector2d x(drawn.columns[0][i], 1.0);
    BOOST_TEST(drawn.columns[1][i] == run.final_network(Eigen::MatrixXd(x))[0],
               boost::test_tools::tolerance(1e-12));
  }
  for (Index j = 0; j < 4; ++j) {
    const double kink =
        -run.final_network.directions()(1, j) / run.final_network.directions()(0, j);
    if (kink < last.x_range->low || kink > last.x_range->high) continue;
    BOOST_TEST(std::count(drawn.columns[0].begin(), drawn.columns[0].end(), kink) == 1);
  }
}

BOOST_AUTO_TEST_CASE(sliding_neurons_are_marked_while_they_slide) {
  run_figure_options options;
  options.neuron_times = {3.0, 5.0, 7.0};
  const figure fig = neurons_figure(two_points(), turning_run(), options);
  BOOST_TEST(layer_named(fig.panels[0], "sliding").columns[0].empty());
  BOOST_TEST(layer_named(fig.panels[1], "sliding").columns[0].size() == 1U);
  BOOST_TEST(layer_named(fig.panels[2], "sliding").columns[0].empty());
}

BOOST_AUTO_TEST_CASE(only_one_dimension_with_a_bias_has_kinks) {
  BOOST_TEST(has_kinks(two_points()));
  Eigen::MatrixXd inputs = two_points().inputs();
  inputs(1, 1) = 1.0 + 1e-9;
  const dataset other(inputs, two_points().labels());
  BOOST_TEST(!has_kinks(other));
  BOOST_CHECK_THROW((void)neurons_figure(other, turning_run()), reluflow::invalid_input);
}

BOOST_AUTO_TEST_CASE(norms_are_logarithms_coloured_by_sign) {
  const panel axes = norms_figure(turning_run()).panels.front();
  const layer& positive = layer_named(axes, "positive neurons");
  BOOST_TEST(positive.columns[1].front() == -92.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(positive.with.find(colours::positive.substr(1)) != std::string::npos);
  // Two lines of 41 points, each ended by a gap.
  BOOST_TEST(positive.columns[1].size() == 84U);
  BOOST_TEST(std::isnan(positive.columns[1][41]));
}

BOOST_AUTO_TEST_CASE(of_many_neurons_a_sample_is_drawn_and_said_to_be_one) {
  run_figure_options options;
  options.max_lines = 3;
  const panel axes = norms_figure(turning_run(), options).panels.front();
  BOOST_TEST(axes.title == "3 of 4 neurons drawn");
  std::size_t gaps = 0;
  for (const layer& drawn : axes.layers) {
    for (const double y : drawn.columns[1]) gaps += std::isnan(y) ? 1U : 0U;
  }
  BOOST_TEST(gaps == 3U);
  const network net = turning_run().final_network;
  BOOST_TEST(drawn_neurons(net, 1).front() == 3);  // the largest
}

BOOST_AUTO_TEST_CASE(an_angle_that_leaves_at_one_border_enters_at_the_other) {
  // Neuron 2 turns from 189 to 279 degrees: it starts at -171. Neuron 1 turns from 103 to 193 and
  // so passes 180 near t = 8.5.
  const panel axes = directions_figure(two_points(), turning_run()).panels.front();
  const layer& positive = layer_named(axes, "positive neurons");
  bool left = false;
  bool entered = false;
  for (std::size_t i = 0; i < positive.columns[1].size(); ++i) {
    const double y = positive.columns[1][i];
    left = left || y == 180.0;
    entered = entered || y == -180.0;
    if (i > 0 && std::isfinite(y) && std::isfinite(positive.columns[1][i - 1])) {
      BOOST_TEST(std::abs(y - positive.columns[1][i - 1]) < 90.0);
    }
  }
  BOOST_TEST(left);
  BOOST_TEST(entered);
}

BOOST_AUTO_TEST_CASE(directions_show_the_angles_at_which_a_sample_switches) {
  const dataset data = two_points();
  const panel axes = directions_figure(data, turning_run()).panels.front();
  BOOST_REQUIRE(axes.levels.size() == 4U);
  constexpr double degree = 3.14159265358979323846 / 180.0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Vector2d w(std::cos(axes.levels[i].y * degree),
                            std::sin(axes.levels[i].y * degree));
    BOOST_TEST(std::abs(w.dot(data.inputs().col(static_cast<Index>(i / 2)))) < 1e-12);
  }
  // Sliding is drawn from its first to its last moment.
  const layer& sliding = layer_named(axes, "sliding");
  BOOST_TEST(sliding.columns[0].front() == 4.0);
  BOOST_TEST(sliding.columns[0][sliding.columns[0].size() - 2] == 6.0);
}

BOOST_AUTO_TEST_CASE(slides_that_nobody_knows_happened_are_left_out_and_counted) {
  trajectory run = turning_run();
  run.slides.push_back({1, 1, 7.0, 7.5, 0.5, 0.5, false, 0.3, 0.3, false});
  const auto drawn = [&](const char* label) {
    const panel axes = directions_figure(two_points(), run).panels.front();
    const std::vector<double>& t = layer_named(axes, label).columns[0];
    return std::count(t.begin(), t.end(), 7.25);
  };
  BOOST_TEST(drawn("sliding (1 of noise left out)") == 0);
  // Longer than its errors: only when it began and ended is not known.
  run.slides.back().t_end_error = 0.1;
  BOOST_TEST(drawn("sliding") == 1);
}

BOOST_AUTO_TEST_CASE(a_logarithmic_axis_begins_before_no_noise) {
  using enum reluflow::pair_mode;
  trajectory run = turning_run();
  run.switches.insert(run.switches.begin(), {{1e-9, 1, 1, inactive, active, false, 1.0, false},
                                             {2e-9, 1, 1, active, inactive, false, 1.0, false}});
  run_figure_options options;
  options.log_time = true;
  BOOST_TEST(shown_times(run, options, true).low == 0.25);
  for (reluflow::switch_event& event : run.switches) event.certain = true;
  BOOST_TEST(shown_times(run, options, true).low == 1e-9);
}

// Neurons of any size stand where they point: tiny ones on the inner circle.
BOOST_AUTO_TEST_CASE(principal_components_are_drawn_as_polar_coordinates) {
  const random_run made = switching_run(7, 4, 0, 5);
  run_figure_options options;
  options.neuron_times = {0.0, made.run.t};
  const figure fig = principal_figure(made.data, made.run, options);
  BOOST_REQUIRE(fig.panels.size() == 2U);
  const Eigen::MatrixXd axes =
      reluflow::principal_components_of(made.run.final_network).axes.transpose();
  const double inner = 0.3;
  const double radii[] = {inner + (1.0 - inner) * std::exp(-2.0), 1.0};
  for (std::size_t i = 0; i < 2; ++i) {
    const network& net = i == 0 ? made.run.initial_network : made.run.final_network;
    std::size_t drawn = 0;
    for (const auto& [label, sign] :
         {std::pair("positive neurons", 1.0), {"negative neurons", -1.0}}) {
      const layer& points = layer_named(fig.panels[i], label);
      std::size_t at = 0;
      for (Index j = 0; j < net.width(); ++j) {
        if (net.signs()[j] != sign) continue;
        const Eigen::Vector2d expected = radii[i] * (axes * net.directions().col(j)).normalized();
        BOOST_TEST(std::abs(points.columns[0][at] - expected[0]) <= 1e-12);
        BOOST_TEST(std::abs(points.columns[1][at] - expected[1]) <= 1e-12);
        ++at;
      }
      drawn += at;
    }
    BOOST_TEST(drawn == 7U);
    const panel& shown = fig.panels[i];
    BOOST_TEST(shown.x_range->low <= -1.0);
    BOOST_TEST(shown.y_range->high >= 1.0);
  }
}

BOOST_AUTO_TEST_CASE(phases_are_shaded_and_half_fit_times_are_marked) {
  const std::vector<reluflow::phase_row> rows{{"alignment", 0.0, "", 1.0},
                                              {"fit -", 1.0, "", 2.0},
                                              {"T_-", 1.5, "half"},
                                              {"half_residual_-", 1.6, ""},
                                              {"plateau_exit", 1.0, ""}};
  const run_figure_options options = shown_with(rows);
  BOOST_REQUIRE(options.phases.size() == 2U);
  BOOST_TEST(options.phases[1].name == "fit −");
  BOOST_TEST(options.phases[1].t_begin == 1.0);
  BOOST_TEST(options.phases[1].t_end == 2.0);
  BOOST_REQUIRE(options.marks.size() == 1U);
  BOOST_TEST(options.marks[0].name == "T₋");
  BOOST_TEST(options.marks[0].t == 1.5);
  const run_figure_options other = shown_with({{"half_residual_+", 1.6, ""}});
  BOOST_REQUIRE(other.marks.size() == 1U);
  BOOST_TEST(other.marks[0].name == "½ +");
}

BOOST_AUTO_TEST_CASE(in_higher_dimensions_directions_are_cosines) {
  const random_run made = switching_run(5, 4, 0, 2);
  const panel axes = directions_figure(made.data, made.run).panels.front();
  const Eigen::VectorXd sum = made.data.inputs() * made.data.labels();
  std::vector<double> expected;
  for (const double sign : {1.0, -1.0}) {
    for (Index j = 0; j < 5; ++j) {
      if (made.run.final_network.signs()[j] != sign) continue;
      for (const network* net : {&made.run.initial_network, &made.run.final_network}) {
        expected.push_back(net->directions().col(j).dot(sum) / sum.norm());
      }
    }
  }
  std::vector<double> found;
  for (const layer& drawn : axes.layers) {
    for (const double y : drawn.columns[1]) {
      if (std::isfinite(y)) found.push_back(y);
    }
  }
  BOOST_TEST(found == expected, boost::test_tools::tolerance(1e-12)
                                    << boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(options_and_arguments_are_checked) {
  const auto refuses = [](auto change) {
    run_figure_options options;
    change(options);
    BOOST_CHECK_THROW((void)loss_figure(turning_run(), options), reluflow::invalid_input);
  };
  refuses([](run_figure_options& o) { o.neuron_times = {1.0, 2.0, 3.0, 4.0, 5.0}; });
  refuses([](run_figure_options& o) { o.neuron_times = {-1.0}; });
  refuses([](run_figure_options& o) { o.max_lines = 0; });
  refuses([](run_figure_options& o) { o.window = range{3.0, 2.0}; });
  refuses([](run_figure_options& o) {
    o.window = range{0.0, std::numeric_limits<double>::quiet_NaN()};
  });
  const random_run other = switching_run(4, 3, 0, 8);
  BOOST_CHECK_THROW((void)directions_figure(other.data, turning_run()), reluflow::invalid_input);
  trajectory missing_state = turning_run();
  missing_state.states.pop_back();
  BOOST_CHECK_THROW((void)norms_figure(missing_state), reluflow::invalid_input);
}
