#include "interrupt.h"

#include <algorithm>
#include <csignal>
#include <string>
#include <unistd.h>

#include <climits>

namespace incipit::cli {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;
char doomed_file[PATH_MAX];

void handle_both(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void note_interrupt(int /*signal*/) {
  interrupt_seen = 1;
}

void remove_and_end(int signal) {
  ::unlink(doomed_file);
  ::raise(signal);  // SA_RESETHAND has put the default action back
}

}  // namespace

void catch_interrupts() {
  handle_both(note_interrupt, static_cast<int>(SA_RESETHAND | SA_RESTART));
}

bool interrupted() {
  return interrupt_seen != 0;
}

RemoveOnSignal::RemoveOnSignal(const std::filesystem::path& file) {
  const std::string& name = file.native();
  if (name.size() >= sizeof doomed_file) return;
  doomed_file[name.copy(doomed_file, sizeof doomed_file - 1)] = '\0';
  handle_both(remove_and_end, static_cast<int>(SA_RESETHAND));
}

RemoveOnSignal::~RemoveOnSignal() {
  handle_both(SIG_DFL, 0);
}

}  // namespace incipit::cli
