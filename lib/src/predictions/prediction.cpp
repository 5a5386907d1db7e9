#include "reluflow/predictions/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace reluflow {
namespace {

void append(std::string& list, std::string_view item) {
  if (item.empty()) {
    return;
  }
  if (!list.empty()) {
    list += "; ";
  }
  list += item;
}

// Written so that NaN is a violation.
bool respects(double measured, double bound, bound_side side, double slack) {
  return side == bound_side::upper ? measured <= bound + slack : measured >= bound - slack;
}

std::string verdict(const prediction& predicted, std::optional<double> measured, double tolerance) {
  if (predicted.side == bound_side::none || !predicted.value || !measured) {
    return {};
  }
  std::string text = predicted.side == bound_side::upper ? "upper bound " : "lower bound ";
  const double slack = tolerance * std::abs(*predicted.value);
  if (respects(*measured, *predicted.value, predicted.side, slack)) return text + "holds";
  // Where a hypothesis fails, the statement says nothing that could be violated.
  return text + (predicted.assumptions_hold() ? "violated" : "passed");
}

}  // namespace

std::string_view to_string(prediction_kind kind) noexcept {
  switch (kind) {
    case prediction_kind::exact:
      return "exact";
    case prediction_kind::asymptotic:
      return "asymptotic";
    case prediction_kind::bound:
      return "bound";
  }
  return "unknown";
}

bool prediction::assumptions_hold() const noexcept {
  return std::all_of(assumptions.begin(), assumptions.end(),
                     [](const assumption& one) { return one.holds; });
}

bool prediction::applies() const noexcept { return value.has_value() && assumptions_hold(); }

std::string prediction::objections() const {
  std::string list;
  for (const assumption& one : assumptions) {
    if (!one.holds) {
      append(list, "not met: " + one.text + " (" + one.why + ")");
    }
  }
  return list;
}

comparison compare(const prediction& predicted, std::optional<double> measured,
                   std::string_view note, double tolerance) {
  comparison row{predicted.name,
                 predicted.kind,
                 predicted.value,
                 measured,
                 std::nullopt,
                 predicted.reference,
                 verdict(predicted, measured, tolerance),
                 predicted.assumptions_hold()};
  if (predicted.value && measured) {
    row.difference = *measured - *predicted.value;
  }
  append(row.note, predicted.objections());
  append(row.note, note);
  return row;
}

}  // namespace reluflow
