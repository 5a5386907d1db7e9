#include "support/quadruple_origin.hpp"

#include <cstddef>
#include <stdexcept>

namespace reluflow::test {
namespace {

const quad zero_level = 1e-26;

/// D with the multipliers of the sliding pairs; nothing when the surfaces are dependent.
struct frozen_force {
  quad_vector force;
  std::vector<quad> gamma;  // n
};

std::optional<frozen_force> force_of(const quad_data& data, const quad_vector& r,
                                     const std::vector<quad_side>& sides) {
  frozen_force result{quad_vector(data.dimension(), quad(0)), quad_vector(data.size(), quad(0))};
  std::vector<std::size_t> sliding;
  const auto add = [&](std::size_t k, const quad& factor) {
    for (std::size_t i = 0; i < data.dimension(); ++i) {
      result.force[i] += factor * data.x[k][i];
    }
  };
  for (std::size_t k = 0; k < sides.size(); ++k) {
    if (sides[k] == quad_side::active) add(k, r[k] / data.size());
    if (sides[k] == quad_side::sliding) sliding.push_back(k);
  }
  const auto map = multiplier_map(data, sliding);
  if (!map) return std::nullopt;
  const quad_vector active = result.force;
  for (std::size_t s = 0; s < sliding.size(); ++s) {
    result.gamma[sliding[s]] = dot((*map)[s], active);
    add(sliding[s], result.gamma[sliding[s]]);
  }
  return result;
}

/// True when the velocities agree with the sides of `boundary`; what stands still comes to rest.
bool agrees(const quad_data& data, const quad_vector& r, const frozen_force& f, int sign,
            const std::vector<std::size_t>& boundary, std::vector<quad_side>& sides) {
  for (const std::size_t k : boundary) {
    const quad zero = zero_level * data.force_scale() * norm(data.x[k]);
    const quad speed = sign * dot(f.force, data.x[k]);
    if (sides[k] == quad_side::sliding) {
      const quad eta = f.gamma[k] * data.size() / r[k];
      if (!(eta > zero_level && eta < 1 - zero_level)) return false;
    } else if (sides[k] == quad_side::active) {
      if (!(speed > zero)) return false;
    } else {
      if (!(speed <= zero)) return false;
      sides[k] = speed < -zero ? quad_side::inactive : quad_side::resting;
    }
  }
  return true;
}

/// Solves the complementarity problem by trying all sides, those with few active and sliding pairs
/// first.
frozen_force solve(const quad_data& data, const quad_vector& r, int sign,
                   const std::vector<std::size_t>& boundary, std::vector<quad_side>& sides) {
  for (const auto& choice : combinations(boundary.size())) {
    std::vector<quad_side> trial = sides;
    for (std::size_t b = 0; b < boundary.size(); ++b) trial[boundary[b]] = choice[b];
    const auto force = force_of(data, r, trial);
    if (!force || !agrees(data, r, *force, sign, boundary, trial)) continue;
    sides = trial;
    return *force;
  }
  throw std::runtime_error("no solution behind w = 0");
}

}  // namespace

std::optional<std::vector<quad_side>> sides_behind_origin(const quad_data& data,
                                                          const quad_vector& residuals,
                                                          const quad_vector& arrival, int sign) {
  const std::size_t n = data.size();
  quad_vector w = arrival;
  for (quad& value : w) value = -value;
  std::vector<quad_side> sides(n);
  const auto on_surface = [&](std::size_t k) {
    return abs(dot(w, data.x[k])) <= zero_level * norm(data.x[k]) * norm(w);
  };
  std::vector<std::size_t> boundary;
  for (std::size_t k = 0; k < n; ++k) {
    sides[k] = dot(w, data.x[k]) > 0 ? quad_side::active : quad_side::inactive;
    if (on_surface(k)) boundary.push_back(k);
  }
  for (int vertex = 0; vertex < 1000; ++vertex) {
    const frozen_force f = solve(data, residuals, sign, boundary, sides);
    std::optional<quad> first;
    for (std::size_t k = 0; k < n; ++k) {
      if (sides[k] == quad_side::sliding || sides[k] == quad_side::resting) continue;
      const quad z = dot(w, data.x[k]);
      const quad speed = sign * dot(f.force, data.x[k]);
      const bool active = sides[k] == quad_side::active;
      if (active ? !(z > 0 && speed < 0) : !(z < 0 && speed > 0)) continue;
      if (!first || -z / speed < *first) first = -z / speed;
    }
    if (!first) {
      if (norm(f.force) <= zero_level * data.force_scale()) return std::nullopt;
      return sides;
    }
    const quad size = norm(w);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] += *first * sign * f.force[i];
    if (norm(w) <= zero_level * size) return std::nullopt;
    boundary.clear();
    for (std::size_t k = 0; k < n; ++k) {
      const bool held = sides[k] == quad_side::sliding || sides[k] == quad_side::resting;
      if (held || on_surface(k)) boundary.push_back(k);
    }
  }
  throw std::runtime_error("no end to the switches behind w = 0");
}

}  // namespace reluflow::test
