#include "console.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "descriptor.h"
#include "progress.h"

namespace incipit::cli {
namespace {

bool reader_gone = false;

void print_log(std::string_view prefix, std::string_view message) {
  hide_progress();
  // A log nobody can read is no reason to stop.
  (void)write_all(STDERR_FILENO, fmt::format("{}{}\n", prefix, one_line(message)));
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

void print_error(std::string_view message) {
  print_log("incipit: error: ", message);
}
void print_warning(std::string_view message) {
  print_log("incipit: warning: ", message);
}
void print_note(std::string_view message) {
  print_log("", message);
}

Status print_result(std::string_view text) {
  if (reader_gone) return {};
  if (::isatty(STDOUT_FILENO)) hide_progress();
  const int error = write_all(STDOUT_FILENO, text);
  if (error == EPIPE) {
    reader_gone = true;
    return {};
  }
  if (error != 0) return fail("standard output: {}", std::strerror(error));
  return {};
}

bool results_wanted() {
  return !reader_gone;
}

}  // namespace incipit::cli
