#include "checks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "numbers.h"

namespace incipit::cli {
namespace {

/// A CLI::Validator from a function that returns what is wrong. No description: help texts say it themselves.
template <typename Check>
CLI::Validator validator(Check check) {
  return CLI::Validator([check = std::move(check)](std::string& value) { return check(value); }, "");
}

template <typename T>
std::string range(T low, T high, bool bounded) {
  return bounded ? fmt::format("from {} to {}", low, high) : fmt::format("of at least {}", low);
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> allowed) {
  return validator([allowed = std::move(allowed)](const std::string& value) -> std::string {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return "";
    return fmt::format("'{}' is not one of {}", value, fmt::join(allowed, ", "));
  });
}

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  return validator([low, high](std::string& value) -> std::string {
    const auto number = parse_number<std::int64_t>(value);
    const bool bounded = high != std::numeric_limits<std::int64_t>::max();
    if (!number || *number < low || *number > high)
      return fmt::format("'{}' is not a whole number {}", value, range(low, high, bounded));
    value = std::to_string(*number);  // CLI11 would read "010" as octal
    return "";
  });
}

CLI::Validator seed_number() {
  return validator([](std::string& value) -> std::string {
    const auto number = parse_number<std::uint64_t>(value);
    if (!number)
      return fmt::format("'{}' is not a whole number {}", value, range<std::uint64_t>(0, UINT64_MAX, true));
    value = std::to_string(*number);
    return "";
  });
}

CLI::Validator real_number(double low, double high) {
  return validator([low, high](const std::string& value) -> std::string {
    const auto number = parse_number<double>(value);
    if (number && std::isfinite(*number) && *number >= low && *number <= high) return "";
    return fmt::format("'{}' is not a number {}", value, range(low, high, std::isfinite(high)));
  });
}

CLI::Validator not_empty() {
  return validator(
      [](const std::string& value) -> std::string { return value.empty() ? "must not be empty" : ""; });
}

}  // namespace incipit::cli
