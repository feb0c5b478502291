#include "incipit/word_score.h"

namespace incipit {

std::string_view name_of(WordScore score) {
  switch (score) {
    case WordScore::sequence:
      return "sequence";
    case WordScore::mean:
      return "mean";
    case WordScore::first:
      return "first";
  }
  return "";
}

std::optional<WordScore> word_score_by_name(std::string_view name) {
  for (const WordScore score : {WordScore::sequence, WordScore::mean, WordScore::first})
    if (name == name_of(score)) return score;
  return std::nullopt;
}

}  // namespace incipit
