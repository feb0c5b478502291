#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "incipit/result.h"

#include "engine/kv_block.h"
#include "engine/packed_batch.h"
#include "engine/position_rule.h"
#include "tensor/matrix.h"

namespace incipit {

struct BackboneSpec {
  std::string model_type;
  std::int64_t hidden_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  // each shared by as many heads
  std::int64_t head_dim = 0;
  std::int64_t intermediate_size = 0;
  bool is_gated = false;  // the feed-forward's middle is a gate and what it opens for
  std::int64_t vocab_size = 0;
  std::int64_t parameter_count = 0;
  bool has_token_types = false;
  bool is_causal = false;  // a token attends to itself and to those before it only
  PositionRule positions;
};

/// What a batch refers to besides words. Does not own.
struct Inputs {
  ConstMatrixView virtual_rows;  // [rows, hidden]: row r is token -1 - r
  ConstMatrixView resumed_rows;  // [word tokens with entry > 0, hidden], in the order of the batch: their
                                 // hidden states before that layer, from an earlier run
  /// What sequences have in front of them: see Sequence::kv_block. Never differentiated through, so that a
  /// pass with them is neither traced nor has attention measured.
  std::span<const KvBlock* const> kv_blocks{};
};

/// Which dropout masks a training step draws; they depend on it, the example's key, the layer and the token's
/// place in its sequence, never on the batch's order or the threads.
struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

struct Want {
  bool trace = false;                 // keep what backward() needs
  std::optional<DropoutKey> dropout;  // off where empty
  /// Where not null, becomes [num_layers, tokens]: the share that each token has, in each layer, of the
  /// attention of its sequence's rows to read, mean over heads and those rows; before dropout. A sequence's
  /// shares in a layer sum to 1, or are 0 where none of its rows to read has joined yet.
  Matrix* attention = nullptr;
  /// [sequences] or empty; causal backbones: where not null, the sequence's keys and values are appended. May
  /// be the block that the sequence has in front of it.
  std::span<KvBlock* const> keep_kv{};
};

/// Scratch memory of a forward pass and, after a traced one, what its backward pass needs. Made by one
/// backbone for itself; reused from batch to batch; one per thread.
class Pass {
 public:
  virtual ~Pass() = default;
};

/// A frozen network. Immutable and thread-safe; knows nothing of the prompt method it serves.
class Backbone {
 public:
  virtual ~Backbone() = default;

  virtual const BackboneSpec& spec() const = 0;
  virtual std::unique_ptr<Pass> new_pass() const = 0;

  /// read_rows becomes [batch.read.size(), hidden]: the last hidden states of the tokens to read.
  virtual Status forward(const PackedBatch& batch, const Inputs& inputs, const Want& want, Pass& pass,
                         Matrix& read_rows) const = 0;

  /// After a traced forward() of the same batch: adds the gradient by inputs.virtual_rows to d_virtual_rows
  /// [rows, hidden], given that by read_rows. No weight gradient exists; nothing below the lowest virtual
  /// token is computed.
  virtual void backward(const PackedBatch& batch, Pass& pass, ConstMatrixView d_read_rows,
                        MatrixView d_virtual_rows) const = 0;

  /// hidden becomes [batch.size(), hidden]: the hidden states that enter `layer` (num_layers: the last ones),
  /// of tokens that have joined below it; zeros for the others.
  virtual Status hidden_states(const PackedBatch& batch, const Inputs& inputs, std::int64_t layer, Pass& pass,
                               Matrix& hidden) const = 0;

  /// A word's embedding, without position. `id` in [0, vocab_size).
  virtual void word_embedding(std::int32_t id, std::span<float> out) const = 0;
};

}  // namespace incipit
