#include "reluflow/surfaces.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"
#include "surface_window.hpp"

#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace reluflow::test {
namespace {

dataset inputs_only(const Eigen::MatrixXd& inputs) {
  return {inputs, Eigen::VectorXd::Zero(inputs.cols())};
}

switching_surfaces surfaces_of(const Eigen::MatrixXd& inputs) {
  return switching_surfaces(inputs_only(inputs));
}

using samples = std::vector<index>;

/// Bent ways past random surfaces: a window on the first half of a way holds all that the way meets
/// there, no more than lie within its slack, and says when a way leaves it. Returns how many are
/// met.
template <int Dimension>
std::size_t check_windows(index d, std::mt19937_64& engine) {
  using window = detail::surface_window<Dimension>;
  using vector = typename window::vector;
  std::normal_distribution<double> normal;
  const auto draw = [&](double size) -> vector {
    return size * vector::NullaryExpr(d, [&] { return normal(engine); });
  };
  const switching_surfaces surfaces =
      surfaces_of(Eigen::MatrixXd::NullaryExpr(d, 300, [&] { return normal(engine); }));
  const vector start = draw(1.0);
  const vector move = draw(0.3);
  const vector bend = draw(0.05);
  const auto way = [&](double u) -> vector { return start + u * move + u * u * bend; };
  const auto chord = [&](double a, double b) -> vector { return way(b) - way(a); };
  // Between a and b a parabola strays from its chord by a quarter of |bend| (b - a)^2.
  const auto stray = [&](double a, double b) { return 0.25 * bend.norm() * (b - a) * (b - a); };

  window wide;
  wide.open(surfaces, 0.0, 1.0, start, chord(0.0, 1.0), 1.5 * stray(0.0, 1.0));
  BOOST_TEST(wide.covers(0.0, 1.0, start, chord(0.0, 1.0), stray(0.0, 1.0)));
  BOOST_TEST(wide.covers(0.0, 0.5, start, chord(0.0, 0.5), stray(0.0, 0.5)));
  window near;
  near.open(wide, 0.0, 0.5, start, chord(0.0, 0.5), 1.5 * stray(0.0, 0.5));
  BOOST_TEST(near.covers(0.2, 0.5, way(0.2), chord(0.2, 0.5), stray(0.2, 0.5)));
  BOOST_TEST(!near.covers(0.2, 0.6, way(0.2), chord(0.2, 0.6), stray(0.2, 0.6)));
  BOOST_TEST(!near.covers(0.2, 0.5, way(0.2), chord(0.2, 0.5) + bend, stray(0.2, 0.5)));
  BOOST_TEST(!near.covers(0.2, 0.5, way(0.2), chord(0.2, 0.5), 1.5 * stray(0.0, 0.5)));

  samples met;
  samples within;
  index crossed = 0;
  for (index s = 0; s < surfaces.size(); ++s) {
    const auto z = [&](double u) { return surfaces.normals().col(s).dot(way(u)); };
    bool meets = false;
    for (int i = 1; i <= 1000; ++i) meets |= z(0.0) * z(0.0005 * i) <= 0.0;
    if (meets) met.push_back(s);
    const double slack = 1.5 * stray(0.0, 0.5);
    if (std::max(z(0.0), z(0.5)) >= -slack && std::min(z(0.0), z(0.5)) <= slack) {
      within.push_back(s);
    }
    crossed += z(0.0) * z(0.5) < 0.0 ? 1 : 0;
  }
  BOOST_TEST(std::includes(near.within().begin(), near.within().end(), met.begin(), met.end()));
  BOOST_TEST(near.within() == within, boost::test_tools::per_element());
  BOOST_TEST(near.crossed() == crossed);
  near.close();
  BOOST_TEST(!near.covers(0.0, 0.1, start, chord(0.0, 0.1), 0.0));

  // What was looked through once is known where the way is taken again, and only there.
  window late;
  late.open(surfaces, 0.6, 1.0, way(0.6), chord(0.6, 1.0), 1.5 * stray(0.6, 1.0));
  detail::window_memory memory;
  wide.keep(memory);
  late.keep(memory);
  window again;
  BOOST_TEST(!again.recall(surfaces, memory, 1.0));
  BOOST_TEST_REQUIRE(again.recall(surfaces, memory, 0.5));
  BOOST_TEST(again.within() == wide.within(), boost::test_tools::per_element());
  near.open(again, 0.0, 0.5, start, chord(0.0, 0.5), 1.5 * stray(0.0, 0.5));
  BOOST_TEST(near.within() == within, boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(again.recall(surfaces, memory, 0.7));
  BOOST_TEST(again.within() == late.within(), boost::test_tools::per_element());
  BOOST_TEST(again.covers(0.7, 1.0, way(0.7), chord(0.7, 1.0), stray(0.7, 1.0)));
  BOOST_TEST(!again.covers(0.5, 1.0, way(0.5), chord(0.5, 1.0), stray(0.5, 1.0)));
  memory.clear();
  BOOST_TEST(!again.recall(surfaces, memory, 0.5));
  return met.size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_window_holds_all_surfaces_that_a_bent_way_meets) {
  std::mt19937_64 engine(5);
  std::size_t met = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    met += check_windows<3>(3, engine);
    met += check_windows<Eigen::Dynamic>(7, engine);
  }
  BOOST_TEST(met > 400);
}

// A neuron that slides on surfaces lies on them all the time: they are not met.
BOOST_AUTO_TEST_CASE(surfaces_along_the_way_do_not_count_as_crossed) {
  const switching_surfaces surfaces = surfaces_of(columns({{2.0, 0.0, 0.0}, {0.0, 1.0, 0.0}}));
  detail::surface_window<3> window;
  window.open(surfaces, 0.0, 1.0, Eigen::Vector3d(1e-17, -0.3, 0.2),
              Eigen::Vector3d(-2e-17, 0.0, 0.7), 1e-3);
  BOOST_TEST(window.within() == samples{0}, boost::test_tools::per_element());
  BOOST_TEST(window.crossed() == 0);
}

BOOST_AUTO_TEST_CASE(repeated_scaled_and_antipodal_inputs_share_a_surface) {
  const switching_surfaces surfaces = surfaces_of(columns({{1.0, 2.0},     // 0
                                                           {0.3, -0.1},    // 1
                                                           {1.0, 2.0},     // repeats 0
                                                           {-1e3, -2e3},   // opposes 0
                                                           {3e-9, 6e-9},   // scales 0
                                                           {-0.6, 0.2},    // opposes 1
                                                           {0.0, -7.0},    // 6
                                                           {0.0, 1.0}}));  // opposes 6
  BOOST_TEST(surfaces.size() == 3);
  BOOST_TEST(surfaces.members(0) == (samples{0, 2, 3, 4}));
  BOOST_TEST(surfaces.members(1) == (samples{1, 5}));
  BOOST_TEST(surfaces.members(2) == (samples{6, 7}));
  BOOST_TEST(surfaces.representative(0) == 0);
  BOOST_TEST(surfaces.representative(1) == 1);
  BOOST_TEST(surfaces.representative(2) == 6);
  const double expected[] = {1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0};
  for (index k = 0; k < 8; ++k) BOOST_TEST(surfaces.orientation(k) == expected[k]);
}

BOOST_AUTO_TEST_CASE(normals_are_the_directions_of_the_representatives) {
  const Eigen::MatrixXd x = columns({{3.0, 4.0}, {-6.0, -8.0}, {0.0, -2.0}});
  const switching_surfaces surfaces = surfaces_of(x);
  BOOST_TEST((surfaces.normals() - columns({{0.6, 0.8}, {0.0, -1.0}})).norm() < 1e-16);
}

BOOST_AUTO_TEST_CASE(nearly_parallel_inputs_have_surfaces_of_their_own) {
  for (const double angle : {1e-12, 1e-9, 1e-3}) {
    for (const double sign : {1.0, -1.0}) {
      const Eigen::MatrixXd x =
          columns({{1.0, 0.0}, {sign * std::cos(angle), sign * std::sin(angle)}});
      BOOST_TEST(surfaces_of(x).size() == 2);
      BOOST_TEST(switching_surfaces(inputs_only(x), 2.0 * angle).size() == 1);
    }
  }
  BOOST_TEST(surfaces_of(columns({{1.0, 0.0}, {1.0, 1e-15}})).size() == 1);
}

// In one dimension all inputs are parallel.
BOOST_AUTO_TEST_CASE(numbers_share_one_surface) {
  const switching_surfaces surfaces = surfaces_of(columns({{2.0}, {-1.0}, {0.5}, {-3.0}}));
  BOOST_TEST(surfaces.size() == 1);
  BOOST_TEST(surfaces.orientation(3) == -1.0);
}

BOOST_AUTO_TEST_CASE(distances_are_products_with_the_normals_on_axes_and_elsewhere) {
  constexpr index d = 24;
  for (const bool axes : {true, false}) {
    Eigen::MatrixXd inputs = axes ? Eigen::MatrixXd::Zero(d, 10) : Eigen::MatrixXd::Ones(d, 10);
    for (index k = 0; k < 10; ++k) inputs((7 * k) % d, k) = k % 2 == 0 ? 2.0 : -0.5;
    const switching_surfaces surfaces = surfaces_of(inputs);
    const Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(d, -1.0, 2.0);
    const Eigen::VectorXd expected = surfaces.normals().transpose() * w;
    Eigen::VectorXd z;
    surfaces.distances(w, z);
    BOOST_TEST((z - expected).norm() < 1e-14);
    std::vector<index> near;
    std::vector<index> expected_near;
    detail::near_surfaces scratch;
    const Eigen::VectorXd along = Eigen::VectorXd::LinSpaced(d, 0.2, -0.7);
    const Eigen::VectorXd end = expected + surfaces.normals().transpose() * along;
    surfaces.visit_near_line(w, along, 0.6, scratch, [&](index s) {
      near.push_back(s);
      return true;
    });
    for (index s = 0; s < surfaces.size(); ++s) {
      BOOST_TEST(std::abs(surfaces.distance(s, w) - expected[s]) < 1e-15);
      if (std::min(expected[s], end[s]) <= 0.6 && std::max(expected[s], end[s]) >= -0.6) {
        expected_near.push_back(s);
      }
      Eigen::VectorXd moved = w;
      surfaces.move_along(s, 3.0, moved);
      BOOST_TEST((moved - w - 3.0 * surfaces.normals().col(s)).norm() < 1e-14);
    }
    BOOST_TEST(near == expected_near, boost::test_tools::per_element());
    BOOST_TEST((!near.empty() || !axes));
    BOOST_TEST((near.size() < 10 || !axes));
  }
}

// Surfaces are screened with floats: none that is near is missed at any scale, and few others come
// along.
BOOST_AUTO_TEST_CASE(lines_of_every_size_find_the_surfaces_that_they_come_near) {
  std::mt19937_64 engine(9);
  std::normal_distribution<double> normal;
  const auto draw = [&](index rows, index columns) {
    return Eigen::MatrixXd::NullaryExpr(rows, columns, [&] { return normal(engine); }).eval();
  };
  for (const index d : {2, 5, 60}) {
    const switching_surfaces surfaces = surfaces_of(draw(d, 333));
    detail::near_surfaces scratch;
    for (const double size : {1e-200, 1e-30, 1.0, 1e30, 1e200}) {
      const Eigen::VectorXd from = size * draw(d, 1);
      const Eigen::VectorXd along = 0.1 * size * draw(d, 1);
      const Eigen::VectorXd z = surfaces.normals().transpose() * from;
      const Eigen::VectorXd end = z + surfaces.normals().transpose() * along;
      const double rounding =
          static_cast<double>(d + 2) * std::ldexp(1.0, -22) * (from / size).norm() * 1.2 * size;
      for (index touched = 0; touched < surfaces.size(); touched += 7) {
        // The line just touches the neighbourhood of this surface.
        const double slack = std::min(std::abs(z[touched]), std::abs(end[touched]));
        samples near;
        surfaces.visit_near_line(from, along, slack, scratch, [&](index s) {
          near.push_back(s);
          return true;
        });
        index missed = 0;
        index beyond = 0;
        for (index s = 0; s < surfaces.size(); ++s) {
          const double distance =
              (z[s] > 0.0) == (end[s] > 0.0) ? std::min(std::abs(z[s]), std::abs(end[s])) : 0.0;
          const bool found = std::binary_search(near.begin(), near.end(), s);
          missed += static_cast<index>(distance <= slack && !found);
          beyond += static_cast<index>(distance > slack + rounding && found);
        }
        BOOST_TEST(missed == 0);
        BOOST_TEST(beyond == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mode_of_the_surface_is_oriented_for_each_member) {
  const switching_surfaces surfaces =
      surfaces_of(columns({{1.0, 1.0}, {0.0, 1.0}, {-2.0, -2.0}, {3.0, 3.0}}));
  activation_pattern pattern(2, 4);
  const auto modes = [&](pair_mode mode) {
    surfaces.set_mode(pattern, 1, 0, mode);
    return std::vector<pair_mode>{pattern(1, 0), pattern(1, 1), pattern(1, 2), pattern(1, 3)};
  };
  using enum pair_mode;
  BOOST_TEST((modes(active) == std::vector{active, inactive, inactive, active}));
  BOOST_TEST((modes(sliding) == std::vector{sliding, inactive, sliding, sliding}));
  BOOST_TEST((modes(inactive) == std::vector{inactive, inactive, active, inactive}));
  BOOST_TEST((modes(resting) == std::vector{resting, inactive, resting, resting}));
  for (index k = 0; k < 4; ++k) BOOST_TEST(pattern(0, k) == inactive);
}

RC_BOOST_PROP(parallel_copies_are_found_among_many_inputs_in_any_order, ()) {
  std::mt19937_64 engine(*rc::gen::arbitrary<std::uint32_t>());
  std::normal_distribution<double> normal;
  const index d = *rc::gen::inRange(2, 8);
  const index distinct = *rc::gen::inRange(1, 30);
  const auto owner =
      *rc::gen::container<std::vector<index>>(60, rc::gen::inRange<index>(0, distinct));
  const Eigen::MatrixXd directions =
      Eigen::MatrixXd::NullaryExpr(d, distinct, [&] { return normal(engine); });
  Eigen::MatrixXd x(d, 60);
  for (index k = 0; k < 60; ++k) {
    x.col(k) = std::exp(3.0 * normal(engine)) * (engine() % 2 == 0 ? 1.0 : -1.0) *
               directions.col(owner[static_cast<std::size_t>(k)]);
  }
  const switching_surfaces surfaces = surfaces_of(x);
  for (index k = 0; k < 60; ++k) {
    const index s = surfaces.surface_of(k);
    const index first = surfaces.representative(s);
    RC_ASSERT(owner[static_cast<std::size_t>(k)] == owner[static_cast<std::size_t>(first)]);
    RC_ASSERT(first <= k);
    RC_ASSERT((x.col(k).dot(x.col(first)) > 0.0) == (surfaces.orientation(k) > 0.0));
    for (index l = 0; l < k; ++l) {
      const bool shared = owner[static_cast<std::size_t>(k)] == owner[static_cast<std::size_t>(l)];
      RC_ASSERT((surfaces.surface_of(l) == s) == shared);
    }
  }
}

}  // namespace reluflow::test
