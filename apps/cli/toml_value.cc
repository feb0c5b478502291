#include "toml_value.h"

#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "numbers.h"

namespace incipit::cli {
namespace {

/// toml++ would write 0.1 as 0.10000000000000001.
std::string as_toml(const std::string& value) {
  if (value == "true" || value == "false") return value;
  if (const auto whole = parse_number<std::int64_t>(value); whole && std::to_string(*whole) == value)
    return value;
  // Only what reads back as it was: a folder may well be called 1.50.
  if (const auto real = parse_number<double>(value);
      real && std::isfinite(*real) && fmt::format("{}", *real) == value)
    return value;
  return text_as_toml(value);
}

}  // namespace

std::optional<std::string> toml_scalar(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  if (const auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
  return std::nullopt;
}

std::string value_as_toml(const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ", ") + as_toml(value);
  return values.size() > 1 ? "[" + list + "]" : list;
}

std::string text_as_toml(const std::string& text) {
  std::ostringstream written;
  written << toml::value<std::string>(text);
  return written.str();
}

}  // namespace incipit::cli
