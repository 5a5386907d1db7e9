#pragma once

#include "length.hpp"
#include "reluflow/surfaces.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace reluflow::detail {

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
    surfaces.visit_near_line(from, along, slack, words_, [&](index s) {
      within_.push_back(s);
      return true;
    });
    const auto count = static_cast<index>(within_.size());
    normals_.resize(count, from.size());
    for (index i = 0; i < count; ++i) {
      normals_.row(i) = surfaces.normals().col(within_[static_cast<std::size_t>(i)]);
    }
  }

  /// The same among the surfaces of a window `wider`, which must cover it.
  void open(const surface_window& wider, double begin, double end, const vector& from,
            const vector& along, double slack) {
    place(begin, end, from, along, slack);
    first_.noalias() = wider.normals_.lazyProduct(from);
    last_.noalias() = wider.normals_.lazyProduct(along);
    last_ += first_;
    within_.resize(wider.within_.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < wider.within_.size(); ++i) {
      const auto at = static_cast<index>(i);
      within_[count] = wider.within_[i];
      const bool near =
          std::max(first_[at], last_[at]) >= -slack && std::min(first_[at], last_[at]) <= slack;
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

  /// Its surfaces, increasing.
  [[nodiscard]] const std::vector<index>& within() const { return within_; }

 private:
  void place(double begin, double end, const vector& from, const vector& along, double slack) {
    begin_ = begin;
    end_ = end;
    from_ = from;
    along_ = along;
    slack_ = slack;
  }

  double begin_ = 0.0;
  double end_ = 0.0;
  vector from_;
  vector along_;
  double slack_ = 0.0;
  std::vector<index> within_;
  Eigen::Matrix<double, Eigen::Dynamic, Dimension> normals_;  // of those, one a row

  // Scratch.
  std::vector<std::uint64_t> words_;
  Eigen::VectorXd first_;
  Eigen::VectorXd last_;
};

}  // namespace reluflow::detail
