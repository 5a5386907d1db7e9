// Extremal vectors (theory.md C2-C4): soundness, completeness against brute force, known lists.

#include "reluflow/alignment.hpp"
#include "reluflow/errors.hpp"
#include "support/extremal_vectors.hpp"
#include "support/matrices.hpp"
#include "support/problems.hpp"

#include <Eigen/QR>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace reluflow::test {
namespace {

using boost::test_tools::tolerance;

dataset random_data(index d, index n, std::uint64_t seed) {
  return {gaussian_matrix(d, n, 2 * seed), gaussian_matrix(n, 1, 2 * seed + 1)};
}

std::vector<extremal_vector> without_zero(std::vector<extremal_vector> list) {
  std::erase_if(list, [](const extremal_vector& one) { return one.orientation == 0; });
  return list;
}

bool same_vectors(const std::vector<extremal_vector>& one,
                  const std::vector<extremal_vector>& other) {
  return one.size() == other.size() &&
         std::all_of(one.begin(), one.end(),
                     [&](const extremal_vector& v) { return contains(other, v.D); });
}

void all_verified(const dataset& data, const std::vector<extremal_vector>& list) {
  for (const extremal_vector& one : list) {
    const extremal_check check = verify(data, one);
    BOOST_TEST(check.holds(), "equation " << check.equation << ", surface " << check.surface
                                          << ", multipliers " << check.multipliers << ", signs "
                                          << check.signs);
    BOOST_TEST(one.w.norm() == 1.0, tolerance(1e-12));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_five_point_data_of_paper_a) {
  const dataset data = five_points();
  const auto list = without_zero(extremal_vectors(data));
  BOOST_TEST(list.size() == 7U);
  all_verified(data, list);
  struct row {
    double angle, length, eta;
    index sample;  // -1: a cell
  };
  const row expected[] = {{0.54042, 0.116619, 0.0, -1}, {1.91382, 0.148661, 0.0, -1},
                          {2.48590, 0.164012, 0.0, -1}, {3.00904, 0.151327, 0.0, -1},
                          {0.98279, 0.0, 0.52747, 0},   {2.03444, 0.0, 0.8, 4},
                          {2.89661, 0.0, 0.20588, 3}};
  for (const row& one : expected) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const extremal_vector& v) {
      return std::abs(std::atan2(v.w[1], v.w[0]) - one.angle) < 6e-6;
    });
    BOOST_REQUIRE_MESSAGE(found != list.end(), "nothing at angle " << one.angle);
    BOOST_TEST(found->orientation == 1);
    if (one.sample < 0) {
      BOOST_TEST(found->zero_set.empty());
      BOOST_TEST(std::abs(found->D.norm() - one.length) < 6e-7);
    } else {
      BOOST_TEST(found->zero_set == std::vector<index>{one.sample});
      BOOST_TEST(std::abs(found->multipliers[0] - one.eta) < 6e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(sliding_is_built_into_alignment) {
  // Theory.md C2: five samples on a line with a bias. 2000 sets there gave means of 1.28 and 1.91,
  // and 87 % of the sets with a ray; three standard deviations of such a mean are about 0.06 and
  // 0.02.
  std::mt19937_64 engine(11);
  std::uniform_real_distribution<double> position(-2.0, 2.0);
  std::normal_distribution<double> label;
  constexpr int sets = 2000;
  int cells = 0;
  int rays = 0;
  int with_ray = 0;
  for (int i = 0; i < sets; ++i) {
    Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 5);
    Eigen::VectorXd y(5);
    for (index k = 0; k < 5; ++k) {
      x(0, k) = position(engine);
      y[k] = label(engine);
    }
    int own = 0;
    for (const extremal_vector& one : without_zero(extremal_vectors({x, y}))) {
      own += one.zero_set.empty() ? 0 : 1;
      cells += one.zero_set.empty() ? 1 : 0;
    }
    rays += own;
    with_ray += own > 0 ? 1 : 0;
  }
  BOOST_TEST(std::abs(cells / double(sets) - 1.28) < 0.08);
  BOOST_TEST(std::abs(rays / double(sets) - 1.91) < 0.08);
  BOOST_TEST(std::abs(with_ray / double(sets) - 0.87) < 0.03);
}

BOOST_AUTO_TEST_CASE(in_the_plane_they_are_the_critical_points_on_the_circle) {
  // Every local extremum of G on a fine grid, except where G vanishes on an arc (D = 0).
  constexpr int count = 20000;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const dataset data = seed == 0 ? five_points() : random_data(2, 3 + seed % 5, seed);
    const auto list = without_zero(extremal_vectors_in_plane(data));
    const auto at = [&](int i) {
      const double angle = 2.0 * std::numbers::pi * i / count;
      return alignment_value(data, Eigen::Vector2d(std::cos(angle), std::sin(angle)));
    };
    std::size_t extrema = 0;
    for (int i = 0; i < count; ++i) {
      const double before = at(i - 1);
      const double here = at(i);
      const double after = at(i + 1);
      const bool maximum = here > before && here >= after;
      const bool minimum = here < before && here <= after;
      if ((maximum || minimum) && std::abs(here) > 1e-6) {
        ++extrema;
        const double angle = 2.0 * std::numbers::pi * i / count;
        const Eigen::Vector2d w(std::cos(angle), std::sin(angle));
        const bool known = std::any_of(list.begin(), list.end(), [&](const extremal_vector& v) {
          return (v.w - w).norm() < 4.0 * std::numbers::pi / count;
        });
        BOOST_TEST(known, "seed " << seed << ": nothing at angle " << angle);
      }
    }
    BOOST_TEST(extrema == list.size());
  }
}

BOOST_AUTO_TEST_CASE(enumerations_agree_with_brute_force) {
  std::size_t with_zero_set = 0;
  std::size_t opposite = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const index d = 2 + static_cast<index>(seed % 3);
    const index n = 2 + static_cast<index>(seed % 6);
    const dataset data = random_data(d, n, seed);
    const auto all = extremal_vectors_by_faces(data);
    const auto brute = by_brute_force(data);
    all_verified(data, all);
    BOOST_TEST(same_vectors(without_zero(all), brute), "seed " << seed << ", d " << d << ", n " << n
                                                               << ": " << all.size() << " and "
                                                               << brute.size());
    if (d == 2) {
      BOOST_TEST(same_vectors(all, extremal_vectors_in_plane(data)), "seed " << seed);
    }
    for (const extremal_vector& one : all) {
      with_zero_set += one.zero_set.size() > 1 ? 1U : 0U;
      opposite += one.orientation < 0 ? 1U : 0U;
    }
  }
  BOOST_TEST(with_zero_set > 10U);
  BOOST_TEST(opposite > 10U);
}

BOOST_AUTO_TEST_CASE(orthogonal_inputs_have_one_vector_for_each_subset_of_one_sign) {
  const auto data_of = [](index positive, index negative) {
    const index n = positive + negative;
    const Eigen::MatrixXd basis = gaussian_matrix(n + 1, n, 7).householderQr().householderQ();
    Eigen::VectorXd y = gaussian_matrix(n, 1, 8).cwiseAbs().array() + 0.1;
    y.tail(negative) *= -1.0;
    return dataset(basis.leftCols(n), y);
  };
  const std::array<std::array<index, 3>, 5> counts{
      {{3, 0, 8}, {2, 1, 5}, {2, 2, 7}, {4, 1, 17}, {4, 0, 16}}};
  for (const auto& [positive, negative, count] : counts) {
    const dataset data = data_of(positive, negative);
    const auto closed = extremal_vectors_orthogonal(data);
    BOOST_TEST(static_cast<index>(closed.size()) == count);
    all_verified(data, closed);
    BOOST_TEST(same_vectors(closed, extremal_vectors_by_faces(data)));
    BOOST_TEST(same_vectors(closed, extremal_vectors(data)));
    BOOST_TEST(contains(closed, Eigen::VectorXd::Zero(data.dimension())));
  }
  BOOST_CHECK_THROW((void)extremal_vectors_orthogonal(five_points()), invalid_input);
}

BOOST_AUTO_TEST_CASE(a_symmetric_law_has_one_vector_seen_from_both_sides) {
  // Theory.md C4: with antipodal inputs and odd labels D(w) = Sigma beta/2 for every w. The
  // definition is met from both cells that contain +-Sigma beta; it is one vector, not two.
  const Eigen::MatrixXd half = gaussian_matrix(3, 6, 3);
  const Eigen::Vector3d beta(1.0, -0.5, 2.0);
  Eigen::MatrixXd x(3, 12);
  x << half, -half;
  const dataset data(x, x.transpose() * beta);
  const auto list = without_zero(extremal_vectors_by_faces(data));
  BOOST_REQUIRE(list.size() == 1U);
  const Eigen::Vector3d expected = x * x.transpose() * beta / 12.0 / 2.0;
  BOOST_TEST((list[0].D - expected).norm() < 1e-13);
  BOOST_TEST(list[0].orientation == 1);
}

BOOST_AUTO_TEST_CASE(parallel_inputs_share_a_multiplier) {
  // Sample 2 is sample 0 turned round and scaled, sample 3 repeats sample 0: one surface in the
  // plane.
  Eigen::MatrixXd x(2, 5);
  x << 1.0, 0.2, -2.0, 1.0, -0.4,  //
      0.3, 1.0, -0.6, 0.3, 0.9;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const dataset data(x, gaussian_matrix(5, 1, seed));
    const auto plane = extremal_vectors_in_plane(data);
    all_verified(data, plane);
    BOOST_TEST(same_vectors(plane, extremal_vectors_by_faces(data)));
    for (const extremal_vector& one : plane) {
      if (one.zero_set == std::vector<index>{0, 2, 3}) {
        BOOST_TEST(one.multipliers[0] == one.multipliers[2]);
        BOOST_TEST(one.multipliers[0] + one.multipliers[1] == 1.0, tolerance(1e-15));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(several_surfaces_may_meet_in_a_line) {
  // Four inputs in one plane of R^3 and one outside: the surfaces of the four share a line, on
  // which the multipliers are not unique.
  Eigen::MatrixXd x(3, 5);
  x << 1.0, 0.0, 1.0, -1.0, 0.1,  //
      0.0, 1.0, 1.0, 0.5, 0.2,    //
      0.0, 0.0, 0.0, 0.0, 1.0;
  std::size_t on_the_line = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const dataset data(x, gaussian_matrix(5, 1, seed));
    const auto list = extremal_vectors_by_faces(data);
    all_verified(data, list);
    on_the_line += static_cast<std::size_t>(std::count_if(
        list.begin(), list.end(), [](const auto& one) { return one.zero_set.size() == 4; }));
  }
  BOOST_TEST(on_the_line > 5U);
}

BOOST_AUTO_TEST_CASE(labels_of_zero_and_spans_that_leave_room) {
  // One input in R^3: D = y x and D = 0.
  const dataset one(Eigen::Vector3d(1.0, 2.0, 2.0), Eigen::VectorXd::Constant(1, -3.0));
  const auto list = extremal_vectors_by_faces(one);
  BOOST_TEST(list.size() == 2U);
  all_verified(one, list);
  BOOST_TEST(contains(list, Eigen::Vector3d(-3.0, -6.0, -6.0)));
  BOOST_TEST(contains(list, Eigen::Vector3d::Zero()));
  const dataset silent(gaussian_matrix(3, 4, 1), Eigen::VectorXd::Zero(4));
  const auto nothing = extremal_vectors_by_faces(silent);
  BOOST_REQUIRE(nothing.size() == 1U);
  BOOST_TEST(nothing[0].orientation == 0);
}

BOOST_AUTO_TEST_CASE(verification_rejects_what_is_not_extremal) {
  const dataset data = five_points();
  const auto list = without_zero(extremal_vectors(data));
  const auto ray =
      std::find_if(list.begin(), list.end(), [](const auto& one) { return !one.zero_set.empty(); });
  const auto cell =
      std::find_if(list.begin(), list.end(), [](const auto& one) { return one.zero_set.empty(); });
  BOOST_REQUIRE(ray != list.end());
  extremal_vector wrong = *ray;
  wrong.multipliers[0] += 1e-6;
  BOOST_TEST(!verify(data, wrong).holds());
  wrong = *ray;
  wrong.multipliers[0] = 1.5;
  BOOST_TEST(verify(data, wrong).multipliers == 0.5);
  wrong = *ray;
  wrong.zero_set.clear();
  wrong.multipliers.resize(0);
  BOOST_TEST(!verify(data, wrong).holds());
  wrong = *cell;
  wrong.D *= 1.0 + 1e-6;
  BOOST_TEST(!verify(data, wrong).holds());
  wrong = *cell;
  wrong.w = -wrong.w;
  BOOST_TEST(!verify(data, wrong).holds());
  // A field that points into another cell is not extremal, though it is a field.
  const Eigen::Vector2d w = Eigen::Vector2d(1.0, -0.1).normalized();
  wrong = *cell;
  wrong.w = w;
  wrong.D = alignment_field(data, w);
  BOOST_TEST(verify(data, wrong).equation < 1e-15);
  BOOST_TEST(!verify(data, wrong).signs);
}

BOOST_AUTO_TEST_CASE(enumerations_refuse_what_is_too_large) {
  const dataset data = random_data(4, 30, 1);
  extremal_options options;
  options.max_faces = 1000;
  BOOST_CHECK_THROW((void)extremal_vectors(data, options), invalid_input);
  const dataset axes(Eigen::MatrixXd::Identity(40, 40), Eigen::VectorXd::Ones(40));
  BOOST_CHECK_THROW((void)extremal_vectors(axes), invalid_input);
  options.max_faces = 0;
  BOOST_CHECK_THROW((void)extremal_vectors(data, options), invalid_input);
  options = {};
  options.tolerance = 0.0;
  BOOST_CHECK_THROW((void)extremal_vectors(data, options), invalid_input);
  BOOST_CHECK_THROW((void)extremal_vectors_in_plane(data), invalid_input);
}

}  // namespace reluflow::test
