#include "reluflow/errors.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace reluflow;

}  // namespace

BOOST_AUTO_TEST_CASE(the_linear_teacher_is_the_first_coordinate) {
  const dataset data = gaussian_data(7, 3, 0.0, 1);
  BOOST_TEST(data.size() == 7);
  BOOST_TEST(data.dimension() == 3);
  BOOST_TEST((data.labels().transpose() == data.inputs().row(0)));
}

BOOST_AUTO_TEST_CASE(inputs_and_noise_have_their_deviations) {
  constexpr Eigen::Index n = 20000;
  const dataset data = gaussian_data(n, 2, 0.3, 1);
  // A mean of n numbers with deviation s is off by more than 5 s / sqrt(n) once in a million.
  const double unit = 5.0 / std::sqrt(static_cast<double>(n));
  BOOST_TEST(std::abs(data.inputs().mean()) < unit);
  BOOST_TEST(std::abs(data.inputs().array().square().mean() - 1.0) < 1.5 * unit);
  BOOST_TEST(std::abs(data.inputs().row(0).dot(data.inputs().row(1))) / n < unit);
  const Eigen::VectorXd noise = data.labels() - data.inputs().row(0).transpose();
  BOOST_TEST(std::abs(noise.mean()) < 0.3 * unit);
  BOOST_TEST(std::abs(noise.array().square().mean() - 0.09) < 0.135 * unit);
}

BOOST_AUTO_TEST_CASE(every_law_of_noise_is_centred_with_its_deviation) {
  constexpr Eigen::Index n = 20000;
  const double unit = 5.0 / std::sqrt(static_cast<double>(n));
  // Fourth moments over squared variance tell the laws apart.
  const std::pair<noise_law, double> laws[] = {{noise_law::gaussian, 3.0},
                                               {noise_law::uniform, 1.8},
                                               {noise_law::sign, 1.0},
                                               {noise_law::laplace, 6.0}};
  for (const auto& [law, kurtosis] : laws) {
    const Eigen::ArrayXd noise =
        linear_data(n, Eigen::Vector2d::Zero(), {0.5, law}, 3).labels().array() / 0.5;
    BOOST_TEST(std::abs(noise.mean()) < unit);
    BOOST_TEST(std::abs(noise.square().mean() - 1.0) < std::sqrt(5.0) * unit);
    BOOST_TEST(std::abs(noise.square().square().mean() - kurtosis) < 0.1 * kurtosis + 0.2);
  }
}

BOOST_AUTO_TEST_CASE(a_teacher_network_gives_the_labels) {
  const network teacher = relu_teacher(5, 3, 2);
  BOOST_TEST((teacher.output_weights().array() == 0.2).all());
  const dataset data = taught_data(40, teacher, {}, 7);
  BOOST_TEST((data.labels() - teacher(data)).norm() == 0.0);
  BOOST_TEST((data.inputs() == gaussian_data(40, 3, 0.0, 7).inputs()));
  BOOST_TEST((relu_teacher(5, 3, 2).weights() == teacher.weights()));
  BOOST_TEST((relu_teacher(5, 3, 3).weights() != teacher.weights()));
}

BOOST_AUTO_TEST_CASE(the_cylinder_has_its_shape_and_covariance) {
  const Eigen::Vector4d beta(0.0, 1.2, -0.9, 0.3);
  constexpr Eigen::Index n = 20000;
  const dataset data = cylinder_data(n, beta, 0.4, {}, 5);
  const Eigen::VectorXd axis = beta.normalized();
  const Eigen::ArrayXd along = data.inputs().transpose() * axis;
  BOOST_TEST(along.abs().minCoeff() > 0.6);
  BOOST_TEST(along.abs().maxCoeff() < 1.4);
  const Eigen::ArrayXd across =
      data.inputs().colwise().squaredNorm().transpose().array() - along.square();
  BOOST_TEST((across - 3.0).abs().maxCoeff() < 1e-12);
  BOOST_TEST((data.labels() - data.inputs().transpose() * beta).norm() < 1e-10);
  const Eigen::MatrixXd covariance = data.inputs() * data.inputs().transpose() / double(n);
  const Eigen::MatrixXd expected =
      Eigen::MatrixXd::Identity(4, 4) + 0.16 / 3.0 * axis * axis.transpose();
  BOOST_TEST((covariance - expected).cwiseAbs().maxCoeff() < 0.05);
  // A spread that rounding swallows is none, and draws no numbers.
  BOOST_TEST((cylinder_data(9, beta, 1e-20, {}, 5).inputs() ==
              cylinder_data(9, beta, 0.0, {}, 5).inputs()));
  BOOST_CHECK_THROW((void)cylinder_data(5, beta, 1.0, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)cylinder_data(5, Eigen::Vector2d::Zero(), 0.1, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)linear_data(5, beta, {-1.0}, 1), invalid_input);
}

BOOST_AUTO_TEST_CASE(orthonormal_inputs_are_orthonormal_with_labels_away_from_zero) {
  for (const Eigen::Index d : {5, 9}) {
    const dataset data = orthonormal_data(5, d, 4);
    const Eigen::MatrixXd gram = data.inputs().transpose() * data.inputs();
    BOOST_TEST((gram - Eigen::MatrixXd::Identity(5, 5)).cwiseAbs().maxCoeff() < 1e-14);
    BOOST_TEST(data.labels().cwiseAbs().minCoeff() >= 1.0);
    BOOST_TEST(data.labels().cwiseAbs().maxCoeff() <= 2.0);
  }
}

BOOST_AUTO_TEST_CASE(rotations_prefer_no_side) {
  // The factorisation alone would give the first coordinate one sign for ever.
  int positive = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    positive += orthonormal_data(2, 3, seed).inputs()(0, 0) > 0.0 ? 1 : 0;
  }
  BOOST_TEST(positive > 12);
  BOOST_TEST(positive < 52);
}

BOOST_AUTO_TEST_CASE(data_and_network_of_one_seed_share_no_numbers) {
  const dataset data = gaussian_data(4, 3, 0.0, 1);
  const network net = gaussian_network(4, 3, 1.0, 1);
  for (Eigen::Index k = 0; k < 4; ++k) {
    for (Eigen::Index j = 0; j < 4; ++j) {
      BOOST_TEST((data.inputs().col(k) - net.weights().col(j)).norm() > 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(inputs_of_paper_B) {
  const norm_interval norms{1.0, 2.0};
  for (const dataset& data : {axis_data(6, 8, norms, 3), orthogonal_data(6, 8, norms, 3),
                              sphere_data(6, 8, norms, 3), antipodal_data(6, 8, 0.0, norms, 3)}) {
    BOOST_TEST(data.size() == 6);
    BOOST_TEST(data.dimension() == 8);
    BOOST_TEST(data.norms().minCoeff() >= 1.0 - 1e-14);
    BOOST_TEST(data.norms().maxCoeff() <= 2.0 + 1e-14);
    BOOST_TEST(data.norms().maxCoeff() - data.norms().minCoeff() > 0.05);
    const Eigen::ArrayXd sizes = data.labels().cwiseAbs();
    BOOST_TEST((sizes >= 1.0).all());
    BOOST_TEST((sizes <= 2.0).all());
  }
  BOOST_TEST(has_orthogonal_inputs(axis_data(6, 8, norms, 3)));
  BOOST_TEST(has_orthogonal_inputs(orthogonal_data(6, 8, norms, 3)));
  BOOST_TEST(!has_orthogonal_inputs(sphere_data(6, 8, norms, 3)));
  BOOST_TEST((axis_data(4, 4, {}, 1).inputs() == Eigen::MatrixXd::Identity(4, 4)));
}

BOOST_AUTO_TEST_CASE(directions_on_the_sphere_are_isotropic) {
  constexpr Eigen::Index n = 20000;
  const dataset data = sphere_data(n, 3, {}, 1);
  const Eigen::Matrix3d second = data.inputs() * data.inputs().transpose() / n;
  BOOST_TEST((second - Eigen::Matrix3d::Identity() / 3.0).cwiseAbs().maxCoeff() < 0.01);
}

BOOST_AUTO_TEST_CASE(antipodal_inputs_miss_by_their_angle) {
  for (const double angle : {0.0, 0.01, 1.0}) {
    const dataset data = antipodal_data(6, 4, angle, {0.5, 1.5}, 2);
    for (Eigen::Index k = 0; k < 3; ++k) {
      const double cosine = data.inputs().col(k).dot(data.inputs().col(3 + k)) /
                            (data.norms()[k] * data.norms()[3 + k]);
      BOOST_TEST(std::abs(cosine + std::cos(angle)) < 1e-14);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_refused) {
  BOOST_CHECK_THROW((void)gaussian_data(0, 1, 0.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)gaussian_data(1, 0, 0.0, 1), invalid_input);
  BOOST_CHECK_THROW((void)gaussian_data(1, 1, -0.1, 1), invalid_input);
  BOOST_CHECK_THROW((void)orthonormal_data(3, 2, 1), invalid_input);
  BOOST_CHECK_THROW((void)axis_data(3, 2, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)orthogonal_data(3, 2, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)sphere_data(3, 2, {2.0, 1.0}, 1), invalid_input);
  BOOST_CHECK_THROW((void)sphere_data(3, 2, {0.0, 1.0}, 1), invalid_input);
  BOOST_CHECK_THROW((void)antipodal_data(3, 2, 0.0, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)antipodal_data(2, 1, 0.1, {}, 1), invalid_input);
  BOOST_CHECK_THROW((void)antipodal_data(2, 2, 4.0, {}, 1), invalid_input);
}
