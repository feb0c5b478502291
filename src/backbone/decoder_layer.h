#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "backbone/kept_matrix.h"
#include "backbone/layer_rows.h"
#include "backbone/read_attention.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/rms_norm.h"
#include "ops/rotary.h"
#include "tensor/matrix.h"

namespace incipit {

using Norm = std::variant<LayerNorm, RmsNorm>;

/// What the backward pass of a norm needs.
struct NormTrace {
  KeptMatrix normalised;       // [rows, hidden]
  std::vector<float> inverse;  // [rows]
};

/// y becomes norm(x), both [padded rows, hidden].
void normalise(const Norm& norm, const Matrix& x, std::int64_t rows, Keep keep, NormTrace& trace, Matrix& y);
/// In place: d is the gradient by y and becomes that by x.
void normalise_backward(const Norm& norm, const NormTrace& trace, std::int64_t rows, Matrix& d);

/// The frozen weights of a pre-norm causal transformer layer (GPT2Block, LlamaDecoderLayer in transformers):
/// x' = x + attention(norm(x)), y = x' + down(f(up(norm(x')))), or with a gated unit in the middle.
struct DecoderLayer {
  Norm attention_norm;
  /// Of the last layer, which asks it of the rows to read only; of the others it is a part of key_value.
  std::optional<Linear> query;
  Linear key_value;  // outputs: queries where `query` is empty, keys, values
  Linear attention_output;
  Norm feed_forward_norm;
  Linear up;  // of a gated unit: gates in front of ups
  Linear down;
};

/// What all layers of a decoder share.
struct DecoderShape {
  std::int64_t hidden_size = 0;
  AttentionShape attention;  // with num_key_value_heads
  Activation activation = Activation::silu;
  bool is_gated = true;
  std::vector<float> rotary_frequencies;  // [head_dim / 2]; empty: positions are learned
  std::vector<std::int64_t> windows;      // [layers]; see HfConfig::attention_windows
  float embedding_dropout = 0;
  float hidden_dropout = 0;
  float attention_dropout = 0;
  bool keeps_bf16 = false;  // see TraceStore and EmbeddingTable

  std::int64_t query_width() const { return attention.num_heads * attention.head_dim; }
  std::int64_t key_width() const { return attention.num_key_value_heads * attention.head_dim; }
};

/// The positions by which a layer's rows are turned; null table: they are not.
struct Rotation {
  const RotaryTable* table = nullptr;
  std::span<const std::int32_t> keys;     // [rows that come in]
  std::span<const std::int32_t> queries;  // [rows out]
};

/// What the backward pass of one layer needs. Matrices have padded_rows().
struct DecoderTrace {
  Keep keep = Keep::floats;
  NormTrace attention_norm, feed_forward_norm;
  Matrix query;                // of the last layer
  Matrix key_value;            // with queries in the other layers
  std::vector<float> log_sum;  // [heads, rows out]
  KeptMatrix up;               // before the activation

  std::array<Matrix*, 2> matrices() { return {&query, &key_value}; }  // see TraceStore
};

/// Memory that layers use and leave to the next.
struct DecoderScratch {
  Matrix normed, picked, gathered, context, projected, up, active, d_query, d_key_value, d_gathered;
  std::vector<std::uint64_t> dropout_keys;
};

/// hidden: [padded rows that come in, hidden], becomes [padded rows out, hidden].
void decoder_layer_forward(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                           const Rotation& rotation, DecoderTrace& trace, DecoderScratch& scratch,
                           Matrix& hidden);

/// Keys and values side by side, of `count` rows that came into decoder_layer_forward(), right after it.
ConstMatrixView own_keys_and_values(const DecoderLayer& layer, const DecoderShape& shape,
                                    const DecoderTrace& trace, std::int64_t first, std::int64_t count);

/// What the attention worked on in decoder_layer_forward(), right after it.
AttentionInputs attention_inputs(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                                 const DecoderTrace& trace, const DecoderScratch& scratch);

/// d: [padded rows out, hidden], becomes [padded rows that come in, hidden].
void decoder_layer_backward(const DecoderLayer& layer, const DecoderShape& shape, const LayerRows& rows,
                            const Rotation& rotation, const DecoderTrace& trace, DecoderScratch& scratch,
                            Matrix& d);

}  // namespace incipit
