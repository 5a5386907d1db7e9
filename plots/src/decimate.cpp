#include "reluflow/plots/decimate.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace reluflow::plots {
namespace {

bool drawn(double x, double y) { return std::isfinite(x) && std::isfinite(y); }

// The abscissae by which parts are formed: x itself when it never falls, else nothing.
struct extent {
  double low = 0.0;
  double high = 0.0;
  bool increasing = true;
};

extent extent_of(std::span<const double> x, std::span<const double> y) {
  extent found;
  bool any = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!drawn(x[i], y[i])) continue;
    if (any && x[i] < found.high) found.increasing = false;
    if (!any) found.low = x[i];
    found.high = x[i];
    any = true;
  }
  return found;
}

// What is kept of one part: the first, lowest, highest and last point and one gap.
class kept_points {
 public:
  void add(std::size_t at, double x, double y, std::span<const double> all) {
    if (!drawn(x, y)) {
      gap_ = at;
      has_gap_ = true;
    } else if (!has_point_) {
      first_ = lowest_ = highest_ = last_ = at;
      has_point_ = true;
    } else {
      if (y < all[lowest_]) lowest_ = at;
      if (y > all[highest_]) highest_ = at;
      last_ = at;
    }
  }

  void move_to(std::vector<std::size_t>& kept) {
    std::array<std::size_t, 5> chosen{first_, lowest_, highest_, last_, gap_};
    auto begin = chosen.begin();
    auto end = chosen.end();
    if (!has_gap_) --end;
    if (!has_point_) begin = has_gap_ ? end - 1 : end;
    std::sort(begin, end);
    kept.insert(kept.end(), begin, std::unique(begin, end));
    has_point_ = has_gap_ = false;
  }

 private:
  std::size_t first_ = 0;
  std::size_t lowest_ = 0;
  std::size_t highest_ = 0;
  std::size_t last_ = 0;
  std::size_t gap_ = 0;
  bool has_point_ = false;
  bool has_gap_ = false;
};

}  // namespace

std::vector<std::size_t> decimate(std::span<const double> x, std::span<const double> y,
                                  std::size_t max_points) {
  constexpr std::size_t kept_per_part = 5;
  if (x.size() != y.size()) {
    throw invalid_input("decimate", fmt::format("{} abscissae, {} ordinates", x.size(), y.size()),
                        "as many of one as of the other");
  }
  if (max_points < kept_per_part) {
    throw invalid_input("decimate, max_points", fmt::format("{}", max_points), "at least 5");
  }

  std::vector<std::size_t> kept;
  if (x.size() <= max_points) {
    for (std::size_t i = 0; i < x.size(); ++i) kept.push_back(i);
    return kept;
  }
  const std::size_t parts = max_points / kept_per_part;
  const extent all = extent_of(x, y);
  const bool by_abscissa = all.increasing && all.high > all.low;
  const auto part_of = [&](std::size_t i) {
    const double fraction = by_abscissa ? (x[i] - all.low) / (all.high - all.low)
                                        : static_cast<double>(i) / static_cast<double>(x.size());
    const auto part = static_cast<std::size_t>(fraction * static_cast<double>(parts));
    return std::min(part, parts - 1);
  };

  kept_points points;
  std::size_t part = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    // A gap belongs to the part that it interrupts.
    const bool placed = !by_abscissa || drawn(x[i], y[i]);
    if (placed && part_of(i) != part) {
      points.move_to(kept);
      part = part_of(i);
    }
    points.add(i, x[i], y[i], y);
  }
  points.move_to(kept);
  return kept;
}

}  // namespace reluflow::plots
