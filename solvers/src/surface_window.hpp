#pragma once

#include "length.hpp"
#include "reluflow/surfaces.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace reluflow::detail {

/// What windows that were opened among all surfaces have found, kept for when a neuron takes nearly
/// the same way once more.
class window_memory {
 public:
  /// One window: `numbers` from `line` on are where its line begins and how it goes on, `surfaces`
  /// from `first` to `last` what is in it.
  struct record {
    double begin;
    double end;
    double slack;
    std::size_t line;
    std::size_t first;
    std::size_t last;
  };

  void clear() {
    records_.clear();
    numbers_.clear();
    surfaces_.clear();
  }

  template <class Vector>
  void keep(double begin, double end, const Vector& from, const Vector& along, double slack,
            const std::vector<index>& within) {
    records_.push_back(
        {begin, end, slack, numbers_.size(), surfaces_.size(), surfaces_.size() + within.size()});
    numbers_.insert(numbers_.end(), from.data(), from.data() + from.size());
    numbers_.insert(numbers_.end(), along.data(), along.data() + along.size());
    for (const index s : within) surfaces_.push_back(static_cast<std::int32_t>(s));
  }

  /// The shortest window on what follows this fraction of the step, or null.
  [[nodiscard]] const record* find(double at) const {
    const record* best = nullptr;
    for (const record& one : records_) {
      const bool fits = one.begin <= at && at < one.end;
      if (fits && (best == nullptr || one.end - one.begin < best->end - best->begin)) best = &one;
    }
    return best;
  }

  [[nodiscard]] const double* numbers(const record& one) const {
    return numbers_.data() + one.line;
  }
  [[nodiscard]] std::span<const std::int32_t> surfaces(const record& one) const {
    return {surfaces_.data() + one.first, one.last - one.first};
  }

 private:
  std::vector<record> records_;
  std::vector<double> numbers_;
  std::vector<std::int32_t> surfaces_;
};

/// The surfaces that a neuron may meet on a stretch of its way: all to which a straight line comes
/// near. As long as the way strays from the line by no more than `slack`, however many switches
/// bend it, it can meet no others, so they are looked for once a stretch and not once a switch.
template <int Dimension>
class surface_window {
 public:
  using vector = Eigen::Matrix<double, Dimension, 1>;

  /// Opens a window on the stretch from fraction `begin` to `end` of a step, along the line from
  /// `from` to `from` + `along`, among all surfaces.
  void open(const switching_surfaces& surfaces, double begin, double end, const vector& from,
            const vector& along, double slack) {
    place(begin, end, from, along, slack);
    within_.clear();
    surfaces.visit_near_line(from, along, slack, near_, [&](index s) {
      within_.push_back(s);
      return true;
    });
    pack(surfaces);
    distances(from, along);
    crossed_ = crossings(length(along));
  }

  /// Remembers what this window has found.
  void keep(window_memory& memory) const {
    memory.keep(begin_, end_, from_, along_, slack_, within_);
  }

  /// Opens the window again that was opened on what follows this fraction of the step. False when
  /// there was none.
  bool recall(const switching_surfaces& surfaces, const window_memory& memory, double at) {
    const window_memory::record* const found = memory.find(at);
    if (found == nullptr) return false;
    const index d = surfaces.normals().rows();
    const double* const line = memory.numbers(*found);
    place(found->begin, found->end, Eigen::Map<const vector>(line, d),
          Eigen::Map<const vector>(line + d, d), found->slack);
    const auto known = memory.surfaces(*found);
    within_.assign(known.begin(), known.end());
    pack(surfaces);
    return true;
  }

  /// The same among the surfaces of a window `wider`, which must cover it.
  void open(surface_window& wider, double begin, double end, const vector& from,
            const vector& along, double slack) {
    place(begin, end, from, along, slack);
    wider.distances(from, along);
    const Eigen::VectorXd& first = wider.first_;
    const Eigen::VectorXd& last = wider.last_;
    within_.resize(wider.within_.size());
    crossed_ = wider.crossings(length(along));
    std::size_t count = 0;
    for (std::size_t i = 0; i < wider.within_.size(); ++i) {
      const auto at = static_cast<index>(i);
      within_[count] = wider.within_[i];
      const bool near =
          std::max(first[at], last[at]) >= -slack && std::min(first[at], last[at]) <= slack;
      count += near ? 1 : 0;
    }
    within_.resize(count);
  }

  /// Nothing is known of what lies ahead.
  void close() { end_ = begin_; }

  [[nodiscard]] double end() const { return end_; }

  /// True when a way that strays by no more than `stray` from the line from `from`, at fraction
  /// `begin` of the step, to `from` + `along`, at `end`, meets no other surfaces than those of the
  /// window.
  [[nodiscard]] bool covers(double begin, double end, const vector& from, const vector& along,
                            double stray) const {
    if (!(begin >= begin_ && end <= end_ && begin < end_)) return false;
    const auto away = [&](double fraction, const vector& w) {
      return length(w - from_ - ((fraction - begin_) / (end_ - begin_)) * along_);
    };
    return std::max(away(begin, from), away(end, from + along)) + stray <= slack_;
  }

  /// How many surfaces the line itself crosses.
  [[nodiscard]] index crossed() const { return crossed_; }

  /// Its surfaces, increasing.
  [[nodiscard]] const std::vector<index>& within() const { return within_; }

 private:
  /// Makes room for what is to be known of the surfaces within.
  void pack(const switching_surfaces& surfaces) {
    first_.resize(static_cast<index>(within_.size()));
    last_.resize(first_.size());
    if constexpr (packed) {
      normals_.resize(first_.size(), from_.size());
      for (index i = 0; i < first_.size(); ++i) {
        normals_.row(i) = surfaces.normals().col(within_[static_cast<std::size_t>(i)]);
      }
    } else {
      surfaces_ = &surfaces;
    }
  }

  void place(double begin, double end, const vector& from, const vector& along, double slack) {
    begin_ = begin;
    end_ = end;
    from_ = from;
    along_ = along;
    slack_ = slack;
  }

  /// How many surfaces a line of this length lies across, its ends at `first_` and `last_`.
  [[nodiscard]] index crossings(double length_of_line) const {
    return (first_.array() * last_.array() < 0.0 &&
            (last_ - first_).array().abs() > held_still * length_of_line)
        .count();
  }

  /// Distances of the surfaces from both ends of a line, into `first_` and `last_`.
  void distances(const vector& from, const vector& along) {
    if constexpr (packed) {
      first_.noalias() = normals_.lazyProduct(from);
      last_.noalias() = normals_.lazyProduct(along);
    } else {
      for (index i = 0; i < first_.size(); ++i) {
        first_[i] = surfaces_->distance(within_[static_cast<std::size_t>(i)], from);
        last_[i] = surfaces_->distance(within_[static_cast<std::size_t>(i)], along);
      }
    }
    last_ += first_;
  }

  /// A line that changes its distance by less than this share of its length is held on the surface.
  static constexpr double held_still = 1e-10;

  /// Short normals are kept side by side.
  static constexpr bool packed = Dimension != Eigen::Dynamic;

  double begin_ = 0.0;
  double end_ = 0.0;
  vector from_;
  vector along_;
  double slack_ = 0.0;
  std::vector<index> within_;
  Eigen::Matrix<double, Eigen::Dynamic, Dimension> normals_;  // of those, one a row, when packed
  const switching_surfaces* surfaces_ = nullptr;
  index crossed_ = 0;

  // Scratch.
  near_surfaces near_;
  Eigen::VectorXd first_;
  Eigen::VectorXd last_;
};

}  // namespace reluflow::detail
