#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kv_block.h"
#include "engine/packed_batch.h"
#include "engine/stage_plan.h"
#include "ops/attention.h"

namespace incipit {

/// The rows that one layer works on.
struct LayerRows {
  std::int64_t keys = 0;              // rows that come in
  std::vector<std::int64_t> queries;  // those that go out; empty: all
  std::vector<AttentionSpan> spans;   // by sequence
  std::vector<KeyRange> visible;      // [rows out]; empty: each attends to all of its span
  /// Keys and values that a block gives: those at places [first, …) of the gathered ones.
  struct BlockKeys {
    std::int64_t first = 0;
    ConstMatrixView rows;  // [tokens, keys and values]
  };
  /// Where sequences continue others: the rows whose keys and values the spans refer to, of every sequence
  /// its ancestors' and then its own; -1: given by a block. Empty: they refer to the rows as they come in.
  std::vector<std::int64_t> key_rows;
  std::vector<BlockKeys> block_keys;
  std::vector<std::uint64_t> dropout_keys;  // [rows out], of this layer; empty: dropout off
  /// Of the lowest layer that is passed through backwards: the incoming rows whose gradient somebody wants,
  /// those of virtual tokens. Empty: of all.
  std::vector<std::int64_t> gradient_rows;

  std::int64_t rows_out() const { return queries.empty() ? keys : static_cast<std::int64_t>(queries.size()); }
};

/// Who attends to whom in a layer.
struct LayerRule {
  bool is_causal = false;
  std::int64_t window = 0;  // causal: keys that a query attends to, itself included; 0: all before it
  bool reads_only = false;  // only the rows to read go out: the last layer
  std::int64_t layer = 0;   // whose keys and values the blocks give
  std::span<const KvBlock* const> kv_blocks{};
};

/// The rows of a layer of a stage, without dropout.
LayerRows plan_layer_rows(const PackedBatch& batch, const Stage& stage, const LayerRule& rule);

/// A dropout key a row of the stage: of its example and its place in the sequence, under a key of the run and
/// the layer.
std::vector<std::uint64_t> row_keys(const PackedBatch& batch, const Stage& stage, std::uint64_t layer_key);

}  // namespace incipit
