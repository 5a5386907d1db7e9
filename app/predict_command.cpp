#include "commands.hpp"
#include "reluflow/io/file_error.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/predictions/all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace reluflow::app {
namespace {

/// "exact", "asymptotic, error O(lambda^2)", "upper bound": what the number claims.
std::string claim_of(const prediction& one) {
  std::string claim(to_string(one.kind));
  if (one.side != bound_side::none) {
    claim = one.side == bound_side::upper ? "upper bound" : "lower bound";
  }
  if (one.error_order.empty()) {
    return claim;
  }
  const bool of_error =
      one.error_order.starts_with("O(") || one.error_order.starts_with("vanishes");
  return fmt::format("{}, {}{}", claim, of_error ? "error " : "", one.error_order);
}

std::string value_of(const prediction& one) {
  return one.value ? fmt::format("{:.10g}", *one.value) : "none";
}

/// Why a prediction does not apply.
std::string objection_to(const prediction& one) {
  const std::string objections = one.objections();
  return objections.empty() ? "it does not exist here" : objections;
}

void print_predictions(const std::vector<prediction>& list) {
  const auto applies = [](const prediction& one) { return one.applies(); };
  std::size_t widths[3] = {0, 0, 0};
  for (const prediction& one : list) {
    widths[0] = std::max(widths[0], one.name.size());
    if (!applies(one)) continue;
    widths[1] = std::max(widths[1], value_of(one).size());
    widths[2] = std::max(widths[2], claim_of(one).size());
  }
  const auto count = std::count_if(list.begin(), list.end(), applies);
  fmt::print("{} of {} closed forms apply\n", count, list.size());
  for (const prediction& one : list) {
    if (!applies(one)) continue;
    fmt::print("  {:<{}}  {:<{}}  {:<{}}  {}\n", one.name, widths[0], value_of(one), widths[1],
               claim_of(one), widths[2], one.reference);
  }
  if (count < static_cast<std::ptrdiff_t>(list.size())) fmt::print("the others do not\n");
  for (const prediction& one : list) {
    if (applies(one)) continue;
    fmt::print("  {:<{}}  {}\n", one.name, widths[0], objection_to(one));
  }
}

}  // namespace

exit_code predict(const predict_arguments& arguments) {
  const problem setup = read_problem(arguments.problem, arguments.overrides, arguments.seed);
  print_predictions(all_predictions(setup.data, setup.initial, setup.flow.t_end));
  if (std::fflush(stdout) != 0) {
    throw file_error("standard output", errno);
  }
  return exit_success;
}

}  // namespace reluflow::app
