// A run that its caller drives: stopped, saved, taken up again, and the same to the last bit as one
// that was left alone. docs/resume.md shows parts of it.

#include "reluflow/initialisation.hpp"
#include "reluflow/solvers/flow_solver.hpp"

#include <cstdio>

int main() {
  Eigen::MatrixXd inputs(2, 4);
  inputs << -1.0, 0.0, 0.5, 2.0, 1.0, 1.0, 1.0, 1.0;
  const reluflow::dataset data(inputs, Eigen::Vector4d(1.0, -0.5, 0.3, 0.8));
  reluflow::problem task{data, reluflow::balanced_network(20, 2, -10.0, 1), {}, {}, {}};
  task.flow.t_end = 60.0;

  //! [stop]
  reluflow::flow_solver solver(task);
  while (solver.step()) {
    if (solver.now().steps == 100) {  // or: time is up
      solver.save("run.checkpoint");
      break;
    }
  }
  const reluflow::trajectory part = solver.finish();  // ends as `interrupted`
  //! [stop]

  //! [go on]
  reluflow::flow_solver later(task, "run.checkpoint");
  while (later.step()) {
  }
  const reluflow::trajectory whole = later.finish();
  //! [go on]

  const reluflow::trajectory alone = reluflow::integrate(task);
  std::remove("run.checkpoint");
  std::printf("%s at t = %.3f, then %s at t = %g: loss %.17g, left alone %.17g\n",
              to_string(part.ending).data(), part.t, to_string(whole.ending).data(), whole.t,
              whole.end.loss, alone.end.loss);
  return part.ending == reluflow::outcome::interrupted && whole.end.loss == alone.end.loss ? 0 : 1;
}
