#include "commands.hpp"
#include "figures.hpp"
#include "reluflow/io/run_directory.hpp"

#include <fmt/format.h>

namespace reluflow::app {

exit_code plot(const std::filesystem::path& directory) {
  const run_record record = read_run(directory);
  const figure_count count = write_run_figures(directory, record);
  fmt::print("{} figures in {}\n", count.complete, (directory / "figures").string());
  return count.missing == 0 ? exit_success : exit_failure;
}

}  // namespace reluflow::app
