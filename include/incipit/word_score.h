#pragma once

#include <optional>
#include <string_view>

namespace incipit {

/// How the log-probability of a word of several tokens is made of its tokens'.
enum class WordScore {
  sequence,  // their sum: the probability of the word
  mean,      // per token, so that long words are not at a disadvantage
  first,     // the first token's alone
};

std::string_view name_of(WordScore score);
std::optional<WordScore> word_score_by_name(std::string_view name);

}  // namespace incipit
