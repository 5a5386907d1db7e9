#pragma once

namespace reluflow::app {

/// From here on the first SIGINT or SIGTERM only sets a flag; a second one ends the program at
/// once.
void watch_for_interrupts();

/// True after SIGINT or SIGTERM.
[[nodiscard]] bool interrupted() noexcept;

}  // namespace reluflow::app
