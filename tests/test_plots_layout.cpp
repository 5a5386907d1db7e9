#include "layout.hpp"
#include "reluflow/errors.hpp"
#include "ticks.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace reluflow::plots;

namespace {

// Two texts, or a text and a leader, meet: spelled out for one pair at a time.
bool meet(const placed_text& a, int row_a, const placed_text& b, int row_b) {
  const bool texts = row_a == row_b && a.x < b.x + b.width && b.x < a.x + a.width;
  // The leader of b rises at b.x through all rows below its own.
  const bool leader = row_b > row_a && b.x > a.x && b.x < a.x + a.width;
  return texts || leader;
}

}  // namespace

BOOST_AUTO_TEST_CASE(names_above_the_axes_never_collide) {
  std::mt19937 engine(4);
  std::uniform_real_distribution<double> place(0.0, 600.0);
  std::uniform_real_distribution<double> width(5.0, 200.0);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<placed_text> texts;
    for (int i = 0; i < 9; ++i) texts.push_back({place(engine), width(engine)});
    texts.push_back(texts.front());  // two names at one time
    const std::vector<int> rows = stack_rows(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (std::size_t j = 0; j < texts.size(); ++j) {
        if (i != j) BOOST_TEST(!meet(texts[i], rows[i], texts[j], rows[j]));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(names_with_room_stay_in_the_lowest_row) {
  BOOST_TEST(
      stack_rows({{300.0, 50.0}, {0.0, 50.0}, {100.0, 150.0}}) == (std::vector<int>{0, 0, 0}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_of_levels_are_moved_apart_and_stay_inside) {
  const std::vector<double> placed = spread({50.0, 51.0, 99.0, 100.0, 0.0}, 10.0, 0.0, 100.0);
  BOOST_REQUIRE(placed.size() == 5U);
  BOOST_TEST(placed[1] - placed[0] >= 10.0);
  BOOST_TEST(placed[3] - placed[2] >= 10.0);
  BOOST_TEST(placed[4] == 0.0);
  BOOST_TEST(*std::max_element(placed.begin(), placed.end()) <= 100.0);
  BOOST_TEST(spread({1.0, 2.0, 3.0}, 10.0, 0.0, 19.0).empty());
}

BOOST_AUTO_TEST_CASE(logarithmic_axes_have_readable_ticks) {
  BOOST_TEST(log_ticks({1e-24, 1.0}).size() <= 9U);
  for (const double t : log_ticks({3e-25, 7.0})) {
    BOOST_TEST(std::abs(std::log10(t) - std::round(std::log10(t))) < 1e-9);
  }
  // Under two decades powers of ten alone would leave one tick or none.
  BOOST_TEST(log_ticks({0.3, 7.0}).size() >= 4U);
  BOOST_TEST(log_ticks({0.021, 0.094}).size() >= 4U);
  BOOST_TEST(log_ticks({0.5000, 0.5001}).size() == 2U);
  for (const double t : log_ticks({0.021, 0.094})) BOOST_TEST((t >= 0.0209 && t <= 0.0941));
}

BOOST_AUTO_TEST_CASE(linear_ticks_do_not_crowd) {
  BOOST_TEST(tick_step({0.0, 60.0}, 600.0, true) == 5.0);
  BOOST_TEST(tick_step({-1.25, 2.75}, 205.0, true) == 1.0);
  BOOST_TEST(tick_step({-0.02, 0.52}, 180.0, false) == 0.1);
  BOOST_TEST(tick_step({0.0, 1.0}, 10.0, true) >= 1.0);  // no room: one label at most
}

BOOST_AUTO_TEST_CASE(ranges_hold_the_values_that_are_drawn) {
  panel axes;
  const double inf = std::numeric_limits<double>::infinity();
  axes.layers = {points("", {0.0, 1.0, 2.0, 3.0}, {1.0, inf, -4.0, 1e-300})};
  BOOST_TEST(data_range(axes, 1).low < -4.0);
  BOOST_TEST(data_range(axes, 1).high > 1.0);
  BOOST_TEST(data_range(axes, 1).high < 2.0);
  axes.log_y = true;
  BOOST_TEST(data_range(axes, 1).low > 0.0);
  axes.log_y = false;
  axes.x_range = range{2.5, 3.0};
  BOOST_TEST(data_range(axes, 1).low > -4.0);  // outside the abscissae shown
  axes.layers = {points("", {1.0}, {7.0})};
  axes.x_range.reset();
  BOOST_TEST(data_range(axes, 0).low < data_range(axes, 0).high);
}

BOOST_AUTO_TEST_CASE(values_that_cannot_be_drawn_are_no_values) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  panel axes;
  BOOST_TEST(has_values(points("", {0.0}, {-1.0}), axes));
  BOOST_TEST(!has_values(points("", {nan, 1.0}, {1.0, nan}), axes));
  BOOST_TEST(!has_values(layer{}, axes));
  axes.log_y = true;
  BOOST_TEST(!has_values(points("", {0.0}, {-1.0}), axes));
}

BOOST_AUTO_TEST_CASE(axes_of_a_grid_line_up_and_stay_inside_the_figure) {
  figure fig{.name = "grid", .columns = 2};
  for (int i = 0; i < 5; ++i) {
    panel axes;
    axes.layers = {points(i == 2 ? "a key entry" : "", {0.0, 1.0}, {0.0, 1.0})};
    if (i == 1) axes.y_label = "y";
    if (i == 3) axes.levels = {{"a level with a long name", 0.5}};
    fig.panels.push_back(completed(axes));
  }
  const std::vector<axes_box> boxes = place_axes(fig);
  BOOST_REQUIRE(boxes.size() == 5U);
  BOOST_TEST(boxes[0].left == boxes[2].left);
  BOOST_TEST(boxes[1].left == boxes[3].left);
  BOOST_TEST(boxes[0].top == boxes[1].top);
  BOOST_TEST(boxes[0].bottom > boxes[2].top);
  for (const axes_box& box : boxes) {
    BOOST_TEST(box.left > 0.0);
    BOOST_TEST(box.right < 720.0);
    BOOST_TEST(box.bottom > 0.0);
    BOOST_TEST(box.top <= 480.0 - place_key(fig).height);
    BOOST_TEST(box.width() > 100.0);
  }
}

BOOST_AUTO_TEST_CASE(keys_fit_the_axes_above_which_they_stand) {
  // The PNG terminal puts an entry of n letters in 8.5 n + 45.3 pixels, and breaks a key at the
  // width of its axes.
  for (std::size_t letters = 1; letters < 40; ++letters) {
    for (const bool narrow : {false, true}) {
      figure fig{.name = "key", .panels = {{}}};
      if (narrow) fig.panels[0].levels = {{"a level whose name takes a third of the figure", 0.5}};
      for (const char last : {'1', '2', '3', '4', '5'}) {
        fig.panels[0].layers.push_back(
            points(std::string(letters - 1, 'a') + last, {0.0, 1.0}, {0.0, 1.0}));
      }
      fig.panels[0] = completed(fig.panels[0]);
      const key_box key = place_key(fig);
      const double entry = 8.5 * static_cast<double>(letters) + 45.3;
      const double width = place_axes(fig)[0].width();
      BOOST_TEST_CONTEXT(letters << " letters, axes of " << width) {
        BOOST_TEST((key.columns == 1 || key.columns * entry <= width));
        BOOST_TEST((key.columns == 5 || (key.columns + 1) * entry > width - 5.0));
        BOOST_TEST(key.height >= text_height * std::ceil(5.0 / key.columns));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_crowd_of_names_makes_the_figure_grow_not_the_axes_shrink) {
  figure fig{.name = "crowd", .panels = {{}}};
  fig.panels[0].layers = {points("", {0.0, 1.0}, {0.0, 1.0})};
  for (int i = 0; i < 30; ++i) fig.panels[0].marks.push_back({"a name", 0.5});
  fig.panels[0] = completed(fig.panels[0]);
  BOOST_TEST(needed_height(fig) > 600);
  fig.height = needed_height(fig);
  BOOST_TEST(place_axes(fig)[0].height() >= 100.0);
}

BOOST_AUTO_TEST_CASE(plain_text_is_protected_from_enhanced_text) {
  BOOST_TEST(plain_text("early_alignment") == "early\\_alignment");
  BOOST_TEST(plain_text("x^{2}@&~\\") == "x\\^\\{2\\}\\@\\&\\~\\\\");
  BOOST_TEST(plain_text("two\nlines") == "two lines");
}

BOOST_AUTO_TEST_CASE(malformed_figures_are_refused) {
  figure good{.name = "good_1-a", .panels = {{}}};
  BOOST_CHECK_NO_THROW(good.validate());
  const auto refuses = [&](auto change) {
    figure bad = good;
    change(bad);
    BOOST_CHECK_THROW(bad.validate(), reluflow::invalid_input);
  };
  for (const char* name : {"", "a b", "../up", "a'b", ".hidden", "a.gp"}) {
    refuses([&](figure& f) { f.name = name; });
  }
  refuses([](figure& f) { f.panels.clear(); });
  refuses([](figure& f) { f.columns = 0; });
  refuses([](figure& f) { f.width = 5; });
  refuses([](figure& f) { f.panels[0].x_range = range{1.0, 1.0}; });
  refuses([](figure& f) {
    f.panels[0].log_y = true;
    f.panels[0].y_range = range{0.0, 1.0};
  });
  refuses([](figure& f) { f.panels[0].layers = {layer{.columns = {{1.0}, {1.0, 2.0}}}}; });
  refuses([](figure& f) {
    f.panels[0].layers = {layer{.columns = {{1.0}, {1.0}}, .second_axis = true}};
  });
}
