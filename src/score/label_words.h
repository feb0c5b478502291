#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

namespace incipit {

/// A word that stands for a label in a template's blank.
struct LabelWord {
  std::string word;     // as it is written
  std::string filling;  // what stands in the blank: the word with the blank character that belongs to it
  double weight = 1;
  std::vector<std::int32_t> ids;  // at least one
};

/// Words by label: a verbalizer (Schick and Schütze 2021).
using LabelWords = std::vector<std::vector<LabelWord>>;

/// Reads a verbalizer: {"label": ["word", …], …} with every label, or [["word", …], …] in the labels' order;
/// in place of a list one word, or {"word": weight, …}. A word fills the blank as it is written; where a
/// blank stands in front of the mask (`blank_before`) it is the word's first character, unless the word
/// begins with
/// "<!>", OpenPrompt's sign, which is taken off. Fails naming the label or word: a label that is missing or
/// unknown, a word without tokens or with one that is unknown to the tokenizer, a word that stands for two
/// labels, weights that are not positive.
Result<LabelWords> read_label_words(std::string_view json_text, std::span<const std::string> labels,
                                    bool blank_before, const Tokenizer& tokenizer);

}  // namespace incipit
