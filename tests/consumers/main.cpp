// The program of somebody who uses reluflow: the same file for every way of getting hold of it.
// Data, stopping time and observers are its own.

#include <reluflow/initialisation.hpp>
#include <reluflow/laws.hpp>
#include <reluflow/solvers/flow.hpp>
#include <reluflow/version.hpp>

#include <iostream>

int main() {
  if (reluflow::linked_version() != reluflow::version_string) {
    std::cerr << "headers " << reluflow::version_string << " met library "
              << reluflow::linked_version() << '\n';
    return 1;
  }

  //! [data]
  const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(7, -1.5, 1.5);
  Eigen::MatrixXd inputs(2, 7);  // one sample a column; the last row is the bias
  inputs << x.transpose(), Eigen::RowVectorXd::Ones(7);
  const Eigen::VectorXd labels = x.array().abs() - 0.5;
  const reluflow::dataset data(inputs, labels);
  const reluflow::network start = reluflow::balanced_network(30, 2, -14.0, 1);  // e^-14
  //! [data]

  //! [stopping time]
  reluflow::record_options record{.times = reluflow::linear_times(400.0, 201)};
  record.stopping_times = {
      {.name = "every residual below 0.1",
       .value =
           [](const reluflow::flow_moment& now) { return now.residuals.cwiseAbs().maxCoeff(); },
       .level = 0.1,
       .direction = reluflow::passage::falling,
       .terminal = true}};
  //! [stopping time]

  //! [observers]
  std::size_t into_sliding = 0;
  reluflow::observers watch;
  watch.on_switch = [&](const reluflow::switch_event& event) {
    into_sliding += event.to == reluflow::pair_mode::sliding ? 1 : 0;
  };
  watch.on_step = [](const reluflow::progress& now) { return now.steps < 100000; };  // false stops
  //! [observers]

  //! [run]
  const reluflow::flow_options flow{.t_end = 400.0, .rtol = 1e-10};
  const reluflow::trajectory run = reluflow::integrate(data, start, flow, record, watch);
  std::cout << to_string(run.ending) << " at t = " << run.t << ", loss " << run.end.loss << ", "
            << run.switches.size() << " switches, " << into_sliding << " into sliding\n";
  bool lawful = run.ending == reluflow::outcome::stopping_time;
  for (const reluflow::law_result& law : reluflow::check_laws(data, run)) {
    lawful = lawful && law.holds;
    if (!law.holds) std::cerr << describe(law) << '\n';
  }
  return lawful ? 0 : 1;
  //! [run]
}
