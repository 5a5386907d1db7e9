// The list of all closed forms of paper A on a problem.

#include "reluflow/errors.hpp"
#include "reluflow/predictions/orthogonal.hpp"
#include "test_predictions_flow.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace reluflow {
namespace {

using namespace reluflow::test;
using boost::test_tools::tolerance;

const prediction& find(const std::vector<prediction>& list, const std::string& name) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [&](const prediction& one) { return one.name == name; });
  BOOST_REQUIRE_MESSAGE(at != list.end(), "no prediction " + name);
  return *at;
}

std::set<std::string> names(const std::vector<prediction>& list) {
  std::set<std::string> all;
  for (const prediction& one : list) {
    all.insert(one.name);
  }
  return all;
}

bool objects(const prediction& one, const std::string& text) {
  return one.objections().find(text) != std::string::npos;
}

network everywhere(index width, index dimension, double log_lambda) {
  const network any = balanced_gaussian(width, dimension, log_lambda, 4);
  Eigen::VectorXd signs = Eigen::VectorXd::Ones(width);
  for (index j = 1; j < width; j += 2) {
    signs[j] = -1.0;
  }
  return network::balanced(signs, any.log_norms(), any.directions().cwiseAbs());
}

}  // namespace

BOOST_AUTO_TEST_CASE(everything_applies_to_a_problem_made_for_it) {
  const dataset data = axes(vec({2.0, -1.0}));
  const network net = everywhere(6, 2, -200.0);
  const auto list = orthogonal_predictions(data, net);
  BOOST_TEST(names(list).size() == list.size());
  BOOST_TEST(list.size() == 20U);
  for (const prediction& one : list) {
    BOOST_TEST(one.applies(), one.name << ": " << one.objections());
    BOOST_TEST(!one.reference.empty());
    BOOST_TEST((one.kind == prediction_kind::bound) == (one.side != bound_side::none));
  }
  BOOST_TEST(*find(list, "minimum_squared_norm").value == 6.0, tolerance(1e-14));
  BOOST_TEST(*find(list, "limit_squared_norm").value == 6.0, tolerance(1e-14));
  BOOST_TEST(*find(list, "minimum_variation_norm").value == 3.0, tolerance(1e-14));
  BOOST_TEST(*find(list, "saddle_loss").value == 0.25, tolerance(1e-14));
  BOOST_TEST(*find(list, "late_loss_rate").value == 2.0, tolerance(1e-14));
  BOOST_TEST(*find(list, "final_mu").value == 2.0, tolerance(1e-14));
  BOOST_TEST(*find(list, "reactivations").value == 0.0);
  BOOST_TEST(find(list, "half_fit_time_positive").error_order == "O(lambda^2)");
  const double log_lambda = net.log_norms().maxCoeff();
  BOOST_TEST(*find(list, "t_2_bound").value == -1.375 * log_lambda, tolerance(1e-12));
  BOOST_TEST(*find(list, "t_3_bound").value == -1.75 * log_lambda / 0.5, tolerance(1e-12));
  BOOST_TEST(*find(list, "saddle_distance").value == std::exp(0.025 * log_lambda),
             tolerance(1e-12));
  BOOST_TEST(*find(list, "first_phase_log_norm_fast").value == std::log(2.0) + 0.875 * log_lambda,
             tolerance(1e-12));
  BOOST_TEST(*find(list, "first_phase_log_norm_slow").value == std::log(2.0) + 0.75 * log_lambda,
             tolerance(1e-12));
  BOOST_TEST(
      *find(list, "first_phase_cosine_slow").value == 1.0 - 2.0 * std::exp(0.125 * log_lambda),
      tolerance(1e-12));
  const auto early = orthogonal::early_map(data, net);
  const auto groups = orthogonal::groups_of(data);
  BOOST_TEST(
      *find(list, "half_fit_time_negative").value ==
      orthogonal::half_fit_time(*orthogonal::mass_law_of(data, net, *groups.negative, early)));
  double last = 0.0;
  for (const auto& path : early) {
    for (const auto& one : path->extinctions) {
      last = std::max(last, one.time);
    }
  }
  BOOST_TEST(*find(list, "last_extinction").value == last);
  BOOST_TEST(last > 0.0);
}

BOOST_AUTO_TEST_CASE(inputs_that_are_not_orthogonal_leave_names_and_one_reason) {
  const dataset skew(Eigen::MatrixXd{{1.0, 0.6}, {0.0, 0.8}}, vec({2.0, -1.0}));
  const auto list = orthogonal_predictions(skew, everywhere(6, 2, -50.0));
  const auto good = orthogonal_predictions(axes(vec({2.0, -1.0})), everywhere(6, 2, -50.0));
  BOOST_TEST(names(list) == names(good));
  for (const prediction& one : list) {
    BOOST_TEST(!one.applies());
    BOOST_TEST(!one.value.has_value());
    BOOST_TEST(one.objections() ==
               "not met: inputs are pairwise orthogonal (largest |cosine| 0.6, samples 0 and 1)");
  }
}

BOOST_AUTO_TEST_CASE(one_sign_of_labels_leaves_the_other_absent) {
  const auto list = orthogonal_predictions(axes(vec({2.0, 1.0})), everywhere(6, 2, -50.0));
  for (const char* name : {"half_fit_time_negative", "saddle_loss", "t_3", "t_3_bound",
                           "saddle_distance", "first_phase_cosine_slow"}) {
    BOOST_TEST(!find(list, name).value.has_value(), name);
    BOOST_TEST(!find(list, name).applies(), name);
  }
  BOOST_TEST(objects(find(list, "half_fit_time_negative"), "some label is negative (0 of 2"));
  for (const char* name :
       {"half_fit_time_positive", "t_2", "late_loss_rate", "limit_squared_norm"}) {
    BOOST_TEST(find(list, name).applies(), find(list, name).objections());
  }
  BOOST_TEST(*find(list, "half_fit_time_positive").value > 0.0);
}

BOOST_AUTO_TEST_CASE(each_hypothesis_is_checked_on_the_data) {
  const network net = everywhere(6, 2, -50.0);
  const auto of = [](const dataset& data, const network& start) {
    return orthogonal_predictions(data, start);
  };
  const auto unequal = of(axes(vec({2.0, 1.0}), vec({0.5, 1.0})), net);
  BOOST_TEST(objects(find(unequal, "half_fit_time_positive"), "norms from 0.5 to 1"));
  BOOST_TEST(objects(find(unequal, "t_2"), "inputs have norm 1"));
  BOOST_TEST(objects(find(unequal, "overshoots"), "have one norm"));
  BOOST_TEST(!find(unequal, "late_loss_rate").value.has_value());
  BOOST_TEST(find(unequal, "limit_squared_norm").applies());
  BOOST_TEST(find(unequal, "final_mu").applies());

  const auto zero = of(axes(vec({2.0, 0.0})), net);
  BOOST_TEST(objects(find(zero, "final_mu"), "1 of 2 labels are zero"));

  const auto large = of(axes(vec({2.0, -1.0})), everywhere(6, 2, 0.0));
  BOOST_TEST(objects(find(large, "half_fit_time_positive"), "the initialisation is small"));
  BOOST_TEST(objects(find(large, "first_phase_log_norm_fast"), "lambda < 1"));
  BOOST_TEST(find(large, "minimum_squared_norm").applies());

  const auto even = of(axes(vec({1.0, -1.0})), net);
  BOOST_TEST(objects(find(even, "saddle_loss"), "|D_+| differs from |D_-| (ratio 1)"));
  BOOST_TEST(objects(find(even, "t_2"), "no epsilon is"));
  BOOST_TEST(!find(even, "t_2").value.has_value());
  BOOST_TEST(find(even, "half_fit_time_positive").applies());

  const network scaled = network::balanced(net.signs(), net.log_norms(), net.directions(), 0.5);
  BOOST_TEST(objects(find(of(axes(vec({2.0, -1.0})), scaled), "minimum_squared_norm"),
                     "output scale 0.5"));

  const network one = network::balanced(vec({1}), vec({-50.0}), vec({1.0, 1.0}));
  const auto narrow = of(axes(vec({2.0, -1.0})), one);
  BOOST_TEST(objects(find(narrow, "minimum_squared_norm"), "1 neurons, 2 signs"));
  BOOST_TEST(objects(find(narrow, "half_fit_time_negative"), "0 of 1 neurons"));
  BOOST_TEST(!find(narrow, "limit_squared_norm").value.has_value());

  const network weak =
      network::cartesian(vec({1e-9, -1e-9}), Eigen::MatrixXd{{2e-9, 1e-9}, {1e-9, 1e-9}});
  const auto undominated = of(axes(vec({2.0, -1.0})), weak);
  BOOST_TEST(objects(find(undominated, "half_fit_time_positive"), "|a_j| >= |w_j|"));
  BOOST_TEST(objects(find(undominated, "t_2"), "neurons are balanced"));
}

BOOST_AUTO_TEST_CASE(subclusters_change_the_order_of_the_error) {
  const dataset data = axes(vec({1.5, 1.0}));
  const network net =
      network::balanced(vec({1, 1}), vec({-20.0, -20.0}), Eigen::MatrixXd{{0.8, 0.8}, {0.6, -0.6}});
  const auto list = orthogonal_predictions(data, net);
  BOOST_TEST(find(list, "half_fit_time_positive").error_order == "O(lambda^0.336)");
  BOOST_TEST(objects(find(list, "overshoots"), "one grows at 0.8321 of the rate"));
}

BOOST_AUTO_TEST_CASE(options_of_the_list) {
  const dataset data = axes(vec({2.0, -1.0}));
  const network net = everywhere(6, 2, -50.0);
  const auto list = orthogonal_predictions(data, net, {0.12, -40.0});
  BOOST_TEST(*find(list, "t_2_bound").value == 1.36 * 40.0, tolerance(1e-12));
  BOOST_TEST(objects(find(orthogonal_predictions(data, net, {0.13, {}}), "t_2"),
                     "epsilon 0.13, largest 0.125"));
  BOOST_CHECK_THROW((void)orthogonal_predictions(data, net, {-1.0, {}}), invalid_input);
  BOOST_CHECK_THROW((void)orthogonal_predictions(data, net, {std::nan(""), {}}), invalid_input);
  BOOST_CHECK_THROW((void)orthogonal_predictions(data, everywhere(6, 3, -50.0)), invalid_input);
  BOOST_CHECK_THROW((void)orthogonal_predictions(data, network()), invalid_input);
}

}  // namespace reluflow
