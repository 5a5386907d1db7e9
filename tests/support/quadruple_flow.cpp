#include "support/quadruple_flow.hpp"

#include "support/quadruple_origin.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace reluflow::test {
namespace {

constexpr std::size_t order = 36;      // half the number of decimals, and then e^2 short of rho
constexpr std::size_t germ_order = 6;  // coefficients that decide what follows on an event
constexpr std::size_t no_sample = ~std::size_t{0};
const quad truncation = 1e-29;
const quad zero_level = 1e-28;

bool on_surface(quad_side side) { return side == quad_side::sliding || side == quad_side::resting; }

pair_mode mode_of(quad_side side) {
  if (side == quad_side::active) return pair_mode::active;
  if (side == quad_side::sliding) return pair_mode::sliding;
  return pair_mode::inactive;
}

std::vector<std::size_t> surfaces_of(const std::vector<quad_side>& sides) {
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < sides.size(); ++k) {
    if (on_surface(sides[k])) found.push_back(k);
  }
  return found;
}

}  // namespace

quadruple_flow::quadruple_flow(const dataset& data, const network& initial) : data_(data, initial) {
  const auto m = static_cast<std::size_t>(initial.width());
  const std::size_t n = data_.size();
  state_.sides.assign(m, std::vector<quad_side>(n, quad_side::inactive));
  fresh_.assign(m, std::vector<bool>(n, false));
  fresh_weight_.assign(m, false);
  at_origin_.assign(m, false);
  const Eigen::VectorXd a = initial.output_weights();
  const Eigen::MatrixXd w = initial.weights();
  for (index j = 0; j < initial.width(); ++j) {
    state_.a.emplace_back(a[j]);
    state_.w.emplace_back();
    for (index i = 0; i < w.rows(); ++i) state_.w.back().emplace_back(w(i, j));
    if (!initial.is_balanced()) continue;
    // Balanced to all digits.
    const quad size = exp(quad(initial.log_norms()[j]));
    state_.a.back() = initial.signs()[j] * size;
    for (index i = 0; i < w.rows(); ++i) {
      state_.w.back()[static_cast<std::size_t>(i)] = initial.directions()(i, j);
    }
    const quad length = norm(state_.w.back());
    for (quad& value : state_.w.back()) value *= size / length;
  }
  std::vector<std::vector<std::size_t>> boundary(m);
  for (std::size_t j = 0; j < m; ++j) {
    at_origin_[j] = norm(state_.w[j]) == 0;
    for (std::size_t k = 0; k < n && !at_origin_[j]; ++k) {
      const quad z = dot(state_.w[j], data_.x[k]);
      if (z > 0) state_.sides[j][k] = quad_side::active;
      if (abs(z) <= zero_level * activation_scale(j, k)) boundary[j].push_back(k);
    }
  }
  for (std::size_t j = 0; j < m; ++j) {
    if (!boundary[j].empty()) settle(j, boundary[j]);
  }
}

quad quadruple_flow::activation_scale(std::size_t j, std::size_t k) const {
  return norm(state_.w[j]) * norm(data_.x[k]);
}

quad quadruple_flow::velocity_scale(std::size_t j, std::size_t k) const {
  const quad size = std::max(quad(abs(state_.a[j])), norm(state_.w[j]));
  return size * data_.force_scale() * norm(data_.x[k]) * length_;
}

quad quadruple_flow::multiplier_scale(std::size_t k) const {
  return data_.force_scale() / norm(data_.x[k]);
}

/// The sign just after the beginning of the step: that of the first coefficient which is not zero.
int quadruple_flow::germ_sign(const polynomial& p, std::size_t first, const quad& scale) const {
  quad power = pow(length_, static_cast<int>(first));
  for (std::size_t q = first; q < std::min(p.size(), germ_order + 1); ++q, power *= length_) {
    if (abs(p[q]) * power > zero_level * scale) return p[q] > 0 ? 1 : -1;
  }
  return 0;
}

bool quadruple_flow::follows(const quad_series& series, std::size_t j, std::size_t k,
                             quad_side& side) const {
  if (side == quad_side::sliding) {
    const int gamma = germ_sign(series.gamma[j][k], 0, multiplier_scale(k));
    return gamma != 0 && gamma == germ_sign(series.slack(j, k), 0, multiplier_scale(k));
  }
  const int z = germ_sign(series.activation(data_, j, k), 1, velocity_scale(j, k));
  if (side == quad_side::active) return z > 0;
  if (z == 0) side = quad_side::resting;
  return z <= 0;
}

void quadruple_flow::settle(std::size_t j, const std::vector<std::size_t>& boundary) {
  std::optional<std::vector<quad_side>> chosen;
  for (const auto& choice : combinations(boundary.size())) {
    quad_state trial = state_;
    for (std::size_t b = 0; b < boundary.size(); ++b) trial.sides[j][boundary[b]] = choice[b];
    const auto series = taylor_series(data_, trial, germ_order);
    if (!series) continue;
    const bool solves = std::all_of(boundary.begin(), boundary.end(), [&](std::size_t k) {
      return follows(*series, j, k, trial.sides[j][k]);
    });
    if (!solves) continue;
    if (chosen) {
      ++ambiguous_;
      break;
    }
    chosen = trial.sides[j];
  }
  if (!chosen) throw std::runtime_error("no solution at t = " + t_.str(12));
  state_.sides[j] = *chosen;
  for (const std::size_t k : boundary) fresh_[j][k] = true;
  fresh_weight_[j] = abs(state_.a[j]) <= zero_level * norm(state_.w[j]);
  project(j);
}

/// Takes what rounding has left off the surfaces on which a neuron slides or rests.
void quadruple_flow::project(std::size_t j) {
  const auto held = surfaces_of(state_.sides[j]);
  const auto map = multiplier_map(data_, held);
  if (held.empty() || !map) return;
  const quad_vector w = state_.w[j];
  for (std::size_t s = 0; s < held.size(); ++s) {
    const quad share = dot((*map)[s], w);
    for (std::size_t i = 0; i < w.size(); ++i) state_.w[j][i] += share * data_.x[held[s]][i];
  }
}

void quadruple_flow::leave_origin(std::size_t j, const quad_vector& arrival) {
  ++through_origin_;
  const auto sides =
      sides_behind_origin(data_, data_.residuals(state_), arrival, state_.a[j] > 0 ? 1 : -1);
  at_origin_[j] = !sides;
  std::fill(state_.w[j].begin(), state_.w[j].end(), quad(0));
  state_.sides[j] = sides.value_or(std::vector<quad_side>(data_.size(), quad_side::inactive));
  std::fill(fresh_[j].begin(), fresh_[j].end(), true);
}

/// Resting pairs whose velocity no longer vanishes. True when there are any.
bool quadruple_flow::release_resting(const quad_series& series) {
  bool any = false;
  for (std::size_t j = 0; j < state_.a.size(); ++j) {
    const auto held = surfaces_of(state_.sides[j]);
    const bool moves = std::any_of(held.begin(), held.end(), [&](std::size_t k) {
      return state_.sides[j][k] == quad_side::resting &&
             germ_sign(series.activation(data_, j, k), 1, velocity_scale(j, k)) != 0;
    });
    if (!moves) continue;
    settle(j, held);
    any = true;
  }
  return any;
}

std::vector<quadruple_flow::watched> quadruple_flow::watch(const quad_series& series) const {
  std::vector<watched> functions;
  const auto add = [&](std::size_t j, std::size_t k, polynomial p, const quad& scale, bool fresh,
                       std::size_t first, const quad& fresh_scale) {
    if (fresh) {
      // Divided by the power of t with which it leaves zero: the same root is not met again.
      quad power = pow(length_, static_cast<int>(first));
      while (first <= germ_order && abs(p[first]) * power <= zero_level * fresh_scale) {
        ++first;
        power *= length_;
      }
      if (first > germ_order) return;
      p.erase(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(first));
    }
    functions.push_back({j, k, std::move(p), scale});
  };
  for (std::size_t j = 0; j < state_.a.size(); ++j) {
    if (at_origin_[j]) continue;
    bool slides = false;
    for (std::size_t k = 0; k < data_.size(); ++k) {
      const quad_side side = state_.sides[j][k];
      const bool fresh = fresh_[j][k];
      if (side == quad_side::resting) continue;
      if (side == quad_side::sliding) {
        const quad scale = multiplier_scale(k);
        add(j, no_sample, series.gamma[j][k], scale, fresh, 0, scale);
        add(j, no_sample, series.slack(j, k), scale, fresh, 0, scale);
        slides = true;
      } else {
        add(j, k, series.activation(data_, j, k), activation_scale(j, k), fresh, 1,
            velocity_scale(j, k));
      }
    }
    if (!slides) continue;
    const quad size = norm(state_.w[j]);
    add(j, no_sample, series.a[j], size, fresh_weight_[j], 1, size);
  }
  return functions;
}

quad quadruple_flow::step_length(const quad_series& series) const {
  quad length = 1e3;
  const auto limit = [&](const quad& size, const quad& coefficient, std::size_t power) {
    if (coefficient == 0 || size == 0) return;
    length = std::min(length, quad(pow(truncation * size / coefficient, quad(1) / power)));
  };
  for (std::size_t j = 0; j < state_.a.size(); ++j) {
    const quad size = std::max(quad(abs(state_.a[j])), norm(state_.w[j]));
    for (const std::size_t power : {order - 1, order}) {
      quad coefficient = abs(series.a[j][power]);
      for (const polynomial& w : series.w[j]) {
        coefficient = std::max(coefficient, quad(abs(w[power])));
      }
      limit(size, coefficient, power);
    }
  }
  return length;
}

void quadruple_flow::read(const quad_series& series, const quad& t, quad_state& state) const {
  for (std::size_t j = 0; j < state.a.size(); ++j) {
    state.a[j] = value_at(series.a[j], t);
    for (std::size_t i = 0; i < data_.dimension(); ++i) {
      state.w[j][i] = value_at(series.w[j][i], t);
    }
  }
}

void quadruple_flow::record(const quad_series& series, const quad& h,
                            const std::vector<double>& times) {
  while (losses_.size() < times.size() && times[losses_.size()] <= t_ + h) {
    quad_state state = state_;
    read(series, times[losses_.size()] - t_, state);
    losses_.push_back(data_.loss(state));
  }
}

void quadruple_flow::note_changes(const std::vector<std::vector<quad_side>>& before) {
  for (std::size_t j = 0; j < before.size(); ++j) {
    for (std::size_t k = 0; k < data_.size(); ++k) {
      const pair_mode from = mode_of(before[j][k]);
      const pair_mode to = mode_of(state_.sides[j][k]);
      if (from != to) switches_.push_back({t_, j, k, from, to});
    }
  }
}

void quadruple_flow::handle_event(const std::vector<watched>& functions, const quad& h,
                                  const quad_state& before) {
  std::vector<std::set<std::size_t>> boundary(state_.a.size());
  for (const watched& one : functions) {
    if (abs(value_at(one.function, h)) > zero_level * one.scale) continue;
    const auto held = surfaces_of(state_.sides[one.neuron]);
    boundary[one.neuron].insert(held.begin(), held.end());
    if (one.sample != no_sample) boundary[one.neuron].insert(one.sample);
  }
  for (std::size_t j = 0; j < boundary.size(); ++j) {
    if (boundary[j].empty()) continue;
    if (norm(state_.w[j]) <= zero_level * norm(before.w[j])) {
      leave_origin(j, before.w[j]);
    } else {
      settle(j, {boundary[j].begin(), boundary[j].end()});
    }
  }
}

void quadruple_flow::advance(const quad& t_end, const std::vector<double>& times) {
  int stalled = 0;
  while (t_ < t_end) {
    auto series = taylor_series(data_, state_, order);
    if (!series) throw std::logic_error("sliding on dependent surfaces");
    const auto sides = state_.sides;
    if (release_resting(*series)) {
      note_changes(sides);
      series = taylor_series(data_, state_, order);
    }
    if (on_step) on_step(*this);
    length_ = step_length(*series);
    quad h = std::min(length_, quad(t_end - t_));
    const auto functions = watch(*series);
    bool event = false;
    for (const watched& one : functions) {
      if (const auto root = first_root(one.function, h)) {
        h = *root;
        event = true;
      }
    }
    record(*series, h, times);
    const quad_state before = state_;
    read(*series, h, state_);
    t_ += h;
    ++steps_;
    for (auto& fresh : fresh_) std::fill(fresh.begin(), fresh.end(), false);
    std::fill(fresh_weight_.begin(), fresh_weight_.end(), false);
    for (std::size_t j = 0; j < state_.a.size(); ++j) project(j);
    if (!event) continue;
    handle_event(functions, h, before);
    note_changes(before.sides);
    stalled = h > zero_level * length_ ? 0 : stalled + 1;
    if (stalled > 50) throw std::runtime_error("switches without end at t = " + t_.str(12));
  }
}

}  // namespace reluflow::test
