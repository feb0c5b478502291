#include "data/movie_review.h"

#include <algorithm>

namespace incipit {
namespace {

void remove_all(std::string& text, std::string_view part) {
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos;) text.erase(at, part.size());
}

void remove_any(std::string& text, std::string_view characters) {
  std::erase_if(text, [characters](char c) { return characters.find(c) != std::string_view::npos; });
}

std::string clean(std::string_view from) {
  std::string text(from);
  remove_any(text, "\n\"'.,[]():");
  remove_all(text, "--");
  std::replace(text.begin(), text.end(), '-', ' ');
  remove_any(text, "\\0123456789`=$/*;");
  remove_all(text, "<b>");
  remove_any(text, "%");
  return text;
}

}  // namespace

std::vector<std::string> movie_review_words(std::string_view text) {
  const std::string cleaned = clean(text);
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < cleaned.size();) {
    const std::size_t end = std::min(cleaned.find(' ', begin), cleaned.size());
    if (end > begin) words.push_back(cleaned.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace incipit
