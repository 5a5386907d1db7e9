#include "reluflow/surfaces.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace reluflow {

// Parallel inputs have equal coordinates up to sign once normalised. Sorting by the magnitude of a
// fixed generic projection brings candidates together, so that merging costs O(n log n + n d), not
// O(n^2 d).
switching_surfaces::switching_surfaces(const dataset& data, double tolerance)
    : surface_of_(static_cast<std::size_t>(data.size()), -1),
      orientation_(Eigen::VectorXd::Ones(data.size())) {
  const index n = data.size();
  const index d = data.dimension();
  const Eigen::MatrixXd units = data.inputs().array().rowwise() / data.norms().transpose().array();
  Eigen::VectorXd probe(d);
  for (index i = 0; i < d; ++i) probe[i] = std::fmod(0.5 + 0.6180339887498949 * double(i + 1), 1.0);
  probe.normalize();
  const Eigen::VectorXd keys = (units.transpose() * probe).cwiseAbs();

  std::vector<index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), index{0});
  std::sort(order.begin(), order.end(), [&](index k, index l) { return keys[k] < keys[l]; });

  std::vector<index> first(static_cast<std::size_t>(n));  // smallest parallel sample found so far
  std::iota(first.begin(), first.end(), index{0});
  const double window = 4.0 * (tolerance + 1e-15 * std::sqrt(static_cast<double>(d)));
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t l = i; l-- > 0 && keys[order[i]] - keys[order[l]] <= window;) {
      const index a = order[i];
      const index b = order[l];
      const double sense = units.col(a).dot(units.col(b)) < 0.0 ? -1.0 : 1.0;
      if ((units.col(a) - sense * units.col(b)).norm() > tolerance) continue;
      const index smallest =
          std::min(first[static_cast<std::size_t>(a)], first[static_cast<std::size_t>(b)]);
      first[static_cast<std::size_t>(a)] = smallest;
      first[static_cast<std::size_t>(b)] = smallest;
    }
  }

  for (index k = 0; k < n; ++k) {
    index root = first[static_cast<std::size_t>(k)];
    while (first[static_cast<std::size_t>(root)] != root)
      root = first[static_cast<std::size_t>(root)];
    if (root == k) {
      surface_of_[static_cast<std::size_t>(k)] = size();
      representatives_.push_back(k);
      members_.emplace_back();
    } else {
      surface_of_[static_cast<std::size_t>(k)] = surface_of_[static_cast<std::size_t>(root)];
      orientation_[k] = units.col(k).dot(units.col(root)) < 0.0 ? -1.0 : 1.0;
    }
    members_[static_cast<std::size_t>(surface_of(k))].push_back(k);
  }
  for (const std::vector<index>& members : members_) {
    one_sided_.push_back(
        std::all_of(members.begin(), members.end(), [&](index k) { return orientation(k) > 0.0; }));
  }
  normals_.resize(d, size());
  for (index s = 0; s < size(); ++s) normals_.col(s) = units.col(representative(s));
  ranges_ = detail::column_ranges(normals_);
  if (!ranges_.narrow()) {
    normals_by_row_ = normals_.transpose();
    rough_normals_ = detail::rough_normals(normals_);
  }
}

void switching_surfaces::set_mode(activation_pattern& pattern, index neuron, index surface,
                                  pair_mode mode) const {
  for (const index k : members(surface)) {
    pair_mode own = mode;
    if (orientation(k) < 0.0) {
      if (mode == pair_mode::active) own = pair_mode::inactive;
      if (mode == pair_mode::inactive) own = pair_mode::active;
    }
    pattern.set(neuron, k, own);
  }
}

}  // namespace reluflow
