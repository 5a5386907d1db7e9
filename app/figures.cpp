#include "figures.hpp"

#include "reluflow/plots/run_figures.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <set>
#include <vector>

namespace reluflow::app {
namespace {

using plots::figure_result;
using plots::figure_status;

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
    for (const figure_result& result :
         plots::write_figures(directory / "figures", record.setup.data, record.run,
                              plots::shown_with(record.phases))) {
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
