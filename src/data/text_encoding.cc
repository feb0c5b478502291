#include "data/text_encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

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

void append_latin1(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::size_t length = text.size();
  if (length > kLongest) {
    length = kLongest;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  }
  std::string out = "\"";
  for (const char c : text.substr(0, length))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return out + (length < text.size() ? "…\"" : "\"");
}

std::string list_in_quotes(std::span<const std::string> texts) {
  constexpr std::size_t kMostListed = 20;
  std::string list;
  for (const std::string& text : texts.first(std::min(texts.size(), kMostListed)))
    list += (list.empty() ? "" : ", ") + in_quotes(text);
  if (texts.size() > kMostListed) list += fmt::format(" and {} more", texts.size() - kMostListed);
  return list;
}

}  // namespace incipit
