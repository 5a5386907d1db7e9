#include "reluflow/predictions/all.hpp"

#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/predictions/simplicity_bias.hpp"
#include "reluflow/predictions/weakly_interacting.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace reluflow {
namespace {

bool all_zero(const network& net) {
  const Eigen::VectorXd& sizes = net.log_norms();
  return std::none_of(sizes.begin(), sizes.end(), [](double x) { return std::isfinite(x); });
}

template <class Entry>
void append(std::vector<Entry>& list, std::vector<Entry> more) {
  list.insert(list.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<prediction> all_predictions(const dataset& data, const network& net, double t_end) {
  std::vector<prediction> list = orthogonal_predictions(data, net);
  append(list, weakly_interacting_predictions(data, net, t_end));
  append(list, simplicity_predictions(data, net));
  return list;
}

std::vector<comparison> compare_all(const dataset& data, const trajectory& run) {
  if (all_zero(run.initial_network)) return {};
  std::vector<comparison> list = compare_orthogonal(data, run);
  append(list, compare_weakly_interacting(data, run));
  append(list, compare_simplicity(data, run));
  return list;
}

}  // namespace reluflow
