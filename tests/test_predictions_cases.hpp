#pragma once

#include "reluflow/io/csv.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "support/gradient.hpp"
#include "test_predictions_flow.hpp"

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Problems that several tests of paper A's closed forms share.
namespace reluflow::test {

using namespace reluflow::orthogonal;

struct test_case {
  dataset data;
  network net;
  label_groups groups;
  std::vector<std::optional<early_path>> early;

  test_case(dataset points, network start)
      : data(std::move(points)),
        net(std::move(start)),
        groups(groups_of(data)),
        early(early_map(data, net)) {}

  [[nodiscard]] mass_law law(const label_group& group) const {
    return mass_law_of(data, net, group, early).value();
  }
  /// When the integrated mass of the group's first cluster reaches `fraction` of |v|.
  [[nodiscard]] double integrated(const label_group& group, double fraction, double t_end,
                                  double step = 0.005) const {
    const std::vector<index> cluster = first_cluster(data, net, group);
    return first_time(orthogonal_flow(data, net, step), t_end, 0.5, [&](const auto& flow) {
      return flow.mass(cluster) >= fraction * group.mass;
    });
  }
};

inline test_case from_files(const std::string& name) {
  const std::filesystem::path directory = std::filesystem::path(RELUFLOW_TEST_DATA) / name;
  return {read_points(directory / "points.csv"), read_network(directory / "network.csv")};
}

// Two positive and two negative labels, every neuron active on everything: no sub-clusters.
inline test_case four_points(double lambda) {
  const network any = balanced_gaussian(8, 4, std::log(lambda), 4);
  return {axes(vec({1.5, 1.0, -0.8, -0.5})),
          network::balanced(vec({1, -1, 1, -1, 1, -1, 1, -1}), any.log_norms(),
                            any.directions().cwiseAbs())};
}

}  // namespace reluflow::test
