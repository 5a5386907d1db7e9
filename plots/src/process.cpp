#include "process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

namespace reluflow::plots {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

bool is_executable(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// A file descriptor that closes itself.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  descriptor(descriptor&&) = delete;
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() { close(); }

  [[nodiscard]] int get() const { return fd_; }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Everything the child touches is made before fork(): between fork and exec only async-signal-safe
// calls are allowed, because the caller may have other threads.
struct child_plan {
  const char* program;
  char* const* arguments;
  const char* directory;
  int null_device;
  int error_pipe;
};

[[noreturn]] void become(const child_plan& plan) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(plan.null_device, STDIN_FILENO);
  ::dup2(plan.null_device, STDOUT_FILENO);
  ::dup2(plan.error_pipe, STDERR_FILENO);
  if (::chdir(plan.directory) == 0) ::execv(plan.program, plan.arguments);
  ::_exit(127);
}

enum class pipe_state { open, quiet, closed };

// Waits up to `milliseconds` for output and appends it, as far as it is within the limit.
pipe_state read_some(int fd, std::string& output, int milliseconds) {
  constexpr std::size_t limit = 65536;
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, milliseconds);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return pipe_state::quiet;
  if (ready < 0) return pipe_state::closed;
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return pipe_state::quiet;
  if (count <= 0) return pipe_state::closed;
  const std::size_t room = limit - output.size();
  output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return pipe_state::open;
}

struct ending_status {
  bool ended = false;
  bool known = true;  // false when the caller's process discards the status of its children
  int status = 0;
};

ending_status ask(pid_t child, int flags) {
  int status = 0;
  pid_t answer = 0;
  do {
    answer = ::waitpid(child, &status, flags);
  } while (answer < 0 && errno == EINTR);
  if (answer == 0) return {};
  return {.ended = true, .known = answer == child, .status = status};
}

void describe(const ending_status& end, process_result& result) {
  if (!end.known || (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0)) {
    result.succeeded = true;
  } else if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 127) {
    result.ending = "it could not be started";
  } else if (WIFEXITED(end.status)) {
    result.ending = fmt::format("exit status {}", WEXITSTATUS(end.status));
  } else {
    result.ending = fmt::format("ended by signal {}", WTERMSIG(end.status));
  }
}

process_result supervise(pid_t child, int errors, double time_limit) {
  constexpr int pause_ms = 20;
  process_result result;
  const auto deadline = clock::now() + std::chrono::duration_cast<clock::duration>(
                                           std::chrono::duration<double>(time_limit));
  bool open = true;
  for (;;) {
    pipe_state state = pipe_state::quiet;
    if (open) {
      state = read_some(errors, result.error_output, pause_ms);
      if (state == pipe_state::closed) open = false;
    }
    // A closed pipe usually means the end; a quiet one may be held by a grandchild.
    if (state != pipe_state::open) {
      const ending_status end = ask(child, WNOHANG);
      if (end.ended) {
        while (open && read_some(errors, result.error_output, 0) == pipe_state::open) {
        }
        describe(end, result);
        return result;
      }
    }
    if (clock::now() > deadline) {
      ::kill(child, SIGKILL);
      (void)ask(child, 0);
      result.ending = fmt::format("stopped after {:g} s", time_limit);
      return result;
    }
    if (!open) ::poll(nullptr, 0, 1);
  }
}

}  // namespace

std::optional<fs::path> find_program(const std::string& name) {
  std::error_code error;
  if (name.find('/') != std::string::npos) {
    const fs::path file = fs::absolute(name, error);
    if (error || !is_executable(file)) return std::nullopt;
    return file;
  }
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (entry.empty()) continue;
    const fs::path file = fs::absolute(fs::path(entry) / name, error);
    if (!error && is_executable(file)) return file;
  }
  return std::nullopt;
}

process_result run_program(const fs::path& program, const std::vector<std::string>& arguments,
                           const fs::path& directory, double time_limit) {
  process_result result;
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  std::array<int, 2> ends{-1, -1};
  if (::pipe(ends.data()) != 0) {
    result.ending = std::strerror(errno);
    return result;
  }
  const descriptor reading(ends[0]);
  descriptor writing(ends[1]);
  const descriptor null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::fcntl(reading.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(writing.get(), F_SETFD, FD_CLOEXEC);

  const child_plan plan{.program = program.c_str(),
                        .arguments = argv.data(),
                        .directory = directory.c_str(),
                        .null_device = null_device.get(),
                        .error_pipe = writing.get()};
  const pid_t child = ::fork();
  if (child == 0) become(plan);
  if (child < 0) {
    result.ending = std::strerror(errno);
    return result;
  }
  writing.close();
  return supervise(child, reading.get(), time_limit);
}

}  // namespace reluflow::plots
