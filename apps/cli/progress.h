#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace incipit::cli {

/// How far a long piece of work is, on stderr: on a terminal one line that is redrawn, else a plain line
/// every few seconds. Work that is over sooner shows nothing. One at a time.
class Progress {
 public:
  /// `total` 0: not known, so that no bar and no time left can be shown.
  Progress(std::string what, std::string unit, std::int64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Takes the line away from the terminal.
  ~Progress();

  /// `note` is shown at the end of the line, such as a loss.
  void update(std::int64_t done, std::string_view note = {});

 private:
  using Clock = std::chrono::steady_clock;

  std::string line(std::int64_t done, std::string_view note, double seconds) const;

  std::string what_;
  std::string unit_;
  std::int64_t total_;
  bool terminal_;
  Clock::time_point start_;
  Clock::time_point next_;  // when the line is shown again
};

/// Takes a line that is being shown away, so that something else can be printed; the next update redraws it.
void hide_progress();

}  // namespace incipit::cli
