#include "support/quadruple_series.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace reluflow::test {
namespace {

std::vector<std::size_t> samples_on(const std::vector<quad_side>& sides, quad_side side) {
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < sides.size(); ++k) {
    if (sides[k] == side) found.push_back(k);
  }
  return found;
}

/// What is fixed of a neuron during a step.
struct neuron_modes {
  std::vector<std::size_t> active;
  std::vector<std::size_t> sliding;
  std::vector<quad_vector> map;
};

/// Coefficient p of the residuals.
void extend_residuals(const quad_data& data, const std::vector<neuron_modes>& modes, std::size_t p,
                      quad_series& series) {
  quad_vector outputs(data.size(), quad(0));
  quad_vector push(data.dimension());
  for (std::size_t j = 0; j < modes.size(); ++j) {
    if (modes[j].active.empty()) continue;
    for (std::size_t i = 0; i < push.size(); ++i) {
      push[i] = product_coefficient(series.a[j], series.w[j][i], p);
    }
    for (const std::size_t k : modes[j].active) outputs[k] += dot(push, data.x[k]);
  }
  for (std::size_t k = 0; k < data.size(); ++k) {
    series.r[k].push_back((p == 0 ? data.y[k] : quad(0)) - data.output_scale * outputs[k]);
  }
}

/// Coefficient p of D_j and of the multipliers.
void extend_force(const quad_data& data, const neuron_modes& modes, std::size_t p, std::size_t j,
                  quad_series& series) {
  quad_vector force(data.dimension(), quad(0));
  for (const std::size_t k : modes.active) {
    const quad share = series.r[k][p] / data.size();
    for (std::size_t i = 0; i < force.size(); ++i) force[i] += share * data.x[k][i];
  }
  quad_vector gamma;
  for (const quad_vector& row : modes.map) gamma.push_back(dot(row, force));
  for (std::size_t s = 0; s < gamma.size(); ++s) {
    series.gamma[j][modes.sliding[s]].push_back(gamma[s]);
    for (std::size_t i = 0; i < force.size(); ++i) {
      force[i] += gamma[s] * data.x[modes.sliding[s]][i];
    }
  }
  for (std::size_t i = 0; i < force.size(); ++i) series.force[j][i].push_back(force[i]);
}

}  // namespace

quad dot(const quad_vector& x, const quad_vector& y) {
  quad sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

quad norm(const quad_vector& x) { return sqrt(dot(x, x)); }

quad_data::quad_data(const dataset& data, const network& initial)
    : output_scale(initial.output_scale()) {
  for (index k = 0; k < data.size(); ++k) {
    x.emplace_back();
    for (const double value : data.inputs().col(k)) x.back().emplace_back(value);
    y.emplace_back(data.labels()[k]);
    for (std::size_t l = 0; l + 1 < x.size(); ++l) {
      const quad product = dot(x[l], x.back());
      const quad norms = dot(x[l], x[l]) * dot(x.back(), x.back());
      if (norms - product * product < norms * 1e-28) {
        throw std::invalid_argument("parallel inputs: one surface for several samples");
      }
    }
  }
}

quad quad_data::force_scale() const {
  quad largest = 0;
  quad label = 0;
  for (const quad_vector& input : x) largest = std::max(largest, norm(input));
  for (const quad& value : y) label = std::max(label, quad(abs(value)));
  return largest * label;
}

quad_vector quad_data::residuals(const quad_state& state) const {
  quad_vector r = y;
  for (std::size_t j = 0; j < state.a.size(); ++j) {
    for (const std::size_t k : samples_on(state.sides[j], quad_side::active)) {
      r[k] -= output_scale * state.a[j] * dot(state.w[j], x[k]);
    }
  }
  return r;
}

quad quad_data::loss(const quad_state& state) const {
  const quad_vector r = residuals(state);
  return dot(r, r) / (2 * size());
}

std::optional<std::vector<quad_vector>> multiplier_map(const quad_data& data,
                                                       const std::vector<std::size_t>& sliding) {
  const std::size_t s = sliding.size();
  std::vector<quad_vector> gram(s, quad_vector(s));
  std::vector<quad_vector> map(s);
  for (std::size_t p = 0; p < s; ++p) {
    for (std::size_t q = 0; q < s; ++q) gram[p][q] = dot(data.x[sliding[p]], data.x[sliding[q]]);
    for (const quad& value : data.x[sliding[p]]) map[p].push_back(-value);
  }
  const auto subtract = [](quad_vector& from, const quad_vector& row, const quad& factor) {
    for (std::size_t i = 0; i < from.size(); ++i) from[i] -= factor * row[i];
  };
  const std::vector<quad_vector> original = gram;
  for (std::size_t p = 0; p < s; ++p) {  // positive definite: no pivoting
    if (gram[p][p] < original[p][p] * 1e-26) return std::nullopt;
    for (std::size_t q = 0; q < s; ++q) {
      if (q == p) continue;
      const quad factor = gram[q][p] / gram[p][p];
      subtract(gram[q], gram[p], factor);
      subtract(map[q], map[p], factor);
    }
  }
  for (std::size_t p = 0; p < s; ++p) {
    for (quad& value : map[p]) value /= gram[p][p];
  }
  return map;
}

std::vector<std::vector<quad_side>> combinations(std::size_t count) {
  std::vector<std::vector<quad_side>> all{{}};
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::vector<quad_side>> longer;
    for (const auto& some : all) {
      for (const quad_side side : {quad_side::inactive, quad_side::active, quad_side::sliding}) {
        longer.push_back(some);
        longer.back().push_back(side);
      }
    }
    all = std::move(longer);
  }
  const auto inactive = [](const std::vector<quad_side>& sides) {
    return std::count(sides.begin(), sides.end(), quad_side::inactive);
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& x, const auto& y) { return inactive(x) > inactive(y); });
  return all;
}

polynomial quad_series::activation(const quad_data& data, std::size_t j, std::size_t k) const {
  polynomial z(a[j].size(), quad(0));
  for (std::size_t i = 0; i < data.dimension(); ++i) {
    for (std::size_t p = 0; p < z.size(); ++p) z[p] += w[j][i][p] * data.x[k][i];
  }
  return z;
}

polynomial quad_series::slack(std::size_t j, std::size_t k) const {
  polynomial difference = r[k];
  for (std::size_t p = 0; p < difference.size(); ++p) {
    difference[p] = difference[p] / r.size() - gamma[j][k][p];
  }
  return difference;
}

std::optional<quad_series> taylor_series(const quad_data& data, const quad_state& state,
                                         std::size_t order) {
  const std::size_t m = state.a.size();
  const std::size_t d = data.dimension();
  std::vector<neuron_modes> modes(m);
  quad_series series;
  series.r.resize(data.size());
  series.force.assign(m, std::vector<polynomial>(d));
  series.gamma.assign(m, std::vector<polynomial>(data.size()));
  series.w.resize(m);
  for (std::size_t j = 0; j < m; ++j) {
    modes[j].active = samples_on(state.sides[j], quad_side::active);
    modes[j].sliding = samples_on(state.sides[j], quad_side::sliding);
    auto map = multiplier_map(data, modes[j].sliding);
    if (!map) return std::nullopt;
    modes[j].map = std::move(*map);
    series.a.push_back({state.a[j]});
    for (const quad& value : state.w[j]) series.w[j].push_back({value});
  }
  for (std::size_t p = 0; p < order; ++p) {
    extend_residuals(data, modes, p, series);
    for (std::size_t j = 0; j < m; ++j) {
      extend_force(data, modes[j], p, j, series);
      quad growth = 0;
      for (std::size_t i = 0; i < d; ++i) {
        growth += product_coefficient(series.w[j][i], series.force[j][i], p);
        series.w[j][i].push_back(product_coefficient(series.a[j], series.force[j][i], p) / (p + 1));
      }
      series.a[j].push_back(growth / (p + 1));
    }
  }
  return series;
}

}  // namespace reluflow::test
