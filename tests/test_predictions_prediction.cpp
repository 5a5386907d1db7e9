// What a prediction says of itself, and beside a measured number.

#include "reluflow/predictions/prediction.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace reluflow {
namespace {

prediction upper(double value) {
  return {"size", prediction_kind::bound, bound_side::upper, value, "", "theory A8", {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_prediction_applies_when_it_exists_and_nothing_fails) {
  prediction one{"time", prediction_kind::exact, bound_side::none, 1.5, "", "theory A7", {}};
  BOOST_TEST(one.applies());
  BOOST_TEST(one.objections().empty());
  one.assumptions = {{"inputs are orthogonal", true, "they are"}};
  BOOST_TEST(one.applies());
  one.assumptions.push_back({"no label is zero", false, "1 of 3 labels are zero"});
  one.assumptions.push_back({"output scale is 1", false, "output scale 0.5"});
  BOOST_TEST(!one.applies());
  BOOST_TEST(one.objections() ==
             "not met: no label is zero (1 of 3 labels are zero); "
             "not met: output scale is 1 (output scale 0.5)");
  one.assumptions.clear();
  one.value.reset();
  BOOST_TEST(!one.applies());
}

BOOST_AUTO_TEST_CASE(kinds_have_the_names_of_the_file_format) {
  BOOST_TEST(to_string(prediction_kind::exact) == "exact");
  BOOST_TEST(to_string(prediction_kind::asymptotic) == "asymptotic");
  BOOST_TEST(to_string(prediction_kind::bound) == "bound");
}

BOOST_AUTO_TEST_CASE(a_comparison_shows_the_difference) {
  const prediction one{
      "time", prediction_kind::asymptotic, bound_side::none, 1.5, "O(lambda^2)", "theory A7", {}};
  const comparison row = compare(one, 1.75, "from the dense output");
  BOOST_TEST(row.name == "time");
  BOOST_TEST((row.kind == prediction_kind::asymptotic));
  BOOST_TEST(*row.predicted == 1.5);
  BOOST_TEST(*row.measured == 1.75);
  BOOST_TEST(*row.difference == 0.25);
  BOOST_TEST(row.reference == "theory A7");
  BOOST_TEST(row.note == "from the dense output");
  BOOST_TEST(!compare(one, std::nullopt).difference.has_value());
}

BOOST_AUTO_TEST_CASE(a_bound_is_judged_from_its_side) {
  BOOST_TEST(compare(upper(2.0), 1.9).note == "upper bound holds");
  BOOST_TEST(compare(upper(2.0), 2.0).note == "upper bound holds");
  BOOST_TEST(compare(upper(2.0), 2.1).note == "upper bound violated");
  BOOST_TEST(compare(upper(2.0), std::nan("")).note == "upper bound violated");
  BOOST_TEST(compare(upper(2.0), std::nullopt).note.empty());
  BOOST_TEST(compare(upper(-2.0), -2.0 + 1e-10).note == "upper bound holds");
  BOOST_TEST(compare(upper(-2.0), -2.0 + 1e-10, "", 0.0).note == "upper bound violated");
  BOOST_TEST(compare(upper(2.0), 2.1, "", 0.1).note == "upper bound holds");
  prediction lower = upper(2.0);
  lower.side = bound_side::lower;
  BOOST_TEST(compare(lower, 2.1).note == "lower bound holds");
  BOOST_TEST(compare(lower, 1.9).note == "lower bound violated");
  BOOST_TEST(compare(lower, std::nan("")).note == "lower bound violated");
  lower.assumptions = {{"r > 1", false, "r = 1"}};
  BOOST_TEST(compare(lower, 1.9, "end of the run").note ==
             "lower bound passed; not met: r > 1 (r = 1); end of the run");
  BOOST_TEST(compare(lower, 2.1).note == "lower bound holds; not met: r > 1 (r = 1)");
}

BOOST_AUTO_TEST_CASE(a_comparison_says_whether_the_assumptions_hold) {
  prediction one = upper(2.0);
  BOOST_TEST(compare(one, 2.1).assumptions_hold);
  one.assumptions = {{"s > 1", true, "s = 2"}};
  BOOST_TEST(compare(one, 2.1).assumptions_hold);
  one.assumptions.push_back({"r > 1", false, "r = 1"});
  BOOST_TEST(!one.assumptions_hold());
  BOOST_TEST(!compare(one, 1.9).assumptions_hold);
  BOOST_TEST(!compare(one, std::nullopt).assumptions_hold);
  // A value that does not exist is no assumption that fails.
  one.assumptions.pop_back();
  one.value.reset();
  BOOST_TEST(!one.applies());
  BOOST_TEST(compare(one, 1.9).assumptions_hold);
}

}  // namespace reluflow
