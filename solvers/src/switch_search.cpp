#include "switch_search.hpp"

#include "length.hpp"
#include "local_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reluflow::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Pre-activations below this many eps |w| are rounding.
constexpr double rounding = 8.0 * epsilon;

constexpr index neurons_in_a_block = 32;
[[maybe_unused]] constexpr index pairs_worth_threads = 20000;

candidate candidate_at(double fraction, event_kind kind, index neuron, index surface,
                       const bernstein_polynomial& vanishing) {
  const bernstein_polynomial slope = derivative(vanishing);
  return {fraction, kind, neuron, surface, slope(fraction), derivative(slope)(fraction)};
}

double sense_of(pair_mode mode) { return mode == pair_mode::active ? 1.0 : -1.0; }

}  // namespace

std::vector<candidate> switch_search::find(const step_view& step, const flow_modes& modes,
                                           const contact_set& contacts, double window,
                                           std::vector<std::pair<index, index>>& at_rest) const {
  double clearance = std::numeric_limits<double>::infinity();
  std::vector<candidate> found = search(step, modes, contacts, wanted::all, at_rest, clearance);
  std::sort(found.begin(), found.end(), [](const candidate& a, const candidate& b) {
    return std::tie(a.fraction, a.neuron, a.surface) < std::tie(b.fraction, b.neuron, b.surface);
  });
  if (!found.empty()) {
    const double last = found.front().fraction + window;
    std::erase_if(found, [&](const candidate& c) { return c.fraction > last; });
  }
  return found;
}

departures switch_search::leaving(const step_view& step, const flow_modes& modes,
                                  const contact_set& contacts,
                                  std::vector<std::pair<index, index>>& at_rest) const {
  departures result;
  for (const candidate& c : search(step, modes, contacts, wanted::any, at_rest, result.clearance)) {
    result.neurons.push_back(c.neuron);
  }
  std::sort(result.neurons.begin(), result.neurons.end());
  result.neurons.erase(std::unique(result.neurons.begin(), result.neurons.end()),
                       result.neurons.end());
  return result;
}

std::vector<candidate> switch_search::search(const step_view& step, const flow_modes& modes,
                                             const contact_set& contacts, wanted which,
                                             std::vector<std::pair<index, index>>& at_rest,
                                             double& clearance) const {
  // Blocks of neurons, put together in their order: the result does not depend on the threads.
  const index m = step.alone;
  const index blocks = (m + neurons_in_a_block - 1) / neurons_in_a_block;
  std::vector<std::vector<candidate>> parts(static_cast<std::size_t>(blocks));
  std::vector<std::vector<std::pair<index, index>>> rests(parts.size());
#pragma omp parallel for schedule(dynamic) if (m * field_->samples() > pairs_worth_threads)
  for (index b = 0; b < blocks; ++b) {
    const auto at = static_cast<std::size_t>(b);
    near_surfaces near;
    for (index j = b * neurons_in_a_block; j < std::min(m, (b + 1) * neurons_in_a_block); ++j) {
      search_crossings(step, modes, contacts, j, which, near, parts[at], rests[at]);
    }
  }
  std::vector<candidate> found;
  for (const auto& part : parts) found.insert(found.end(), part.begin(), part.end());
  for (const auto& part : rests) at_rest.insert(at_rest.end(), part.begin(), part.end());
  if (!modes.frames.empty()) search_releases(step, modes, found, clearance);
  return found;
}

double switch_search::output_sign(const step_view& step, index neuron) const {
  const double sign = field_->sign(step.control.col(0), neuron);
  return sign != 0.0 ? sign : field_->sign(step.control.col(1), neuron);
}

void switch_search::search_crossings(const step_view& step, const flow_modes& modes,
                                     const contact_set& contacts, index neuron, wanted which,
                                     near_surfaces& near, std::vector<candidate>& found,
                                     std::vector<std::pair<index, index>>& at_rest) const {
  const index d = field_->dimension();
  const auto w = step.control.middleRows(field_->neurons() + neuron * d, d);
  const double w_size = length(w.col(0));
  const double noise = rounding * w_size;
  // How fast z moves is compared with the error of the force; in the Cartesian chart w' = a D.
  const double size = field_->chart() == chart_kind::spherical
                          ? w_size
                          : step.control.row(neuron).cwiseAbs().maxCoeff();
  const double slow = step.force_error * size * step.h;

  const std::optional<index> on_line =
      field_->chart() == chart_kind::cartesian
          ? farthest_on_a_line(*surfaces_, modes.pattern, neuron, w.col(0))
          : std::nullopt;
  const auto look = [&](index s) {
    if (on_line && s != *on_line) return true;
    const index k = surfaces_->representative(s);
    const pair_mode mode = modes.pattern(neuron, k);
    if (mode == pair_mode::sliding || mode == pair_mode::resting) return true;

    bernstein_polynomial z;
    for (int i = 0; i < 6; ++i)
      z.b[static_cast<std::size_t>(i)] = sense_of(mode) * surfaces_->distance(s, w.col(i));
    const bernstein_polynomial whole = z;
    const double first_move = 5.0 * (z.b[1] - z.b[0]);
    const double last_move = 5.0 * (z.b[5] - z.b[4]);
    const bool slow_at_ends =
        std::abs(first_move) <= slow + noise && std::abs(last_move) <= slow + noise;
    const auto kind = on_line ? event_kind::origin : event_kind::crossing;
    if (which == wanted::any && z.b[0] > noise && z.b[5] < -noise && !slow_at_ends) {
      found.push_back({0.0, kind, neuron, s});  // it is not asked when
      return false;
    }
    if (contacts.contains({neuron, s})) {
      z = divide_by_x(z);
      // A pair that leaves tangentially has no velocity yet: look at what comes next.
      if (std::abs(first_move) <= slow + noise) z = divide_by_x(z);
      if (z.bound() <= noise + slow) return true;
    } else if (z.bound() <= noise) {
      return true;
    }
    const auto root = first_descent(z);
    if (!root) return true;
    if (slow_at_ends) {
      if (mode == pair_mode::inactive) at_rest.emplace_back(neuron, s);
      return true;
    }
    found.push_back(candidate_at(*root, kind, neuron, s, whole));
    return which == wanted::all;
  };
  // The way stays as close to the line between its ends as its control points do.
  const Eigen::VectorXd chord = w.col(5) - w.col(0);
  double slack = noise;
  for (int i = 1; i < 5; ++i) {
    slack = std::max(slack, noise + length(w.col(i) - w.col(0) - 0.2 * i * chord));
  }
  surfaces_->visit_near_line(w.col(0), chord, slack, near, look);
  if (which == wanted::any && !found.empty() && found.back().neuron == neuron) return;

  if (field_->chart() == chart_kind::cartesian && modes.frames.contains(neuron)) {
    bernstein_polynomial a;
    const double sense = output_sign(step, neuron);
    for (int i = 0; i < 6; ++i) a.b[static_cast<std::size_t>(i)] = sense * step.control(neuron, i);
    if (const auto root = first_descent(a); root && *root > 0.0) {
      found.push_back(candidate_at(*root, event_kind::sign_change, neuron, -1, a));
      found.back().slope *= sense;
    }
  }
}

void switch_search::search_releases(const step_view& step, const flow_modes& modes,
                                    std::vector<candidate>& found, double& clearance) const {
  const index d = field_->dimension();
  if (static_cast<index>(modes.frames.size()) >= worth_a_pass) {
    Eigen::MatrixXd pulls;
    Eigen::MatrixXd forces;
    field_->products().forces(modes.pattern, step.residual_control, pulls, forces);
    for (const auto& [neuron, frame] : modes.frames) {
      search_releases(step, neuron, frame, forces.col(neuron).reshaped(d, 6), found, clearance);
    }
    return;
  }
  Eigen::MatrixXd force(d, 6);
  for (const auto& [neuron, frame] : modes.frames) {
    gather_force(*field_, modes.pattern, neuron, step.residual_control, force);
    search_releases(step, neuron, frame, force, found, clearance);
  }
}

void switch_search::search_releases(const step_view& step, index neuron, const sliding_frame& frame,
                                    const Eigen::MatrixXd& force, std::vector<candidate>& found,
                                    double& clearance) const {
  const double sense = -output_sign(step, neuron);
  const auto held = static_cast<index>(frame.surfaces.size());
  Eigen::MatrixXd multipliers = sense * (frame.multiplier_map * force);
  Eigen::MatrixXd strengths(held, 6);
  for (int i = 0; i < 6; ++i) {
    const auto residual = [&](index k) { return step.residual_control(k, i); };
    for (index f = 0; f < held; ++f) {
      const index s = frame.surfaces[static_cast<std::size_t>(f)];
      strengths(f, i) = sense * settler_->strength(s, residual);
      multipliers(f, i) += sense * settler_->strength_below(s, residual);
    }
  }
  for (index f = 0; f < held; ++f) {
    bernstein_polynomial below;
    bernstein_polynomial above;
    for (int i = 0; i < 6; ++i) {
      below.b[static_cast<std::size_t>(i)] = multipliers(f, i);
      above.b[static_cast<std::size_t>(i)] = strengths(f, i) - multipliers(f, i);
    }
    const index surface = frame.surfaces[static_cast<std::size_t>(f)];
    const multiplier_noise noise = noise_of(frame, f, step.force_error);
    const auto look = [&](const bernstein_polynomial& p, event_kind kind, double known_to) {
      if (const auto root = first_descent(p, known_to, 1.0)) {
        found.push_back(candidate_at(*root, kind, neuron, surface, p));
        found.back().gain = noise.gain;
        return;
      }
      // Where it is below zero already, that is noise.
      const double least = *std::min_element(p.b.begin(), p.b.begin() + p.degree + 1);
      if (least > 0.0) clearance = std::min(clearance, least / (1.0 + noise.gain));
    };
    look(below, event_kind::release_below, noise.below);
    look(above, event_kind::release_above, noise.above);
  }
}

double switch_search::value(const candidate& event, const Eigen::VectorXd& state,
                            const Eigen::VectorXd& residuals, const flow_modes& modes) const {
  if (event.kind == event_kind::crossing || event.kind == event_kind::origin) {
    const pair_mode mode = modes.pattern(event.neuron, surfaces_->representative(event.surface));
    return sense_of(mode) *
           surfaces_->distance(event.surface, field_->vectors(state).col(event.neuron));
  }
  if (event.kind == event_kind::sign_change) return state[event.neuron];
  const auto entry = modes.frames.find(event.neuron);
  if (entry == modes.frames.end()) return std::numeric_limits<double>::infinity();
  const sliding_frame& frame = entry->second;
  const auto at = std::find(frame.surfaces.begin(), frame.surfaces.end(), event.surface);
  if (at == frame.surfaces.end()) return std::numeric_limits<double>::infinity();
  Eigen::VectorXd force(field_->dimension());
  field_->active_force(modes.pattern, event.neuron, residuals, force);
  const double sense = -field_->sign(state, event.neuron);
  const auto residual = [&](index k) { return residuals[k]; };
  const double multiplier =
      sense * (frame.multiplier_map.row(at - frame.surfaces.begin()).dot(force) +
               settler_->strength_below(event.surface, residual));
  if (event.kind == event_kind::release_below) return multiplier;
  return sense * settler_->strength(event.surface, residual) - multiplier;
}

}  // namespace reluflow::detail
