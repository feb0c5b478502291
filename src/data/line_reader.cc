#include "data/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "data/text_encoding.h"

namespace incipit {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr std::size_t kLongestLine = 64 << 20;  // a longer one is some other kind of file
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Result<std::size_t> read_some(int fd, char* data, std::size_t size, const std::string& name) {
  for (;;) {
    const ssize_t count = ::read(fd, data, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail("{}: {}", name, std::strerror(errno));
  }
}

}  // namespace

Result<LineReader> LineReader::open(const std::filesystem::path& path) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  LineReader reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), path.string());
  if (reader.fd_ < 0) return fail("{}: {}", path.string(), std::strerror(errno));
  struct stat info {};
  if (::fstat(reader.fd_, &info) != 0) return fail("{}: {}", path.string(), std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return fail("{}: is a directory, a file is needed", path.string());
  if (!S_ISREG(info.st_mode))
    return fail("{}: is not a regular file; give '-' to read a stream", path.string());
  INCIPIT_CHECK(reader.find_encoding());
  return reader;
}

LineReader LineReader::standard_input() {
  return LineReader(::dup(STDIN_FILENO), "standard input");
}

LineReader::LineReader(LineReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      started_(other.started_),
      at_end_(other.at_end_),
      line_(other.line_),
      latin1_line_(other.latin1_line_),
      cut_character_(other.cut_character_),
      latin1_lines_(std::move(other.latin1_lines_)) {}

LineReader::~LineReader() {
  if (fd_ >= 0) ::close(fd_);
}

Status LineReader::find_encoding() {
  buffer_.resize(kBufferBytes);
  Utf8Checker checker;
  std::int64_t line = 1;
  for (;;) {
    INCIPIT_TRY(const std::size_t count, read_some(fd_, buffer_.data(), buffer_.size(), name_));
    if (count == 0) break;
    const std::size_t good = checker.feed({buffer_.data(), count});
    line += std::count(buffer_.data(), buffer_.data() + good, '\n');
    if (good < count) {
      latin1_line_ = line;
      break;
    }
  }
  // A file cut inside a character is still UTF-8 if that is how its other characters are written.
  if (latin1_line_ == 0 && checker.pending() > 0) {
    if (checker.seen_multibyte())
      cut_character_ = checker.pending();
    else
      latin1_line_ = line;
  }
  if (::lseek(fd_, 0, SEEK_SET) != 0) return fail("{}: {}", name_, std::strerror(errno));
  return {};
}

Status LineReader::fill() {
  if (begin_ > 0) {
    std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::max(kBufferBytes, 2 * buffer_.size()));
  INCIPIT_TRY(const std::size_t count, read_some(fd_, buffer_.data() + end_, buffer_.size() - end_, name_));
  end_ += count;
  at_end_ = count == 0;
  return {};
}

Status LineReader::start() {
  started_ = true;
  // A stream may bring its bytes one by one: wait for more only while they can still be a mark.
  const auto head = [this] {
    return std::string_view(buffer_).substr(begin_, std::min(end_, std::size_t{3}));
  };
  do {
    INCIPIT_CHECK(fill());
  } while (!at_end_ && end_ < 3 &&
           (kByteOrderMark.starts_with(head()) || head() == "\xFF" || head() == "\xFE"));
  if (head().starts_with("\xFF\xFE") || head().starts_with("\xFE\xFF"))
    return fail("{}: is UTF-16; save it as UTF-8", name_);
  if (head() == kByteOrderMark) begin_ = kByteOrderMark.size();
  return {};
}

Result<std::optional<char>> LineReader::peek() {
  if (!started_) {
    INCIPIT_CHECK(start());
  }
  if (begin_ == end_ && !at_end_) {
    INCIPIT_CHECK(fill());
  }
  if (begin_ == end_) return std::nullopt;
  return buffer_[begin_];
}

Result<bool> LineReader::next() {
  if (!started_) {
    INCIPIT_CHECK(start());
  }
  std::size_t searched = 0;
  for (;;) {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    const std::size_t length = rest.find('\n', searched);
    if (length != std::string_view::npos) {
      take(length, 1);
      return true;
    }
    if (at_end_) {
      if (rest.empty()) return false;
      take(rest.size(), 0);
      return true;
    }
    if (rest.size() > kLongestLine)
      return fail("{}: line {}: is longer than {} MiB; is this a text file?", name_, line_ + 1,
                  kLongestLine >> 20);
    searched = rest.size();
    INCIPIT_CHECK(fill());
  }
}

void LineReader::take(std::size_t length, std::size_t end_length) {
  const std::string_view whole(buffer_.data() + begin_, length + end_length);
  std::string_view raw = whole.substr(0, length);
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  begin_ += whole.size();
  ++line_;
  terminator_ = whole.substr(raw.size());
  text_ = repaired(raw);
}

std::string_view LineReader::repaired(std::string_view raw) {
  if (latin1_line_ == 0) {
    if (is_valid_utf8(raw)) return raw;
    if (cut_character_ > 0 && at_end_ && begin_ == end_ && raw.size() >= cut_character_) {
      const std::string_view whole_characters = raw.substr(0, raw.size() - cut_character_);
      if (is_valid_utf8(whole_characters)) return whole_characters;
    }
    latin1_lines_.add("not valid UTF-8, read as Latin-1", line_);
  }
  converted_.clear();
  append_latin1(raw, converted_);
  return converted_;
}

std::vector<std::string> LineReader::warnings() const {
  std::vector<std::string> lines;
  if (latin1_line_ > 0)
    lines.push_back(
        fmt::format("{}: not valid UTF-8 (first on line {}), read as Latin-1", name_, latin1_line_));
  if (cut_character_ > 0)
    lines.push_back(fmt::format("{}: ends inside a character, it seems to be cut off", name_));
  for (const std::string& line : latin1_lines_.summary()) lines.push_back(fmt::format("{}: {}", name_, line));
  return lines;
}

}  // namespace incipit
