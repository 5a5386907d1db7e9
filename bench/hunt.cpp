// The hunt for switches in the wrong place: random problems, asynchronous at several tolerances
// against global at 1e-12.
//
//     hunt FIRST COUNT [--generator NAME] [--rtol LIST] [--threads N] [--strict] [--verbose]
//     hunt --write SEED DIR [--generator NAME]
//
// Up to the time at which the run has come to rest (gradient below 1e-8 of its largest or loss
// below 1e-16 of the first, on 101 rows), each pair must pass through the same modes, and times
// must agree to max(1e-7, 1e4 rtol) max(1, t); the loss must agree to 30 rtol L(0) at every row.
// Switches that a run calls uncertain need no partner; every certain one needs one with the same
// modes before and after, and where both are certain the times are compared. "degenerate" are
// problems on which global at 1e-11 and at 1e-12 disagree by more than 1e-6 in certain switches, or
// end badly: they are listed, and count as off only with --strict.
//
// Seeds mean the problems of this program alone; no other program draws the same ones.

#include "hunt_verdict.hpp"
#include "reluflow/io/problem_file.hpp"
#include "reluflow/threads.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace reluflow;
using namespace reluflow::bench;

constexpr const char* rules =
    "Hunts for switches in the wrong place: asynchronous against global at 1e-12.\n"
    "Each pair must pass through the same modes until the run rests; times must agree to\n"
    "max(1e-7, 1e4 rtol) max(1, t), the loss to 30 rtol L(0). Uncertain switches need no partner.\n"
    "Degenerate: global at 1e-11 and 1e-12 differ by over 1e-6, or end badly.\n"
    "Exit code 0: none is off, 1: some are, 2: misuse.";

struct settings {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::string generator = "small";
  std::vector<double> rtols{1e-8, 1e-9, 1e-10};
  unsigned threads = 1;
  double limit = 60.0;
  bool strict = false;
  bool verbose = false;
  std::size_t worst = 0;
  std::vector<std::string> write;
};

/// Everything found, gathered over problems.
struct findings {
  std::size_t off = 0;
  std::size_t degenerate = 0;
  std::vector<matched_switch> matched;
  std::vector<tolerance_count> counts;
};

double true_error(const matched_switch& one) { return std::abs(one.truth.t - one.other.t); }

/// Below this a true error is rounding, and the error of the truth itself.
bool is_above_rounding(const matched_switch& one) {
  return true_error(one) > 1e-12 * std::max(1.0, one.truth.t);
}

double quantile(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return NAN;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void print_row(const findings& all, std::size_t place) {
  const tolerance_count& count = all.counts[place];
  std::vector<double> ratios;
  std::size_t matched = 0;
  std::size_t beyond = 0;
  for (const matched_switch& one : all.matched) {
    if (one.rtol != count.rtol) continue;
    ++matched;
    if (!is_above_rounding(one)) continue;
    if (true_error(one) > 10.0 * one.other.t_error) ++beyond;
    ratios.push_back(one.other.t_error / true_error(one));
  }
  std::sort(ratios.begin(), ratios.end());
  const double share =
      matched ? 100.0 * static_cast<double>(beyond) / static_cast<double>(matched) : 0.0;
  fmt::print("{:>7.0e} {:>9} {:>10} {:>9} {:>9.3f}% {:>11} ", count.rtol, matched, count.uncertain,
             ratios.size(), share, count.understated);
  for (const double q : {0.01, 0.05, 0.5, 0.95, 0.99}) fmt::print(" {:>8.2g}", quantile(ratios, q));
  fmt::print("\n");
}

void print_table(const findings& all) {
  fmt::print(
      "\nMatched certain switches of problems that are not degenerate. Errors up to 1e-12 "
      "max(1, t)\ncount as rounding: they are neither beyond nor in the quantiles of "
      "t_error / true error.\n");
  fmt::print("{:>7} {:>9} {:>10} {:>9} {:>10} {:>11}  {:>8} {:>8} {:>8} {:>8} {:>8}\n", "rtol",
             "matched", "uncertain", "measured", "> 10 est.", "> 10 (both)", "1%", "5%", "50%",
             "95%", "99%");
  for (std::size_t i = 0; i < all.counts.size(); ++i) print_row(all, i);
}

/// Those whose error is the largest multiple of its estimate.
void print_worst(findings& all, std::size_t count) {
  std::vector<matched_switch> list;
  std::copy_if(all.matched.begin(), all.matched.end(), std::back_inserter(list), is_above_rounding);
  std::sort(list.begin(), list.end(), [](const matched_switch& a, const matched_switch& b) {
    const double left = true_error(a) * b.other.t_error;
    const double right = true_error(b) * a.other.t_error;
    return left != right ? left > right : true_error(a) > true_error(b);
  });
  list.resize(std::min(list.size(), count));
  for (const matched_switch& one : list) {
    fmt::print(
        "worst: seed {} neuron {} sample {} t={:.12g} {}>{} rtol {:g}: true error {:.2e}, "
        "t_error {:.2e}\n",
        one.seed, one.truth.neuron, one.truth.sample, one.truth.t, to_string(one.truth.from),
        to_string(one.truth.to), one.rtol, true_error(one), one.other.t_error);
  }
}

void gather(const verdict& found, std::uint64_t seed, findings& all) {
  all.off += found.off ? 1 : 0;
  all.degenerate += found.degenerate ? 1 : 0;
  for (matched_switch one : found.matched) {
    one.seed = seed;
    all.matched.push_back(one);
  }
  for (std::size_t i = 0; i < found.counts.size(); ++i) {
    all.counts[i].uncertain += found.counts[i].uncertain;
    all.counts[i].understated += found.counts[i].understated;
  }
}

void report(const verdict& found, const std::string& words, std::uint64_t seed,
            const settings& set) {
  if (found.lines.empty() && !set.verbose) return;
  const char* const kind = found.degenerate ? "degenerate" : found.off ? "OFF" : "agrees";
  fmt::print("{} {} seed {}: {}\n", kind, set.generator, seed, words);
  for (const std::string& line : found.lines) fmt::print("    {}\n", line);
  std::fflush(stdout);
}

findings hunt(const settings& set) {
  findings all;
  for (const double rtol : set.rtols) all.counts.push_back({rtol});
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  const auto work = [&] {
    set_thread_count(1);
    for (std::uint64_t i = next++; i < set.count; i = next++) {
      const std::uint64_t seed = set.first + i;
      const hunted_problem made = make_hunted(set.generator, seed);
      verdict found;
      try {
        found = judge(made.task, set.rtols, set.limit);
      } catch (const std::exception& error) {
        found.off = true;
        found.lines.push_back(fmt::format("threw: {}", error.what()));
      }
      const std::lock_guard lock(mutex);
      report(found, made.words, seed, set);
      gather(found, seed, all);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < set.threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& one : others) one.join();
  return all;
}

void write(const settings& set) {
  const std::filesystem::path directory(set.write[1]);
  std::filesystem::create_directories(directory);
  write_problem(directory / "problem.toml",
                make_hunted(set.generator, std::stoull(set.write[0])).task);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(rules);
  settings set;
  app.add_option("FIRST", set.first, "first seed");
  app.add_option("COUNT", set.count, "how many seeds");
  app.add_option("--generator", set.generator, "which problems")
      ->check(CLI::IsMember(hunt_generators()))
      ->capture_default_str();
  app.add_option("--rtol", set.rtols, "of the asynchronous runs")->delimiter(',');
  app.add_option("--threads", set.threads, "problems at a time")->check(CLI::PositiveNumber);
  app.add_option("--limit", set.limit, "seconds after which a run is stopped")
      ->capture_default_str();
  app.add_flag("--strict", set.strict, "degenerate problems count as off");
  app.add_flag("--verbose", set.verbose, "list problems that agree, too");
  app.add_option("--worst", set.worst, "list so many switches with the worst estimates");
  app.add_option("--write", set.write, "write the problem of SEED into DIR")->expected(2);
  try {
    app.parse(argc, argv);
    if (!set.write.empty()) {
      write(set);
      return 0;
    }
    if (set.count == 0) throw CLI::RequiredError("FIRST and COUNT, or --write SEED DIR");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  findings all = hunt(set);
  print_table(all);
  print_worst(all, set.worst);
  fmt::print("{} problems: {} off, {} degenerate\n", set.count, all.off, all.degenerate);
  return all.off > 0 || (set.strict && all.degenerate > 0) ? 1 : 0;
}
