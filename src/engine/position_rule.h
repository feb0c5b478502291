#pragma once

#include <cstdint>
#include <optional>

namespace incipit {

/// How a model family numbers its positions.
struct PositionRule {
  std::int32_t first = 0;   // of a sequence's first token: 0, or RoBERTa's pad_token_id + 1
  std::int64_t usable = 0;  // tokens that a sequence may have
  /// RoBERTa without virtual tokens: a token of this id (a literal <pad> in the text) takes position `first`
  /// - 1 and is not counted, as create_position_ids_from_input_ids in transformers' modeling_roberta.py has
  /// it.
  std::optional<std::int32_t> uncounted_id;
};

}  // namespace incipit
