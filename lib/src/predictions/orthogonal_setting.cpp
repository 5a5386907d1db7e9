#include "predictions/orthogonal_setting.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace reluflow::orthogonal::detail {
namespace {

std::string sign_name(double sign) { return sign > 0.0 ? "positive" : "negative"; }

}  // namespace

void check_problem(const dataset& data, const network& net, const orthogonal_options& options) {
  if (net.dimension() != data.dimension() || net.width() == 0) {
    throw invalid_input("network",
                        fmt::format("{} neurons in dimension {}", net.width(), net.dimension()),
                        fmt::format("neurons in dimension {}", data.dimension()));
  }
  if (options.epsilon && !(*options.epsilon > 0.0 && std::isfinite(*options.epsilon))) {
    throw invalid_input("epsilon", fmt::format("{}", *options.epsilon), "a finite number > 0");
  }
}

bool has_neurons(const network& net) {
  return (net.log_norms().array() > -std::numeric_limits<double>::infinity()).any();
}

assumption orthogonal_inputs(const dataset& data) {
  double largest = 0.0;
  index first = 0;
  index second = 0;
  for (index l = 1; l < data.size(); ++l) {
    const Eigen::VectorXd products = data.inputs().leftCols(l).transpose() * data.inputs().col(l);
    index k = 0;
    const double cosine =
        (products.array().abs() / (data.norms().head(l).array() * data.norms()[l])).maxCoeff(&k);
    if (cosine > largest) {
      largest = cosine;
      first = k;
      second = l;
    }
  }
  return {"inputs are pairwise orthogonal", has_orthogonal_inputs(data),
          first == second
              ? "all products are zero"
              : fmt::format("largest |cosine| {:.3g}, samples {} and {}", largest, first, second)};
}

assumptions join(assumptions first, const assumptions& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

setting::setting(const dataset& points, const network& start, const orthogonal_options& options)
    : data(points),
      net(start),
      groups(groups_of(points)),
      early(early_map(points, start)),
      scale(scale_of(start, options.log_lambda)),
      largest(largest_epsilon(points, groups)),
      epsilon(options.epsilon ? options.epsilon : largest) {
  for (const auto* one : {groups.fast(), groups.slow()}) {
    if (one != nullptr) {
      present.push_back(one);
    }
  }
  if (groups.positive) {
    positive_ = mass_law_of(data, net, *groups.positive, early);
  }
  if (groups.negative) {
    negative_ = mass_law_of(data, net, *groups.negative, early);
  }
}

const label_group* setting::group(double sign) const {
  const auto& own = sign > 0.0 ? groups.positive : groups.negative;
  return own ? &*own : nullptr;
}

const std::optional<mass_law>& setting::law(const label_group& group) const {
  return group.sign > 0.0 ? positive_ : negative_;
}

std::string setting::fit_error(const label_group& group) const {
  const auto& own = law(group);
  if (!own || !own->subcluster_ratio) {
    return "O(lambda^2)";
  }
  return fmt::format("O(lambda^{:.3g})", 2.0 * (1.0 - *own->subcluster_ratio));
}

assumption setting::unit_output_scale() const {
  return {"output scale is 1", net.output_scale() == 1.0,
          fmt::format("output scale {:.6g}", net.output_scale())};
}

assumption setting::unit_norms() const {
  const double worst = (data.norms().array() - 1.0).abs().maxCoeff();
  return {"inputs have norm 1", worst <= 1e-9, fmt::format("norms differ from 1 by {:.3g}", worst)};
}

assumption setting::common_norm(const label_group& group) const {
  return {fmt::format("inputs with {} labels have one norm", sign_name(group.sign)),
          has_common_norm(group),
          fmt::format("norms from {:.6g} to {:.6g}", group.min_norm, group.max_norm)};
}

assumption setting::labels_differ_from_zero() const {
  return {"no label is zero", groups.zero_labels.empty(),
          fmt::format("{} of {} labels are zero", groups.zero_labels.size(), data.size())};
}

assumption setting::label_exists(double sign) const {
  const label_group* own = group(sign);
  return {
      fmt::format("some label is {}", sign_name(sign)), own != nullptr,
      fmt::format("{} of {} labels are", own != nullptr ? own->samples.size() : 0, data.size())};
}

assumption setting::cluster_exists(const label_group& group) const {
  const std::size_t size = first_cluster(data, net, group).size();
  return {fmt::format("some {0} neuron is active on all samples with {0} labels",
                      sign_name(group.sign)),
          size > 0, fmt::format("{} of {} neurons are", size, net.width())};
}

assumption setting::no_subcluster(const label_group& group) const {
  const auto& own = law(group);
  const bool alone = own && !own->subcluster_ratio;
  std::string why = !own ? "the first cluster is empty" : "none does";
  if (own && own->subcluster_ratio) {
    why = fmt::format("one grows at {:.4g} of the rate", *own->subcluster_ratio);
  }
  return {fmt::format("no {} neuron grows outside the first cluster", sign_name(group.sign)), alone,
          std::move(why)};
}

assumption setting::balanced() const {
  return {"neurons are balanced", net.is_balanced(),
          net.is_balanced() ? "they are" : "the network is given by its weights"};
}

assumption setting::dominated() const {
  if (net.is_balanced()) {
    return {"|a_j| >= |w_j| for every neuron", true, "neurons are balanced"};
  }
  const double slack =
      (net.output_weights().array().abs() - net.log_norms().array().exp()).minCoeff();
  return {"|a_j| >= |w_j| for every neuron", slack >= 0.0,
          fmt::format("smallest |a_j| - |w_j| is {:.4g}", slack)};
}

// A limit of small initialisation says nothing of a large one; one percent of the mass is generous.
assumption setting::small_start(const label_group& group) const {
  const double start = (net.output_weights().array().abs() * net.log_norms().array().exp()).sum();
  return {"the initialisation is small: sum |a_j||w_j| <= |v|/100", start <= 0.01 * group.mass,
          fmt::format("{:.4g} against |v| = {:.4g}", start, group.mass)};
}

assumption setting::two_speeds() const {
  const auto r = groups.ratio();
  return {"|D_+| differs from |D_-|", !r || std::abs(*r - 1.0) > 1e-12,
          r ? fmt::format("ratio {:.6g}", *r) : "labels have one sign"};
}

assumption setting::admissible_epsilon() const {
  if (!largest) {
    return {"epsilon is admissible", false, "no epsilon is"};
  }
  return {"epsilon is admissible", *epsilon <= *largest * (1.0 + 1e-12),
          fmt::format("epsilon {:.6g}, largest {:.6g}", *epsilon, *largest)};
}

assumptions setting::fit_hypotheses(const label_group& group) const {
  return {unit_output_scale(), labels_differ_from_zero(), dominated(), cluster_exists(group),
          small_start(group)};
}

assumptions setting::all_fit_hypotheses(bool one_norm) const {
  assumptions all;
  for (const auto* one : present) {
    all = join(std::move(all), fit_hypotheses(*one));
    if (one_norm) {
      all.push_back(common_norm(*one));
    }
  }
  return all;
}

assumptions setting::phase_hypotheses() const {
  return {unit_output_scale(), unit_norms(), labels_differ_from_zero(),
          balanced(),          two_speeds(), admissible_epsilon()};
}

}  // namespace reluflow::orthogonal::detail
