#include "reluflow/laws.hpp"

#include "reluflow/errors.hpp"
#include "reluflow/surfaces.hpp"

#include <Eigen/QR>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reluflow {
namespace {

/// Takes a deviation into account; a NaN is worse than any number.
void note(law_result& result, double deviation, double t, index neuron = -1, index sample = -1) {
  if (std::isnan(result.worst) || deviation <= result.worst) return;
  result.worst = deviation;
  result.t = t;
  result.neuron = neuron;
  result.sample = sample;
}

law_result begin(std::string_view law, double tolerance) {
  law_result result;
  result.law = law;
  result.tolerance = tolerance;
  return result;
}

law_result conclude(law_result result) {
  result.holds = result.worst <= result.tolerance;
  return result;
}

void require_fit(const dataset& data, const trajectory& run) {
  const network& net = run.initial_network;
  if (net.dimension() != data.dimension() || run.final_pattern.samples() != data.size()) {
    throw invalid_input("data",
                        fmt::format("{} samples of dimension {}", data.size(), data.dimension()),
                        fmt::format("the {} samples of dimension {} that the run was made with",
                                    run.final_pattern.samples(), net.dimension()));
  }
}

/// Calls visit(t, network, pattern) for every recorded state and for the end of the run.
template <class Visit>
void for_each_state(const trajectory& run, Visit visit) {
  for (std::size_t i = 0; i < run.states.size(); ++i) {
    const double t = run.rows[i].t;
    visit(t, run.states[i], pattern_at(run, t));
  }
  visit(run.t, run.final_network, run.final_pattern);
}

/// How far eta c lies outside the interval between 0 and c.
double outside(double force, double strength) {
  const double low = std::min(0.0, strength);
  const double high = std::max(0.0, strength);
  return std::max({low - force, force - high, 0.0});
}

/// The forces that hold one neuron on the surfaces it slides on, against the forces that the
/// samples of these surfaces can give. Between antipodal samples one is always on: the force of a
/// surface then ranges from that of one side to that of the other (theory.md 4.5).
void check_multipliers(const dataset& data, const switching_surfaces& surfaces,
                       const activation_pattern& pattern, const Eigen::VectorXd& r, index neuron,
                       double scale, double t, law_result& result) {
  std::vector<index> held;
  for (index s = 0; s < surfaces.size(); ++s) {
    if (pattern(neuron, surfaces.representative(s)) == pair_mode::sliding) held.push_back(s);
  }
  if (held.empty()) return;
  const auto n = static_cast<double>(data.size());
  Eigen::VectorXd force = Eigen::VectorXd::Zero(data.dimension());
  for (index k = 0; k < data.size(); ++k) {
    const pair_mode mode = pattern(neuron, k);
    // A sliding surface at eta = 0 has the samples of its negative side active.
    const bool on =
        mode == pair_mode::active || (mode == pair_mode::sliding && surfaces.orientation(k) < 0.0);
    if (on) force += r[k] / n * data.inputs().col(k);
  }
  const Eigen::MatrixXd normals = surfaces.normals()(Eigen::all, held);
  const Eigen::VectorXd push = normals.colPivHouseholderQr().solve(-force);
  for (std::size_t i = 0; i < held.size(); ++i) {
    double strength = 0.0;
    for (const index k : surfaces.members(held[i])) strength += r[k] * data.norms()[k] / n;
    note(result, outside(push[static_cast<index>(i)], strength) / scale, t, neuron,
         surfaces.representative(held[i]));
  }
}

double wrong_side(pair_mode mode, double z) {
  switch (mode) {
    case pair_mode::active:
      return -z;
    case pair_mode::sliding:
      return std::abs(z);
    case pair_mode::inactive:
    case pair_mode::resting:  // may have left downward since: that is no switch
      break;
  }
  return z;
}

/// |(a_j, w_j)| for one neuron; no overflow or underflow on the way.
double neuron_size(const network& net, double output_weight, index j) {
  return std::hypot(output_weight, std::exp(net.log_norms()[j]));
}

}  // namespace

std::string describe(const law_result& result) {
  std::string where = fmt::format("t = {}", result.t);
  if (result.neuron >= 0) where += fmt::format(", neuron {}", result.neuron);
  if (result.sample >= 0) where += fmt::format(", sample {}", result.sample);
  return fmt::format("{}: {}, worst {:.3g} at {}, allowed {:.3g}", result.law,
                     result.holds ? "holds" : "BROKEN", result.worst, where, result.tolerance);
}

law_result loss_never_rises(const trajectory& run, double tolerance) {
  law_result result = begin("the loss never rises", tolerance);
  std::vector<record_row> rows = run.rows;
  rows.push_back(run.end);
  // A run that starts at its goal must stay there: any rise counts as it is.
  const double start = rows.front().loss == 0.0 ? 1.0 : std::sqrt(rows.front().loss);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    note(result, (std::sqrt(rows[i].loss) - std::sqrt(rows[i - 1].loss)) / start, rows[i].t);
  }
  return conclude(result);
}

law_result invariants_conserved(const trajectory& run, double tolerance) {
  law_result result = begin("a^2 - |w|^2 is conserved", tolerance);
  const Eigen::VectorXd start = run.initial_network.invariants();
  const Eigen::VectorXd start_weights = run.initial_network.output_weights();
  for_each_state(run, [&](double t, const network& net, const activation_pattern&) {
    // The Cartesian chart hands back a balanced network as general weights.
    const Eigen::VectorXd now = net.invariants();
    const Eigen::VectorXd weights = net.output_weights();
    for (index j = 0; j < net.width(); ++j) {
      const double size = std::max(neuron_size(net, weights[j], j),
                                   neuron_size(run.initial_network, start_weights[j], j));
      if (size * size == 0.0) continue;
      note(result, std::abs(now[j] - start[j]) / (size * size), t, j);
    }
  });
  return conclude(result);
}

law_result energy_dissipated(const dataset& data, const trajectory& run, double tolerance) {
  require_fit(data, run);
  law_result result = begin("the loss lost is the energy dissipated", tolerance);
  const double start = loss(data, run.initial_network);
  if (start > 0.0) {
    note(result, std::abs((start - run.end.loss - run.statistics.dissipated) / start), run.t);
  }
  return conclude(result);
}

law_result loss_follows_curvature(const dataset& data, const trajectory& run, double tolerance) {
  require_fit(data, run);
  law_result result = begin("the loss is L(0) exp(-t mean mu)", tolerance);
  const double start = loss(data, run.initial_network);
  std::vector<record_row> rows = run.rows;
  rows.push_back(run.end);
  for (const record_row& row : rows) {
    if (!(row.loss > 0.0) || !(start > 0.0)) continue;
    // In logarithms, because a loss may be as small as doubles are.
    const double half = 0.5 * (std::log(row.loss) - std::log(start));
    note(result, std::abs(std::exp(half) - std::exp(-half - row.t * row.mu_mean)), row.t);
  }
  return conclude(result);
}

law_result multipliers_in_range(const dataset& data, const trajectory& run, double tolerance) {
  require_fit(data, run);
  law_result result = begin("multipliers lie in [0, 1]", tolerance);
  for (const sliding_interval& slide : run.slides) {
    note(result, std::max(-slide.eta_begin, slide.eta_begin - 1.0), slide.t_begin, slide.neuron,
         slide.sample);
    note(result, std::max(-slide.eta_end, slide.eta_end - 1.0), slide.t_end, slide.neuron,
         slide.sample);
  }
  const double scale =
      data.labels().cwiseAbs().dot(data.norms()) / static_cast<double>(data.size());
  if (run.slides.empty() || scale == 0.0) return conclude(result);
  const switching_surfaces surfaces(data);
  for_each_state(run, [&](double t, const network& net, const activation_pattern& pattern) {
    const Eigen::VectorXd r = residuals(data, net);
    for (index j = 0; j < net.width(); ++j) {
      check_multipliers(data, surfaces, pattern, r, j, scale, t, result);
    }
  });
  return conclude(result);
}

law_result modes_agree_with_signs(const dataset& data, const trajectory& run, double tolerance) {
  require_fit(data, run);
  law_result result = begin("modes agree with the signs of the pre-activations", tolerance);
  for_each_state(run, [&](double t, const network& net, const activation_pattern& pattern) {
    for (index j = 0; j < net.width(); ++j) {
      const Eigen::VectorXd sine =
          (data.inputs().transpose() * net.directions().col(j)).cwiseQuotient(data.norms());
      for (index k = 0; k < data.size(); ++k) {
        note(result, wrong_side(pattern(j, k), sine[k]), t, j, k);
      }
    }
  });
  return conclude(result);
}

law_result signs_kept(const trajectory& run, double tolerance) {
  law_result result = begin("output weights keep their signs", tolerance);
  const network& start = run.initial_network;
  const Eigen::VectorXd invariants = start.invariants();
  for_each_state(run, [&](double t, const network& net, const activation_pattern&) {
    const Eigen::VectorXd weights = net.output_weights();
    for (index j = 0; j < net.width(); ++j) {
      if (!(invariants[j] >= 0.0) || start.signs()[j] == 0.0) continue;
      const double size = neuron_size(net, weights[j], j);
      if (size > 0.0) note(result, -start.signs()[j] * weights[j] / size, t, j);
    }
  });
  return conclude(result);
}

std::vector<law_result> check_laws(const dataset& data, const trajectory& run) {
  return {loss_never_rises(run),
          invariants_conserved(run),
          energy_dissipated(data, run),
          loss_follows_curvature(data, run),
          multipliers_in_range(data, run),
          modes_agree_with_signs(data, run),
          signs_kept(run)};
}

}  // namespace reluflow
