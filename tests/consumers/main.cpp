// The program of somebody who uses reluflow: the same file for every way of getting hold of it. One
// neuron learns one sample, and p = a w follows the logistic equation p' = 2 p (1 - p).

#include <reluflow/solvers/flow.hpp>
#include <reluflow/version.hpp>

#include <Eigen/Core>

#include <cmath>
#include <iostream>

int main() {
  if (reluflow::linked_version() != reluflow::version_string) {
    std::cerr << "headers " << reluflow::version_string << " met library "
              << reluflow::linked_version() << '\n';
    return 1;
  }

  const double log_norm = std::log(1e-3);
  const reluflow::dataset data(Eigen::MatrixXd::Ones(1, 1), Eigen::VectorXd::Ones(1));
  const reluflow::network start =
      reluflow::network::balanced(Eigen::VectorXd::Ones(1), Eigen::VectorXd::Constant(1, log_norm),
                                  Eigen::MatrixXd::Ones(1, 1));
  reluflow::flow_options flow;
  flow.t_end = 7.0;
  const reluflow::trajectory run = reluflow::integrate(data, start, flow);

  const double expected = 1.0 / (1.0 + std::expm1(-2.0 * log_norm) * std::exp(-2.0 * flow.t_end));
  const double found = run.final_network(data)[0];
  std::cout << "reluflow " << reluflow::version_string << ": h(" << run.t << ") = " << found
            << ", expected " << expected << '\n';
  return std::abs(found - expected) < 1e-7 ? 0 : 1;
}
