#pragma once

// How the values of the library go into cereal archives and come back, to the last bit.

#include "bounded_archive.hpp"
#include "reluflow/problem.hpp"
#include "reluflow/trajectory.hpp"
#include "reluflow/vector_field.hpp"

#include <Eigen/Core>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>

#include <algorithm>
#include <cstdint>

namespace Eigen {

template <class Archive, class Derived>
void save(Archive& archive, const PlainObjectBase<Derived>& matrix) {
  archive(std::int64_t{matrix.rows()}, std::int64_t{matrix.cols()});
  const auto bytes = static_cast<std::size_t>(matrix.size()) * sizeof(typename Derived::Scalar);
  archive(cereal::binary_data(matrix.data(), bytes));
}

template <class Derived>
void load(reluflow::detail::bounded_archive& archive, PlainObjectBase<Derived>& matrix) {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  archive(rows, columns);
  constexpr bool is_vector = Derived::ColsAtCompileTime == 1;
  if (rows < 0 || columns < 0 || (is_vector && columns != 1)) {
    throw cereal::Exception("a matrix of another shape");
  }
  const auto height = static_cast<std::uint64_t>(rows);
  archive.require(height, sizeof(typename Derived::Scalar));
  // An empty matrix may be as wide as it likes, but not so wide that others stumble over it.
  archive.require(static_cast<std::uint64_t>(columns),
                  std::max<std::uint64_t>(1, height * sizeof(typename Derived::Scalar)));
  matrix.resize(rows, columns);
  const auto bytes = static_cast<std::size_t>(matrix.size()) * sizeof(typename Derived::Scalar);
  archive(cereal::binary_data(matrix.data(), bytes));
}

}  // namespace Eigen

namespace reluflow {

template <class Archive>
void serialize(Archive& archive, flow_options& o) {
  archive(o.t_end, o.rtol, o.atol, o.chart, o.switching, o.rule, o.stop_loss, o.stop_gradient,
          o.max_steps, o.max_stalled_switches);
}

/// Without its function, which cannot be written.
template <class Archive>
void serialize(Archive& archive, stopping_time& s) {
  archive(s.name, s.level, s.direction, s.start, s.terminal, s.repeated, s.note);
}

template <class Archive>
void serialize(Archive& archive, record_options& o) {
  archive(o.times, o.states, o.switches, o.dense, o.stopping_times);
}

template <class Archive>
void serialize(Archive& archive, record_row& r) {
  archive(r.t, r.loss, r.mu, r.mu_mean, r.gradient_norm, r.active, r.sliding);
}

template <class Archive>
void serialize(Archive& archive, switch_event& e) {
  archive(e.t, e.neuron, e.sample, e.from, e.to, e.repelling, e.t_error, e.certain);
}

template <class Archive>
void serialize(Archive& archive, sliding_interval& s) {
  archive(s.neuron, s.sample, s.t_begin, s.t_end, s.eta_begin, s.eta_end, s.open, s.t_begin_error,
          s.t_end_error, s.certain);
}

template <class Archive>
void serialize(Archive& archive, stopping_event& e) {
  archive(e.name, e.t, e.terminal, e.note, e.row, e.state);
}

template <class Archive>
void serialize(Archive& archive, dense_segment& s) {
  archive(s.t0, s.t1, s.control);
}

template <class Archive>
void serialize(Archive& archive, run_profile& p) {
  archive(p.field, p.certificates, p.local, p.corrections, p.recording);
}

template <class Archive>
void serialize(Archive& archive, run_statistics& s) {
  archive(s.steps, s.rejected, s.field_evaluations, s.switches, s.certain_switches, s.slides,
          s.repelling, s.dissipated, s.loss_error, s.invariant_drift, s.wall_seconds, s.profile);
}

template <class Archive>
void serialize(Archive& archive, sliding_frame& f) {
  archive(f.surfaces, f.basis, f.multiplier_map);
}

template <class Archive>
void serialize(Archive& archive, flow_modes& m) {
  archive(m.pattern, m.frames);
}

/// Without what is scratch.
template <class Archive>
void serialize(Archive& archive, field_values& v) {
  archive(v.residuals, v.forces, v.loss, v.speed, v.squares, v.norms);
}

}  // namespace reluflow
