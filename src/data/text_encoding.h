#pragma once

#include <span>
#include <string>
#include <string_view>

namespace incipit {

/// Appends Latin-1 bytes as UTF-8.
void append_latin1(std::string_view bytes, std::string& out);

/// Text of a file as an error may quote it: in double quotes, cut when long, control characters as '?'.
std::string in_quotes(std::string_view text);
/// The first twenty, quoted, and how many more there are.
std::string list_in_quotes(std::span<const std::string> texts);

}  // namespace incipit
