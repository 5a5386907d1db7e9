#pragma once

#include "sweep.hpp"

namespace reluflow::app {

/// The processes of one sweep: MPI ranks when started under mpirun, else this one alone.
class rank_session {
 public:
  /// @throws invalid_input when there are several ranks and this build has no MPI
  rank_session();
  ~rank_session();
  rank_session(const rank_session&) = delete;
  rank_session& operator=(const rank_session&) = delete;

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  /// False on all ranks when it is false on rank 0: whether there is work.
  [[nodiscard]] bool agree(bool wanted) const;

  /// Rank 0: hands out cells to the other ranks until none of them wants any more.
  void serve(cell_desk& desk) const;
  /// Other ranks: works on cells from rank 0 until it has none.
  void work(const sweep_plan& plan) const;

 private:
  int rank_ = 0;
  int size_ = 1;
  bool active_ = false;
};

}  // namespace reluflow::app
