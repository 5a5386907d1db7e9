#include "reluflow/boundary.hpp"
#include "support/boundary_problems.hpp"
#include "support/matrices.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
// After Boost.Test.
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace reluflow::test {
namespace {

/// |force| is least over eta in [0, 1]^b: <D*, D - D*> >= 0 at every vertex D.
void check_minimal_norm(const boundary_problem& problem, const Eigen::VectorXd& eta) {
  const Eigen::VectorXd best = force(problem, eta);
  const auto b = static_cast<unsigned>(eta.size());
  for (unsigned vertex = 0; vertex < 1U << b; ++vertex) {
    Eigen::VectorXd corner(eta.size());
    for (unsigned i = 0; i < b; ++i) corner[i] = (vertex >> i) % 2;
    BOOST_TEST(best.dot(force(problem, corner) - best) >= -1e-12);
  }
}

}  // namespace
BOOST_AUTO_TEST_SUITE(one_surface_alone)

BOOST_AUTO_TEST_CASE(follows_the_signs_of_its_two_velocities) {
  const struct {
    double v_inactive;
    double v_active;
    side goes;
    double eta;
  } rows[] = {
      {-0.3, -0.8, side::below, 0.0},   // crosses downward, v+ < v-
      {-0.8, -0.3, side::below, 0.0},   // crosses downward, v+ > v-
      {0.3, 0.8, side::above, 1.0},     // crosses upward
      {0.8, 0.3, side::above, 1.0},     // crosses upward
      {0.0, -0.5, side::below, 0.0},    // sticks
      {0.25, -0.75, side::held, 0.25},  // slides with eta = v- / (v- - v+)
      {0.6, -0.2, side::held, 0.75},    // slides
  };
  for (const auto& row : rows) {
    for (const double sign : {1.0, -1.0}) {
      for (const side guess : all_sides) {
        BOOST_TEST_CONTEXT("v- = " << row.v_inactive << ", v+ = " << row.v_active
                                   << ", sign = " << sign) {
          const boundary_solution found =
              resolve_boundary(one_surface(row.v_inactive, row.v_active, guess, sign));
          BOOST_TEST(found.solved);
          BOOST_TEST(found.sides[0] == row.goes);
          BOOST_TEST(std::abs(found.eta[0] - row.eta) <= 1e-15);
          const double expected = row.v_inactive + row.eta * (row.v_active - row.v_inactive);
          BOOST_TEST(std::abs(found.velocity[0] - expected) <= 1e-15);
          BOOST_TEST(!found.repelling[0]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(that_repels_is_left_downward_and_reported) {
  for (const double sign : {1.0, -1.0}) {
    for (const side guess : {side::below, side::held}) {
      const boundary_solution found = resolve_boundary(one_surface(-0.5, 0.5, guess, sign));
      BOOST_TEST(found.solved);
      BOOST_TEST(found.sides[0] == side::below);
      BOOST_TEST(found.velocity[0] == -0.5);
      BOOST_TEST(found.repelling[0]);
    }
    // The neuron stays on the side on which it is.
    const boundary_solution kept = resolve_boundary(one_surface(-0.5, 0.5, side::above, sign));
    BOOST_TEST(kept.sides[0] == side::above);
    BOOST_TEST(kept.repelling[0]);
  }
}

BOOST_AUTO_TEST_CASE(may_be_left_upward_at_any_time_and_relu_prime_of_zero_says_not_yet) {
  const boundary_solution found = resolve_boundary(one_surface(0.0, 0.5, side::below));
  BOOST_TEST(found.solved);
  BOOST_TEST(found.sides[0] == side::below);
}

BOOST_AUTO_TEST_CASE(keeps_its_side_while_velocities_are_within_the_tolerance) {
  const double v = 1e-9;
  for (const side guess : {side::below, side::above}) {
    boundary_problem problem = guess == side::below ? one_surface(v, v, guess)  //
                                                    : one_surface(-v, -v, guess);
    BOOST_TEST(resolve_boundary(problem).sides[0] != guess);
    problem.tolerance = 2.0 * v;
    BOOST_TEST(resolve_boundary(problem).sides[0] == guess);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(several_surfaces)

BOOST_AUTO_TEST_CASE(of_the_worked_example_hold_the_neuron) {
  const boundary_problem problem = theory_example(-2.0, -6.0, 4.0);
  const boundary_solution found = resolve_boundary(problem);
  BOOST_TEST(found.solved);
  BOOST_TEST((found.sides == sides{side::held, side::held}));
  BOOST_TEST((found.eta - vec({0.845299, 0.769800})).cwiseAbs().maxCoeff() < 5e-7);
  BOOST_TEST(found.velocity.norm() == 0.0);
  BOOST_TEST((force(problem, found.eta) - vec({0.0, 0.0, 4.0 / 3.0})).norm() < 1e-15);
}

BOOST_AUTO_TEST_CASE(of_the_weaker_example_let_it_go) {
  const boundary_solution found = resolve_boundary(theory_example(-2.0, -3.0, 4.0));
  BOOST_TEST(found.solved);
  BOOST_TEST((found.sides == sides{side::above, side::above}));
  BOOST_TEST((found.velocity - vec({0.166667, 0.488034})).cwiseAbs().maxCoeff() < 5e-7);
}

BOOST_AUTO_TEST_CASE(with_three_solutions_give_one_of_them) {
  boundary_problem problem;
  problem.normals = columns({{1.0, 0.0}, {0.5, std::sqrt(0.75)}});
  problem.strengths = vec({-1.0, 1.0});
  problem.base = vec({0.3, -0.15 / std::sqrt(0.75)});  // v0 = (0.3, 0)
  for (const side first : all_sides) {
    for (const side second : all_sides) {
      problem.guess = {first, second};
      const boundary_solution found = resolve_boundary(problem);
      BOOST_TEST(found.solved);
      const Eigen::VectorXd& eta = found.eta;
      BOOST_TEST(((eta - vec({0.3, 0.0})).norm() < 1e-14 ||
                  (eta - vec({0.8, 1.0})).norm() < 1e-14 ||
                  (eta - vec({0.4, 0.2})).norm() < 1e-14));
    }
  }
  problem.guess = {side::held, side::above};  // a solution is kept
  BOOST_TEST((resolve_boundary(problem).sides == problem.guess));
}

BOOST_AUTO_TEST_CASE(that_attract_have_one_velocity_and_enumeration_finds_the_same) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const index b = 1 + seed % 4;
    const boundary_problem problem = random_problem(b + seed % 3, b, seed, &attracting);
    const auto all = solutions_by_enumeration(problem);
    const boundary_solution found = resolve_boundary(problem);
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(found.solved);
      BOOST_TEST(is_solution(problem, found.sides, found.eta));
      BOOST_REQUIRE(all.size() == 1U);
      BOOST_TEST((velocity(problem, all[0]) - found.velocity).norm() < 1e-11);
      BOOST_TEST((force(problem, all[0]) - force(problem, found.eta)).norm() < 1e-11);
      BOOST_TEST(std::count(found.repelling.begin(), found.repelling.end(), true) == 0);
      check_minimal_norm(problem, found.eta);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_any_kind_are_solved_whenever_enumeration_solves_them) {
  int ambiguous = 0;
  for (unsigned seed = 0; seed < 600; ++seed) {
    const index b = 2 + seed % 3;
    const boundary_problem problem = random_problem(b + seed % 2, b, seed, &any_kind);
    const auto all = solutions_by_enumeration(problem);
    const boundary_solution found = resolve_boundary(problem);
    if (all.size() > 1) ++ambiguous;
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(found.solved == !all.empty());
      if (!found.solved) continue;
      BOOST_TEST(is_solution(problem, found.sides, found.eta));
      BOOST_TEST(std::any_of(all.begin(), all.end(), [&](const Eigen::VectorXd& eta) {
        return (eta - found.eta).norm() < 1e-8;
      }));
    }
  }
  BOOST_TEST(ambiguous > 50);
}

BOOST_AUTO_TEST_CASE(a_solution_that_is_guessed_is_kept) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    boundary_problem problem = random_problem(4, 3, seed, &any_kind);
    const boundary_solution first = resolve_boundary(problem);
    if (!first.solved) continue;
    problem.guess = first.sides;
    const boundary_solution again = resolve_boundary(problem);
    BOOST_TEST((again.sides == first.sides));
    BOOST_TEST((again.eta == first.eta));
  }
}

// Normals that lean on each other make exchanges of whole blocks go round in circles.
BOOST_AUTO_TEST_CASE(that_attract_in_great_number_need_no_enumeration) {
  for (const double lean : {0.0, 0.5, 2.0}) {
    for (unsigned seed = 0; seed < 40; ++seed) {
      boundary_problem problem = random_problem(30, 24, seed, &attracting);
      problem.normals.row(0).array() += lean;
      problem.normals.colwise().normalize();
      const boundary_solution found = resolve_boundary(problem);
      BOOST_TEST_CONTEXT("lean " << lean << ", seed " << seed) {
        BOOST_TEST(found.solved);
        BOOST_TEST(is_solution(problem, found.sides, found.eta));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(with_dependent_normals_have_one_velocity_still) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const boundary_problem problem = random_problem(2, 3 + seed % 2, seed, &attracting);
    const boundary_solution found = resolve_boundary(problem);
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(found.solved);
      BOOST_TEST(is_solution(problem, found.sides, found.eta));
      check_minimal_norm(problem, found.eta);
    }
  }
}

// Ties of every sort: eta at exactly 0 or 1, velocities of exactly 0, normals that agree.
RC_BOOST_PROP(with_ties_are_solved, ()) {
  const auto small = rc::gen::inRange(-3, 4);
  const index b = *rc::gen::inRange(1, 5);
  boundary_problem problem;
  problem.normals.resize(3, b);
  problem.strengths.resize(b);
  problem.base = vec({1.0 * *small, 1.0 * *small, 1.0 * *small});
  problem.tolerance = 1e-12;
  for (index i = 0; i < b; ++i) {
    problem.normals.col(i) = vec({1.0 * *small, 1.0 * *small, 1.0 * *small});
    RC_PRE(problem.normals.col(i).norm() > 0.0);
    problem.normals.col(i).normalize();
    problem.strengths[i] = *rc::gen::inRange(-3, 1);
    problem.guess.push_back(*rc::gen::elementOf(all_sides));
  }
  const boundary_solution found = resolve_boundary(problem);
  RC_ASSERT(found.solved);
  RC_ASSERT(is_solution(problem, found.sides, found.eta));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(without_sliding)

BOOST_AUTO_TEST_CASE(surfaces_are_crossed_or_there_is_no_solution) {
  for (const side guess : {side::below, side::above}) {
    const auto resolve = [&](double v_inactive, double v_active) {
      return resolve_boundary_without_sliding(one_surface(v_inactive, v_active, guess));
    };
    BOOST_TEST(resolve(0.3, 0.8).solved);
    BOOST_TEST(resolve(0.3, 0.8).sides[0] == side::above);
    BOOST_TEST(resolve(-0.3, -0.8).solved);
    BOOST_TEST(resolve(-0.3, -0.8).sides[0] == side::below);
    BOOST_TEST(resolve(0.0, -0.8).sides[0] == side::below);
    BOOST_TEST(!resolve(0.3, -0.8).solved);
  }
}

BOOST_AUTO_TEST_CASE(several_surfaces_are_crossed_at_once) {
  boundary_problem problem = theory_example(-2.0, -3.0, 4.0);
  const boundary_solution crossed = resolve_boundary_without_sliding(problem);
  BOOST_TEST(crossed.solved);
  BOOST_TEST((crossed.sides == sides{side::above, side::above}));
  problem = theory_example(-2.0, -6.0, 4.0);
  BOOST_TEST(!resolve_boundary_without_sliding(problem).solved);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reluflow::test
