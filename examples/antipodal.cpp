// Paper B, appendix C.2: 2d inputs in dimension d, an orthogonal family and its opposites. A neuron
// that leaves one input reaches the opposite one, so event I at the start is enough for convergence
// and not necessary. Nearly antipodal inputs, which the proof does not reach, are shown beside.

#include "cells.hpp"
#include "claims.hpp"
#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/sweep.hpp"
#include "setting.hpp"

#include <cmath>
#include <vector>

namespace {

using namespace reluflow;
using reluflow::index;  // not the POSIX function

struct outcome_of_run {
  bool event = false;
  bool fitted = false;
  double mu_mean = 0.0;
};

struct count {
  std::int64_t with_event = 0;
  std::int64_t with_event_fitted = 0;
  std::int64_t without_event = 0;
  std::int64_t without_event_fitted = 0;
};

count follow_many(index dimension, index width, double angle, index runs, std::uint64_t seed) {
  std::vector<outcome_of_run> found(static_cast<std::size_t>(runs));
  examples::for_each_cell(runs, [&](index cell) {
    const std::uint64_t own = cell_seed(seed, cell);
    const dataset data = antipodal_data(2 * dimension, dimension, angle, {1.0, 2.0}, own);
    const network start = dominated_network(width, dimension, 0.3, own, output_scaling::mean);
    flow_options flow;
    flow.t_end = 400.0;
    flow.rtol = 1e-7;
    flow.stop_loss = 1e-10;
    flow.stop_gradient = 1e-9;
    record_options record;
    record.states = false;
    const trajectory run = integrate(data, start, flow, record);
    found[static_cast<std::size_t>(cell)] = {
        weakly_interacting::missed_samples(data, start).empty(), run.end.loss < 1e-6,
        run.end.mu_mean};
  });
  count total;
  for (const outcome_of_run& one : found) {
    (one.event ? total.with_event : total.without_event) += 1;
    (one.event ? total.with_event_fitted : total.without_event_fitted) += one.fitted ? 1 : 0;
  }
  return total;
}

std::string share_text(std::int64_t fitted, std::int64_t all) {
  if (all == 0) return "none";
  const interval_estimate p = probability_of(fitted, all);
  return fmt::format("{} of {} ({:.2f} ... {:.2f})", fitted, all, p.low, p.high);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Antipodal inputs (paper B, appendix C.2)");
  const examples::setting set(app, "antipodal");
  reluflow::index dimension = 4;
  reluflow::index width = 14;
  reluflow::index runs = 120;
  std::vector<double> angles{0.0, 0.01, 0.1, 0.3, 1.0};
  app.add_option("--dimension", dimension, "d; there are 2d inputs")->capture_default_str();
  app.add_option("--width", width, "number of neurons")->capture_default_str();
  app.add_option("--runs", runs, "runs at each angle")->capture_default_str();
  app.add_option("--angles", angles, "by which pairs miss being antipodal")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  prepare_run_directory(set.out, set.force);

  examples::claim_table claims;
  std::vector<std::vector<double>> columns(8);
  for (std::size_t i = 0; i < angles.size(); ++i) {
    const count found = follow_many(dimension, width, angles[i], runs, set.seed);
    const std::string what = fmt::format("angle {}", angles[i]);
    if (angles[i] == 0.0) {
      claims.holds("antipodal, event I: fitted", "all",
                   share_text(found.with_event_fitted, found.with_event),
                   found.with_event_fitted == found.with_event && found.with_event > 0);
      claims.holds("antipodal, without event I: fitted", "some",
                   share_text(found.without_event_fitted, found.without_event),
                   found.without_event_fitted > 0);
    } else {
      claims.note(what + ", event I: fitted",
                  share_text(found.with_event_fitted, found.with_event));
      claims.note(what + ", without event I: fitted",
                  share_text(found.without_event_fitted, found.without_event));
    }
    const auto put = [&](std::size_t at, std::int64_t fitted, std::int64_t all, double aside) {
      const interval_estimate p = all > 0
                                      ? probability_of(fitted, all)
                                      : interval_estimate{std::nan(""), std::nan(""), std::nan("")};
      columns[at].push_back(static_cast<double>(i) + aside);
      columns[at + 1].push_back(p.value);
      columns[at + 2].push_back(p.low);
      columns[at + 3].push_back(p.high);
    };
    put(0, found.with_event_fitted, found.with_event, -0.06);
    put(4, found.without_event_fitted, found.without_event, 0.06);
  }

  plots::panel axes;
  axes.x_label = "angle by which pairs miss being antipodal";
  axes.y_label = "P(fitted)";
  axes.x_range = plots::range{-0.5, static_cast<double>(angles.size()) - 0.5};
  axes.y_range = plots::range{-0.04, 1.04};
  for (std::size_t i = 0; i < angles.size(); ++i) {
    axes.x_ticks.push_back({static_cast<double>(i), fmt::format("{}", angles[i])});
  }
  for (const std::size_t first : {std::size_t{0}, std::size_t{4}}) {
    plots::layer marks;
    marks.label = first == 0 ? "event I holds at the start" : "it does not";
    marks.columns.assign(columns.begin() + static_cast<std::ptrdiff_t>(first),
                         columns.begin() + static_cast<std::ptrdiff_t>(first + 4));
    marks.data_using = "1:2:3:4";
    const std::string style =
        fmt::format("pt {} ps 0.8 lc rgb '{}'", first == 0 ? 7 : 5,
                    first == 0 ? plots::colours::negative : plots::colours::positive);
    marks.with = "yerrorbars lw 1.2 " + style;
    marks.key_with = "points " + style;
    axes.layers.push_back(std::move(marks));
  }
  plots::figure fig;
  fig.name = "antipodal";
  fig.panels = {std::move(axes)};
  examples::keep_figure(set, fig);
  return claims.finish();
}
