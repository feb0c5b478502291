#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

namespace incipit {

/// JSON text that came from `file`. Stricter than nlohmann's parser: a key repeated in an object, nesting
/// deeper than 32 and NUL bytes fail too. Errors name the file and, where it is not JSON, the line and
/// column.
Result<nlohmann::json> parse_strict_json(std::string_view text, const std::filesystem::path& file);

/// A small JSON file (at most 64 MB) whose top level is an object.
Result<nlohmann::json> read_json_object(const std::filesystem::path& file);

/// Text from a file made fit for a one-line message: quoted, control characters escaped, cut when long.
std::string quote_text(std::string_view text);

}  // namespace incipit
