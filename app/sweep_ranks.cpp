#include "sweep_ranks.hpp"

#include "reluflow/errors.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#ifdef RELUFLOW_MPI
#include <mpi.h>
#endif

namespace reluflow::app {
namespace {

/// How many processes a launcher says that it has started; 1 without one. MPI itself is asked only
/// under a launcher, because starting it for one process takes longer than a small sweep.
int launched_ranks() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"}) {
    if (const char* value = std::getenv(name)) return std::max(1, std::atoi(value));
  }
  return 1;
}

}  // namespace

#ifdef RELUFLOW_MPI

namespace {

/// A result in the form in which it travels: the row of numbers after their text.
struct parcel {
  std::int64_t cell = -1;  ///< -1: no result yet
  std::uint64_t seed = 0;
  char outcome[32] = {};
  char error[512] = {};  ///< empty: none
  std::int64_t count = 0;
};

constexpr int parcel_tag = 1;
constexpr int values_tag = 2;
constexpr int cell_tag = 3;
constexpr std::int64_t no_more = -1;

template <std::size_t Size>
void copy_text(char (&target)[Size], const std::string& text) {
  std::strncpy(target, text.c_str(), Size - 1);
}

parcel pack(const cell_result& result) {
  parcel packed;
  packed.cell = result.cell;
  packed.seed = result.seed;
  packed.count = static_cast<std::int64_t>(result.values.size());
  copy_text(packed.outcome, result.outcome);
  return packed;
}

}  // namespace

rank_session::rank_session() {
  if (launched_ranks() == 1) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
  active_ = true;
}

rank_session::~rank_session() {
  if (active_) MPI_Finalize();
}

bool rank_session::agree(bool wanted) const {
  int flag = wanted ? 1 : 0;
  if (active_) MPI_Bcast(&flag, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return flag != 0;
}

void rank_session::serve(cell_desk& desk) const {
  for (int waiting = size_ - 1; waiting > 0;) {
    int arrived = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, parcel_tag, MPI_COMM_WORLD, &arrived, &status);
    if (arrived == 0) {
      // Receiving would keep a core busy that can work on cells.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    const int source = status.MPI_SOURCE;
    parcel packed;
    MPI_Recv(&packed, sizeof packed, MPI_BYTE, source, parcel_tag, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    cell_result result{packed.cell, packed.seed, packed.outcome,
                       std::vector<double>(static_cast<std::size_t>(packed.count))};
    MPI_Recv(result.values.data(), static_cast<int>(packed.count), MPI_DOUBLE, source, values_tag,
             MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (packed.error[0] != '\0') {
      desk.fail(std::make_exception_ptr(std::runtime_error(packed.error)));
    } else if (packed.cell >= 0) {
      desk.take(result);
    }
    std::int64_t cell = desk.next().value_or(no_more);
    MPI_Send(&cell, 1, MPI_INT64_T, source, cell_tag, MPI_COMM_WORLD);
    if (cell == no_more) --waiting;
  }
}

void rank_session::work(const sweep_plan& plan) const {
  parcel packed;
  cell_result result;
  for (;;) {
    MPI_Send(&packed, sizeof packed, MPI_BYTE, 0, parcel_tag, MPI_COMM_WORLD);
    MPI_Send(result.values.data(), static_cast<int>(packed.count), MPI_DOUBLE, 0, values_tag,
             MPI_COMM_WORLD);
    std::int64_t cell = no_more;
    MPI_Recv(&cell, 1, MPI_INT64_T, 0, cell_tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (cell == no_more) return;
    try {
      result = run_cell(plan, cell);
      packed = pack(result);
    } catch (const std::exception& error) {
      packed = {};
      result.values.clear();
      copy_text(packed.error, error.what());
    }
  }
}

#else

rank_session::rank_session() {
  if (const int ranks = launched_ranks(); ranks > 1) {
    throw invalid_input("sweep", fmt::format("{} processes and a build without MPI", ranks),
                        "one process, or a build with RELUFLOW_MPI=ON");
  }
}

rank_session::~rank_session() = default;

bool rank_session::agree(bool wanted) const { return wanted; }

void rank_session::serve(cell_desk&) const {}

void rank_session::work(const sweep_plan&) const {}

#endif

}  // namespace reluflow::app
