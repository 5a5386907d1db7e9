#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace reluflow::examples {

/// The table "claim, expected, found, verdict" that every example prints.
class claim_table {
 public:
  /// |found - expected| <= tolerance.
  void near(std::string_view claim, double expected, double found, double tolerance) {
    add(claim, fmt::format("{:.10g} +- {:.1g}", expected, tolerance), fmt::format("{:.10g}", found),
        std::abs(found - expected) <= tolerance);
  }
  /// found <= bound.
  void at_most(std::string_view claim, double bound, double found) {
    add(claim, fmt::format("<= {:.4g}", bound), fmt::format("{:.4g}", found), found <= bound);
  }
  /// low <= found <= high.
  void within(std::string_view claim, double low, double high, double found) {
    add(claim, fmt::format("{:.4g} ... {:.4g}", low, high), fmt::format("{:.6g}", found),
        found >= low && found <= high);
  }
  /// Something that holds or does not.
  void holds(std::string_view claim, std::string_view expected, std::string_view found,
             bool verdict) {
    add(claim, expected, found, verdict);
  }
  /// A number that nobody predicted.
  void note(std::string_view what, std::string_view found) {
    rows_.push_back({std::string(what), "", std::string(found), ""});
  }

  /// Prints the table; 0 when every claim holds, else 1: an exit code.
  [[nodiscard]] int finish() const {
    std::size_t width[3] = {5, 8, 5};
    for (const row& r : rows_) {
      const std::string* cells[3] = {&r.claim, &r.expected, &r.found};
      for (int i = 0; i < 3; ++i) width[i] = std::max(width[i], cells[i]->size());
    }
    const auto line = [&](std::string_view a, std::string_view b, std::string_view c,
                          std::string_view d) {
      fmt::print("{:<{}}  {:<{}}  {:<{}}  {}\n", a, width[0], b, width[1], c, width[2], d);
    };
    line("claim", "expected", "found", "verdict");
    for (const row& r : rows_) line(r.claim, r.expected, r.found, r.verdict);
    return failed_ ? 1 : 0;
  }

 private:
  struct row {
    std::string claim;
    std::string expected;
    std::string found;
    std::string verdict;
  };

  void add(std::string_view claim, std::string_view expected, std::string_view found,
           bool verdict) {
    rows_.push_back({std::string(claim), std::string(expected), std::string(found),
                     verdict ? "holds" : "FAILS"});
    failed_ = failed_ || !verdict;
  }

  std::vector<row> rows_;
  bool failed_ = false;
};

}  // namespace reluflow::examples
