#include "text/ordinary_words.h"

#include <optional>
#include <string>

namespace incipit {

bool is_ordinary_word(const Tokenizer& tokenizer, std::int32_t id) {
  const std::optional<std::string> piece = tokenizer.token(id);
  return piece && !tokenizer.is_special(id) && !piece->starts_with("[unused") &&
         !piece->starts_with("madeupword");
}

}  // namespace incipit
