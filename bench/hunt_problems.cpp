#include "hunt_problems.hpp"

#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace reluflow::bench {
namespace {

using reluflow::index;  // not the POSIX function

/// Numbers of one seed, by distributions that are the same with every standard library.
class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  index between(index least, index largest) {
    return boost::random::uniform_int_distribution<index>(least, largest)(engine_);
  }
  double real(double least, double largest) {
    return boost::random::uniform_real_distribution<double>(least, largest)(engine_);
  }
  double normal() { return boost::random::normal_distribution<double>()(engine_); }
  bool chance(double share) { return real(0.0, 1.0) < share; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<index>(values.size()) - 1)];
  }

 private:
  boost::random::mt19937_64 engine_;
};

struct sizes {
  index dimension;  ///< without bias
  index samples;
  index width;
  double t_end;
  bool bias;
};

sizes small_sizes(dice& random) {
  sizes s{};
  s.dimension = random.one_of<index>({1, 2, 2, 3, 4, 6, 8});
  s.samples = random.one_of<index>({3, 4, 5, 8, 12, 16});
  s.width = random.one_of<index>({4, 6, 10, 16});
  s.t_end = random.one_of({40.0, 120.0, 300.0});
  s.bias = random.chance(0.4) || s.dimension == 1;
  return s;
}

sizes large_sizes(dice& random) {
  sizes s{};
  s.dimension = random.between(2, 20);
  s.samples = random.between(10, 60);
  s.width = random.between(10, 60);
  s.t_end = random.real(20.0, 80.0);
  s.bias = random.chance(0.4);
  return s;
}

sizes unbalanced_sizes(dice& random) {
  sizes s{};
  s.dimension = random.between(1, 3);
  s.samples = random.between(2, 5);
  s.width = random.between(2, 6);
  s.t_end = random.one_of({20.0, 60.0});
  s.bias = s.dimension == 1;
  return s;
}

struct drawn_network {
  network net;
  std::string words;
};

/// Any initialisation at a size from 1e-6 to 2.
drawn_network any_network(dice& random, index width, index dimension, std::uint64_t seed) {
  const auto kind = random.between(0, 3);
  const double scale = std::pow(10.0, random.real(-6.0, 0.3));
  const auto scaling = random.one_of({output_scaling::unit, output_scaling::mean});
  const auto words = [&](std::string_view name) {
    return fmt::format("{} scale={:.1e} output={}", name, scale,
                       scaling == output_scaling::unit ? "unit" : "mean");
  };
  switch (kind) {
    case 0:
      return {balanced_network(width, dimension, std::log(scale), seed, scaling),
              words("balanced")};
    case 1:
      return {dominated_network(width, dimension, scale, seed, scaling), words("dominated")};
    case 2:
      return {gaussian_network(width, dimension, scale, seed, scaling), words("gaussian")};
    default:
      return {ball_network(width, dimension, scale, seed, scaling), words("ball")};
  }
}

/// |a|/|w| from 1 to 6: neurons can pass through the origin.
drawn_network unbalanced_network(dice& random, index width, index dimension) {
  const double scale = std::pow(10.0, random.real(-3.0, 0.0));
  Eigen::MatrixXd weights(dimension, width);
  Eigen::VectorXd outputs(width);
  for (index j = 0; j < width; ++j) {
    for (index i = 0; i < dimension; ++i) weights(i, j) = scale * random.normal();
    outputs(j) = random.one_of({-1.0, 1.0}) * random.real(1.0, 6.0) * weights.col(j).norm();
  }
  return {network::cartesian(outputs, weights), fmt::format("|a|>|w| scale={:.1e}", scale)};
}

dataset with_optional_bias(const dataset& data, bool bias) {
  return bias ? with_bias(data.inputs(), data.labels()) : data;
}

/// A share of the inputs becomes a repeated, scaled or opposite copy of an earlier one.
dataset with_copies(dice& random, const dataset& data) {
  Eigen::MatrixXd inputs = data.inputs();
  for (index k = 1; k < inputs.cols(); ++k) {
    if (!random.chance(0.4)) continue;
    const index source = random.between(0, k - 1);
    const double factor = random.one_of({1.0, -1.0, 0.5, -2.0});
    inputs.col(k) = (factor * inputs.col(source)).eval();
  }
  return {inputs, data.labels()};
}

}  // namespace

const std::vector<std::string>& hunt_generators() {
  static const std::vector<std::string> all{"small", "large", "unbalanced", "antipodal"};
  return all;
}

hunted_problem make_hunted(std::string_view generator, std::uint64_t seed) {
  dice random(seed);
  sizes s = generator == "large"        ? large_sizes(random)
            : generator == "unbalanced" ? unbalanced_sizes(random)
                                        : small_sizes(random);
  const bool copies = generator == "antipodal";
  // A bias would make copies differ: they are made without.
  if (copies) {
    s.bias = false;
    s.dimension = std::max<index>(2, s.dimension);
  }
  dataset data = with_optional_bias(gaussian_data(s.samples, s.dimension, 0.5, seed), s.bias);
  if (copies) data = with_copies(random, data);
  const drawn_network start = generator == "unbalanced"
                                  ? unbalanced_network(random, s.width, data.dimension())
                                  : any_network(random, s.width, data.dimension(), seed);
  hunted_problem made{{data, start.net, {}, {}, seed},
                      fmt::format("d={} n={} m={} {} bias={} t_end={:.3g}", s.dimension, s.samples,
                                  s.width, start.words, s.bias, s.t_end)};
  made.task.flow.t_end = s.t_end;
  made.task.record.times = linear_times(s.t_end, 101);
  made.task.record.states = false;
  return made;
}

}  // namespace reluflow::bench
