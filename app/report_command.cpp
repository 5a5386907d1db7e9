#include "commands.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/run_directory.hpp"
#include "reluflow/plots/report.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <set>
#include <system_error>

namespace reluflow::app {
namespace {

namespace fs = std::filesystem;

/// A page of an earlier report may be replaced, and nothing else.
void check_place(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status there = fs::symlink_status(file, ignored);
  if (!fs::exists(there) || (fs::is_regular_file(there) && plots::is_report(file))) return;
  throw invalid_input(file.string(),
                      fs::is_directory(there) ? "a directory" : "a file that is no report",
                      "no file, or a report that may be replaced");
}

/// Warns of the first of each kind of trouble; true when every figure is there.
bool figures_are_whole(const plots::report& page) {
  std::set<plots::figure_status> warned;
  for (const plots::figure_result& result : page.figures) {
    // A figure without anything to draw is no fault.
    if (result.status == plots::figure_status::complete ||
        result.status == plots::figure_status::no_data) {
      continue;
    }
    if (warned.insert(result.status).second) {
      fmt::print(stderr, "reluflow: warning: {}\n", result.message);
    }
  }
  return warned.empty();
}

}  // namespace

exit_code report(const report_arguments& arguments) {
  const fs::path file = arguments.out.empty() ? arguments.directory / "report.html" : arguments.out;
  const run_record record = read_run(arguments.directory);
  check_place(file);
  const plots::report page = plots::make_report(arguments.directory, record);
  detail::write_text(file, page.html);
  const bool whole = figures_are_whole(page);
  fmt::print("{}\n", file.string());
  return whole ? exit_success : exit_failure;
}

}  // namespace reluflow::app
