#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace incipit {

/// Words of a text that are kept: as many as the longest sentence of rt-polarity has.
inline constexpr std::size_t kMovieReviewWords = 51;

/// The words of a text as the report's MovieReview class cleans it, not cut yet: newlines, digits and
/// "'.,[]():\`=$/*;%, "--" and "<b>" are taken out, one after another, in that class's order; "-" becomes a
/// blank.
std::vector<std::string> movie_review_words(std::string_view text);

}  // namespace incipit
