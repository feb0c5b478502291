#include "data/text_encoding.h"

#include <fmt/format.h>

namespace incipit {

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
