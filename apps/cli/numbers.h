#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace incipit::cli {

/// 1061890 as "1,061,890".
std::string with_thousands(std::int64_t value);

/// Seconds for people: "0.42 s", "12 s", "3 min 05 s", "2 h 10 min".
std::string duration(double seconds);

/// The number that all of `text` spells, in decimal; none if it spells no such number or one out of T's
/// range.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace incipit::cli
