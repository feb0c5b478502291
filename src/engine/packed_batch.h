#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace incipit {

/// A run of tokens that attend to each other and, where it continues another sequence, to that one's.
struct Sequence {
  std::int64_t first = 0;  // its first token in the batch
  std::int64_t count = 0;
  std::uint64_t key = 0;  // of its example, for dropout: the same wherever the example stands
  /// Causal backbones: the sequence before it in the batch that this one continues, as if it stood at that
  /// one's end: it attends to its keys and values, and to those of its parents. Several may continue one.
  std::int64_t parent = -1;
  /// Causal backbones, where there is no parent: the block of Inputs::kv_blocks in front of it, to which it
  /// attends. Several may have one.
  std::int64_t kv_block = -1;
};

/// Sequences end to end, without padding: what a backbone runs. Plain data; vectors keep their storage from
/// batch to batch.
struct PackedBatch {
  // [tokens]
  std::vector<std::int32_t> token;      // >= 0: word id; -1 - r: row r of Inputs::virtual_rows
  std::vector<std::int32_t> position;   // as the backbone's PositionRule counts them; of tokens that join
                                        // later only rotary backbones ask, which turn them by it
  std::vector<std::int8_t> token_type;  // ignored where the backbone has none
  std::vector<std::uint8_t> entry;  // layer at which the token joins: 0 at the embeddings, k = as a hidden
                                    // row before layer k. A token takes part in nothing before that.
  std::vector<Sequence> sequences;
  /// Tokens whose last hidden state is wanted, each at most once and in rising order. The last layer is
  /// computed for these only.
  std::vector<std::int64_t> read;

  std::int64_t size() const { return static_cast<std::int64_t>(token.size()); }
  void clear() {
    token.clear();
    position.clear();
    token_type.clear();
    entry.clear();
    sequences.clear();
    read.clear();
  }
};

}  // namespace incipit
