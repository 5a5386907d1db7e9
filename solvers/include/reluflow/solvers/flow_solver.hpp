#pragma once

#include "reluflow/problem.hpp"
#include "reluflow/solvers/flow.hpp"
#include "reluflow/trajectory.hpp"

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>

namespace reluflow {

/// A run that its caller drives, step by step: to look on, to stop, to save it and to go on later.
/// `integrate` is this in a loop.
///
///     flow_solver solver(task);
///     while (solver.step()) {
///       if (time_is_up()) {
///         solver.save("run.checkpoint");
///         break;
///       }
///     }
///     const trajectory run = solver.finish();
///
/// and in another process
///
///     flow_solver solver(task, "run.checkpoint");
///     solver.advance_to(task.flow.t_end);
///
/// A run that was saved and goes on takes the same steps as one that never stopped: the trajectory
/// is the same to the last bit, on any number of threads.
class flow_solver {
 public:
  /// A run at t = 0. Of `callbacks`, `on_switch` is called from step(); `on_step` is not, because
  /// the loop is the caller's.
  /// @throws invalid_input as `integrate` does
  explicit flow_solver(problem task, observers callbacks = {});

  /// A run that goes on from a checkpoint of the same problem. Data, network and options must agree
  /// to the last bit; functions of stopping times cannot be compared and are taken to be the same.
  /// @throws invalid_input in one line: the checkpoint is missing, cut short or damaged, belongs to
  ///         another problem, or was made by another version of reluflow
  flow_solver(problem task, const std::filesystem::path& checkpoint, observers callbacks = {});
  /// The same from a stream that can seek.
  flow_solver(problem task, std::istream& checkpoint, observers callbacks = {});

  ~flow_solver();
  /// The other one can be destroyed or assigned to.
  flow_solver(flow_solver&&) noexcept;
  /// The other one can be destroyed or assigned to.
  flow_solver& operator=(flow_solver&&) noexcept;

  /// Takes one step: to where its error allows, or to the next switch. Returns false when the run
  /// has ended; a step after the end does nothing.
  bool step();
  /// Steps until now().t >= t or the run has ended; steps are those of the whole run and do not
  /// stop at t. Returns false when the run has ended.
  bool advance_to(double t);

  /// Where the run is.
  [[nodiscard]] progress now() const;
  /// The network at now().t.
  [[nodiscard]] network state() const;
  /// How the run has ended; null while it goes on.
  [[nodiscard]] std::optional<outcome> ending() const;
  /// What is recorded so far. `ending`, `t`, `end` and all that is final are set by finish().
  [[nodiscard]] const trajectory& so_far() const;

  /// The trajectory, complete; one that had not ended ends here as `outcome::interrupted`. Nothing
  /// but destruction and assignment may follow.
  [[nodiscard]] trajectory finish();

  /// Writes everything that later steps depend on, and everything recorded so far. Numbers are kept
  /// exactly, for machines of one kind; a sum at the end tells damage. What cannot be written puts
  /// `out` into a bad state.
  /// @throws invalid_input after finish()
  void save(std::ostream& out) const;
  /// The same into a file, which appears complete or not at all: a checkpoint that was there before
  /// stays until then.
  /// @throws file_error when the file cannot be written
  void save(const std::filesystem::path& file) const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace reluflow
