#include "origin_map.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reluflow::detail {
namespace {

/// Points from which the map is started.
constexpr int starts = 15;
/// Steps after which a point that stays near the origin is taken to stay there.
constexpr int most_steps = 50000;
/// Sizes of u in units of a long step: where a point starts, where the flow of directions
/// takes over, and below which it is asked again.
constexpr double start_at = 3.0;
constexpr double far = 16.0;
constexpr double near = 8.0;
/// Directions closer than this are one.
constexpr double same_direction = 1e-6;

class origin_map {
 public:
  origin_map(const alignment_fields& fields, double sign, const Eigen::VectorXd& beyond)
      : fields_(fields), sign_(sign) {
    for (int i = 0; i < 4 * starts; ++i) {
      for (const double side : {-1.0, 1.0}) {
        Eigen::VectorXd u = spread(beyond.size(), i) + side * beyond;
        advance(u);
        step_ = std::max(step_, move_.norm());
      }
    }
  }

  /// Start number `which`, beside the line.
  [[nodiscard]] Eigen::VectorXd start(const Eigen::VectorXd& beyond, int which) const {
    const Eigen::VectorXd off = spread(beyond.size(), which);
    return step_ * (off - (start_at + off.dot(beyond)) * beyond);
  }

  [[nodiscard]] path_end follow(Eigen::VectorXd u) const {
    bool asked = false;
    for (int step = 0; step < most_steps && advance(u); ++step) {
      const double size = u.norm();
      if (size < near * step_) asked = false;
      if (asked || !(size > far * step_)) continue;
      asked = true;
      alignment_path path(fields_, sign_, u / size, {});
      path.follow({});
      path_end end = path.end();
      if (end.grows) return end;
    }
    return {};
  }

 private:
  /// Point number `which` of a sequence that fills the cube of side one.
  static Eigen::VectorXd spread(index d, int which) {
    Eigen::VectorXd point(d);
    for (index i = 0; i < d; ++i) {
      const double ratio = std::pow(std::numbers::phi, -1.0 / static_cast<double>(i + 1));
      const double turns = (which + 1) * ratio;
      point[i] = turns - std::floor(turns) - 0.5;
    }
    return point;
  }
  /// One step; false where the force is zero.
  bool advance(Eigen::VectorXd& u) const {
    fields_.surfaces.distances(u, jump_);
    jump_ = (jump_.array() > 0.0).select(fields_.jumps, 0.0);
    move_.noalias() = fields_.surfaces.normals() * jump_;
    move_ += fields_.base;
    u += sign_ * move_;
    return move_.norm() > fields_.zero;
  }

  const alignment_fields& fields_;
  double sign_;
  double step_ = 0.0;  // the longest near the line
  mutable Eigen::VectorXd jump_;
  mutable Eigen::VectorXd move_;
};

bool alike(const path_end& one, const path_end& other) {
  if (!one.grows || !other.grows) return one.grows == other.grows;
  return (one.w - other.w).norm() <= same_direction;
}

}  // namespace

path_end leave_origin(const alignment_fields& fields, double sign, const Eigen::VectorXd& beyond,
                      const std::vector<index>& held) {
  std::vector<path_end> ends;
  std::vector<int> votes;
  const auto vote = [&](path_end end) {
    const auto known = std::find_if(ends.begin(), ends.end(),
                                    [&](const path_end& one) { return alike(one, end); });
    const auto at = static_cast<std::size_t>(known - ends.begin());
    if (known == ends.end()) {
      ends.push_back(std::move(end));
      votes.push_back(0);
    }
    ++votes[at];
  };
  // The flow of directions from the line just beyond is the first of them.
  alignment_path straight(fields, sign, beyond, held);
  straight.follow({});
  vote(straight.end());
  const origin_map map(fields, sign, beyond);
  for (int i = 0; i < starts; ++i) vote(map.follow(map.start(beyond, i)));
  const auto most = std::max_element(votes.begin(), votes.end());
  return std::move(ends[static_cast<std::size_t>(most - votes.begin())]);
}

}  // namespace reluflow::detail
