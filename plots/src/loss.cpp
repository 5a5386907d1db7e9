#include "reluflow/plots/run_figures.hpp"
#include "run_support.hpp"

#include <utility>
#include <vector>

namespace reluflow::plots {
namespace {

// The rows of a run, and its end where that was not recorded.
struct measured {
  std::vector<double> t;
  std::vector<double> loss;
  std::vector<double> mu;
  std::vector<double> mu_mean;

  explicit measured(const trajectory& run) {
    for (const record_row& row : run.rows) add(row);
    if (t.empty() || run.end.t > t.back()) add(run.end);
  }

 private:
  void add(const record_row& row) {
    t.push_back(row.t);
    loss.push_back(row.loss);
    mu.push_back(row.mu);
    mu_mean.push_back(row.mu_mean);
  }
};

}  // namespace

figure loss_figure(const trajectory& run, const run_figure_options& options) {
  options.validate();
  const measured curve(run);
  panel linear = time_panel(run, options);
  linear.x_label.clear();
  linear.y_label = "loss";
  linear.layers = {time_line("", curve.t, curve.loss, linear, colours::data, 1.8)};

  panel logarithmic = time_panel(run, options, false);
  logarithmic.y_label = "loss (log scale)";
  logarithmic.log_y = true;
  logarithmic.layers = {time_line("", curve.t, curve.loss, logarithmic, colours::data, 1.8)};

  figure fig;
  fig.name = "loss";
  fig.height = 560;
  fig.panels = {std::move(linear), std::move(logarithmic)};
  return fig;
}

figure curvature_figure(const trajectory& run, const run_figure_options& options) {
  options.validate();
  const measured curve(run);
  panel axes = time_panel(run, options);
  axes.y_label = "local-PL curvature";
  axes.layers = {
      time_line("μ(t)", curve.t, curve.mu, axes, colours::quiet, 1.4),
      time_line("running mean of μ", curve.t, curve.mu_mean, axes, colours::data, 2.0),
  };
  figure fig;
  fig.name = "curvature";
  fig.panels = {std::move(axes)};
  return fig;
}

}  // namespace reluflow::plots
