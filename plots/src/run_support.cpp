#include "run_support.hpp"

#include "reluflow/errors.hpp"
#include "reluflow/plots/decimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace reluflow::plots {
namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();

// Positions of the times inside the axis, and of the neighbour on either side, which the line runs
// to.
std::pair<std::size_t, std::size_t> visible(const std::vector<double>& t, const panel& axes) {
  if (!axes.x_range) return {0, t.size()};
  const auto begin = std::lower_bound(t.begin(), t.end(), axes.x_range->low);
  const auto end = std::upper_bound(begin, t.end(), axes.x_range->high);
  const auto first = begin - t.begin();
  const auto last = end - t.begin();
  return {static_cast<std::size_t>(std::max<std::ptrdiff_t>(first - 1, 0)),
          static_cast<std::size_t>(std::min<std::ptrdiff_t>(last + 1, std::ssize(t)))};
}

std::vector<double> part(const std::vector<double>& values,
                         std::pair<std::size_t, std::size_t> of) {
  const auto at = [&](std::size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
  return {at(of.first), at(of.second)};
}

// Lines of one colour in one layer, each ended by a gap. A line of a periodic quantity that leaves
// at one border goes on at the other.
class line_bundle {
 public:
  explicit line_bundle(double period) : period_(period) {}

  void begin() { fresh_ = true; }

  void add(double t, double y) {
    if (!fresh_ && period_ > 0.0) wrap(t, y);
    push(t, y);
    fresh_ = false;
  }

  void end() {
    if (!fresh_) push(gap, gap);
    fresh_ = true;
  }

  [[nodiscard]] layer make(std::string label, std::string with, std::string heading) && {
    layer made;
    made.label = std::move(label);
    made.columns = std::move(columns_);
    made.with = std::move(with);
    made.heading = std::move(heading);
    return made;
  }

 private:
  void push(double t, double y) {
    columns_[0].push_back(t);
    columns_[1].push_back(y);
  }

  void wrap(double t, double y) {
    const double before = columns_[1].back();
    const double border = before > 0.0 ? 0.5 * period_ : -0.5 * period_;
    const double there = y + 2.0 * border;  // where the line would go without borders
    if (!(std::abs(y - before) > 0.5 * period_)) return;
    const double crossing =
        columns_[0].back() + (border - before) / (there - before) * (t - columns_[0].back());
    push(crossing, border);
    push(gap, gap);
    push(crossing, -border);
  }

  double period_;
  bool fresh_ = true;
  std::vector<std::vector<double>> columns_ = std::vector<std::vector<double>>(2);
};

// As many points for each line as keep the whole figure within what a browser likes.
std::size_t points_per_line(std::size_t lines) {
  constexpr std::size_t budget = 120'000;
  return std::clamp<std::size_t>(budget / std::max<std::size_t>(lines, 1), 100, 4000);
}

double value_at(const neuron_curves& curves, std::size_t curve, double t) {
  const std::vector<double>& y = curves.values[curve];
  const auto after = std::lower_bound(curves.t.begin(), curves.t.end(), t);
  if (after == curves.t.begin()) return y.front();
  if (after == curves.t.end()) return y.back();
  const auto i = static_cast<std::size_t>(after - curves.t.begin());
  if (curves.period > 0.0 && std::abs(y[i] - y[i - 1]) > 0.5 * curves.period) return y[i];
  const double fraction = (t - curves.t[i - 1]) / (curves.t[i] - curves.t[i - 1]);
  return y[i - 1] + fraction * (y[i] - y[i - 1]);
}

/// Its ends are not certain, and their errors cover the slide: nobody knows whether it happened.
bool is_noise(const sliding_interval& slide) {
  return !slide.certain && !(slide.t_end - slide.t_begin > slide.t_begin_error + slide.t_end_error);
}

}  // namespace

range shown_times(const trajectory& run, const run_figure_options& options, bool with_switches) {
  range shown = options.window.value_or(range{0.0, run.t > 0.0 ? run.t : 1.0});
  if (!options.log_time || shown.low > 0.0) return shown;
  shown.low = shown.high;
  for (const record_row& row : run.rows) {
    if (row.t > 0.0) shown.low = std::min(shown.low, row.t);
  }
  if (with_switches) {
    const std::vector<switch_event> switches = switches_without_noise(run);
    if (!switches.empty() && switches.front().t > 0.0) {
      shown.low = std::min(shown.low, switches.front().t);
    }
  }
  if (!(shown.low < shown.high)) shown.low = 1e-3 * shown.high;
  return shown;
}

panel time_panel(const trajectory& run, const run_figure_options& options, bool named) {
  panel axes;
  axes.x_label = "time t";
  axes.log_x = options.log_time;
  axes.x_range = shown_times(run, options);
  axes.bands = options.phases;
  axes.marks = options.marks;
  if (!named) {
    for (phase_band& band : axes.bands) band.name.clear();
    for (time_mark& mark : axes.marks) mark.name.clear();
  }
  return axes;
}

layer time_line(std::string label, const std::vector<double>& t, const std::vector<double>& y,
                const panel& axes, std::string_view colour, double width) {
  const auto shown = visible(t, axes);
  layer made = line(std::move(label), part(t, shown), part(y, shown), colour, width);
  made.heading = "t, " + (axes.y_label.empty() ? made.label : axes.y_label);
  return made;
}

void visit_states(const trajectory& run, const std::function<void(double, const network&)>& see) {
  constexpr index samples_of_dense = 401;
  if (!run.states.empty() && run.states.size() != run.rows.size()) {
    throw invalid_input("trajectory", fmt::format("{} states", run.states.size()),
                        fmt::format("{}, one for each row", run.rows.size()));
  }
  double last = -1.0;
  const auto visit = [&](double t, const network& net) {
    if (t <= last || net.width() == 0) return;
    see(t, net);
    last = t;
  };
  visit(0.0, run.initial_network);
  if (!run.states.empty()) {
    std::size_t next = 0;
    const auto visit_stops = [&](double until) {
      for (; next < run.stopping_times.size() && run.stopping_times[next].t < until; ++next) {
        visit(run.stopping_times[next].t, run.stopping_times[next].state);
      }
    };
    for (std::size_t i = 0; i < run.rows.size(); ++i) {
      visit_stops(run.rows[i].t);
      visit(run.rows[i].t, run.states[i]);
    }
    visit_stops(run.t);
  } else if (!run.dense.empty()) {
    const double begin = run.dense.front().t0;
    const double end = run.dense.back().t1;
    for (index i = 1; i < samples_of_dense - 1; ++i) {
      const double fraction = static_cast<double>(i) / static_cast<double>(samples_of_dense - 1);
      const double t = begin + fraction * (end - begin);
      visit(t, run.at(t));
    }
  }
  visit(run.t, run.final_network);
}

std::vector<index> drawn_neurons(const network& net, index limit) {
  std::vector<index> order(static_cast<std::size_t>(net.width()));
  std::iota(order.begin(), order.end(), index{0});
  if (net.width() <= limit) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](index i, index j) { return net.log_norms()[i] > net.log_norms()[j]; });
  std::vector<index> chosen;
  for (index i = 0; i < limit; ++i) {
    chosen.push_back(order[static_cast<std::size_t>(i * net.width() / limit)]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::string sign_label(double sign) {
  if (sign > 0.0) return "positive neurons";
  return sign < 0.0 ? "negative neurons" : "neurons with a_j = 0";
}

std::string_view sign_colour(double sign) {
  if (sign > 0.0) return colours::positive;
  return sign < 0.0 ? colours::negative : colours::quiet;
}

std::string translucent(std::string_view colour, double opacity) {
  const auto alpha = static_cast<int>(std::lround(255.0 * (1.0 - opacity)));
  return fmt::format("#{:02x}{}", alpha, colour.substr(1));
}

neuron_curves trace(const trajectory& run, const run_figure_options& options,
                    const std::function<double(const network&, index)>& quantity) {
  neuron_curves curves;
  curves.neurons = drawn_neurons(run.final_network, options.max_lines);
  curves.width = run.final_network.width();
  curves.values.resize(curves.neurons.size());
  visit_states(run, [&](double t, const network& net) {
    curves.t.push_back(t);
    for (std::size_t i = 0; i < curves.neurons.size(); ++i) {
      curves.values[i].push_back(quantity(net, curves.neurons[i]));
    }
  });
  return curves;
}

void add_by_sign(panel& axes, const neuron_curves& curves, const network& last) {
  const auto shown = visible(curves.t, axes);
  const std::vector<double> t = part(curves.t, shown);
  const std::size_t most = points_per_line(curves.neurons.size());
  const double opacity = curves.neurons.size() > 80 ? 0.45 : 0.75;
  for (const double sign : {0.0, 1.0, -1.0}) {
    line_bundle lines(curves.period);
    for (std::size_t i = 0; i < curves.neurons.size(); ++i) {
      if (last.signs()[curves.neurons[i]] != sign) continue;
      const std::vector<double> y = part(curves.values[i], shown);
      lines.begin();
      for (const std::size_t k : decimate(t, y, most)) lines.add(t[k], y[k]);
      lines.end();
    }
    const std::string with =
        fmt::format("lines lw 1.1 lc rgb '{}'", translucent(sign_colour(sign), opacity));
    axes.layers.push_back(std::move(lines).make(sign_label(sign), with,
                                                "t, " + axes.y_label + "; one neuron a part"));
    axes.layers.back().key_with = fmt::format("lines lw 2 lc rgb '{}'", sign_colour(sign));
  }
  if (static_cast<index>(curves.neurons.size()) < curves.width) {
    axes.title = fmt::format("{} of {} neurons drawn", curves.neurons.size(), curves.width);
  }
}

void add_sliding(panel& axes, const neuron_curves& curves, const trajectory& run) {
  line_bundle lines(curves.period);
  index left_out = 0;
  for (const sliding_interval& slide : run.slides) {
    const auto found = std::lower_bound(curves.neurons.begin(), curves.neurons.end(), slide.neuron);
    if (found == curves.neurons.end() || *found != slide.neuron) continue;
    if (is_noise(slide)) {
      ++left_out;
      continue;
    }
    const auto curve = static_cast<std::size_t>(found - curves.neurons.begin());
    lines.begin();
    lines.add(slide.t_begin, value_at(curves, curve, slide.t_begin));
    for (std::size_t i = 0; i < curves.t.size(); ++i) {
      if (curves.t[i] > slide.t_begin && curves.t[i] < slide.t_end) {
        lines.add(curves.t[i], curves.values[curve][i]);
      }
    }
    lines.add(slide.t_end, value_at(curves, curve, slide.t_end));
    lines.end();
  }
  axes.layers.push_back(std::move(lines).make(
      left_out == 0 ? "sliding" : fmt::format("sliding ({} of noise left out)", left_out),
      fmt::format("lines lw 1.8 lc rgb '{}'", colours::sliding),
      "t, " + axes.y_label + "; one slide a part"));
}

Eigen::VectorXd mean_direction(const dataset& data) {
  Eigen::VectorXd sum = data.inputs() * data.labels();
  const double norm = sum.stableNorm();
  if (norm > 0.0) sum /= norm;
  return sum;
}

std::string number_text(double value, int digits) {
  std::string text = fmt::format("{:.{}g}", value, digits);
  for (auto at = text.find('-'); at != std::string::npos; at = text.find('-')) {
    text.replace(at, 1, "−");
  }
  return text;
}

double angle_of(double u, double v) {
  const double degrees = std::atan2(v, u) * 180.0 / std::numbers::pi;
  return degrees <= -180.0 ? degrees + 360.0 : degrees;
}

void require_same_dimension(const dataset& data, const trajectory& run) {
  if (run.final_network.width() > 0 && run.final_network.dimension() != data.dimension()) {
    throw invalid_input("trajectory",
                        fmt::format("neurons of dimension {}", run.final_network.dimension()),
                        fmt::format("{}, the dimension of the samples", data.dimension()));
  }
}

}  // namespace reluflow::plots
