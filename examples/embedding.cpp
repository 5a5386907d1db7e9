#include <reluflow/initialisation.hpp>
#include <reluflow/solvers/flow.hpp>

#include <cstdio>

int main() {
  Eigen::MatrixXd inputs(2, 3);  // one sample a column; the last row is the bias
  inputs << -1.0, 0.5, 2.0, 1.0, 1.0, 1.0;
  const reluflow::dataset data(inputs, Eigen::Vector3d(1.0, -0.5, 0.3));
  const reluflow::network start = reluflow::balanced_network(50, 2, -300.0, 1);  // |w| ~ e^-300
  reluflow::flow_options flow;
  flow.t_end = 2500.0;
  const reluflow::trajectory run = reluflow::integrate(data, start, flow);
  std::printf("%s at t = %g: loss %.3e, %zu switches, %zu slides\n", to_string(run.ending).data(),
              run.t, run.end.loss, run.switches.size(), run.slides.size());
}
