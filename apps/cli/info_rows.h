#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace incipit::cli {

/// A line "name value" of what `incipit info` shows to people.
std::string info_row(std::string_view name, std::string_view value);
std::string info_row(std::string_view name, std::int64_t value);

/// An indented JSON object and a line end.
std::string info_json(const nlohmann::ordered_json& json);

}  // namespace incipit::cli
