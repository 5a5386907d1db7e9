// Runs to and from streams. A checkpoint is a line that names its format, an archive with the
// version of the library, the fingerprint of the problem and the state of the integrator, and a
// sum over all of that.

#include "archives.hpp"
#include "integrator.hpp"
#include "reluflow/errors.hpp"
#include "reluflow/version.hpp"
#include "summing_buffer.hpp"

#include <fmt/format.h>

#include <array>
#include <istream>
#include <ostream>
#include <string>

namespace reluflow::detail {
namespace {

/// To be raised when what stands in an archive changes.
constexpr std::string_view format_line = "reluflow checkpoint 7\n";

/// Reads to the end; true when the last bytes are the sum over what stands before them.
bool sum_agrees(std::istream& in) {
  check_sum sum;
  std::array<char, 1U << 16U> chunk;
  std::string held;  // the last bytes so far: they may be the sum
  while (in.read(chunk.data(), chunk.size()), in.gcount() > 0) {
    held.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    if (held.size() <= sum_bytes) continue;
    sum.process_bytes(held.data(), held.size() - sum_bytes);
    held.erase(0, held.size() - sum_bytes);
  }
  return held == bytes_of(sum.checksum());
}

[[noreturn]] void fail_inconsistent(std::string_view where) {
  throw invalid_input(where, "a checkpoint that contradicts itself", "one as reluflow writes it");
}

}  // namespace

template <class Archive, class Self>
void integrator::transfer(Archive& archive, Self& self) {
  auto& run = self.run_;
  archive(run.initial_pattern, run.rows, run.states, run.switches, run.slides, run.dense,
          run.stopping_times, run.stalled_pairs, run.statistics);
  archive(self.account_, self.recorder_, self.watch_, self.controller_, self.loss_error_,
          self.errors_);
  archive(self.cells_, self.names_);
  archive(self.t_, self.h_, self.resume_h_, self.calm_, self.state_, self.rate_, self.values_,
          self.modes_, self.contacts_, self.force_error_, self.ending_, self.stopping_time_reached_,
          self.stall_time_, self.stalled_);
}

std::uint64_t integrator::fingerprint() const {
  summing_buffer buffer(nullptr);
  std::ostream out(&buffer);
  cereal::PortableBinaryOutputArchive archive(out);
  archive(data_->inputs(), data_->labels(), run_.initial_network, *flow_, *record_);
  return buffer.sum();
}

void integrator::save(std::ostream& out) const {
  summing_buffer buffer(out.rdbuf());
  std::ostream summed(&buffer);
  summed << format_line;
  try {
    cereal::PortableBinaryOutputArchive archive(summed);
    archive(std::string(version_string), fingerprint());
    transfer(archive, *this);
  } catch (const cereal::Exception&) {
    out.setstate(std::ios::badbit);  // the one thing that goes wrong: nothing more can be written
    return;
  }
  out << bytes_of(buffer.sum());
}

void integrator::load(std::istream& in, std::string_view where) {
  const auto begin = in.tellg();
  std::string line(format_line.size(), '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  if (!in || line != format_line) {
    throw invalid_input(where, "a file of another kind", "a checkpoint of reluflow, format 7");
  }
  in.seekg(begin);
  if (!sum_agrees(in)) {
    throw invalid_input(where, "a checkpoint that is cut short or damaged", "a complete one");
  }
  in.clear();
  in.seekg(0, std::ios::end);
  const auto bytes =
      static_cast<std::uint64_t>(in.tellg() - begin) - format_line.size() - sum_bytes;
  in.seekg(begin + static_cast<std::streamoff>(format_line.size()));
  try {
    read(in, bytes, where);
  } catch (const cereal::Exception&) {
    fail_inconsistent(where);
  }
  if (!is_consistent()) fail_inconsistent(where);
}

/// The archive of `bytes` bytes that `in` stands before.
void integrator::read(std::istream& in, std::uint64_t bytes, std::string_view where) {
  bounded_archive archive(in, bytes);
  std::string version;
  std::uint64_t problem = 0;
  archive(version);
  if (version != version_string) {
    throw invalid_input(where, fmt::format("a checkpoint of reluflow {}", version.substr(0, 20)),
                        fmt::format("one of this version, {}", version_string));
  }
  archive(problem);
  if (problem != fingerprint()) {
    throw invalid_input(where, "the checkpoint of another problem",
                        "one with the same data, network and options");
  }
  transfer(archive, *this);
  if (archive.left() != 0) throw cereal::Exception("more than a checkpoint");
}

}  // namespace reluflow::detail
