#include "reluflow/detail/switch_alignment.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace reluflow::detail {
namespace {

using events = std::vector<switch_event>;

// Costs of an alignment. Certain switches without a partner count first, then those excused at the
// end, then gaps in time, each at most one. Uncertain switches are left out for nothing.
constexpr double missing_cost = 1e6;
constexpr double end_cost = 2.0;

double skip_cost(const switch_event& event, const comparison_end& end) {
  if (!event.certain) return 0.0;
  return event.t >= end.t - end.margin ? end_cost : missing_cost;
}

bool are_alike(const switch_event& a, const switch_event& b) {
  return a.from == b.from && a.to == b.to;
}

double relative_gap(const switch_event& a, const switch_event& b) {
  return std::abs(a.t - b.t) / std::max(1.0, a.t);
}

/// No switch that follows is nearer to either than they are to each other. Of two that are alike
/// and certain no alignment is better than one that takes them for partners.
bool are_nearest(const events& one, const events& other, std::size_t at) {
  const double gap = std::abs(one[at].t - other[at].t);
  const auto nearer = [&](const events& of, double t) {
    return at + 1 < of.size() && std::abs(of[at + 1].t - t) < gap;
  };
  return !nearer(one, other[at].t) && !nearer(other, one[at].t);
}

/// How many switches at the begin are partners in any case.
std::size_t common_begin(const events& one, const events& other) {
  const std::size_t most = std::min(one.size(), other.size());
  std::size_t i = 0;
  while (i < most && one[i].certain && other[i].certain && are_alike(one[i], other[i]) &&
         are_nearest(one, other, i)) {
    ++i;
  }
  return i;
}

enum class choice : std::uint8_t { match, skip_one, skip_other };

/// The best choice for every one[i] and other[j] that come next, from the end to the begin.
class choice_table {
 public:
  choice_table(const events& one, const events& other, std::size_t begin, const comparison_end& end)
      : one_(one), other_(other), begin_(begin), end_(end), columns_(other.size() - begin + 1) {
    const std::size_t rows = one.size() - begin + 1;
    best_.assign(rows * columns_, choice::match);
    below_.assign(columns_, INFINITY);
    row_ = below_;
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns_; j-- > 0;) fill(i, j, i + 1 == rows);
      std::swap(row_, below_);
    }
  }

  /// For indices into the sequences, of which at least one is not at its end.
  [[nodiscard]] choice at(std::size_t i, std::size_t j) const {
    return best_[(i - begin_) * columns_ + (j - begin_)];
  }

 private:
  void fill(std::size_t i, std::size_t j, bool last_row) {
    const bool last_column = j + 1 == columns_;
    double least = last_row && last_column ? 0.0 : INFINITY;
    const auto offer = [&](choice what, double cost) {
      if (!(cost < least)) return;
      least = cost;
      best_[i * columns_ + j] = what;
    };
    const std::size_t p = begin_ + i;
    const std::size_t q = begin_ + j;
    if (!last_row && !last_column && are_alike(one_[p], other_[q])) {
      offer(choice::match, below_[j + 1] + std::min(1.0, relative_gap(one_[p], other_[q])));
    }
    if (!last_row) offer(choice::skip_one, below_[j] + skip_cost(one_[p], end_));
    if (!last_column) offer(choice::skip_other, row_[j + 1] + skip_cost(other_[q], end_));
    row_[j] = least;
  }

  const events& one_;
  const events& other_;
  std::size_t begin_;
  comparison_end end_;
  std::size_t columns_;
  std::vector<choice> best_;
  std::vector<double> row_;    // the least cost of what follows, for the row at hand
  std::vector<double> below_;  // and for the next
};

}  // namespace

std::vector<alignment_entry> aligned(const events& one, const events& other,
                                     const comparison_end& end) {
  const std::size_t begin = common_begin(one, other);
  const choice_table best(one, other, begin, end);
  std::vector<alignment_entry> entries;
  const auto alone = [&](const switch_event& event) {
    return skip_cost(event, end) < missing_cost;
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < one.size() || j < other.size()) {
    const choice next = i < begin ? choice::match : best.at(i, j);
    if (next == choice::match) {
      entries.push_back({one[i++], other[j++], false});
    } else if (next == choice::skip_one) {
      entries.push_back({one[i], {}, alone(one[i])});
      ++i;
    } else {
      entries.push_back({{}, other[j], alone(other[j])});
      ++j;
    }
  }
  return entries;
}

bool is_certain_match(const alignment_entry& entry) noexcept {
  return entry.one && entry.other && entry.one->certain && entry.other->certain;
}

bool is_off(const alignment_entry& entry, double tolerance) noexcept {
  if (!entry.one || !entry.other) return !entry.excused;
  return is_certain_match(entry) && relative_gap(*entry.one, *entry.other) > tolerance;
}

}  // namespace reluflow::detail
