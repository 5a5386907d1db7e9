#include "reluflow/solvers/flow_solver.hpp"

#include "integrator.hpp"
#include "reluflow/detail/output_file.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/io/file_error.hpp"

#include <cerrno>
#include <fstream>
#include <utility>

namespace reluflow {
namespace {

problem checked(problem task) {
  task.flow.validate();
  task.record.validate(task.flow.t_end);
  return task;
}

}  // namespace

/// The integrator refers to the problem and the callbacks, so they stay where they are.
struct flow_solver::parts {
  problem task;
  observers callbacks;
  detail::integrator run;
  bool finished = false;

  parts(problem of, observers with)
      : task(checked(std::move(of))),
        callbacks(std::move(with)),
        run(task.data, task.initial, task.flow, task.record, callbacks) {}
};

flow_solver::flow_solver(problem task, observers callbacks)
    : parts_(std::make_unique<parts>(std::move(task), std::move(callbacks))) {
  parts_->run.start();
}

flow_solver::flow_solver(problem task, std::istream& checkpoint, observers callbacks)
    : parts_(std::make_unique<parts>(std::move(task), std::move(callbacks))) {
  parts_->run.load(checkpoint, "checkpoint");
}

flow_solver::flow_solver(problem task, const std::filesystem::path& checkpoint, observers callbacks)
    : parts_(std::make_unique<parts>(std::move(task), std::move(callbacks))) {
  std::ifstream in(checkpoint, std::ios::binary);
  if (!in) throw invalid_input(checkpoint.string(), "no such file", "a checkpoint");
  parts_->run.load(in, checkpoint.string());
}

flow_solver::~flow_solver() = default;
flow_solver::flow_solver(flow_solver&&) noexcept = default;
flow_solver& flow_solver::operator=(flow_solver&&) noexcept = default;

bool flow_solver::step() {
  parts_->run.step();
  return !parts_->run.ending();
}

bool flow_solver::advance_to(double t) {
  while (!ending() && now().t < t) parts_->run.step();
  return !ending();
}

progress flow_solver::now() const { return parts_->run.now(); }

network flow_solver::state() const { return parts_->run.current(); }

std::optional<outcome> flow_solver::ending() const { return parts_->run.ending(); }

const trajectory& flow_solver::so_far() const { return parts_->run.so_far(); }

trajectory flow_solver::finish() {
  parts_->finished = true;
  return parts_->run.finish();
}

void flow_solver::save(std::ostream& out) const {
  if (parts_->finished) {
    throw invalid_input("flow_solver::save", "a finished run", "one that may go on");
  }
  parts_->run.save(out);
}

void flow_solver::save(const std::filesystem::path& file) const {
  detail::temporary_name name(file);
  std::ofstream out(name.path(), std::ios::binary);
  if (out) save(out);
  out.close();
  if (!out) throw file_error(file, errno);
  name.commit();
}

}  // namespace reluflow
