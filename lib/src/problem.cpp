#include "reluflow/problem.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <string_view>

namespace reluflow {
namespace {

void require(bool holds, const char* key, double found, const char* expected) {
  if (!holds) throw invalid_input(key, fmt::format("{}", found), expected);
}

}  // namespace

void flow_options::validate() const {
  require(t_end > 0.0 && std::isfinite(t_end), "flow.t_end", t_end, "a finite positive time");
  require(rtol >= 1e-13 && rtol <= 1e-2, "flow.rtol", rtol, "a tolerance in [1e-13, 1e-2]");
  require(atol >= 0.0 && std::isfinite(atol), "flow.atol", atol, "a finite number >= 0");
  require(stop_loss >= 0.0 && std::isfinite(stop_loss), "flow.stop_loss", stop_loss,
          "a finite number >= 0");
  require(stop_gradient >= 0.0 && std::isfinite(stop_gradient), "flow.stop_gradient", stop_gradient,
          "a finite number >= 0");
  require(max_steps > 0, "flow.max_steps", static_cast<double>(max_steps), "an integer > 0");
  require(max_stalled_switches > 0, "flow.max_stalled_switches",
          static_cast<double>(max_stalled_switches), "an integer > 0");
}

void record_options::validate(double t_end) const {
  double last = -1.0;
  for (const double t : times) {
    require(t >= 0.0 && t <= t_end, "record.times", t,
            fmt::format("times within [0, {}], the end of the run", t_end).c_str());
    require(t > last, "record.times", t, "times in increasing order");
    last = t;
  }
  std::set<std::string_view> names;
  for (const stopping_time& one : stopping_times) {
    one.validate();
    if (!names.insert(one.name).second) {
      throw invalid_input("record.stopping_times", fmt::format("\"{}\" twice", one.name),
                          "names that differ");
    }
  }
}

std::vector<double> linear_times(double t_end, index count) {
  std::vector<double> times;
  for (index i = 0; i < count; ++i) {
    times.push_back(
        i + 1 == count ? t_end : t_end * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return times;
}

std::vector<double> log_times(double t_end, index count) {
  std::vector<double> times{0.0};
  for (index i = 1; i < count; ++i) {
    const double remaining = static_cast<double>(count - 1 - i) / std::max(1.0, double(count - 2));
    times.push_back(t_end * std::pow(10.0, -4.0 * remaining));
  }
  return times;
}

}  // namespace reluflow
