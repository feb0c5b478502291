#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace incipit {
namespace {

/// Bytes at the start of `bytes` that are ASCII, counted eight at a time.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) < 0x80) ++i;
  return i;
}

}  // namespace

bool Utf8Checker::begin(unsigned char lead) {
  low_ = 0x80;
  high_ = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    missing_ = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    missing_ = 2;
    if (lead == 0xE0) low_ = 0xA0;   // shorter forms exist below
    if (lead == 0xED) high_ = 0x9F;  // surrogates above
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    missing_ = 3;
    if (lead == 0xF0) low_ = 0x90;
    if (lead == 0xF4) high_ = 0x8F;  // beyond U+10FFFF above
  } else {
    return false;
  }
  pending_ = 1;
  return true;
}

bool Utf8Checker::proceed(unsigned char byte) {
  if (byte < low_ || byte > high_) return false;
  low_ = 0x80;
  high_ = 0xBF;
  ++pending_;
  if (--missing_ == 0) {
    pending_ = 0;
    seen_multibyte_ = true;
  }
  return true;
}

std::size_t Utf8Checker::feed(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (missing_ == 0) {
      i += ascii_prefix(bytes.substr(i));
      if (i == bytes.size()) break;
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (!(missing_ == 0 ? begin(byte) : proceed(byte))) break;
    ++i;
  }
  return i;
}

bool is_valid_utf8(std::string_view bytes) {
  Utf8Checker checker;
  return checker.feed(bytes) == bytes.size() && checker.pending() == 0;
}

std::u32string decode_utf8(std::string_view text) {
  constexpr char32_t kReplacement = 0xFFFD;
  std::u32string out;
  Utf8Checker checker;
  char32_t code_point = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool inside = checker.pending() > 0;
    if (checker.feed(text.substr(i, 1)) == 0) {
      out += kReplacement;
      checker = {};
      if (!inside) ++i;  // otherwise this byte may begin a character
      continue;
    }
    if (inside)
      code_point = code_point << 6 | (byte & 0x3Fu);
    else
      code_point = byte & (byte < 0x80 ? 0x7Fu : byte < 0xE0 ? 0x1Fu : byte < 0xF0 ? 0x0Fu : 0x07u);
    if (checker.pending() == 0) out += code_point;
    ++i;
  }
  if (checker.pending() > 0) out += kReplacement;
  return out;
}

void append_utf8(char32_t code_point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace incipit
