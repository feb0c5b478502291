#include "progress.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "descriptor.h"
#include "numbers.h"

namespace incipit::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kRedraw = 100ms;      // on a terminal
constexpr auto kFirstLine = 5s;      // elsewhere
constexpr auto kLineInterval = 30s;  // elsewhere
constexpr int kBarWidth = 20;
constexpr int kDefaultColumns = 80;

bool shown = false;

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
  return size.ws_col;
}

std::string bar(std::int64_t done, std::int64_t total) {
  const auto filled = static_cast<std::size_t>(kBarWidth * std::clamp<std::int64_t>(done, 0, total) / total);
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

}  // namespace

Progress::Progress(std::string what, std::string unit, std::int64_t total)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      next_(start_ + (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kFirstLine))) {}

Progress::~Progress() {
  hide_progress();
}

void Progress::update(std::int64_t done, std::string_view note) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kLineInterval));
  std::string text = line(done, note, std::chrono::duration<double>(now - start_).count());
  if (terminal_) {
    // Cut before the last column: a line that wraps could not be redrawn.
    text.resize(std::min(text.size(), terminal_columns() - 1));
    text = "\r\x1b[K" + text;
    shown = true;
  } else {
    text += '\n';
  }
  (void)write_all(STDERR_FILENO, text);
}

std::string Progress::line(std::int64_t done, std::string_view note, double seconds) const {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = what_;
  if (total_ > 0) {
    if (terminal_) text += " " + bar(done, total_);
    text += fmt::format(" {}/{} {}", with_thousands(done), with_thousands(total_), unit_);
  } else {
    text += fmt::format(" {} {}", with_thousands(done), unit_);
  }
  text += fmt::format(", {:.3g} {}/s", rate, unit_);
  if (total_ > done && rate > 0) text += ", " + duration(static_cast<double>(total_ - done) / rate) + " left";
  if (!note.empty()) text += fmt::format(", {}", note);
  return text;
}

void hide_progress() {
  if (!std::exchange(shown, false)) return;
  (void)write_all(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace incipit::cli
