#pragma once

#include <filesystem>

namespace incipit::cli {

/// Exit code of a command that Ctrl-C ended, as shells have it: 128 + SIGINT.
constexpr int kInterrupted = 130;

/// From here on the first Ctrl-C (SIGINT) or SIGTERM only makes interrupted() true; the second ends the
/// program.
void catch_interrupts();
bool interrupted();

/// While this lives, a signal that ends the program removes the file first, so that nothing half-written
/// stays. One at a time; longer paths than PATH_MAX are not guarded.
class RemoveOnSignal {
 public:
  explicit RemoveOnSignal(const std::filesystem::path& file);
  RemoveOnSignal(const RemoveOnSignal&) = delete;
  RemoveOnSignal& operator=(const RemoveOnSignal&) = delete;
  ~RemoveOnSignal();
};

}  // namespace incipit::cli
