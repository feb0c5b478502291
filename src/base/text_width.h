#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace incipit {

/// The columns that a terminal gives to a character: two to wide ones (Chinese, emoji, …), none to those that
/// combine with the one before.
std::size_t display_width(char32_t code_point);
std::size_t display_width(std::string_view utf8);

/// `text` on one line of at most `width` columns (at least 1), cut with '…' where it is longer; control
/// characters, which could steer a terminal, become blanks, and what is not UTF-8 becomes U+FFFD.
std::string fit_on_line(std::string_view text, std::size_t width);

/// `text` with blanks after (before) it up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

}  // namespace incipit
