#include "prompt/fixed_words.h"

#include "base/text_width.h"

namespace incipit {

Result<std::vector<std::int32_t>> encode_fixed(const TemplatePart& part, const Tokenizer& tokenizer) {
  if (part.kind == TemplatePart::Kind::words)
    return tokenizer.encode_words(part.blank_before ? " " + part.text : part.text);
  if (part.kind != TemplatePart::Kind::special)
    return fail("column {}: words or a special token are needed", part.column);
  const auto id = tokenizer.id(part.text);
  if (!id) return fail("the vocabulary has no token \"{}\"", fit_on_line(part.text, 60));
  return std::vector<std::int32_t>{*id};
}

Result<std::vector<std::int32_t>> encode_fixed(std::string_view source, const Tokenizer& tokenizer) {
  INCIPIT_TRY(const std::vector<TemplatePart> parts, parse_template(source));
  std::vector<std::int32_t> ids;
  for (const TemplatePart& part : parts) {
    INCIPIT_TRY(const std::vector<std::int32_t> own, encode_fixed(part, tokenizer));
    ids.insert(ids.end(), own.begin(), own.end());
  }
  return ids;
}

}  // namespace incipit
