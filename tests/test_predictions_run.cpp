// Paper A's closed forms against the integrator: the inequalities of the phases, and random
// orthogonal problems.

#include "reluflow/generators.hpp"
#include "reluflow/initialisation.hpp"
#include "reluflow/predictions/orthogonal_phases.hpp"
#include "reluflow/predictions/orthogonal_run.hpp"
#include "reluflow/solvers/flow.hpp"
#include "support/laws.hpp"
#include "test_predictions_flow.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace reluflow::test {
namespace {

trajectory watched(const dataset& data, const network& initial, const flow_options& flow,
                   const orthogonal_options& options = {}) {
  record_options record{linear_times(flow.t_end, 401)};
  record.stopping_times = all_stopping_times(data, initial, options);
  return checked_run(data, initial, flow, record);
}

const comparison& row(const std::vector<comparison>& list, const std::string& name) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [&](const comparison& one) { return one.name == name; });
  BOOST_REQUIRE_MESSAGE(at != list.end(), "no comparison " + name);
  return *at;
}

// --- A8, A10, A11: X = I_2, y = (2, -1) ----------------------------------------------------------

BOOST_AUTO_TEST_CASE(bounds_of_the_phases_hold_along_the_flow) {
  const dataset data = axes(vec({2.0, -1.0}));
  double last_error = 1.0;
  double last_distance = 0.0;
  for (const double exponent : {-6.0, -8.0, -10.0, -12.0, -14.0}) {
    BOOST_TEST_CONTEXT("lambda = 1e" << exponent) {
      const network initial = balanced_gaussian(12, 2, exponent * std::log(10.0), 6);
      flow_options flow;
      flow.t_end = 8.0 - 2.4 * exponent * std::log(10.0);
      orthogonal_options options;
      options.epsilon = 0.12;
      const trajectory run = watched(data, initial, flow, options);
      const auto list = compare_orthogonal(data, run, options);
      for (const char* name :
           {"first_phase_log_norm_fast", "first_phase_log_norm_slow", "first_phase_cosine_fast",
            "first_phase_cosine_slow", "t_2_bound", "t_3_bound", "saddle_distance",
            "minimum_squared_norm", "minimum_variation_norm", "final_mu"}) {
        const comparison& one = row(list, name);
        BOOST_TEST(one.measured.has_value(), name);
        BOOST_TEST(one.note.find("bound holds") != std::string::npos, name << ": " << one.note);
      }
      // theory.md A10: the mass fires, a little later than the logistic law says.
      const double error =
          std::max(std::abs(*row(list, "t_2").difference), std::abs(*row(list, "t_3").difference));
      BOOST_TEST(error < 5e-3);
      BOOST_TEST(error < last_error);
      last_error = error + 1e-7;
      // theory.md A11: the true distance scales like lambda^epsilon.
      const double distance = *row(list, "saddle_distance").measured;
      if (last_distance > 0.0) {
        BOOST_TEST(std::abs(std::log(last_distance / distance) / std::log(100.0) - 0.12) < 0.01);
      }
      last_distance = distance;
      // Theory A8 (iii), with the exact extinction times instead of the paper's.
      BOOST_TEST(std::abs(*row(list, "last_extinction").difference) < 1e-7);
      for (const char* name : {"half_fit_time_positive", "half_fit_time_negative"}) {
        BOOST_TEST(std::abs(*row(list, name).difference) < 1e-6, name);
      }
      BOOST_TEST(*row(list, "reactivations").measured == 0.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(stopping_times_that_do_not_exist_are_absent) {
  const auto has = [](const std::vector<stopping_time>& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(),
                       [&](const stopping_time& one) { return one.name == name; });
  };
  const network small = balanced_gaussian(12, 2, -20.0, 6);
  const auto one_sign = orthogonal_stopping_times(axes(vec({2.0, 1.0})), small);
  BOOST_TEST(has(one_sign, "T_+"));
  BOOST_TEST(has(one_sign, "t_2"));
  for (const char* name : {"T_-", "t_-1", "t_3", "saddle_middle", "saddle_begin"}) {
    BOOST_TEST(!has(one_sign, name), name);
  }
  const dataset unequal = axes(vec({2.0, -1.0}), vec({1.0, 1.5}));
  BOOST_TEST(has(orthogonal_stopping_times(unequal, small), "T_-"));
  BOOST_TEST(!has(orthogonal_stopping_times(unequal, small), "t_2"));
  const network large = balanced_gaussian(12, 2, 1.0, 6);
  BOOST_TEST(!has(orthogonal_stopping_times(axes(vec({2.0, -1.0})), large), "t_+1"));
  const dataset slanted(Eigen::MatrixXd{{1.0, 0.5}, {0.0, 1.0}}, vec({2.0, -1.0}));
  BOOST_TEST(orthogonal_stopping_times(slanted, small).empty());
  const trajectory run = watched(slanted, small, {});
  for (const comparison& one : compare_orthogonal(slanted, run)) {
    BOOST_TEST(!one.predicted.has_value());
    BOOST_TEST(one.note.find("inputs are pairwise orthogonal") != std::string::npos);
  }
}

// --- random problems -----------------------------------------------------------------------------

struct random_problem {
  dataset data;
  network initial;
  bool covered;  ///< every sample has an active neuron with the sign of its label
};

random_problem draw(double log_scale) {
  const auto seed = *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
  const auto n = *rc::gen::inRange<index>(1, 9);
  const auto d = n + *rc::gen::inRange<index>(0, 3);
  const auto m = *rc::gen::inRange<index>(2, 33);
  Eigen::MatrixXd inputs = orthonormal_data(n, d, seed).inputs();
  Eigen::VectorXd labels(n);
  for (index k = 0; k < n; ++k) {
    inputs.col(k) *= *rc::gen::inRange(500, 2000) / 1000.0;
    labels[k] = *rc::gen::inRange(300, 2000) / 1000.0 * (*rc::gen::arbitrary<bool>() ? 1.0 : -1.0);
  }
  dataset data(std::move(inputs), std::move(labels));
  network initial = balanced_network(m, d, log_scale, seed);
  const Eigen::ArrayXXd z = data.inputs().transpose() * initial.directions();
  bool covered = true;
  for (index k = 0; k < n; ++k) {
    const Eigen::ArrayXd agree = initial.signs().array() * data.labels()[k];
    covered = covered && (agree > 0.0 && z.row(k).transpose() > 0.0).any();
  }
  return {std::move(data), std::move(initial), covered};
}

// Time enough for the slowest neuron that can grow, and for the loss to fall afterwards.
flow_options long_flow(const random_problem& problem, double log_scale) {
  const auto n = static_cast<double>(problem.data.size());
  const double slowest =
      (problem.data.labels().cwiseAbs().array() * problem.data.norms().array()).minCoeff() / n;
  flow_options flow;
  flow.t_end = (60.0 - 3.0 * log_scale) / slowest;
  flow.stop_loss = 1e-20;
  return flow;
}

bool interpolates(const trajectory& run) { return run.end.loss <= 1e-15; }

// Paper B, Lemma 5 and Theorem 1 (theory.md B3-B5): on orthogonal data an active neuron of the
// right sign for every sample is all that convergence takes, and without one it is impossible.
RC_BOOST_PROP(the_loss_vanishes_exactly_when_every_sample_has_its_neuron, ()) {
  const double log_scale = -*rc::gen::inRange(200, 2000) / 100.0;
  const random_problem problem = draw(log_scale);
  const trajectory run = watched(problem.data, problem.initial, long_flow(problem, log_scale));
  RC_CLASSIFY(problem.covered, "covered");
  RC_ASSERT(is_success(run.ending));
  RC_ASSERT(interpolates(run) == problem.covered);
  RC_ASSERT(orthogonal::reactivations(run).empty());
  RC_ASSERT(run.slides.empty());
}

// What is predicted for small initialisations, at e^-1000: the error is that of the run, unless a
// sub-cluster grows almost as fast as a cluster.
RC_BOOST_PROP(small_initialisations_do_what_is_predicted, ()) {
  constexpr double log_scale = -1000.0;
  const random_problem problem = draw(log_scale);
  const trajectory run = watched(problem.data, problem.initial, long_flow(problem, log_scale));
  RC_ASSERT(is_success(run.ending));
  const auto groups = orthogonal::groups_of(problem.data);
  const auto early = orthogonal::early_map(problem.data, problem.initial);
  double log_error = 2.0 * log_scale;
  bool clusters = true;
  for (const auto* group : {groups.fast(), groups.slow()}) {
    if (group == nullptr) continue;
    const auto law = orthogonal::mass_law_of(problem.data, problem.initial, *group, early);
    clusters = clusters && law.has_value();
    if (law && law->subcluster_ratio) {
      log_error = std::max(log_error, 2.0 * (1.0 - *law->subcluster_ratio) * log_scale);
    }
  }
  const bool sharp = log_error < -25.0;
  RC_CLASSIFY(clusters, "clusters");
  RC_CLASSIFY(clusters && sharp, "clusters, no fast sub-cluster");
  RC_ASSERT(orthogonal::reactivations(run).empty());

  const auto list = compare_orthogonal(problem.data, run);
  const auto predicted = orthogonal_predictions(problem.data, problem.initial);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool exact = predicted[i].kind == prediction_kind::exact;
    const bool quadratic = predicted[i].error_order == "O(lambda^2)";
    if (!predicted[i].applies() || !(exact || quadratic)) continue;
    RC_LOG(list[i].name);
    RC_ASSERT(list[i].measured.has_value());
    RC_ASSERT(std::abs(*list[i].difference) <= 1e-6 * std::max(1.0, std::abs(*list[i].predicted)));
  }
  if (!clusters || !sharp) return;
  const comparison& norm = row(list, "limit_squared_norm");
  RC_ASSERT(interpolates(run));
  RC_ASSERT(std::abs(*norm.difference) <= 1e-6 * *norm.predicted);
}

}  // namespace
}  // namespace reluflow::test
