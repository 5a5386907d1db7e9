#include "interrupt.hpp"

#include <csignal>

namespace reluflow::app {
namespace {

// The one kind of object that a signal handler may write.
volatile std::sig_atomic_t flag = 0;

extern "C" void set_flag(int) { flag = 1; }

}  // namespace

void watch_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = &set_flag;
  sigemptyset(&action.sa_mask);
  // Restarting system calls keeps a write from failing because a signal came in between; resetting
  // the handler lets an impatient second Ctrl-C through.
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return flag != 0; }

}  // namespace reluflow::app
