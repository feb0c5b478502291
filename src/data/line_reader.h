#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "incipit/result.h"

#include "data/line_log.h"

namespace incipit {

/// Reads a file's lines as valid UTF-8, in constant memory. A byte order mark is skipped; lines end at LF or
/// CRLF. A file that is not UTF-8 is read as Latin-1 as a whole; of standard input, which can't be looked
/// through first, only the lines that are not UTF-8.
class LineReader {
 public:
  /// Of a regular file, looked through once for its encoding.
  static Result<LineReader> open(const std::filesystem::path& path);
  static LineReader standard_input();

  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  /// Goes to the next line; false at the end. Fails on a read error, or a line too long to be one.
  Result<bool> next();
  /// The line without its end; valid until the next call of next().
  std::string_view text() const { return text_; }
  /// What ended it: "\n", "\r\n", or at the end of the file nothing or "\r".
  std::string_view terminator() const { return terminator_; }
  std::int64_t line() const { return line_; }  // 1-based

  /// The first byte of the first line, before next() is first called; none in an empty file.
  Result<std::optional<char>> peek();

  /// As errors call it: the path, or "standard input".
  const std::string& name() const { return name_; }
  std::vector<std::string> warnings() const;

 private:
  LineReader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Status find_encoding();
  Status start();
  Status fill();
  void take(std::size_t length, std::size_t end_length);
  std::string_view repaired(std::string_view raw);

  int fd_;
  std::string name_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of the bytes of buffer_ not handed out yet
  bool started_ = false, at_end_ = false;
  std::string_view text_, terminator_;
  std::string converted_;
  std::int64_t line_ = 0;
  std::int64_t latin1_line_ = 0;   // first line that is not UTF-8, so that all of it is Latin-1; 0: none
  std::size_t cut_character_ = 0;  // bytes at the file's end of a character that was cut
  LineLog latin1_lines_;           // read as Latin-1 one by one
};

}  // namespace incipit
