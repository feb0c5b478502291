#pragma once

#include <cstddef>
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

/// The code points of a text; each longest piece that is not UTF-8 becomes one U+FFFD, as browsers have it.
std::u32string decode_utf8(std::string_view text);
void append_utf8(char32_t code_point, std::string& out);

}  // namespace incipit
