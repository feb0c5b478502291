#include "prompt/template.h"

#include <algorithm>

namespace incipit {

TemplatedExample Template::arrange(const Encoding& encoding, const PositionRule& rule) const {
  TemplatedExample example;
  for (std::int64_t i = 0; i < num_virtual_tokens_; ++i) {
    example.token.push_back(static_cast<std::int32_t>(-1 - i));
    example.position.push_back(insert_layer_ == 0 ? rule.first + static_cast<std::int32_t>(i) : 0);
    example.token_type.push_back(0);
    example.entry.push_back(static_cast<std::uint8_t>(insert_layer_));
  }
  example.text_first = num_virtual_tokens_;
  example.text_count = static_cast<std::int64_t>(encoding.ids.size());
  example.truncated = encoding.truncated;

  // Where virtual tokens are embedded, the model is given embeddings and just counts; from ids RoBERTa skips
  // padding.
  const bool embeds_virtual = num_virtual_tokens_ > 0 && insert_layer_ == 0;
  std::int32_t next = rule.first + (embeds_virtual ? static_cast<std::int32_t>(num_virtual_tokens_) : 0);
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const bool counted = embeds_virtual || encoding.ids[i] != rule.uncounted_id;
    example.token.push_back(encoding.ids[i]);
    example.position.push_back(counted ? next++ : rule.first - 1);
    example.token_type.push_back(encoding.type_ids[i]);
    example.entry.push_back(0);
  }
  return example;
}

Result<TemplatedExample> Template::apply(const Tokenizer& tokenizer, const PositionRule& rule,
                                         std::string_view text_a, std::optional<std::string_view> text_b,
                                         std::int64_t max_length) const {
  INCIPIT_TRY(const Encoding encoding, tokenizer.encode(text_a, text_b, std::min(max_length, room(rule))));
  if (encoding.ids.empty())
    return fail("a text without a single token: the tokenizer adds no special tokens");
  return arrange(encoding, rule);
}

}  // namespace incipit
