#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "incipit/result.h"
#include "incipit/tokenizer.h"

#include "engine/position_rule.h"

namespace incipit {

/// An example as a backbone's sequence, its virtual tokens numbered from row 0 of its own prompt.
struct TemplatedExample {
  // [tokens]; see PackedBatch
  std::vector<std::int32_t> token;
  std::vector<std::int32_t> position;
  std::vector<std::int8_t> token_type;
  std::vector<std::uint8_t> entry;

  std::int64_t text_first = 0;  // the text's tokens, special ones ([CLS], [SEP]) included
  std::int64_t text_count = 0;
  std::int64_t truncated = 0;  // tokens of the text that did not fit

  std::int64_t size() const { return static_cast<std::int64_t>(token.size()); }
};

/// Says where words and virtual tokens stand: here, the virtual tokens before everything, as PEFT has them,
/// joining at the embeddings or at a later layer.
class Template {
 public:
  Template(std::int64_t num_virtual_tokens, std::int64_t insert_layer)
      : num_virtual_tokens_(num_virtual_tokens), insert_layer_(insert_layer) {}

  /// Tokens that a text may have, its special ones included. Virtual tokens at the embeddings take positions,
  /// later ones do not.
  std::int64_t room(const PositionRule& rule) const {
    return rule.usable - (insert_layer_ == 0 ? num_virtual_tokens_ : 0);
  }

  /// The text is truncated to `max_length` tokens (at most room()), never the virtual tokens. Token types and
  /// positions are PEFT's: 0 and counted from the first virtual token; a token that joins later has no
  /// position.
  Result<TemplatedExample> apply(const Tokenizer& tokenizer, const PositionRule& rule,
                                 std::string_view text_a, std::optional<std::string_view> text_b,
                                 std::int64_t max_length) const;

  /// The same for ids that are already there.
  TemplatedExample arrange(const Encoding& encoding, const PositionRule& rule) const;

 private:
  std::int64_t num_virtual_tokens_;
  std::int64_t insert_layer_;
};

}  // namespace incipit
