#include "incipit/preparation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/ranges.h>

#include "incipit/dataset.h"

#include "data/movie_review.h"

namespace incipit {
namespace {

using Kind = Preparation::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 3> kNames{
    {{Kind::none, "none"},
     {Kind::movie_review, "movie-review"},
     {Kind::movie_review_index0, "movie-review-index0"}}};

}  // namespace

std::vector<std::string> preparation_names() {
  std::vector<std::string> names;
  for (const auto& [kind, name] : kNames) names.emplace_back(name);
  return names;
}

std::string_view name_of(Kind kind) {
  return std::find_if(kNames.begin(), kNames.end(), [kind](const auto& known) { return known.first == kind; })
      ->second;
}

std::optional<Kind> preparation_by_name(std::string_view name) {
  for (const auto& [kind, known] : kNames)
    if (known == name) return kind;
  return std::nullopt;
}

void Preparer::apply(Example& example) {
  if (preparation_.kind == Kind::none) return;
  example.text_a = prepare(example.text_a);
  if (example.text_b) *example.text_b = prepare(*example.text_b);
  if (example.text_a.empty() && example.text_b.value_or("").empty()) ++emptied_;
}

std::string Preparer::prepare(std::string_view text) {
  std::vector<std::string> words = movie_review_words(text);
  longest_ = std::max(longest_, words.size());
  if (words.size() > kMovieReviewWords) words.resize(kMovieReviewWords);
  if (preparation_.kind == Kind::movie_review_index0 && !words.empty()) {
    if (preparation_.lost_word.empty()) preparation_.lost_word = words.front();
    std::erase(words, preparation_.lost_word);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> Preparer::warnings() const {
  if (emptied_ == 0) return {};
  return {fmt::format("{} text{} without a word after the preparation {}", emptied_,
                      emptied_ == 1 ? " is" : "s are", name_of(preparation_.kind))};
}

}  // namespace incipit
