#include "figures.hpp"

#include "reluflow/plots/run_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::app {
namespace {

using plots::figure_result;
using plots::figure_status;

/// Phases are shaded; of the stopping times those are named that a reader looks for first.
plots::run_figure_options look_of(const run_record& record) {
  plots::run_figure_options look;
  const auto has = [&](std::string_view name) {
    return std::any_of(record.phases.begin(), record.phases.end(),
                       [&](const phase_row& row) { return row.name == name; });
  };
  const bool half_fits = has("T_+") || has("T_-");
  for (const phase_row& row : record.phases) {
    if (row.until) {
      look.phases.push_back({row.name, row.t, *row.until});
    } else if (row.name == "T_+" || row.name == "T_-") {
      look.marks.push_back({row.name, row.t});
    } else if (!half_fits && row.name.starts_with("half_residual_")) {
      look.marks.push_back({std::string("half ") + row.name.back(), row.t});
    }
  }
  return look;
}

void warn_once(const figure_result& result, std::set<figure_status>& warned) {
  if (warned.insert(result.status).second) {
    fmt::print(stderr, "reluflow: warning: {}\n", result.message);
  }
}

}  // namespace

figure_count write_run_figures(const std::filesystem::path& directory, const run_record& record) {
  figure_count count;
  std::set<figure_status> warned;
  try {
    for (const figure_result& result : plots::write_figures(
             directory / "figures", record.setup.data, record.run, look_of(record))) {
      if (result.status == figure_status::complete) {
        ++count.complete;
      } else if (result.status != figure_status::no_data) {
        // A figure without anything to draw is no fault.
        ++count.missing;
        warn_once(result, warned);
      }
    }
  } catch (const std::exception& error) {
    // The run itself is written: its figures must not make it fail.
    ++count.missing;
    fmt::print(stderr, "reluflow: warning: no figures: {}\n", error.what());
  }
  return count;
}

}  // namespace reluflow::app
