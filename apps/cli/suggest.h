#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace incipit::cli {

/// The one of `known` that a mistyped word most likely means; none if all are too far off.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

/// "; did you mean X?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace incipit::cli
