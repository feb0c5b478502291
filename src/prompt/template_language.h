#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// A piece of a template, as it is written.
struct TemplatePart {
  enum class Kind {
    words,    // fixed text
    text_a,   // the example's text
    text_b,   // its second one
    mask,     // the blank to fill
    special,  // a token by its spelling, such as "</s>"
    soft      // virtual tokens
  };

  Kind kind = Kind::words;
  std::string text;  // words, special; soft: the words that the virtual tokens start from, may be empty
  bool blank_before = false;  // a blank stands before it, which belongs to its first token
  bool shortenable = false;  // may be cut where the whole is too long; without saying so, only the inputs may
  std::int64_t soft_id = 0;  // soft parts of one id > 0 are the same virtual tokens
  std::int64_t count = 1;    // soft without words: virtual tokens
  bool same = false;         // soft without words: `count` times one virtual token
  std::size_t column = 1;    // where it begins, in characters from 1
};

/// Reads a template: words, with parts in braces. Short: {text_a} {text_b} {mask} {soft}. OpenPrompt's
/// (openprompt/prompts/, "template language" of its documentation): {"placeholder":"text_a"}, {"mask"},
/// {"soft"}, {"soft":"words"}, {"soft":null,"duplicate":3,"same":true}, {"soft":"words","soft_id":1},
/// {"special":"</s>"}, {"text":"words"}, each with "shortenable":true or false. A brace itself is written
/// twice; outside of braces \\n is a new line and \\t a tab. Data only: what OpenPrompt would evaluate
/// ("post_processing") is refused. Errors name the column.
Result<std::vector<TemplatePart>> parse_template(std::string_view source);

}  // namespace incipit
