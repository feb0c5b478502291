#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace incipit {

/// Checks UTF-8 that comes in pieces, by Unicode's table 3-7: no overlong forms, no surrogates, nothing above
/// U+10FFFF.
class Utf8Checker {
 public:
  /// How many bytes were good: all of `bytes`, or up to the first wrong one, after which it is of no more
  /// use.
  std::size_t feed(std::string_view bytes);
  /// Bytes of a character that has begun and not ended yet.
  std::size_t pending() const { return pending_; }
  /// Whether a whole character outside of ASCII has been seen.
  bool seen_multibyte() const { return seen_multibyte_; }

 private:
  bool begin(unsigned char lead);
  bool proceed(unsigned char byte);

  std::size_t pending_ = 0;
  int missing_ = 0;  // bytes until the character is whole
  unsigned char low_ = 0x80, high_ = 0xBF;
  bool seen_multibyte_ = false;
};

bool is_valid_utf8(std::string_view bytes);

/// Appends Latin-1 bytes as UTF-8.
void append_latin1(std::string_view bytes, std::string& out);

/// Text of a file as an error may quote it: in double quotes, cut when long, control characters as '?'.
std::string in_quotes(std::string_view text);
/// The first twenty, quoted, and how many more there are.
std::string list_in_quotes(std::span<const std::string> texts);

}  // namespace incipit
