#pragma once

#include <optional>
#include <string>
#include <toml++/toml.h>
#include <vector>

namespace incipit::cli {

/// A text, number or truth of a TOML file as the command line would spell it; none for anything else.
std::optional<std::string> toml_scalar(const toml::node& node);

/// Values of a flag as TOML: numbers and truths bare, of several a list.
std::string value_as_toml(const std::vector<std::string>& values);
/// A text as TOML, whatever it looks like.
std::string text_as_toml(const std::string& text);

}  // namespace incipit::cli
