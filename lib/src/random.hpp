#pragma once

#include "reluflow/dataset.hpp"

#include <boost/random/bernoulli_distribution.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>

#include <cstdint>

namespace reluflow::detail {

using random_engine = boost::random::mt19937_64;

/// What a stream of random numbers is for. Streams of one seed are independent of each other.
enum class random_stream : std::uint64_t { data = 1, network = 2, teacher = 3, batches = 4 };

/// A well mixed 64-bit number from two, the finaliser of SplitMix64 applied twice: numbers that
/// people choose (1, 2, 3) differ in few bits.
[[nodiscard]] inline std::uint64_t mix_numbers(std::uint64_t seed, std::uint64_t salt) {
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  };
  return mix(mix(seed + 0x9e3779b97f4a7c15U) + salt);
}

[[nodiscard]] inline std::uint64_t mix_seed(std::uint64_t seed, random_stream stream) {
  return mix_numbers(seed, static_cast<std::uint64_t>(stream));
}

[[nodiscard]] inline random_engine make_engine(std::uint64_t seed, random_stream stream) {
  return random_engine(mix_seed(seed, stream));
}

/// A standard Gaussian vector (d).
[[nodiscard]] inline Eigen::VectorXd gaussian_vector(index dimension, random_engine& engine) {
  boost::random::normal_distribution<double> normal;
  Eigen::VectorXd v(dimension);
  for (index i = 0; i < dimension; ++i) v[i] = normal(engine);
  return v;
}

/// +1 or -1 with equal probability.
[[nodiscard]] inline double fair_sign(random_engine& engine) {
  boost::random::bernoulli_distribution<double> fair(0.5);
  return fair(engine) ? 1.0 : -1.0;
}

}  // namespace reluflow::detail
